"""What the approvers are told in the thread below a request's card."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.model.policy import Approvals
from bot.model.purchase import PurchaseStatus
from bot.usecases.look_up import RequestView
from handlers.ui.blocks import Block, message, section
from handlers.ui.cards import headline, may_still, named, numbers
from handlers.ui.offers import price
from handlers.ui.text import count, escape, when, who

_ASKING = frozenset({"asked", "reminder", "escalated", "reason", "repriced"})
"""What asks for a decision: once it was made, nobody has to look any more."""


def thread(view: RequestView, event: str, approvals: Approvals, *, late: datetime | None = None) -> Block:
    """The reply for `event`; it pings those whom the policy names. `late` is when it was, if long ago."""
    so = still_so(view, event)
    # who did it, and whose it is, knows already
    pinged = [one for one in approvals.called_for(event) if so and one not in view.request.parties]
    call = " ".join(who(one) for one in dict.fromkeys(pinged))
    newer = "" if so else f" (By now: {headline(view)})"
    text = f"{call} {happened(view, event)}{newer}{f' {told_late(late)}' if late else ''}".strip()
    return message(text, [section(text)])


def still_so(view: RequestView, event: str) -> bool:
    """Whether what approvers are told is so by now, if it asks something of them."""
    if event == PurchaseStatus.NEEDS_HUMAN:
        return any(p.status is PurchaseStatus.NEEDS_HUMAN for p in view.purchases)
    return view.request.is_pending or event.partition("-")[0] not in _ASKING


def told_late(happened_at: datetime) -> str:
    """Marks old news: Slack, or this program, was away."""
    return f"_Told late: this was {when(happened_at)}._"


def happened(view: RequestView, event: str) -> str:
    """What happened to a request, in words for those who decide."""
    kind = event.partition("-")[0]  # reminders are counted: reminder-2
    return _HAPPENED[kind](view, _subject(view))


def _subject(view: RequestView) -> str:
    return f"{numbers(view)} for {named(view, view.request.parties[-1])}"


def _given(view: RequestView) -> str:
    request = view.request
    return f"{request.approvals_given} of {count(request.approvals_needed, 'approval')}"


def _needs_human(view: RequestView, subject: str) -> str:
    way = f"`/number requests {view.request.id}`"
    return (
        f"{subject} may or may not have been bought, and the provider could not tell us. Please look at its "
        f"console, and say what you see there: the card and {way} have the buttons."
    )


def _reminder(view: RequestView, subject: str) -> str:
    request = view.request
    if not request.is_pending:
        return f"It waited for a decision: {subject}."
    end = f" It expires {when(request.expires_at)}." if request.expires_at else ""
    return f"Still waiting for a decision: {subject}, {_given(view)}, {may_still(view)}.{end}"


def _escalated(view: RequestView, subject: str) -> str:
    if not view.request.is_pending:
        return f"Nobody had decided yet: {subject}."
    told = (
        "Nobody has decided yet, so you are told. You may not decide it yourself unless you are named below."
    )
    return f"{told} {subject}, {_given(view)}, {may_still(view)}: please ask them."


def _expired(_: RequestView, subject: str) -> str:
    return f"Nobody decided in time: the request for {subject} expired. Nothing was bought."


def _cancelled(view: RequestView, _: str) -> str:
    by = view.request.decided_by or ""
    whose = view.request.parties[-1]
    for_whom = "" if by == whose else f" for {named(view, whose)}"
    return f"{named(view, by)} took back the request for {numbers(view)}{for_whom}. Nothing was bought."


def _overtaken(view: RequestView, subject: str) -> str:
    note = escape(view.purchases[0].note or "", 300)
    return f"The request for {subject} has ended: {note} Nothing has to be decided any more."


def _denied(view: RequestView, subject: str) -> str:
    said = view.deciding
    comment = f": “{escape(said.comment, 500)}”" if said and said.comment else ""
    return f"{named(view, view.request.decided_by or '')} denied {subject}{comment}. Nothing was bought."


def _asked(view: RequestView, subject: str) -> str:
    way = f"`/number requests {view.request.id}`"
    return f"A request waits for your decision: {subject}, {_given(view)}. {way} shows it, with its buttons."


def _reason(view: RequestView, subject: str) -> str:
    why = escape(view.request.reason, 500)
    return f"The reason for {subject} was changed while it waits. It says now: “{why}”"


def _repriced(view: RequestView, subject: str) -> str:
    again = " again" if any(d.round < view.request.round for d in view.decisions) else ""
    return f"The price rose to {price(view.purchases[0].offer)}: {subject} needs a decision{again}."


def _break_glass(view: RequestView, subject: str) -> str:
    request = view.request
    why = escape(request.reason, 500)
    return f":rotating_light: {named(view, request.requester)} buys {subject} *without approval*: “{why}”"


_HAPPENED: Mapping[str, Callable[[RequestView, str], str]] = {
    "asked": _asked,
    "needs_human": _needs_human,
    "reminder": _reminder,
    "escalated": _escalated,
    "expired": _expired,
    "denied": _denied,
    "cancelled": _cancelled,
    "overtaken": _overtaken,
    "reason": _reason,
    "repriced": _repriced,
    "break_glass": _break_glass,
}
