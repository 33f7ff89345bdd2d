"""The modals of those who decide, and what they are told afterwards."""

import json

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import decide as outcomes
from bot.usecases.decide import MayDecide
from handlers.ui.blocks import Block, facts, modal, section, text_input, words
from handlers.ui.offers import place, warning
from handlers.ui.text import clean, escape, user, when
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest

APPROVE = "approve_submit"
DENY = "deny_submit"
SETTLE = "settle_submit"
MISTYPED = "These are not the last four digits of the number. Look at it once more."


def approve_modal(seen: MayDecide) -> Block:
    """Everything an approver must know, and a comment."""
    request = seen.request
    blocks = _what(seen)
    given = f"This is approval {request.approvals_given + 1} of {request.approvals_needed}."
    blocks.append(section(f"{given} The number is bought once the last one is given."))
    blocks.append(text_input("comment", "Comment", optional=True, multiline=True))
    return modal(
        "Approve the request", blocks, callback_id=APPROVE, submit="Approve", metadata=_seen(request)
    )


def deny_modal(seen: MayDecide) -> Block:
    """Why not: the requester reads it."""
    hint = f"{user(seen.request.requester)} reads it, and it stands in the log."
    blocks = [
        *_what(seen),
        section(hint),
        text_input("comment", "Why not?", multiline=True),
    ]
    return modal("Deny the request", blocks, callback_id=DENY, submit="Deny", metadata=_seen(seen.request))


def settle_modal(purchase_id: str, number: str, to: PurchaseStatus) -> Block:
    """A person's word on an unclear purchase, with the reason."""
    bought = to is PurchaseStatus.BOUGHT
    claim = "was bought" if bought else "was not bought"
    text = f"You say that *{format_number(number)}* {claim}. Look at the provider's console first."
    blocks = [section(text), text_input("reason", "What did you see?", multiline=True)]
    metadata = json.dumps({"purchase": purchase_id, "to": to.value})
    submit = "It was bought" if bought else "It was not bought"
    return modal("Settle the purchase", blocks, callback_id=SETTLE, submit=submit, metadata=metadata)


def _what(seen: MayDecide) -> list[Block]:
    blocks = []
    for purchase in seen.purchases:
        blocks.append(section(f"*{format_number(purchase.number)}*\n{escape(place(purchase.offer))}"))
        blocks.append(facts(_prices(purchase)))
        if warn := warning(purchase.offer):
            blocks.append(section(f":warning: {escape(warn)}"))
    rule = escape(seen.request.rule or "")
    blocks.append(section(f"Asked by {user(seen.request.requester)} (rule “{rule}”)"))
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
    return json.dumps({"request": request.id, "round": request.round})


_ENDS = {
    RequestStatus.APPROVED: "approved",
    RequestStatus.DENIED: "denied",
    RequestStatus.CANCELLED: "cancelled",
    RequestStatus.EXPIRED: "expired",
}


def obstacle(what: outcomes.Obstacle, answer: Answer) -> str:
    """Why a click did nothing: what is the case, and if so who did it and when."""
    match what:
        case outcomes.AlreadyDecided(request):
            return already(request)
        case outcomes.AlreadySpoken(request):
            given = f"{request.approvals_given} of {request.approvals_needed}"
            return f"You have approved this request already; one person counts once. It stands at {given}."
        case outcomes.PriceChanged():
            return "The price changed while you were looking. Nothing was decided; open the request again."
        case outcomes.Mistyped():
            return MISTYPED
        case outcomes.MayNot(reason):
            return f"You may not {answer} this request. {escape(reason)} Nothing was changed."
        case outcomes.NoSuchRequest():
            return "This request is not known here (any more). Nothing was changed."


def already(request: KeptRequest) -> str:
    """`already approved by @x at 14:02`."""
    by = f" by {user(request.decided_by)}" if request.decided_by else ""
    at = f" {when(request.decided_at)}" if request.decided_at else ""
    return f"This request was already {_ENDS[request.status]}{by}{at}. Nothing was changed."
