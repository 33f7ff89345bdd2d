"""`python -m bot purchases …`: what is open, what differs from the provider's list, and what a person saw."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.model.audit import Actor, ActorType
from bot.model.errors import SettingsError
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.opened import open_database, open_settings
from bot.shell import print_json, print_table
from bot.usecases.adopt import NoSuchDifference, Over, reopen
from bot.usecases.check import Checked
from bot.usecases.check import check as check_purchases
from bot.usecases.look_up import open_purchases
from bot.usecases.settle_by_hand import NoSuchPurchase, NotOpen, TooEarly, settle_by_hand
from storage.purchases import KeptPurchase

PLIVO = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")

commands = typer.Typer(help="Purchases whose money may be moving or may have moved.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AgainstProvider = Annotated[
    bool, typer.Option("--check", help="Compare all purchases with the provider's list instead.")
]


class Finding(StrEnum):
    """What a person saw at the provider."""

    BOUGHT = "bought"
    NOT_BOUGHT = "not-bought"


@commands.callback(invoke_without_command=True)
def purchases_open(
    context: typer.Context,
    as_json: AsJson = False,  # noqa: FBT002
    check: AgainstProvider = False,  # noqa: FBT002
) -> None:
    """List open and unsettled purchases, or what differs from the provider's list."""
    if context.invoked_subcommand is not None:
        return
    if not check:
        _show_purchases(open_purchases(open_database(open_settings())), as_json=as_json)
        return
    found = _differences()
    _show_differences(found, as_json=as_json)
    raise typer.Exit(1 if any(not each.ignored for each in found) else 0)


def _differences() -> list[Checked]:
    """Both sides compared, by an operator who needs no Slack."""
    from bot.furnishing import make_desk, nobody  # noqa: PLC0415 - the rest asks no provider

    settings = open_settings(*PLIVO)
    desk = make_desk(settings, open_database(settings), ask=nobody)
    try:
        return check_purchases(desk)
    finally:
        desk.provider.close()


@commands.command("reopen")
def purchases_reopen(difference_id: str) -> None:
    """Take up again a difference that somebody ignored."""
    operator = Actor(ActorType.OPERATOR, "shell")
    outcome = reopen(open_database(open_settings()), operator, difference_id)
    if isinstance(outcome, NoSuchDifference):
        raise SettingsError(
            f"There is no difference {difference_id}; `python -m bot purchases --check` lists them."
        )
    if isinstance(outcome, Over):
        typer.echo(f"{difference_id} is {outcome.difference.state}; nothing was changed.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{difference_id} is open again.")


@commands.command("settle")
def purchases_settle(
    purchase_id: str,
    what: Annotated[Finding, typer.Argument(help="bought or not-bought")],
    reason: Annotated[str, typer.Option(help="What you saw at the provider.")],
) -> None:
    """Say what became of a purchase that nobody could clear up."""
    if not reason.strip():
        raise typer.BadParameter("it is blank; say what you saw at the provider.", param_hint="'--reason'")
    to = PurchaseStatus.BOUGHT if what is Finding.BOUGHT else PurchaseStatus.NOT_BOUGHT
    operator = Actor(ActorType.OPERATOR, "shell")
    settings = open_settings()
    outcome = settle_by_hand(
        open_database(settings), operator, purchase_id, to, reason=reason, window=settings.settle_window
    )
    if isinstance(outcome, NoSuchPurchase):
        raise SettingsError(
            f"There is no purchase {purchase_id}; `python -m bot purchases` lists the open ones."
        )
    if isinstance(outcome, NotOpen):
        typer.echo(
            f"{purchase_id} is {outcome.order.purchase.status} already; nothing was changed.", err=True
        )
        raise typer.Exit(1)
    if isinstance(outcome, TooEarly):
        typer.echo(
            f"{purchase_id} may be bought though the provider does not list it yet: its list may lag until "
            f"{outcome.until:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed; the desk goes on asking.",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(f"{purchase_id} is {to}.")


def _show_purchases(found: Sequence[KeptPurchase], *, as_json: bool) -> None:
    """Purchases that are not settled."""
    if as_json:
        print_json([_purchase(purchase) for purchase in found])
        return
    if not found:
        typer.echo("No purchase is open.")
        return
    print_table(
        ("Purchase", "Request", "Number", "Status", "Today", "Since (UTC)", "Note"),
        (
            (
                p.id,
                p.request_id,
                format_number(p.number),
                p.status,
                format_usd(p.setup + p.monthly),
                f"{p.updated_at:%Y-%m-%d %H:%M:%S}",
                p.note or "",
            )
            for p in found
        ),
    )


def _purchase(purchase: KeptPurchase) -> dict[str, Any]:
    names = ("id", "request_id", "workspace", "account", "number", "status", "attempt", "note", "api_id")
    plain: dict[str, Any] = {name: getattr(purchase, name) for name in names}
    money = {"setup": str(purchase.setup), "monthly": str(purchase.monthly)}
    return plain | money | {"updated_at": purchase.updated_at.isoformat()}


def _show_differences(found: Sequence[Checked], *, as_json: bool) -> None:
    """What differs between the provider's list and our purchases."""
    if as_json:
        print_json([_difference(each) for each in found])
        return
    if not found:
        typer.echo("The provider's list and our purchases agree.")
        return
    print_table(
        ("Difference", "Number", "What", "Purchase", "Request", "Remark"),
        (
            (
                each.difference_id or "",
                format_number(each.number),
                each.what,
                each.purchase.id if each.purchase else "",
                each.purchase.request_id if each.purchase else "",
                each.remark,
            )
            for each in found
        ),
    )


def _difference(each: Checked) -> dict[str, Any]:
    rented, last = each.rented, each.purchase
    told = {"alias": rented.alias, "added_on": _text(rented.added_on)} if rented else {}
    money = {"monthly": _text(rented.monthly)} if rented else {}
    ours = {"purchase": last.id, "request": last.request_id, "status": last.status} if last else {}
    plain = {"number": each.number, "kind": each.kind, "difference": each.difference_id}
    return {**plain, "ignored": each.ignored, "remark": each.remark, **told, **money, **ours}


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)
