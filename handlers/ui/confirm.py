"""The confirmation: what is paid today, what each month, who must approve, and the provider's options."""

import json
from decimal import Decimal

from bot.model.budget import Exceeded, Spent
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.offer import Offer
from bot.model.policy import Policy
from bot.usecases.preview import Preview
from handlers.ui.blocks import (
    Block,
    actions,
    button,
    choice_input,
    context,
    facts,
    modal,
    person_input,
    section,
    select_input,
    text_input,
)
from handlers.ui.budget import left_line
from handlers.ui.offers import abilities, place, price, warning
from handlers.ui.refusals import out_of_reach, who_raises
from handlers.ui.text import count, escape, who

CALLBACK = "request_submit"
FOR_USER = "for_user"
BREAK_GLASS = "break_glass"
ALIAS_LIMIT = 100
YOURS, ALL = "Your", "The workspace's"


def confirmation(preview: Preview, policy: Policy, *, channel: str) -> Block:
    """The modal behind Buy; its submit button says what will happen."""
    offer = preview.kept.offer
    approvals = preview.verdict.approvals
    today = format_usd(offer.due_today or Decimal(0))
    blocks = [
        section(
            f"*{format_number(offer.number)}*\n{escape(place(offer))} · {offer.type} · {abilities(offer)}"
        ),
        facts(price_facts(offer)),
        section(_approval(preview, policy)),
    ]
    blocks += budget_lines(preview, policy)
    if preview.unreachable:
        blocks.append(section(f":warning: {out_of_reach(preview.unreachable)}"))
    if warn := warning(offer):
        blocks.append(section(f":warning: {escape(warn)}"))
    possible = not (preview.exceeded or preview.unreachable)
    if possible:
        hint = _reason_hint(approvals)
        blocks.append(text_input("reason", "What is it for?", multiline=True, limit=500, hint=hint))
        blocks += [_for_whom(preview, policy), *_options(offer)]
    blocks.append(context("Taxes are extra. The provider charges the first month in full at the purchase."))
    if preview.may_break_glass and not preview.exceeded:
        text = "Buy without approval…"
        blocks.append(actions(button(text, BREAK_GLASS, preview.kept.id, style="danger")))
    metadata = json.dumps({"offer": preview.kept.id, "channel": channel})
    if not possible:  # there is nothing to submit, and so nothing to fill in
        return modal("Not possible now", blocks, callback_id=CALLBACK, close="Close", metadata=metadata)
    submit = f"Buy for {today}" if approvals == 0 else "Ask for approval"
    return modal("Confirm the purchase", blocks, callback_id=CALLBACK, submit=submit, metadata=metadata)


def price_facts(offer: Offer) -> list[tuple[str, str]]:
    setup = "with no set-up fee" if not offer.setup else f"with {format_usd(offer.setup)} set-up"
    return [
        ("Paid today", f"{format_usd(offer.due_today or Decimal(0))} {setup}"),
        ("Then each month", format_usd(offer.monthly or Decimal(0))),
    ]


def _approval(preview: Preview, policy: Policy) -> str:
    rule = escape(preview.verdict.rule or "")
    if preview.verdict.approvals == 0:
        return f"Your confirmation is enough (rule “{rule}”). It is bought as soon as you confirm."
    people = ", ".join(who(a) for a in (policy.approvals.approvers or ())[:10])
    needed = count(preview.verdict.approvals, "approval")
    own = "" if policy.approvals.allow_self_approval else " You cannot approve your own request."
    return f"Needs {needed} by {people} (rule “{rule}”).{own}"


def budget_lines(preview: Preview, policy: Policy) -> list[Block]:
    """What is left of this month's budgets, and by how much the number is too dear for them."""
    workspace, mine = preview.budgets
    both = ((mine, YOURS), (workspace, ALL))
    limited = [(spent, whose) for spent, whose in both if spent.limit is not None]
    today = preview.kept.offer.due_today or Decimal(0)
    raised = who_raises(policy.budgets.raised_by or ())
    lines = [context(left_line(spent, whose)) for spent, whose in limited]
    warnings = [warn for spent, whose in limited if (warn := _too_much(spent, whose, today))]
    return lines + [section(f"{warn} {raised}") for warn in warnings]


def _too_much(spent: Spent, whose: str, wanted: Decimal) -> str | None:
    over = Exceeded(spent, wanted).over_by
    if over <= 0:
        return None
    return (
        f":warning: This does not fit: it needs {format_usd(wanted)}, {format_usd(over)} more than is "
        f"left of {whose[:1].lower()}{whose[1:]} budget. It cannot be asked for."
    )


def _for_whom(preview: Preview, policy: Policy) -> Block:
    """What it says is so whoever is chosen: Slack draws it once, when the form opens."""
    hint = "Left empty, it is for you. Your budget pays."
    if preview.verdict.approvals and not policy.approvals.allow_self_approval:
        hint = (
            "Left empty, it is for you. Whoever you choose cannot approve it, nor can you; your budget pays."
        )
    if preview.all_are_needed:
        hint += " It cannot be for one of the approvers: all who are left must approve it."
    return person_input(FOR_USER, "For somebody else", "For yourself", hint=hint)


def _reason_hint(approvals: int) -> str:
    return "It stands in the log." if approvals == 0 else "The approvers read it, and it stands in the log."


def _options(offer: Offer) -> list[Block]:
    blocks = [
        choice_input("app_id", "Application", "The account's default application"),
        choice_input("subaccount", "Subaccount", "The main account"),
    ]
    if offer.country == "US":
        choices = [("Enabled", "enabled"), ("Disabled", "disabled")]
        blocks.append(
            select_input("cnam_lookup", "Caller name look-up (CNAM)", choices, "Provider's default")
        )
    if offer.restriction in ("city-address", "country-address"):
        blocks.append(_compliance(offer))
    blocks.append(
        text_input(
            "alias",
            "Alias",
            optional=True,
            limit=ALIAS_LIMIT,
            hint="The number gets this name once it is bought.",
        )
    )
    return blocks


def _compliance(offer: Offer) -> Block:
    hint = f"Accepted ones for {offer.country} {offer.type} numbers. Without one, the provider chooses."
    return choice_input(
        f"compliance:{offer.country}:{offer.type}",
        "Compliance application",
        "The provider chooses",
        hint=hint,
    )


def summary(offer: Offer) -> str:
    """One line: number, place and price."""
    return f"{format_number(offer.number)} ({place(offer)}), {price(offer)}"
