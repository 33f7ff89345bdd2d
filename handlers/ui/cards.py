"""A request's card, in every state: one function draws it where it was asked and where it is decided."""

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases.look_up import RequestView
from handlers.ui.blocks import Block, actions, button, context, facts, message, section, words
from handlers.ui.offers import place, price, warning
from handlers.ui.text import clean, count, escape, user, when, who
from storage.purchases import KeptPurchase
from storage.requests import KeptDecision, KeptRequest

_P = PurchaseStatus

HEADLINES = {
    _P.WAITING: ":hourglass_flowing_sand: Waiting for approval",
    _P.DROPPED: ":no_entry: Not bought",
    _P.QUEUED: ":arrows_counterclockwise: About to be bought",
    _P.BUYING: ":arrows_counterclockwise: Being bought",
    _P.BOUGHT: ":white_check_mark: Bought",
    _P.AWAITING_DOCUMENTS: ":page_facing_up: Bought, waiting for documents",
    _P.REFUSED: ":no_entry: Not bought",
    _P.UNKNOWN: ":grey_question: We do not know yet",
    _P.NOT_BOUGHT: ":no_entry: Not bought",
    _P.NEEDS_HUMAN: ":raised_hand: Somebody has to look",
}
_MEANING = {
    _P.QUEUED: "The purchase is next in the queue.",
    _P.BUYING: "The provider has been called; its answer is awaited.",
    _P.AWAITING_DOCUMENTS: "The account holds the number; it works once its documents are accepted.",
    _P.UNKNOWN: "The provider's answer is missing. The number may be bought or not; we are asking, "
    "and nothing is bought twice.",
    _P.NEEDS_HUMAN: "The provider could not tell us whether the number was bought. "
    "Please look at its console and say what you see.",
}


def card(
    view: RequestView, *, kind: str, approvers: tuple[str, ...] = (), problem: str | None = None
) -> Block:
    """The message about a request; `kind` is `request` where it was asked, `approval` where it is decided."""
    title = headline(view)
    lead = f"{title}: {_numbers(view)}, asked by {user(view.request.requester)}"
    blocks = [section(f"*{title}*\n{_subject(view)}")]
    for purchase in view.purchases:
        blocks.append(_facts(view.request, purchase))
        if warn := warning(purchase.offer):
            blocks.append(section(f":warning: {escape(warn)}"))
    blocks.append(words(f"Reason: {clean(view.request.reason, 1500)}"))
    blocks += [context(line) for line in _story(view, approvers)]
    if problem:
        blocks.append(context(f":warning: {escape(problem)}"))
    if buttons := _buttons(view, kind):
        blocks.append(actions(*buttons))
    return message(lead, blocks)


def headline(view: RequestView) -> str:
    """How the request stands, in a few words that need no colour."""
    ended = {
        RequestStatus.DENIED: ":no_entry: Denied",
        RequestStatus.CANCELLED: ":no_entry: Cancelled",
        RequestStatus.EXPIRED: ":no_entry: Expired",
    }
    return ended.get(view.request.status) or HEADLINES[view.purchases[0].status]


def _subject(view: RequestView) -> str:
    number = _numbers(view)
    return f"{number} · {escape(place(view.purchases[0].offer))} · for {user(view.request.requester)}"


def _numbers(view: RequestView) -> str:
    return ", ".join(format_number(purchase.number) for purchase in view.purchases)


def _facts(request: KeptRequest, purchase: KeptPurchase) -> Block:
    today = purchase.setup + purchase.monthly
    pairs = [
        ("Paid once bought", f"{format_usd(today)} (first month and set-up)"),
        ("Then each month", format_usd(purchase.monthly)),
        ("Rule", escape(request.rule or "none")),
        ("Request", request.id),
    ]
    if purchase.monthly_before is not None and purchase.setup_before is not None:
        before = f"{format_usd(purchase.monthly_before)}/month + {format_usd(purchase.setup_before)} set-up"
        pairs.insert(0, (":warning: The price rose", f"It was {before}; it is {price(purchase.offer)}."))
    return facts(pairs)


def _story(view: RequestView, approvers: tuple[str, ...]) -> list[str]:
    request = view.request
    lines = [f"Asked by {user(request.requester)} {when(request.created_at)}"]
    lines += [_decision_line(view, d) for d in view.decisions]
    if request.status is RequestStatus.PENDING:
        people = ", ".join(who(a) for a in approvers)
        lines.append(f"{request.approvals_given} of {count(request.approvals_needed, 'approval')} · {people}")
    elif request.approvals_needed == 0:
        lines.append(f"No approval needed (rule “{escape(request.rule or '')}”)")
    for purchase in view.purchases:
        lines += _purchase_lines(purchase)
    # what was only blanks or control characters leaves an empty line, for which Slack refuses the card
    return [line for line in lines if line][:9]


def _decision_line(view: RequestView, decision: KeptDecision) -> str:
    verb = "Approved" if decision.answer is Answer.APPROVE else "Denied"
    earlier = " (the earlier price)" if decision.round != view.request.round else ""
    comment = f": “{escape(decision.comment)}”" if decision.comment else ""
    return f"{verb} by {user(decision.approver)} {when(decision.at)}{earlier}{comment}"


def _purchase_lines(purchase: KeptPurchase) -> list[str]:
    lines = []
    if meaning := _MEANING.get(purchase.status):
        lines.append(meaning)
    if purchase.status is _P.BOUGHT:
        lines.append(f"Bought {when(purchase.updated_at)}")
    if purchase.note:
        api_id = f" (provider's id {escape(purchase.api_id)})" if purchase.api_id else ""
        lines.append(f"{escape(purchase.note, 500)}{api_id}")
    if purchase.alias_note:
        lines.append(escape(purchase.alias_note))
    return lines


def _buttons(view: RequestView, kind: str) -> list[Block]:
    request = view.request
    if request.status is RequestStatus.PENDING and kind == "approval":
        number = _numbers(view)
        return [
            button("Approve", "request_approve", request.id, label=f"Approve {number}", style="primary"),
            button("Deny", "request_deny", request.id, label=f"Deny {number}", style="danger"),
        ]
    return [
        element
        for purchase in view.purchases
        if purchase.status is _P.NEEDS_HUMAN
        for element in (
            button("It was bought", "settle:bought", purchase.id),
            button("It was not bought", "settle:not_bought", purchase.id),
        )
    ]
