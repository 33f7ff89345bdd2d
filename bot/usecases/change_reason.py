"""Change the reason: the requester says better what a request is for, while nobody has decided it."""

from dataclasses import dataclass

from bot.model.audit import Action, Outcome
from bot.model.request import Person, RequestStatus
from bot.usecases import record
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest
from bot.usecases.desk import Desk
from storage import requests
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MayChange:
    """The request still waits, and is this person's."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class Changed:
    """The new reason is written; the old one stands in the log."""


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """The reason, or the request, changed while this person was typing."""

    request: KeptRequest


Obstacle = AlreadyDecided | MayNot | NoSuchRequest


def consider_changing(desk: Desk, person: Person, request_id: str) -> MayChange | Obstacle:
    """Whether this person may change the reason; a refused attempt is logged."""
    with desk.database.write() as work:
        return _mine(work, desk, person, request_id)


def change_reason(
    desk: Desk, person: Person, request_id: str, reason: str, *, seen: str
) -> Changed | ChangedMeanwhile | Obstacle:
    """Writes the reason in one transaction; `seen` is the one that it replaces."""
    with desk.database.write() as work:
        mine = _mine(work, desk, person, request_id)
        if not isinstance(mine, MayChange):
            return mine
        if mine.request.reason != seen or not requests.change_reason(work, mine.request, reason):
            return ChangedMeanwhile(requests.get(work, request_id) or mine.request)
        record.by_person(
            work, desk, person, Action.REQUEST_REASON_CHANGED,
            request=mine.request, reason=reason, changes={"from": mine.request.reason},
        )  # fmt: skip
        record.redraw(work, request_id)
        return Changed()


def _mine(work: UnitOfWork, desk: Desk, person: Person, request_id: str) -> MayChange | Obstacle:
    request = requests.get(work, request_id, person.workspace)
    if request is None:
        return NoSuchRequest()
    if person.user in request.parties and request.status is RequestStatus.PENDING:
        return MayChange(request)
    mine = person.user in request.parties
    obstacle = (
        AlreadyDecided(request) if mine else MayNot("Only who asked, and for whom, can change the reason.")
    )
    why = obstacle.reason if isinstance(obstacle, MayNot) else f"already {request.status}"
    record.by_person(
        work, desk, person, Action.REQUEST_REASON_CHANGED,
        outcome=Outcome.DENIED, request=request, reason=why,
    )  # fmt: skip
    return obstacle
