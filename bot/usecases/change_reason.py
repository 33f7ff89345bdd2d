"""Change the reason: the requester says better what a request is for, while nobody has decided it."""

from dataclasses import dataclass

from bot.model.audit import Action
from bot.model.request import Person
from bot.usecases import deadlines, record
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest, log_refusal
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


APPROVED_BEFORE = (
    "Somebody has approved it for the reason that they read. Cancel the request and ask again if the reason "
    "is another one by now."
)
Obstacle = AlreadyDecided | MayNot | NoSuchRequest


def consider_changing(desk: Desk, person: Person, request_id: str) -> MayChange | Obstacle:
    """Whether this person may change the reason; a refused attempt is logged."""
    deadlines.expire(desk, request_id)  # its time may be over though no worker has come by
    with desk.database.write() as work:
        return _mine(work, desk, person, request_id)


def change_reason(
    desk: Desk, person: Person, request_id: str, reason: str, *, seen: str
) -> Changed | ChangedMeanwhile | Obstacle:
    """Writes the reason in one transaction; `seen` is the one that it replaces."""
    deadlines.expire(desk, request_id)
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
        record.tell_approvers(work, mine.request, "reason")
        record.redraw(work, request_id)
        return Changed()


def _mine(work: UnitOfWork, desk: Desk, person: Person, request_id: str) -> MayChange | Obstacle:
    request = requests.get(work, request_id, person.workspace)
    seen = _look(person, request)
    if not isinstance(seen, MayChange):
        log_refusal(work, desk, person, Action.REQUEST_REASON_CHANGED, request, seen)
    return seen


def _look(person: Person, request: KeptRequest | None) -> MayChange | Obstacle:
    if request is None:
        return NoSuchRequest()
    if person.user not in request.parties:
        return MayNot("Only who asked, and for whom it was asked, can change the reason.")
    if not request.is_pending:
        return AlreadyDecided(request)
    return MayNot(APPROVED_BEFORE) if request.approvals_given else MayChange(request)
