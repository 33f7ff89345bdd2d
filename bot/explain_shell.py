"""`python -m bot policy explain`: what a policy file says to a purchase."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from slack_sdk.errors import SlackApiError

from bot.furnishing import make_slack
from bot.model import rules
from bot.model.money import parse_usd
from bot.model.numbers import parse_number
from bot.model.offer import NumberType
from bot.model.people import Group, NotListed
from bot.model.policy_file import read_policy
from bot.model.policy_keys import country_code, person_id
from bot.model.rules import Approvers, Verdict
from bot.policy_shell import policy_file
from bot.settings import load_settings
from bot.shell import print_json
from bot.usecases.explain import explain_by_file
from handlers.people import SlackPeople

commands = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Read = TypeVar("_Read")


@commands.command()
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
    loaded = read_policy(policy_file(file))
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
    _show(verdict, approvers, as_json=as_json)
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


def _option(option: str, text: str, read: Callable[[str], _Read]) -> _Read:
    """The option's value as `read` has it; its ValueError as wrong usage."""
    try:
        return read(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint=f"'{option}'") from None


def _show(verdict: Verdict, approvers: Approvers, *, as_json: bool) -> None:
    """Which rule decides, and why not the others."""
    if as_json:
        print_json({**asdict(verdict), "approvers": sorted(approvers.users)})
        return
    for looked in verdict.considered:
        word = "matches" if looked.matched else "passes "
        typer.echo(f"{word}  {looked.name}" + (f": {looked.why_not}" if looked.why_not else ""))
    if not verdict.allowed:
        typer.echo(f"Refused: {verdict.deny_reason}")
        return
    people = ", ".join(sorted(approvers.users)) or "nobody"
    if approvers.unknown_groups:
        people += f" (who is in {', '.join(approvers.unknown_groups)} could not be looked up)"
    needed = f"{verdict.approvals} of: {people}" if verdict.approvals else "none"
    if verdict.approvals > len(approvers.users) and not approvers.unknown_groups:
        needed += ". Too few can approve it, so it will be refused"
    typer.echo(f"Allowed by the rule “{verdict.rule}”. Approvals needed: {needed}.")
