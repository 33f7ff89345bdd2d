"""What happened to a request, step by step, in plain words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.model.audit import Action, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.numbers import format_number
from bot.usecases.look_up import NotTheirs, RequestView, Timeline
from handlers.ui import audit
from handlers.ui.blocks import Block, actions, context, message, modal, notice, section
from handlers.ui.blocks import words as plain_words
from handlers.ui.cards import asking, deciding, headline, numbers, settling, subject, timeline_button
from handlers.ui.text import clean, code, escape, user, when

IN_A_MODAL, IN_A_MESSAGE = 90, 12
"""Steps that are shown, the newest: a modal holds 100 blocks, a message about 10,000 characters."""

DONE: Mapping[Action, str] = {
    Action.SEARCH_PERFORMED: "searched",
    Action.SEARCH_SHARED: "shared a search",
    Action.REQUEST_SUBMITTED: "asked",
    Action.REQUEST_BREAK_GLASS: "asked, without waiting for approval",
    Action.REQUEST_REPEATED: "sent the same form again; nothing changed",
    Action.REQUEST_APPROVAL: "approved",
    Action.REQUEST_APPROVED: "approved for good: it is bought now",
    Action.REQUEST_DENIED: "denied",
    Action.REQUEST_CANCELLED: "taken back",
    Action.REQUEST_REASON_CHANGED: "reason changed",
    Action.REQUEST_REMINDED: "reminded the approvers",
    Action.REQUEST_ESCALATED: "told others that nobody has decided",
    Action.REQUEST_EXTENDED: "more time given",
    Action.REQUEST_EXPIRED: "expired: nobody decided in time",
    Action.REQUEST_REPRICED: "price rose: the approvers are asked",
    Action.PURCHASE_STARTED: "called the provider to buy it",
    Action.PURCHASE_POSTPONED: "not bought yet: tried again later",
    Action.PURCHASE_BOUGHT: "bought",
    Action.PURCHASE_AWAITING_DOCUMENTS: "bought; it waits for documents",
    Action.PURCHASE_REFUSED: "not bought: refused",
    Action.PURCHASE_UNKNOWN: "bought or not is not known yet: the provider is asked",
    Action.PURCHASE_NOT_BOUGHT: "not bought",
    Action.PURCHASE_NEEDS_HUMAN: "bought or not could not be found out: a person has to look",
    Action.PURCHASE_SETTLED: "said by hand what became of it",
    Action.NUMBER_NAMED: "named the number",
    Action.BUDGET_READ: "read the budget of all people",
    Action.SWEEP_FINISHED: "compared the account's numbers with our purchases",
    Action.SWEEP_ADOPTED: "made a number of the account's one of ours",
    Action.SWEEP_IGNORED: "ignored a difference",
    Action.SWEEP_REOPENED: "took up an ignored difference again",
    Action.SWEEP_RESOLVED: "a difference is over: both sides agree again",
    Action.POLICY_LOADED: "another policy counts now",
    Action.WORKER_STARTED: "a worker started",
    Action.WORKER_STOPPED: "a worker stopped",
    Action.AUDIT_READ: "read the log",
    Action.AUDIT_EXPORTED: "took the log away",
    Action.AUDIT_ERASED: "took out of the log what somebody wrote",
    Action.AUDIT_ARCHIVED: "moved old events to an archive",
    Action.AUDIT_CHECKPOINT: "told where the log stands",
    Action.AUDIT_VERIFIED: "checked the log",
    Action.AUDIT_PROVED: "took away the proof of an event",
}
TRIED: Mapping[Action, str] = {
    Action.REQUEST_SUBMITTED: "tried to ask",
    Action.REQUEST_APPROVAL: "tried to approve",
    Action.REQUEST_DENIED: "tried to deny",
    Action.REQUEST_CANCELLED: "tried to take it back",
    Action.REQUEST_REASON_CHANGED: "tried to change the reason",
    Action.REQUEST_EXTENDED: "tried to give more time",
    Action.PURCHASE_SETTLED: "tried to say what became of it",
    Action.SWEEP_ADOPTED: "tried to adopt a number",
    Action.SWEEP_IGNORED: "tried to ignore a difference",
    Action.SWEEP_REOPENED: "tried to take up a difference again",
    Action.AUDIT_READ: "tried to read the log",
    Action.AUDIT_EXPORTED: "tried to take the log away",
    Action.AUDIT_ERASED: "tried to take out of the log what somebody wrote",
    Action.AUDIT_ARCHIVED: "tried to move old events to an archive",
    Action.AUDIT_PROVED: "tried to take away the proof of an event",
}
"""What people may be refused; everything else is done when it is logged."""
_SAY_THEIR_OUTCOME = frozenset(
    {
        Action.PURCHASE_POSTPONED,
        Action.PURCHASE_REFUSED,
        Action.PURCHASE_UNKNOWN,
        Action.PURCHASE_NOT_BOUGHT,
        Action.PURCHASE_NEEDS_HUMAN,
    }
)


def timeline_modal(timeline: Timeline) -> Block:
    """The newest steps, the oldest of them first."""
    view = timeline.view
    blocks = [section(f"*{headline(view)}*\n{subject(view)}"), context(_request_line(view))]
    blocks += [context(text) for text in _steps(timeline, IN_A_MODAL)]
    return modal("Timeline", blocks, callback_id="timeline", close="Close")


def request_page(timeline: Timeline, reader: str) -> Block:
    """One request, with what happened and what its reader may do about it."""
    view = timeline.view
    blocks = [
        section(f"*{headline(view)}*\n{subject(view)}"),
        context(_request_line(view)),
        plain_words(f"Reason: {clean(view.request.reason, 500)}"),
        *(context(text) for text in _steps(timeline, IN_A_MESSAGE)),
        actions(*_buttons(timeline, reader)),
    ]
    last = f" Last: {_spoken(timeline.events[-1])}." if timeline.events else ""
    return message(f"{headline(view)}: {numbers(view)}, request {view.request.id}.{last}", blocks)


def not_theirs(outcome: NotTheirs) -> str:
    """Why a request is not shown."""
    remark = f" {audit.NOT_KNOWN}" if outcome.not_known else ""
    return f"There is no such request, or it is not yours: approvers see everybody's.{remark}"


def not_theirs_modal(outcome: NotTheirs) -> Block:
    return notice("No such request", not_theirs(outcome))


def step(logged: LoggedEvent) -> str:
    """One line: when, what, by whom, and what was said."""
    event = logged.event
    parts = [when(logged.at), happened(event), f"by {_actor(event)}"]
    if event.outcome is not Outcome.SUCCESS and event.action not in _SAY_THEIR_OUTCOME:
        parts.append(audit.MARKS[event.outcome])
    if event.reason:
        parts.append(f"“{escape(event.reason, 200)}”")
    return " · ".join(parts)


def own_step(logged: LoggedEvent) -> str:
    """The same where it stands without its request: with the number, or what was searched for."""
    event = logged.event
    about = format_number(event.number) if event.number else code(str(event.changes.get("search") or ""), 150)
    return f"{step(logged)} · {about}" if event.number or event.changes.get("search") else step(logged)


def happened(event: AuditEvent) -> str:
    """What was done, or tried, in plain words."""
    if event.outcome is Outcome.DENIED:
        return TRIED.get(event.action, DONE[event.action])
    more = _MORE.get(event.action)
    return DONE[event.action] + (more(event) if more else "")


def _more_approvals(event: AuditEvent) -> str:
    given = event.changes.get("approvals")
    return f" ({escape(str(given), 20)})" if given else ""


def _more_time(event: AuditEvent) -> str:
    until = event.changes.get("until")
    return f", until {when(datetime.fromisoformat(until))}" if until else ""


def _for_whom(event: AuditEvent) -> str:
    other = event.changes.get("for")
    return f" for {user(str(other))}" if other else ""


def _reason_before(event: AuditEvent) -> str:
    before = event.changes.get("from")
    return f" (it was “{escape(str(before), 100)}”)" if before else ""


def _reminder(event: AuditEvent) -> str:
    number = event.changes.get("reminder")
    return f" (reminder {escape(str(number), 10)})" if number else ""


def _settled(event: AuditEvent) -> str:
    to = event.changes.get("to")
    return f": {escape(str(to).replace('_', ' '), 40)}" if to else ""


_MORE: Mapping[Action, Callable[[AuditEvent], str]] = {
    Action.REQUEST_SUBMITTED: _for_whom,
    Action.REQUEST_BREAK_GLASS: _for_whom,
    Action.REQUEST_APPROVAL: _more_approvals,
    Action.REQUEST_EXTENDED: _more_time,
    Action.REQUEST_REASON_CHANGED: _reason_before,
    Action.REQUEST_REMINDED: _reminder,
    Action.PURCHASE_SETTLED: _settled,
}


def _actor(event: AuditEvent) -> str:
    if event.actor.type is ActorType.SYSTEM:
        return "Numberdesk"
    return "an operator" if event.actor.type is ActorType.OPERATOR else user(event.actor.id)


def _spoken(logged: LoggedEvent) -> str:
    return f"{happened(logged.event)} by {_actor(logged.event)}"


def _steps(timeline: Timeline, most: int) -> Sequence[str]:
    lines = [step(logged) for logged in timeline.events[-most:]]
    earlier = len(timeline.events) - len(lines)
    if earlier:
        query = f"`/number audit request:{timeline.view.request.id}`"
        lines.insert(0, f"… {earlier:,} earlier: {query}")
    return lines


def _request_line(view: RequestView) -> str:
    card = view.cards.get("request")
    link = f" · <{card.permalink}|message>" if card and card.permalink else ""
    return f"Request {view.request.id}{link} · times are in your zone"


def _buttons(timeline: Timeline, reader: str) -> list[Block]:
    view = timeline.view
    mine = asking(view) if reader in view.request.parties else []
    decide = deciding(view) if reader in view.may_still else []
    settle = settling(view) if timeline.may_settle else []
    return [*decide, *mine, *settle, timeline_button(view)]
