"""`python -m bot policy …`: what is wrong with a policy file, and what it says to a purchase."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from slack_sdk.errors import SlackApiError

from bot import shell
from bot.model import rules
from bot.model.errors import PolicyError, SettingsError
from bot.model.money import parse_usd
from bot.model.numbers import parse_number
from bot.model.offer import NumberType
from bot.model.people import Group, NotListed
from bot.model.policy_check import warnings
from bot.model.policy_file import read_policy
from bot.model.policy_keys import country_code, person_id
from bot.opening import make_slack
from bot.settings import load_settings
from bot.usecases.explain import explain_by_file
from handlers.people import SlackPeople

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add(commands: typer.Typer) -> None:
    """Adds the commands to those of the policy."""
    commands.command("check")(check)
    commands.command("explain")(explain)


def check(
    file: Annotated[Path | None, typer.Argument(help="The file; POLICY_FILE if left out.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read a policy file and say what is wrong, or surely not meant."""
    path = _policy_file(file)
    try:
        loaded = read_policy(path)
    except PolicyError as problem:
        if as_json:
            first, *others = shell.show_policy_errors(path, problem)
            raise PolicyError(f"{first}; {len(others)} more in the list" if others else first) from None
        raise
    shell.show_policy(loaded, warnings(loaded.policy), as_json=as_json)


def explain(  # noqa: PLR0917 - each is an option, named on the command line
    user: Annotated[str, typer.Option(help="Slack's id of the requester.")],
    country: Annotated[str, typer.Option(help="Two letters, ISO 3166-1.")],
    monthly: Annotated[str, typer.Option(help="USD a month, such as 0.80.")],
    number: Annotated[str | None, typer.Option(help="The number.")] = None,
    kind: Annotated[NumberType, typer.Option("--type")] = NumberType.LOCAL,
    setup: Annotated[str, typer.Option(help="USD, once.")] = "0",
    file: Annotated[Path | None, typer.Option(help="The file; POLICY_FILE if left out.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Say which rule decides a purchase, why not the others, and who may approve."""
    loaded = read_policy(_policy_file(file))
    digits = parse_number(number) if number else ""
    wish = rules.Wish(
        _option("--user", user, person_id),
        _option("--country", country, country_code),
        kind,
        _option("--monthly", monthly, parse_usd),
        _option("--setup", setup, parse_usd),
        digits,
    )
    verdict, approvers = explain_by_file(loaded.policy, wish, _members())
    shell.show_verdict(verdict, approvers, as_json=as_json)
    raise typer.Exit(0 if verdict.allowed else 1)


def _members() -> rules.Members:
    """Who is in a group, by Slack; without a token no group is known, as when Slack is down."""
    settings = load_settings()
    people = SlackPeople(make_slack(settings))

    def members(group: str) -> frozenset[str]:
        if settings.slack_bot_token is None:
            raise NotListed(group)
        try:
            found = people.ask("", group)
        except (SlackApiError, OSError) as problem:
            raise NotListed(group) from problem
        return found.members if isinstance(found, Group) else frozenset()

    return members


def _policy_file(file: Path | None) -> Path:
    path = file or load_settings().policy_file
    if path is None:
        raise SettingsError("Name a policy file, or set POLICY_FILE.")
    return path


_Read = TypeVar("_Read")


def _option(option: str, text: str, read: Callable[[str], _Read]) -> _Read:
    """The option's value as `read` has it; its ValueError as wrong usage."""
    try:
        return read(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint=f"'{option}'") from None
