"""What a person is told in a direct message: once for each thing that happened."""

from datetime import datetime

from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.usecases.look_up import RequestView
from handlers.ui.blocks import Block, context, message, section
from handlers.ui.cards import headline
from handlers.ui.offers import price
from handlers.ui.text import escape, user
from handlers.ui.threads import happened, still_so, told_late

_SAID = {
    "bought": "was bought.",
    "awaiting_documents": "is in the account; it works once the provider has accepted the documents.",
    "refused": "was not bought.",
    "unknown": "may or may not have been bought: the provider's answer is missing. "
    "We are asking, and you will be told. Nothing is bought twice.",
    "not_bought": "was not bought. To try again, make a new request.",
    "needs_human": "may or may not have been bought, and the provider could not tell us. "
    "The approvers are asked to look.",
}

_ANSWERS = {"approved": Answer.APPROVE, "denied": Answer.DENY}
_ON_ITS_WAY = {PurchaseStatus.QUEUED, PurchaseStatus.BUYING}
_COMMENT = 2500
"""Characters: whatever an approver's form holds, so that whose request it is reads all of it."""


def direct(view: RequestView, event: str, reader: str, *, late: datetime | None = None) -> Block:
    """The message for `event`, from the newest row; `reader` is whose request it is, or an approver.

    `late` is when it happened, if that was long ago.
    """
    ours = reader in view.request.parties
    text = _text(view, event) if ours else happened(view, event)
    still = _is_news(view, event) if ours else still_so(view, event)
    newer = "" if still else f" (By now: {headline(view)})"
    below = f"Request {view.request.id}{_link(view)}{f' · {told_late(late)}' if late else ''}"
    return message(f"{text}{newer}", [section(f"{text}{newer}"), context(below)])


def _text(view: RequestView, event: str) -> str:
    purchase = view.purchases[0]
    number = format_number(purchase.number)
    match event:
        case "approved" | "denied":
            return _decided(view, number, event)
        case "repriced":
            again = " again" if any(d.round < view.request.round for d in view.decisions) else ""
            return f"The price of {number} rose to {price(purchase.offer)}: the approvers are asked{again}."
        case "expired":
            return f"Nobody decided on your request for {number} in time, so it expired. You can ask again."
        case "cancelled":
            by = user(view.request.decided_by or "")
            return f"The request for {number} was taken back by {by}."
    # the newest note is about the newest state
    note = f" {escape(purchase.note, 500)}" if purchase.note and _is_news(view, event) else ""
    return f"{number} {_SAID[event]}{note}"


def _decided(view: RequestView, number: str, event: str) -> str:
    said = view.deciding or next((d for d in reversed(view.decisions) if d.answer is _ANSWERS[event]), None)
    by = f" by {user(said.approver)}" if said else ""
    comment = f": “{escape(said.comment, _COMMENT)}”" if said and said.comment else ""
    after = " It is being bought." if view.purchases[0].status in _ON_ITS_WAY else ""
    return f"Your request for {number} was {event}{by}{comment}.{after}"


def _link(view: RequestView) -> str:
    card = view.cards.get("request")
    return f" · <{card.permalink}|message>" if card and card.permalink else ""


def _is_news(view: RequestView, event: str) -> bool:
    status = view.purchases[0].status
    if event == "approved":
        return status in _ON_ITS_WAY
    if event == "repriced":
        return view.request.is_pending
    return event not in _SAID or event == status.value
