"""What the daily sweep has found: one message with buttons, drawn from the newest rows."""

import json
from typing import assert_never

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.sweep import DifferenceState, Kind
from bot.usecases import adopt
from bot.usecases.conclude import Order
from bot.usecases.preview import Taken
from bot.usecases.report import ReportView
from handlers.ui.blocks import (
    Block,
    actions,
    button,
    confirm_dialog,
    context,
    message,
    modal,
    section,
    text_input,
)
from handlers.ui.text import count, escape, user, when
from storage.differences import Difference

IGNORE = "sweep_ignore_submit"
_S = DifferenceState
_FOR_ALL = 2
"""From so many on there are buttons for all at once."""
_WHAT_TO_DO = (
    "*Adopt* makes a number one of ours from now on: it stands in the lists, and nothing is paid again. "
    "*Ignore* needs a reason and is not told again. To give a number back, release it in the provider's "
    "console; the next sweep notices."
)
_IF_GONE = (
    "Look in the provider's console. If it was released on purpose, ignore it with that reason; if not, "
    "ask the provider's support."
)


def report(view: ReportView) -> Block:
    """The message about one sweep: what is open first, then what became of the rest."""
    lead = summary(view)
    blocks = [section(f"*{headline(view)}*\n{lead}")]
    for each in view.open:
        order = view.orders.get(each.purchase_id or "")
        blocks += [section(_line(each, order)), actions(*_buttons(each))]
    unrecorded = view.count(_S.OPEN, Kind.UNRECORDED)
    more = view.count(_S.OPEN) - len(view.open)
    if more:
        blocks.append(context(f"{count(more, 'more difference')}; as these end, the next ones are shown."))
    if unrecorded >= _FOR_ALL:
        blocks.append(actions(*_for_all(view, unrecorded)))
    if unrecorded:
        blocks.append(context(_WHAT_TO_DO))
    blocks += [context(_ended(each)) for each in view.ended]
    return message(f"{headline(view)}. {lead}", blocks)


def headline(view: ReportView) -> str:
    """How many differences wait, in a few words."""
    waiting = view.count(_S.OPEN)
    if not waiting:
        return ":white_check_mark: The account and our purchases agree again"
    differ = "difference" if waiting == 1 else "differences"
    return f":mag: {waiting:,} {differ} between the provider's account and our purchases"


def summary(view: ReportView) -> str:
    """What the two kinds mean, and when it was looked."""
    of, lost = (sum(view.count(s, kind) for s in _S) for kind in (Kind.UNRECORDED, Kind.GONE))
    lines = [f"Looked {when(view.report.at)}; the account held {count(view.report.held, 'number')}."]
    if of:
        has = "number of its that no purchase" if of == 1 else "numbers of its that no purchases"
        lines.append(f"Found {of:,} {has} here explain{'s' if of == 1 else ''}: lost, or bought elsewhere.")
    if lost:
        lines.append(f"Missed {count(lost, 'number')} that we bought and that the provider does not list.")
    return " ".join(lines)


def _line(each: Difference, order: Order | None) -> str:
    number = format_number(each.number)
    if each.kind is Kind.GONE:
        return f":warning: *{number}* · gone at the provider\n{_bought(order)} {_IF_GONE}"
    facts = " · ".join(_facts(each))
    return f"*{number}* · in the account, and not bought here" + (f"\n{facts}" if facts else "")


def _facts(each: Difference) -> list[str]:
    rented = each.rented
    if rented is None:
        return []
    told = [f"“{escape(rented.alias, 80)}”"] if rented.alias else []
    if rented.monthly is not None:
        told.append(f"{format_usd(rented.monthly)}/month")
    if rented.added_on:
        told.append(f"rented since {rented.added_on.isoformat()}")
    if rented.subaccount:
        told.append(f"in subaccount {escape(rented.subaccount, 60)}")
    return told


def _bought(order: Order | None) -> str:
    if order is None:
        return "A purchase of ours says that the account holds it."
    purchase, by = order.purchase, user(order.request.requester)
    api_id = f", provider's id {escape(purchase.api_id, 80)}" if purchase.api_id else ""
    note = f" It says: “{escape(purchase.note, 200)}”" if purchase.note else ""
    return f"Request {order.request.id} by {by} bought it {when(purchase.updated_at)}{api_id}.{note}"


def _buttons(each: Difference) -> list[Block]:
    number = format_number(each.number)
    ignoring = button("Ignore …", "sweep_ignore", each.id, label=f"Ignore {number}")
    if each.kind is Kind.GONE:
        return [ignoring]
    ask = confirm_dialog(
        "Adopt the number?",
        f"{number} is one of ours from now on, in your name. Nothing is paid again.",
        yes="Adopt",
        no="Not now",
    )
    return [button("Adopt", "sweep_adopt", each.id, label=f"Adopt {number}", confirm=ask), ignoring]


def _for_all(view: ReportView, unrecorded: int) -> list[Block]:
    ask = confirm_dialog(
        "Adopt all of them?",
        f"{count(unrecorded, 'number')} are ours from now on, in your name. Nothing is paid again.",
        yes="Adopt all",
        no="Not now",
    )
    report_id = view.report.id
    return [
        button(f"Adopt all {unrecorded:,}", "sweep_adopt_all", report_id, confirm=ask),
        button(f"Ignore all {unrecorded:,} …", "sweep_ignore_all", report_id),
    ]


def _ended(each: Difference) -> str:
    return f"{format_number(each.number)} · {ending(each)}"


def ending(each: Difference) -> str:
    """How a difference ended, by whom and when."""
    by = f" by {user(each.ended_by)}" if each.ended_by else ""
    at = f" {when(each.ended_at)}" if each.ended_at else ""
    why = f": “{escape(each.reason, 200)}”" if each.reason else ""
    match each.state:
        case _S.ADOPTED:
            return f"adopted{by}{at} as request {each.request_id or ''}"
        case _S.IGNORED:
            return f"ignored{by}{at}{why}"
        case _S.RESOLVED:
            return f"resolved{at}: both sides agree again"
        case _S.OPEN:
            return f"open since {when(each.found_at)}"
    assert_never(each.state)


def ignore_modal(each: Difference) -> Block:
    """Why a difference is none, for the log and for whoever wonders later."""
    what = "that the account holds it" if each.kind is Kind.UNRECORDED else "that the provider lacks it"
    text = f"It is not told again {what} and our purchases say otherwise: *{format_number(each.number)}*."
    return _why([section(text)], {"difference": each.id})


def ignore_all_modal(report_id: str) -> Block:
    """The same for all numbers of a report."""
    text = "None of the numbers in this message that no purchase here explains is told again."
    return _why([section(text)], {"report": report_id})


def _why(blocks: list[Block], metadata: dict[str, str]) -> Block:
    asked = text_input("reason", "Why is this as it should be?", multiline=True)
    return modal(
        "Ignore the difference", [*blocks, asked], callback_id=IGNORE, submit="Ignore",
        metadata=json.dumps(metadata),
    )  # fmt: skip


def adopted(outcome: adopt.Adopted) -> str:
    """What came of adopting."""
    left = (
        f" {count(outcome.left, 'number')} could not be: a request speaks for each, or somebody was faster."
        if outcome.left
        else ""
    )
    if len(outcome.numbers) == 1:
        return f"{format_number(outcome.numbers[0])} is one of ours now.{left}"
    return f"{count(len(outcome.numbers), 'number')} are ours now.{left}"


def ignored(outcome: adopt.IgnoredAll) -> str:
    """What came of ignoring all."""
    return f"{count(outcome.count, 'number')} will not be told again."


def obstacle(outcome: adopt.Obstacle) -> str:
    """Why a click did nothing: what is the case, and if so who did it and when."""
    match outcome:
        case adopt.MayNotTouch(reason):
            return f"{escape(reason)} Nothing was changed."
        case adopt.Over(each):
            return f"{format_number(each.number)} was {ending(each)}. Nothing was changed."
        case adopt.NoSuchDifference():
            return "This difference is not known here, or cannot be adopted. Nothing was changed."
        case Taken(request, purchase):
            return (
                f"Request {request.id} by {user(request.requester)} speaks for "
                f"{format_number(purchase.number)}. Deny it, or let it run: nothing is bought that the "
                "account holds. Then adopt the number. Nothing was changed."
            )
    assert_never(outcome)
