"""Requests, decisions and cards. Every change of state is one conditional UPDATE."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from bot.model.request import Answer, Options, Person, RequestStatus
from storage import schema
from storage.prepared import Prepared, bound
from storage.unit_of_work import INSERTS, NamedRow, UnitOfWork

_T = schema.request
ADOPTED = "sweep:"
"""How the origin key of an adopted number's request begins."""


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
    on_behalf_of: str | None = None
    approval_channel: str | None = None
    break_glass: bool = False
    expires_after: timedelta | None = None


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
    on_behalf_of: str | None  #: for whom the numbers are, if not for the requester
    approval_channel: str | None  #: where it is decided
    break_glass: bool  #: bought without approval, by somebody whom the policy lets
    repriced: bool  #: the buy met a dearer price and sent it back, once
    reason_changed_at: datetime | None
    expires_at: datetime | None
    extended_by: str | None
    reminders: int  #: how often the approvers were reminded
    escalated_at: datetime | None
    origin_key: str = ""

    @property
    def is_adopted(self) -> bool:
        """Whether nobody asked for it: the sweep found its number, and somebody took it over."""
        return self.origin_key.startswith(ADOPTED)

    @property
    def is_pending(self) -> bool:
        """Whether it waits for a decision."""
        return self.status is RequestStatus.PENDING

    @property
    def parties(self) -> tuple[str, ...]:
        """Whose request it is: who asked, and for whom."""
        return (self.requester,) if self.on_behalf_of is None else (self.requester, self.on_behalf_of)


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
    permalink: str | None = None


def add(work: UnitOfWork, new: NewRequest) -> KeptRequest | None:
    """Writes a request; None if this origin has one already."""
    values: dict[str, Any] = {field.name: getattr(new, field.name) for field in fields(new)}
    person: Person = values.pop("person")
    after: timedelta | None = values.pop("expires_after")
    row = values | {
        "id": work.new_id("R"),
        "workspace": person.workspace,
        "requester": person.user,
        "options": asdict(new.options),
        "created_at": work.now,
        "decided_at": work.now if new.status is RequestStatus.APPROVED else None,
        "expires_at": work.now + after if after and new.status is RequestStatus.PENDING else None,
    }
    return _request(work.one(_insert_once(work.connection.dialect.name, tuple(sorted(row))), **row))


@cache
def _insert_once(dialect: str, names: tuple[str, ...]) -> Prepared:
    new = INSERTS[dialect](_T).values(bound(*names))
    return Prepared(new.on_conflict_do_nothing(index_elements=["workspace", "origin_key"]).returning(*_T.c))


_BY_ID = Prepared(select(_T).where(_T.c.id == bindparam("its_id")))
_BY_ORIGIN = Prepared(
    select(_T).where(_T.c.workspace == bindparam("whose"), _T.c.origin_key == bindparam("origin"))
)
_DECISIONS = Prepared(
    select(schema.decision)
    .where(schema.decision.c.request_id == bindparam("request"))
    .order_by(schema.decision.c.at)
)
_CARDS = Prepared(select(schema.card).where(schema.card.c.request_id == bindparam("request")))


def by_origin(work: UnitOfWork, workspace: str, origin_key: str) -> KeptRequest | None:
    """The request that this modal made before."""
    return _request(work.one(_BY_ORIGIN, whose=workspace, origin=origin_key))


def get(work: UnitOfWork, request_id: str, workspace: str | None = None) -> KeptRequest | None:
    """A request; with `workspace`, only if it is that one's."""
    found = _request(work.one(_BY_ID, its_id=request_id))
    return found if found and workspace in (None, found.workspace) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests of a workspace: a person's own, those that still wait, or all."""

    workspace: str
    party: str | None = None  #: who asked, or for whom it was asked
    open_only: bool = False
    older_than: str | None = None  #: the id of the last one on the page before


def newest(work: UnitOfWork, wanted: Wanted, *, limit: int) -> list[KeptRequest]:
    """The newest requests that are wanted; pages go by key, so that what comes meanwhile moves nothing."""
    rows = work.rows(
        select(_T).where(*_conditions(work, wanted)).order_by(_T.c.created_at.desc(), _T.c.id).limit(limit)
    )
    return [found for row in rows if (found := _request(row))]


def _conditions(work: UnitOfWork, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield _T.c.workspace == wanted.workspace
    if wanted.party is not None:
        yield or_(_T.c.requester == wanted.party, _T.c.on_behalf_of == wanted.party)
    if wanted.open_only:
        yield _T.c.status == RequestStatus.PENDING
    last = get(work, wanted.older_than, wanted.workspace) if wanted.older_than else None
    if last is not None:
        same = (_T.c.created_at == last.created_at) & (_T.c.id > last.id)
        yield or_(_T.c.created_at < last.created_at, same)


def count_approval(work: UnitOfWork, seen: KeptRequest, *, at_least: int) -> KeptRequest | None:
    """Adds one approval to a pending request in one UPDATE; None if it ended, or is in another round, by now.

    A round is a price: a yes to one of them never counts for another, and neither does one to another reason.

    Counting what was read and comparing it would leave a request stuck when two approve at once on
    PostgreSQL; the row that comes back says whether this was the last approval needed. `at_least` is how
    many the policy asks for by now: it raises what is needed, and never lowers it.
    """
    needed = case((_T.c.approvals_needed < at_least, at_least), else_=_T.c.approvals_needed)
    new = {"approvals_given": _T.c.approvals_given + 1, "approvals_needed": needed}
    here = _waiting(work, seen.id) & _as_seen(seen)
    return _request(work.one(update(_T).where(here).values(**new).returning(*_T.c)))


def _as_seen(seen: KeptRequest) -> ColumnElement[bool]:
    """The price and the reason are those that were looked at."""
    return (_T.c.round == seen.round) & (_T.c.reason == seen.reason)


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


def deny(work: UnitOfWork, seen: KeptRequest, by: str) -> KeptRequest | None:
    """Ends a pending request with a no; None if it ended, or is in another round, by now."""
    here = _waiting(work, seen.id) & _as_seen(seen)
    new = {"status": RequestStatus.DENIED, "decided_at": work.now, "decided_by": by}
    return _request(work.one(update(_T).where(here).values(**new).returning(*_T.c)))


def end(work: UnitOfWork, request_id: str, status: RequestStatus, by: str | None) -> KeptRequest | None:
    """Moves a pending request to its end; None if it is not pending any more."""
    new = {"status": status, "decided_at": work.now, "decided_by": by}
    return _request(work.one(update(_T).where(_pending(request_id)).values(**new).returning(*_T.c)))


def expire(work: UnitOfWork, request_id: str) -> KeptRequest | None:
    """Ends a pending request whose time is over; None if it is not, or not pending any more."""
    over = _pending(request_id) & (_T.c.expires_at <= work.now)
    new = {"status": RequestStatus.EXPIRED, "decided_at": work.now}
    return _request(work.one(update(_T).where(over).values(**new).returning(*_T.c)))


def time_left(work: UnitOfWork, request_id: str) -> timedelta | None:
    """How long a pending request still waits; None if it does not, or waits for ever."""
    row = work.one(select(_T.c.expires_at).where(_pending(request_id)))
    return row["expires_at"] - work.now if row and row["expires_at"] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What the policy asks for at a dearer price: by which rule, of how many, and where."""

    rule: str | None
    approvals_needed: int
    channel: str | None

    @property
    def values(self) -> dict[str, Any]:
        where = func.coalesce(self.channel, _T.c.approval_channel)
        said = {"rule": self.rule, "approvals_needed": self.approvals_needed, "approval_channel": where}
        return said | {"round": _T.c.round + 1, "approvals_given": 0}


def ask_again(
    work: UnitOfWork, seen: KeptRequest, wanted: Round, *, expires_at: datetime | None
) -> KeptRequest | None:
    """Moves an approved request back to pending, in a new round; once in its life.

    None if it was, or if it is in another round by now: a worker that was held up has looked at an old price.
    """
    here = (_T.c.id == seen.id) & (_T.c.round == seen.round)
    first = here & (_T.c.status == RequestStatus.APPROVED) & _T.c.repriced.is_(False)
    again = {"status": RequestStatus.PENDING, "repriced": True, "decided_at": None, "decided_by": None}
    deadlines = {"expires_at": expires_at, "extended_by": None, "reminders": 0, "escalated_at": None}
    new = {**again, **deadlines, **wanted.values}
    return _request(work.one(update(_T).where(first).values(**new).returning(*_T.c)))


def new_round(work: UnitOfWork, seen: KeptRequest, wanted: Round) -> KeptRequest | None:
    """Starts a new round of a pending request: what was said so far was about another price.

    None if it is not pending in that round any more.
    """
    here = _pending(seen.id) & (_T.c.round == seen.round)
    return _request(work.one(update(_T).where(here).values(**wanted.values).returning(*_T.c)))


def change_reason(work: UnitOfWork, seen: KeptRequest, reason: str) -> bool:
    """Writes another reason for a pending request; False if it, or its reason, is another by now.

    Nobody may have said yes to it: an approval is one of what was read.
    """
    here = _pending(seen.id) & (_T.c.reason == seen.reason) & (_T.c.approvals_given == 0)
    new = {"reason": reason, "reason_changed_at": work.now}
    return work.changed(update(_T).where(here).values(**new))


def extend(work: UnitOfWork, request_id: str, by: str, more: timedelta) -> KeptRequest | None:
    """Gives a pending request more time, once; None if that is not possible any more."""
    once = _pending(request_id) & _T.c.extended_by.is_(None) & _T.c.expires_at.is_not(None)
    later = type_coerce(_T.c.expires_at, BigInteger) + more // timedelta(microseconds=1)
    new = {"expires_at": later, "extended_by": by}
    return _request(work.one(update(_T).where(once).values(**new).returning(*_T.c)))


def count_reminder(work: UnitOfWork, request_id: str, number: int) -> KeptRequest | None:
    """Notes the reminder of that number; None if it was given before, or nothing waits any more."""
    next_one = _waiting(work, request_id) & (_T.c.reminders == number - 1)
    return _request(work.one(update(_T).where(next_one).values(reminders=number).returning(*_T.c)))


def escalate(work: UnitOfWork, request_id: str) -> KeptRequest | None:
    """Notes that others are asked as well; None if they were before, or nothing waits any more."""
    first = _waiting(work, request_id) & _T.c.escalated_at.is_(None)
    return _request(work.one(update(_T).where(first).values(escalated_at=work.now).returning(*_T.c)))


def _pending(request_id: str) -> ColumnElement[bool]:
    return (_T.c.id == request_id) & (_T.c.status == RequestStatus.PENDING)


def _waiting(work: UnitOfWork, request_id: str) -> ColumnElement[bool]:
    """Pending, and not about to expire: after a pause of the worker all its jobs are due at once."""
    in_time = _T.c.expires_at.is_(None) | (_T.c.expires_at > work.now)
    return _pending(request_id) & in_time


def decisions(work: UnitOfWork, request_id: str) -> tuple[KeptDecision, ...]:
    """What the approvers have said, in order."""
    return tuple(
        KeptDecision(r["approver"], Answer(r["answer"]), r["comment"], r["at"], r["round"])
        for r in work.rows(_DECISIONS, request=request_id)
    )


def cards(work: UnitOfWork, request_id: str) -> dict[str, Card]:
    """The messages in which a request is drawn, by kind."""
    return {row["kind"]: Card(**row) for row in work.rows(_CARDS, request=request_id)}


def keep_card(work: UnitOfWork, drawn: Card) -> None:
    """Notes where a card is, or why it cannot be drawn."""
    work.changed(_keep_card(work.connection.dialect.name), **asdict(drawn))


_OF_A_CARD = tuple(field.name for field in fields(Card))


@cache
def _keep_card(dialect: str) -> Prepared:
    new = INSERTS[dialect](schema.card).values(bound(*_OF_A_CARD))
    told = {name: new.excluded[name] for name in ("channel", "ts", "problem", "permalink")}
    return Prepared(new.on_conflict_do_update(index_elements=["request_id", "kind"], set_=told))


_OF_A_REQUEST = tuple(field.name for field in fields(KeptRequest))


def _request(row: NamedRow | None) -> KeptRequest | None:
    if row is None:
        return None
    plain: Mapping[str, Any] = {name: row[name] for name in _OF_A_REQUEST}
    return KeptRequest(
        **{**plain, "options": Options(**row["options"]), "status": RequestStatus(row["status"])}
    )
