"""Makes a desk with what it works with: the provider and Slack, as the settings name them."""

from collections.abc import Callable

from slack_sdk import WebClient

from bot.model.people import Found, NotListed
from bot.opening import load_policy, make_seal, secret
from bot.plivo.client import PlivoClient
from bot.settings import Settings
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from storage.clock import uptime
from storage.unit_of_work import Database

SLACK_TIMEOUT = 10
"""Seconds for one call of Slack's Web API."""


def make_desk(settings: Settings, database: Database, ask: Callable[[str, str], Found]) -> Desk:
    """The desk. Raises PolicyError if POLICY_FILE has a mistake."""
    loaded = load_policy(settings)
    return Desk(
        database=database,
        provider=make_provider(settings),
        account=settings.plivo_auth_id or "",
        policy=loaded.policy if loaded else None,
        policy_sha=loaded.sha256 if loaded else None,
        directory=Directory(database, ask),
        timing=Timing(buy_watchdog=settings.buy_watchdog, settle_window=settings.settle_window),
        uptime=uptime,
        seal=make_seal(settings),
    )


def nobody(_workspace: str, slack_id: str) -> Found:
    """For a desk that has no Slack to ask. Raises NotListed."""
    raise NotListed(slack_id)


def make_audit_desk(settings: Settings, database: Database) -> Desk:
    """A desk for work on the log alone, which asks neither Slack nor the provider."""
    return make_desk(settings, database, nobody)


def make_provider(settings: Settings) -> PlivoClient:
    """Plivo's client."""
    return PlivoClient(
        settings.plivo_api_url,
        settings.plivo_auth_id or "",
        secret(settings.plivo_auth_token),
        buy_timeout=settings.buy_timeout,
    )


def make_slack(settings: Settings) -> WebClient:
    """Slack's client: no retries of its own, which would post a message twice after a reset connection."""
    return WebClient(
        token=secret(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )
