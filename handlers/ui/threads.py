"""What the approvers are told in the thread below a request's card."""

from collections.abc import Callable, Mapping

from bot.model.policy import Approvals
from bot.usecases.look_up import RequestView
from handlers.ui.blocks import Block, message, section
from handlers.ui.cards import may_still, numbers
from handlers.ui.offers import price
from handlers.ui.text import count, escape, user, when, who


def thread(view: RequestView, event: str, approvals: Approvals) -> Block:
    """The reply for `event`; it pings those whom the policy names for it."""
    pinged = _pinged(event, approvals)
    call = " ".join(who(one) for one in dict.fromkeys(pinged))
    text = f"{call} {happened(view, event)}".strip()
    return message(text, [section(text)])


def happened(view: RequestView, event: str) -> str:
    """What happened to a request, in words for those who decide."""
    kind = event.partition("-")[0]  # reminders are counted: reminder-2
    return _HAPPENED[kind](view, _subject(view))


def _subject(view: RequestView) -> str:
    return f"{numbers(view)} for {_name(view, view.request.parties[-1])}"


def _name(view: RequestView, one: str) -> str:
    """By name: a mention would ping those whose request it is each time."""
    return escape(view.names.get(one, one), 60)


def _given(view: RequestView) -> str:
    request = view.request
    return f"{request.approvals_given} of {count(request.approvals_needed, 'approval')}"


def _reminder(view: RequestView, subject: str) -> str:
    request = view.request
    end = f" It expires {when(request.expires_at)}." if request.expires_at else ""
    return f"Still waiting for a decision: {subject}, {_given(view)}, {may_still(view)}.{end}"


def _escalated(view: RequestView, subject: str) -> str:
    return f"Nobody has decided yet, so you are asked as well: {subject}, {_given(view)}, {may_still(view)}."


def _expired(_: RequestView, subject: str) -> str:
    return f"Nobody decided in time: the request for {subject} expired. Nothing was bought."


def _cancelled(view: RequestView, subject: str) -> str:
    by = _name(view, view.request.decided_by or "somebody")
    return f"{by} took the request for {subject} back. Nothing was bought."


def _repriced(view: RequestView, subject: str) -> str:
    return f"The price rose to {price(view.purchases[0].offer)}: {subject} needs a decision again."


def _break_glass(view: RequestView, subject: str) -> str:
    request = view.request
    why = escape(request.reason, 500)
    return f":rotating_light: {user(request.requester)} buys {subject} *without approval*: “{why}”"


_HAPPENED: Mapping[str, Callable[[RequestView, str], str]] = {
    "reminder": _reminder,
    "escalated": _escalated,
    "expired": _expired,
    "cancelled": _cancelled,
    "repriced": _repriced,
    "break_glass": _break_glass,
}


def _pinged(event: str, approvals: Approvals) -> tuple[str, ...]:
    match event.partition("-")[0]:
        case "reminder" | "repriced":
            return approvals.pinged
        case "escalated":
            return approvals.escalate_to or ()
        case "break_glass":
            return (*approvals.pinged, *(approvals.escalate_to or ()))
    return ()
