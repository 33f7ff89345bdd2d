"""What an event may hold besides its columns, action by action: here and nowhere else.

A field that is not listed is an error in tests, and is left out with a warning in production: a secret
that somebody adds to a log line by mistake goes nowhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.model.audit import Action, AuditEvent
from bot.model.audit_chain import plain

ANYWHERE = frozenset({"door"})
"""Fields of the context that every action may have: through which door it came."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one action; `texts` are those of the changes that hold what people wrote."""

    changes: frozenset[str] = frozenset()
    context: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


def _fields(changes: str = "", context: str = "", texts: str = "") -> Fields:
    written = frozenset(texts.split())
    return Fields(frozenset(changes.split()) | written, frozenset(context.split()), written)


_A = Action
_SUBMITTED = _fields("setup monthly rule approvals_needed for", "channel policy")
_ENDED = _fields(context="api_id")
ALLOWED: Mapping[Action, Fields] = {
    _A.SEARCH_PERFORMED: _fields("search found search_id", "channel"),
    _A.SEARCH_SHARED: _fields("search search_id", "channel"),
    _A.REQUEST_SUBMITTED: _SUBMITTED,
    _A.REQUEST_BREAK_GLASS: _SUBMITTED,
    _A.REQUEST_APPROVAL: _fields("approvals"),
    _A.REQUEST_REASON_CHANGED: _fields(texts="from"),
    _A.REQUEST_REMINDED: _fields("reminder"),
    _A.REQUEST_ESCALATED: _fields("to"),
    _A.REQUEST_EXTENDED: _fields("until"),
    _A.PURCHASE_STARTED: _fields("attempt setup monthly"),
    _A.PURCHASE_POSTPONED: _ENDED,
    _A.PURCHASE_BOUGHT: _ENDED,
    _A.PURCHASE_AWAITING_DOCUMENTS: _ENDED,
    _A.PURCHASE_REFUSED: _ENDED,
    _A.PURCHASE_UNKNOWN: _ENDED,
    _A.PURCHASE_NOT_BOUGHT: _ENDED,
    _A.PURCHASE_NEEDS_HUMAN: _ENDED,
    _A.PURCHASE_SETTLED: _fields("to from"),
    _A.BUDGET_READ: _fields("month"),
    _A.SWEEP_FINISHED: _fields("held settled resolved found new numbers", "api_id"),
    _A.SWEEP_ADOPTED: _fields("setup monthly month spender for difference kind"),
    _A.SWEEP_IGNORED: _fields("difference kind"),
    _A.SWEEP_REOPENED: _fields("difference kind"),
    _A.SWEEP_RESOLVED: _fields("difference kind"),
    _A.AUDIT_READ: _fields("found event by follow", texts="query"),
    _A.AUDIT_EXPORTED: _fields("format found file", texts="query"),
    _A.AUDIT_ERASED: _fields("user texts naming archived which"),
    _A.AUDIT_ARCHIVED: _fields("first last hash sha256 texts"),
    _A.AUDIT_CHECKPOINT: _fields("seq hash at count signature key", "published"),
    _A.AUDIT_VERIFIED: _fields("first last anchors archives erased"),
    _A.AUDIT_PROVED: _fields("event"),
    _A.POLICY_LOADED: _fields("from to"),
    _A.WORKER_STARTED: _fields(context="version policy settings kinds"),
    _A.WORKER_STOPPED: _fields(context="version policy settings kinds"),
}
_NONE = _fields()


class UnknownField(ValueError):
    """An event has a field that its action does not allow, or a value that JSON writes in several ways."""


def allowed(action: Action) -> Fields:
    """The fields of an action; most have none."""
    return ALLOWED.get(action, _NONE)


def check(event: AuditEvent) -> None:
    """Raises UnknownField, which names all fields that may not be there."""
    if found := list(_strange(event)):
        raise UnknownField(f"{event.action} may not have {', '.join(found)}: see bot/model/audit_fields.py")


def tidied(event: AuditEvent) -> tuple[AuditEvent, tuple[str, ...]]:
    """The event without what its action does not allow, and the names of what was left out."""
    found = tuple(_strange(event))
    if not found:
        return event, ()
    changes = {k: v for k, v in event.changes.items() if f"changes.{k}" not in found}
    context = {k: v for k, v in event.context.items() if f"context.{k}" not in found}
    return replace(event, changes=changes, context=context), found


def texts(event: AuditEvent) -> Iterator[tuple[str, str]]:
    """What people wrote in the event, by the name of the field."""
    if event.reason is not None:
        yield "reason", event.reason
    for name in allowed(event.action).texts:
        if isinstance(text := event.changes.get(name), str):
            yield f"changes.{name}", text


def _strange(event: AuditEvent) -> Iterator[str]:
    fields = ALLOWED.get(event.action, _NONE)
    if event.changes:
        yield from _not_in("changes", event.changes, fields.changes)
    if event.context:
        yield from _not_in("context", event.context, fields.context | ANYWHERE)


def _not_in(part: str, given: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name, value in given.items():
        if name not in names or not plain(value):
            yield f"{part}.{name}"
