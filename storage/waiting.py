"""Which requests wait for whom, and how many: counted by the database, however many there are."""

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from bot.model.purchase import HELD
from bot.model.request import Person, RequestStatus
from storage import requests, schema
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork

_T = schema.request


def for_decision(work: UnitOfWork, person: Person, *, own: bool, limit: int) -> tuple[list[KeptRequest], int]:
    """The newest requests of which an approver has said nothing yet, and how many there are in all.

    `own` says whether those count that are theirs, or for them.
    """
    said = schema.decision
    spoken = exists().where(
        said.c.request_id == _T.c.id, said.c.round == _T.c.round, said.c.approver == person.user
    )
    here = [_T.c.workspace == person.workspace, _T.c.status == RequestStatus.PENDING, ~spoken]
    return _newest(work, here if own else [*here, ~_theirs(person)], limit)


def of_person(work: UnitOfWork, person: Person, *, ended: bool, limit: int) -> tuple[list[KeptRequest], int]:
    """A person's own newest requests that wait, or that ended, and how many there are in all."""
    pending = _T.c.status == RequestStatus.PENDING
    here = [_T.c.workspace == person.workspace, _theirs(person), ~pending if ended else pending]
    return _newest(work, here, limit)


def count_held(work: UnitOfWork, person: Person) -> int:
    """How many numbers were bought for a person, or by them for nobody else."""
    bought = schema.purchase
    whose = func.coalesce(_T.c.on_behalf_of, _T.c.requester) == person.user
    mine = (_T.c.workspace == person.workspace) & whose & bought.c.status.in_(sorted(HELD))
    return _count(work, select(bought.c.id).join(_T, _T.c.id == bought.c.request_id).where(mine))


def _newest(work: UnitOfWork, here: list[ColumnElement[bool]], limit: int) -> tuple[list[KeptRequest], int]:
    ids = select(_T.c.id).where(*here)
    first = work.rows(ids.order_by(_T.c.created_at.desc(), _T.c.id).limit(limit))
    found = [request for row in first if (request := requests.get(work, row["id"]))]
    return found, _count(work, ids)


def _count(work: UnitOfWork, which: Select[tuple[str]]) -> int:
    row = work.one(select(func.count().label("number")).select_from(which.subquery()))
    return int(row["number"]) if row else 0


def _theirs(person: Person) -> ColumnElement[bool]:
    # a comparison with NULL is neither true nor false, and its negation neither
    for_them = func.coalesce(_T.c.on_behalf_of, "") == person.user
    return or_(_T.c.requester == person.user, for_them)
