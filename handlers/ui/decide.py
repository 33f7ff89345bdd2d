"""The modals of those who decide, and what they are told afterwards."""

import json
from dataclasses import replace
from typing import assert_never

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.model.request import RequestStatus
from bot.usecases import decide as outcomes
from bot.usecases.decide import MayDecide, reason_mark
from bot.usecases.reprice import Dearer, DearerThanAllowed, Gone, Moved, PriceLook, Same
from handlers.ui import unclear
from handlers.ui.blocks import Block, context, facts, modal, notice, section, select_input, text_input, words
from handlers.ui.cards import MOST_DECISIONS, asked, decision_line, may_still
from handlers.ui.offers import place, price, price_of, warning
from handlers.ui.text import clean, escape, user, when
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest

APPROVE = "approve_submit"
DENY = "deny_submit"
SETTLE = "settle_submit"
MISTYPED = "These are not the last four digits of the number. Look at it once more."
UNTYPED = (
    "By now the policy asks for the number's last four digits. Nothing was decided; open the request again."
)
ASKING = "Asking the provider for today's price …"
SAME = "The provider still offers it at this price."
NOT_ASKED = "The provider could not be asked for today's price now; it is asked again before the purchase."
GONE = ":warning: The provider does not offer it any more: deny the request, or leave it."
MOVED = (
    "The request was decided, or its price changed, while the provider was asked. You changed nothing; "
    "open the request again to see how it stands."
)


def approve_modal(seen: MayDecide, price_line: str = ASKING) -> Block:
    """Everything an approver must know, the digits where the rule asks for them, and a comment.

    Drawn twice, before and after the provider was asked: the inputs keep their ids, and what was typed.
    """
    blocks = [*_what(seen), section(price_line), *_quorum(seen)]
    if seen.confirm_by_typing:
        hint = "The rule asks for them, so that nobody approves a number without having looked at it."
        blocks.append(text_input("typed", "The number's last four digits", limit=20, hint=hint))
    blocks.append(text_input("comment", "Comment", optional=True, multiline=True))
    metadata = _seen(seen.request)
    return modal("Approve the request", blocks, callback_id=APPROVE, submit="Approve", metadata=metadata)


def after_look(seen: MayDecide, look: PriceLook | None) -> Block:
    """The same once the provider was asked for the price; None if it could not be asked."""
    match look:
        case None:
            return approve_modal(seen, NOT_ASKED)
        case Same():
            return approve_modal(seen, SAME)
        case Dearer(view, confirm_by_typing):
            now = replace(
                seen, view=view, approvals_needed=view.request.approvals_needed,
                confirm_by_typing=confirm_by_typing,
            )  # fmt: skip
            return approve_modal(now, _dearer(now.purchase))
        case Gone():
            return _without_submit(seen, GONE)
        case DearerThanAllowed(offer, reason):
            why = (
                f"The provider asks for {price(offer)} by now, and that cannot be approved: {escape(reason)}"
            )
            return _without_submit(seen, f":warning: {why} Deny the request, or leave it.")
        case Moved():
            return notice("Nothing was decided", MOVED)
    assert_never(look)


def _dearer(purchase: KeptPurchase) -> str:
    before, now = "an earlier price", price(purchase.offer)
    if purchase.monthly_before is not None and purchase.setup_before is not None:
        before = price_of(purchase.monthly_before, purchase.setup_before)
    return (
        f":warning: *The price rose* from {before} to {now}. You approve the new one; "
        "what was approved before was for the other price and does not count."
    )


def _without_submit(seen: MayDecide, why: str) -> Block:
    return modal("Approve the request", [*_what(seen), section(why)], callback_id="notice", close="Close")


def _quorum(seen: MayDecide) -> list[Block]:
    """Which approval this would be, who has spoken, and who may still."""
    which = f"This is approval {seen.request.approvals_given + 1} of {seen.approvals_needed}."
    said = [decision_line(seen.view, each) for each in seen.view.decisions[-MOST_DECISIONS:]]
    who = may_still(seen.view)
    lines = [*said, f"{who[:1].upper()}{who[1:]}"]
    text = f"{which} The number is bought once the last one is given."
    return [section(text), *(context(line) for line in lines)]


def deny_modal(seen: MayDecide) -> Block:
    """Why not, in the policy's words, in one's own, or both: the requester reads it."""
    whose = " and ".join(user(one) for one in seen.request.parties)
    blocks = [*_what(seen), section(f"Read by {whose}, and it stands in the log.")]
    if seen.canned_reasons:
        canned = [(reason, reason) for reason in seen.canned_reasons]
        blocks.append(select_input("canned", "Reason", canned, "Choose one, or write your own"))
    label = "In your own words" if seen.canned_reasons else "Why not?"
    optional = bool(seen.canned_reasons)
    blocks.append(text_input("comment", label, multiline=True, optional=optional))
    return modal("Deny the request", blocks, callback_id=DENY, submit="Deny", metadata=_seen(seen.request))


def settle_modal(purchase: KeptPurchase, to: PurchaseStatus) -> Block:
    """A person's word on an unclear purchase, with the reason."""
    bought = to is PurchaseStatus.BOUGHT
    claim = "was bought" if bought else "was not bought"
    blocks = [
        section(f"You say that *{format_number(purchase.number)}* {claim}. {unclear.where(purchase.number)}"),
        section(f"{unclear.effect(purchase, to)} {unclear.LATER}"),
        text_input("reason", "What did you see?", multiline=True),
    ]
    metadata = json.dumps({"purchase": purchase.id, "to": to.value})
    submit = "It was bought" if bought else "It was not bought"
    return modal("Settle the purchase", blocks, callback_id=SETTLE, submit=submit, metadata=metadata)


def _what(seen: MayDecide) -> list[Block]:
    blocks = []
    for purchase in seen.view.purchases:
        blocks.append(section(f"*{format_number(purchase.number)}*\n{escape(place(purchase.offer))}"))
        blocks.append(facts(_prices(purchase)))
        if warn := warning(purchase.offer):
            blocks.append(section(f":warning: {escape(warn)}"))
    by = asked(seen.view)
    blocks.append(section(f"{by[:1].upper()}{by[1:]} (rule “{escape(seen.request.rule or '')}”)"))
    blocks.append(words(f"Reason: {clean(seen.request.reason, 1500)}"))
    return blocks


def _prices(purchase: KeptPurchase) -> list[tuple[str, str]]:
    pairs = [
        ("Paid once bought", format_usd(purchase.setup + purchase.monthly)),
        ("Then each month", format_usd(purchase.monthly)),
    ]
    if purchase.monthly_before is not None:
        pairs.append((":warning: Before, each month", format_usd(purchase.monthly_before)))
    return pairs


def _seen(request: KeptRequest) -> str:
    return json.dumps({"request": request.id, "round": request.round, "reason": reason_mark(request)})


def obstacle(what: outcomes.Obstacle, verb: str) -> str:
    """Why a click did nothing: what is the case, and if so who did it and when."""
    match what:
        case outcomes.AlreadyDecided(request):
            return already(request)
        case outcomes.AlreadySpoken(request):
            given = f"{request.approvals_given} of {request.approvals_needed}"
            return f"You have approved this request already; one person counts once. It stands at {given}."
        case outcomes.PriceChanged() | outcomes.ReasonChanged():
            return _changed(what)
        case outcomes.Mistyped():
            return MISTYPED
        case outcomes.MayNot(reason):
            return f"You may not {verb} this request. {escape(reason)} Nothing was changed."
        case outcomes.NoSuchRequest():
            return "This request is not known here (any more). Nothing was changed."


def _changed(what: outcomes.PriceChanged | outcomes.ReasonChanged) -> str:
    if isinstance(what, outcomes.PriceChanged):
        return "The price changed while you were looking. Nothing was decided; open the request again."
    why = escape(what.request.reason, 500)
    return f"The reason changed while you were looking. It says now: “{why}” Open the request again."


def already(request: KeptRequest) -> str:
    """`already approved by @x at 14:02`."""
    by = f" by {user(request.decided_by)}" if request.decided_by else ""
    at = f" {when(request.decided_at)}" if request.decided_at else ""
    if request.status is RequestStatus.EXPIRED:
        return f"This request expired{at}: nobody had decided it. Nothing was changed."
    return f"This request was already {request.status}{by}{at}. Nothing was changed."
