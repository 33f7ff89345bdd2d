"""Requests, decisions and cards. Every change of state is one conditional UPDATE."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, update

from bot.model.request import Answer, Options, Person, RequestStatus
from storage import schema
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What is known when a request is submitted."""

    person: Person
    account: str
    origin_key: str
    channel: str
    reason: str
    options: Options
    status: RequestStatus
    rule: str | None
    policy_sha: str | None
    approvals_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """A request as it stands."""

    id: str
    workspace: str
    account: str
    requester: str
    channel: str
    reason: str
    options: Options
    status: RequestStatus
    rule: str | None
    approvals_needed: int
    approvals_given: int
    round: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """What one approver said, and when."""

    approver: str
    answer: Answer
    comment: str | None
    at: datetime
    round: int


@dataclass(frozen=True, slots=True)
class Card:
    """Where a request is drawn: `request` where it was asked, `approval` where it is decided."""

    request_id: str
    kind: str
    channel: str
    ts: str | None
    problem: str | None


def add(work: UnitOfWork, new: NewRequest) -> KeptRequest | None:
    """Writes a request; None if this origin has one already."""
    values: dict[str, Any] = {field.name: getattr(new, field.name) for field in fields(new)}
    person: Person = values.pop("person")
    row = values | {
        "id": work.new_id("R"),
        "workspace": person.workspace,
        "requester": person.user,
        "options": asdict(new.options),
        "created_at": work.now,
        "decided_at": work.now if new.status is RequestStatus.APPROVED else None,
    }
    added = work.insert(schema.request).values(**row)
    once = added.on_conflict_do_nothing(index_elements=["workspace", "origin_key"])
    return _request(work.one(once.returning(*schema.request.c)))


def by_origin(work: UnitOfWork, workspace: str, origin_key: str) -> KeptRequest | None:
    """The request that this modal made before."""
    table = schema.request
    return _request(
        work.one(select(table).where(table.c.workspace == workspace, table.c.origin_key == origin_key))
    )


def get(work: UnitOfWork, request_id: str, workspace: str | None = None) -> KeptRequest | None:
    """A request; with `workspace`, only if it is that one's."""
    table = schema.request
    found = _request(work.one(select(table).where(table.c.id == request_id)))
    return found if found and workspace in (None, found.workspace) else None


def of_person(work: UnitOfWork, person: Person, *, limit: int) -> list[KeptRequest]:
    """The newest requests of one person."""
    table = schema.request
    mine = (table.c.workspace == person.workspace) & (table.c.requester == person.user)
    rows = work.rows(select(table).where(mine).order_by(table.c.created_at.desc()).limit(limit))
    return [found for row in rows if (found := _request(row))]


def count_approval(work: UnitOfWork, request_id: str) -> KeptRequest | None:
    """Adds one approval to a pending request in one UPDATE; None if it is not pending any more.

    Counting what was read and comparing it would leave a request stuck when two approve at once on
    PostgreSQL; the row that comes back says whether this was the last approval needed.
    """
    table = schema.request
    pending = (table.c.id == request_id) & (table.c.status == RequestStatus.PENDING)
    counted = update(table).where(pending).values(approvals_given=table.c.approvals_given + 1)
    return _request(work.one(counted.returning(*table.c)))


def add_decision(
    work: UnitOfWork, at: KeptRequest, approver: str, answer: Answer, comment: str | None
) -> bool:
    """Notes what an approver said; False if they have spoken in this round already."""
    return work.changed(
        work.insert(schema.decision)
        .values(
            request_id=at.id,
            round=at.round,
            approver=approver,
            answer=answer,
            comment=comment,
            at=work.now,
        )
        .on_conflict_do_nothing()
    )


def end(work: UnitOfWork, request_id: str, status: RequestStatus, by: str | None) -> bool:
    """Moves a pending request to its end; False if it is not pending any more."""
    table = schema.request
    pending = (table.c.id == request_id) & (table.c.status == RequestStatus.PENDING)
    return work.changed(
        update(table).where(pending).values(status=status, decided_at=work.now, decided_by=by)
    )


def ask_again(work: UnitOfWork, request_id: str, *, rule: str | None, approvals_needed: int) -> bool:
    """Moves an approved request back to pending, in a second round; once in its life."""
    table = schema.request
    first = (table.c.id == request_id) & (table.c.status == RequestStatus.APPROVED) & (table.c.round == 1)
    return work.changed(
        update(table)
        .where(first)
        .values(
            status=RequestStatus.PENDING,
            round=2,
            approvals_given=0,
            approvals_needed=approvals_needed,
            rule=rule,
            decided_at=None,
            decided_by=None,
        )
    )


def decisions(work: UnitOfWork, request_id: str) -> tuple[KeptDecision, ...]:
    """What the approvers have said, in order."""
    table = schema.decision
    rows = work.rows(select(table).where(table.c.request_id == request_id).order_by(table.c.at))
    return tuple(
        KeptDecision(r["approver"], Answer(r["answer"]), r["comment"], r["at"], r["round"]) for r in rows
    )


def cards(work: UnitOfWork, request_id: str) -> dict[str, Card]:
    """The messages in which a request is drawn, by kind."""
    table = schema.card
    rows = work.rows(select(table).where(table.c.request_id == request_id))
    return {row["kind"]: Card(**row) for row in rows}


def keep_card(work: UnitOfWork, drawn: Card) -> None:
    """Notes where a card is, or why it cannot be drawn."""
    values = asdict(drawn)
    work.execute(
        work.insert(schema.card)
        .values(**values)
        .on_conflict_do_update(index_elements=["request_id", "kind"], set_=values)
    )


def _request(row: RowMapping | None) -> KeptRequest | None:
    if row is None:
        return None
    plain: Mapping[str, Any] = {field.name: row[field.name] for field in fields(KeptRequest)}
    return KeptRequest(
        **{**plain, "options": Options(**row["options"]), "status": RequestStatus(row["status"])}
    )
