"""A request's card, in every state: one function draws it where it was asked and where it is decided."""

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases.look_up import RequestView
from handlers.ui import unclear
from handlers.ui.blocks import Block, actions, button, confirm_dialog, context, facts, message, section, words
from handlers.ui.offers import place, price, price_of, warning
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
BREAK_GLASS = ":rotating_light: Without approval"
MOST_DECISIONS, MOST_NAMES = 8, 10
_COMMENT, _LAST_COMMENT = 200, 600
"""Characters: the last word is shown whole, a chosen reason with it; Slack takes no card with eight such."""
_MEANING = {
    _P.QUEUED: "The purchase is next in the queue.",
    _P.BUYING: "The provider has been called; its answer is awaited.",
    _P.AWAITING_DOCUMENTS: "The account holds the number; it works once its documents are accepted.",
    _P.UNKNOWN: "The provider's answer is missing. The number may be bought or not; we are asking, "
    "and nothing is bought twice.",
    _P.NEEDS_HUMAN: "The provider could not tell us whether the number was bought. "
    "Please look at its console and say what you see.",
}


def card(view: RequestView, *, kind: str, pinged: tuple[str, ...] = (), problem: str | None = None) -> Block:
    """The message about a request; `kind` is `request` where it was asked, `approval` where it is decided.

    `pinged` are mentioned, which pings them when the message is posted; all others are only named.
    """
    title = headline(view)
    lead = f"{title}: {numbers(view)}, {asked(view)}"
    blocks = [section(f"*{title}*\n{subject(view)}")]
    if pinged:
        blocks.append(context(f"For a decision: {', '.join(who(one) for one in pinged)}"))
    for purchase in view.purchases:
        blocks.append(_facts(view.request, purchase))
        if warn := warning(purchase.offer):
            blocks.append(section(f":warning: {escape(warn)}"))
    blocks.append(words(f"Reason: {clean(view.request.reason, 1500)}"))
    blocks += [context(line) for line in _story(view)]
    if problem:
        blocks.append(context(f":warning: {escape(problem)}"))
    if buttons := _buttons(view, kind):
        blocks.append(actions(*buttons))
    return message(lead, blocks)


def moved_card(view: RequestView, link: str | None) -> Block:
    """What stays where a request was decided until its price rose."""
    where = f" <{link}|The card is there now.>" if link else ""
    text = f"The price of {numbers(view)} rose, and by its rule others decide about it now.{where}"
    return message(text, [section(f"*Moved*\n{text}"), context(f"Request {view.request.id}")])


def headline(view: RequestView) -> str:
    """How the request stands, in a few words that need no colour."""
    ended = {
        RequestStatus.DENIED: ":no_entry: Denied",
        RequestStatus.CANCELLED: ":no_entry: Cancelled",
        RequestStatus.EXPIRED: ":no_entry: Expired",
    }
    purchase = view.purchases[0].status
    # refused by the provider's own late word: the request ended with it
    stands = (
        HEADLINES[purchase] if purchase is _P.REFUSED else ended.get(view.request.status, HEADLINES[purchase])
    )
    return f"{BREAK_GLASS} · {stands}" if view.request.break_glass else stands


def subject(view: RequestView) -> str:
    """The number, where it is and for whom."""
    whose = named(view, view.request.parties[-1])
    return f"{numbers(view)} · {escape(place(view.purchases[0].offer))} · for {whose}"


def asked(view: RequestView) -> str:
    """`asked by Rita for Ann`."""
    request = view.request
    whose = f" for {named(view, request.on_behalf_of)}" if request.on_behalf_of else ""
    return f"asked by {named(view, request.requester)}{whose}"


def named(view: RequestView, one: str) -> str:
    """Somebody by name: a mention would ping them about what they did themselves."""
    return escape(view.names.get(one, one), 60)


def numbers(view: RequestView) -> str:
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
        before = price_of(purchase.monthly_before, purchase.setup_before)
        pairs.insert(0, (":warning: The price rose", f"It was {before}; it is {price(purchase.offer)}."))
    return facts(pairs)


def _story(view: RequestView) -> list[str]:
    request = view.request
    by = asked(view)
    lines = [f"{by[:1].upper()}{by[1:]} {when(request.created_at)}{_reason_changed(request)}"]
    lines += [decision_line(view, d) for d in view.decisions[-MOST_DECISIONS:]]
    if request.is_pending:
        lines += _waiting(view)
    elif request.break_glass:
        lines.append(f"Bought without approval by {user(request.requester)}; {_would_have_needed(request)}")
    elif request.is_adopted:
        lines.append(f"Adopted by {user(request.requester)}: the account held it already")
    elif request.approvals_needed == 0:
        lines.append(f"No approval needed (rule “{escape(request.rule or '')}”)")
    elif request.status is RequestStatus.CANCELLED and request.decided_by:
        lines.append(f"Taken back by {user(request.decided_by)} {_at(request)}")
    elif request.status is RequestStatus.EXPIRED:
        lines.append(f"Nobody decided; it expired {_at(request)}")
    for purchase in view.purchases:
        lines += _purchase_lines(purchase)
    # what was only blanks or control characters leaves an empty line, for which Slack refuses the card
    return [line for line in lines if line]


def _at(request: KeptRequest) -> str:
    return when(request.decided_at) if request.decided_at else ""


def _reason_changed(request: KeptRequest) -> str:
    return f" · reason changed {when(request.reason_changed_at)}" if request.reason_changed_at else ""


def _would_have_needed(request: KeptRequest) -> str:
    needed = count(request.approvals_needed, "approval")
    return f"it would have needed {needed} (rule “{escape(request.rule or '')}”)"


def _waiting(view: RequestView) -> list[str]:
    """How far it is, who may still decide, and until when."""
    request = view.request
    given = f"{request.approvals_given} of {count(request.approvals_needed, 'approval')}"
    lines = [f"{given} · {may_still(view)}"]
    if request.escalated_at:
        lines.append(f"Others were told {when(request.escalated_at)} that nobody has decided")
    if request.expires_at:
        longer = f" (more time by {user(request.extended_by)})" if request.extended_by else ""
        lines.append(f"Expires {when(request.expires_at)} if nobody decides{longer}")
    return lines


def may_still(view: RequestView) -> str:
    """Who may decide and has not, by name: a mention would ping them."""
    shown = [escape(view.names.get(one, one), 60) for one in view.may_still[:MOST_NAMES]]
    more = len(view.may_still) - len(shown)
    people = ", ".join(shown) + (f" and {count(more, 'other')}" if more else "")
    unknown = ", ".join(escape(view.names.get(group, group), 60) for group in view.unknown_groups)
    if unknown:
        return f"may decide: {people or 'nobody known'}; who is in {unknown} could not be looked up"
    return f"may decide: {people}" if people else "nobody may decide this one: tell whoever keeps the policy"


def decision_line(view: RequestView, decision: KeptDecision) -> str:
    verb = "Approved" if decision.answer is Answer.APPROVE else "Denied"
    earlier = " (the earlier price)" if decision.round != view.request.round else ""
    limit = _LAST_COMMENT if decision is view.decisions[-1] else _COMMENT
    comment = f": “{escape(decision.comment, limit)}”" if decision.comment else ""
    return f"{verb} by {user(decision.approver)} {when(decision.at)}{earlier}{comment}"


def _purchase_lines(purchase: KeptPurchase) -> list[str]:
    lines = []
    if meaning := _MEANING.get(purchase.status):
        lines.append(meaning)
    if purchase.status is _P.NEEDS_HUMAN:
        return lines + unclear.facts(purchase)
    if purchase.status is _P.BOUGHT:
        lines.append(f"Bought {when(purchase.updated_at)}")
    if purchase.note:
        api_id = f" (provider's id {escape(purchase.api_id)})" if purchase.api_id else ""
        lines.append(f"{escape(purchase.note, 500)}{api_id}")
    if purchase.alias_note:
        lines.append(escape(purchase.alias_note))
    return lines


def _buttons(view: RequestView, kind: str) -> list[Block]:
    found = deciding(view) if kind == "approval" else asking(view)
    return [*found, *settling(view), timeline_button(view)]


def settling(view: RequestView) -> list[Block]:
    """What a person may press who has looked for an unclear purchase in the provider's console."""
    return [
        button(label, action, purchase.id, label=f"{label}: {format_number(purchase.number)}")
        for purchase in view.purchases
        if purchase.status is _P.NEEDS_HUMAN
        for label, action in (("It was bought", "settle:bought"), ("It was not bought", "settle:not_bought"))
    ]


def timeline_button(view: RequestView) -> Block:
    label = f"Timeline of {numbers(view)}"
    return button("Timeline", "request_timeline", view.request.id, label=label)


def deciding(view: RequestView) -> list[Block]:
    """What an approver may press."""
    request, number = view.request, numbers(view)
    if not request.is_pending:
        return []
    found = [
        button("Approve", "request_approve", request.id, label=f"Approve {number}", style="primary"),
        button("Deny", "request_deny", request.id, label=f"Deny {number}", style="danger"),
    ]
    if request.expires_at and not request.extended_by:
        found.append(button("More time", "request_extend", request.id, label=f"More time for {number}"))
    return found


def asking(view: RequestView) -> list[Block]:
    """What those may press whose request it is."""
    request, number = view.request, numbers(view)
    if not request.is_pending:
        return []
    return [
        button("Change reason", "request_reason", request.id, label=f"Change the reason for {number}"),
        button(
            "Cancel request", "request_cancel", request.id,
            label=f"Cancel the request for {number}", confirm=_surely(number),
        ),
    ]  # fmt: skip


def _surely(number: str) -> Block:
    text = f"The request for {number} ends, and the approvers are told. You can ask for the number again."
    return confirm_dialog("Cancel the request?", text, yes="Cancel the request", no="Keep it")
