"""What Slack sends to an app, field by field."""

import re
import secrets
import time
from functools import partial

from sandbox.slack.blocks import state_values
from sandbox.slack.views import View, view_body
from sandbox.slack.workspace import Message, Workspace, message_body
from sandbox.slack.world import (
    APP,
    BOT_USER,
    COMMAND,
    OTHER_DOMAIN,
    TEAM,
    TEAM_DOMAIN,
    Channel,
    Json,
    Residents,
)

TOKEN = "legacy-verification-token"  # noqa: S105 - Slack's old field; it protects nothing and is no secret


def escaped(residents: Residents, text: str) -> str:
    """What should_escape makes of typed text: `&<>` as entities, then people, channels and links."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"\bhttps?://[^\s&]+", lambda found: f"<{found[0]}>", safe)
    safe = re.sub(r"(?<![\w<])@([\w.-]+)", partial(_mention, residents), safe)
    return re.sub(r"(?<![\w<&])#([\w-]+)", partial(_channel_link, residents), safe)


def _mention(residents: Residents, found: re.Match[str]) -> str:
    known = next((m for m in residents.members.values() if m.name == found[1].lower()), None)
    return f"<@{known.id}|{known.name}>" if known else found[0]


def _channel_link(residents: Residents, found: re.Match[str]) -> str:
    known = next((c for c in residents.channels.values() if c.name == found[1] and not c.is_direct), None)
    return f"<#{known.id}|{known.name}>" if known else found[0]


def _team(team: str) -> Json:
    return {"id": team, "domain": TEAM_DOMAIN if team == TEAM else OTHER_DOMAIN}


def slash_command(workspace: Workspace, user: str, channel: Channel, text: str) -> dict[str, str]:
    """The form fields of a slash command; `text` is as typed after the command.

    Somebody of another workspace has that one's id in team_id. Unconfirmed: no source shows such a form, and
    where the app is not installed in theirs, Slack knows no such command (bolt-python issue 767). It is
    delivered nevertheless: the app's own refusal has to be seen.
    """
    team = _team(workspace.people.of(user).team)
    return {
        "token": TOKEN,
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": user,
        "user_name": workspace.residents.members[user].name,
        "command": COMMAND,
        "text": escaped(workspace.residents, text),
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": workspace.issue_hook(user, channel.id),
        "trigger_id": workspace.issue_trigger(user),
    }


def _common(workspace: Workspace, kind: str, user: str) -> Json:
    """What all interactions have.

    Of somebody of another workspace, the user's team is theirs and `team` is the app's (java-slack-sdk issue
    1041); only view_submission and view_closed have theirs in `team` too, and the app's in
    view.app_installed_team_id (bolt-js issue 1614).
    """
    name, team = workspace.residents.members[user].name, workspace.people.of(user).team
    return {
        "type": kind,
        "user": {"id": user, "username": name, "name": name, "team_id": team},
        "api_app_id": APP,
        "token": TOKEN,
        "team": _team(team if kind in {"view_submission", "view_closed"} else TEAM),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _from_message(workspace: Workspace, message: Message) -> Json:
    """Where it happened: an ephemeral message is not sent along, its place is."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    where = {
        "container": container,
        "channel": {"id": message.channel, "name": workspace.residents.channels[message.channel].name},
    }
    return where if message.only_for else where | {"message": message_body(message)}


def _from_view(view: View) -> Json:
    values = state_values(view.blocks, view.values)
    return {"container": {"type": "view", "view_id": view.id}, "view": view_body(view, values)}


def message_action(workspace: Workspace, user: str, message: Message, action: Json, entered: Json) -> Json:
    """block_actions on a message."""
    return {
        **_common(workspace, "block_actions", user),
        **_from_message(workspace, message),
        "trigger_id": workspace.issue_trigger(user),
        "state": {"values": state_values(message.blocks, entered)},
        "response_url": workspace.issue_hook(user, message.channel, message),
        "actions": [action],
    }


def view_action(workspace: Workspace, user: str, view: View, action: Json) -> Json:
    """block_actions in a modal or on the Home tab."""
    return {
        **_common(workspace, "block_actions", user),
        **_from_view(view),
        "trigger_id": workspace.issue_trigger(user, view.id),
        "actions": [action],
    }


def suggestion(workspace: Workspace, user: str, source: Message | View, asked: Json) -> Json:
    """block_suggestion: what an external select asks while the person types."""
    where = _from_view(source) if isinstance(source, View) else _from_message(workspace, source)
    return {**_common(workspace, "block_suggestion", user), **where, **asked}


def view_submission(workspace: Workspace, user: str, view: View) -> Json:
    body = {"trigger_id": workspace.issue_trigger(user, view.id), "response_urls": []}
    return {**_common(workspace, "view_submission", user), "view": _from_view(view)["view"], **body}


def view_closed(workspace: Workspace, user: str, view: View, *, cleared: bool) -> Json:
    return {
        **_common(workspace, "view_closed", user),
        "view": _from_view(view)["view"],
        "is_cleared": cleared,
    }


def home_opened(workspace: Workspace, user: str, tab: str, home: View | None) -> Json:
    """The event that opening the app's Home or Messages tab raises."""
    direct = workspace.residents.direct_with(user)
    event: Json = {
        "type": "app_home_opened",
        "user": user,
        "channel": direct.id if direct else "",
        "tab": tab,
        "event_ts": f"{time.time():.6f}",
    }
    if home is not None:
        event["view"] = view_body(home)
    return event_callback(event)


def event_callback(event: Json) -> Json:
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
