"""The audit log at rest: numbered without a gap per workspace, written in the use case's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.model.audit import Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from storage import schema
from storage.unit_of_work import UnitOfWork

VERSION = 1
"""The shape of an event; it grows when fields change."""

_T = schema.audit_event


def append(work: UnitOfWork, event: AuditEvent) -> int:
    """Writes an event as the next line of its workspace's log; returns its number.

    The head is moved first, by an UPDATE: reading it and then writing forks the log when two
    processes append at once. It is the last lock a use case takes.
    """
    seq = _next_seq(work, event.workspace)
    work.execute(
        insert(_T).values(
            workspace=event.workspace,
            seq=seq,
            id=work.new_id("E"),
            at=work.now,
            version=VERSION,
            account=event.account,
            actor_type=event.actor.type,
            actor=event.actor.id,
            on_behalf_of=event.on_behalf_of,
            action=event.action,
            outcome=event.outcome,
            request_id=event.request_id,
            purchase_id=event.purchase_id,
            number=event.number,
            reason=event.reason,
            changes=event.changes,
            context=event.context,
        )
    )
    return seq


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose log is read, and by whom: `user` None sees all of it, anybody else what concerns them."""

    workspace: str | None  #: None: every workspace, for an operator in the shell
    user: str | None = None


def of_request(work: UnitOfWork, request_id: str) -> list[LoggedEvent]:
    """All that happened to a request, in order."""
    rows = work.execute(select(_T).where(_T.c.request_id == request_id).order_by(_T.c.seq))
    return [logged(row) for row in rows]


def _next_seq(work: UnitOfWork, workspace: str) -> int:
    head = schema.audit_head
    moved = update(head).where(head.c.workspace == workspace).values(seq=head.c.seq + 1)
    seq: int | None = work.connection.scalar(moved.returning(head.c.seq))
    if seq is None:
        first = work.insert(head).values(workspace=workspace, seq=1)
        again = first.on_conflict_do_update(index_elements=["workspace"], set_={"seq": head.c.seq + 1})
        seq = work.connection.scalar(again.returning(head.c.seq))
    if seq is None:
        raise RuntimeError("the database did not number the audit event")
    return seq


def logged(row: Row[Any]) -> LoggedEvent:
    """A row of the table as an event."""
    return LoggedEvent(
        seq=row.seq,
        id=row.id,
        at=row.at,
        event=AuditEvent(
            workspace=row.workspace,
            account=row.account,
            actor=Actor(ActorType(row.actor_type), row.actor),
            action=Action(row.action),
            outcome=Outcome(row.outcome),
            on_behalf_of=row.on_behalf_of,
            request_id=row.request_id,
            purchase_id=row.purchase_id,
            number=row.number,
            reason=row.reason,
            changes=row.changes,
            context=row.context,
        ),
    )
