"""Extend: an approver gives a request more time, once."""

from dataclasses import dataclass

from bot.model.audit import Action, Outcome
from bot.model.request import Person, RequestStatus
from bot.usecases import deadlines, record
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest, log_refusal
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn, standing
from storage import jobs, requests
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Extended:
    """The request waits longer; until when stands in it."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class ExtendedBefore:
    """Somebody gave it more time already; that can be done once."""

    request: KeptRequest


def extend(
    desk: Desk, person: Person, request_id: str
) -> Extended | ExtendedBefore | AlreadyDecided | MayNot | NoSuchRequest:
    """Moves the end of a request in one transaction. Asks Slack who is an approver: not for an ack."""
    learn(desk, person.workspace, person.user)
    deadlines.expire(desk, request_id)  # after Slack was asked, which may take its time
    with desk.database.write() as work:
        request = requests.get(work, request_id, person.workspace)
        if request is None:
            log_refusal(work, desk, person, Action.REQUEST_EXTENDED, None, NoSuchRequest())
            return NoSuchRequest()
        obstacle = _obstacle(work, desk, person, request) or _write(work, desk, person, request)
        if isinstance(obstacle, Extended):
            return obstacle
        _log_refusal(work, desk, person, request, obstacle)
        return obstacle


def _obstacle(
    work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest
) -> AlreadyDecided | MayNot | None:
    if request.status is not RequestStatus.PENDING:
        return AlreadyDecided(request)
    mine = standing(desk, Listed(work, person.workspace), person.user)
    if mine.approver:
        return None
    if mine.not_known:
        return MayNot("Whether you are an approver could not be looked up. Please try again in a minute.")
    return MayNot("Only approvers give a request more time.")


def _write(
    work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest
) -> Extended | ExtendedBefore | AlreadyDecided | MayNot:
    more = deadlines.more_time(desk)
    if more is None or request.expires_at is None:
        return MayNot("This request does not expire, so there is nothing to extend.")
    extended = requests.extend(work, request.id, person.user, more)
    if extended is None or extended.expires_at is None:
        now = requests.get(work, request.id) or request
        return ExtendedBefore(now) if now.is_pending else AlreadyDecided(now)
    jobs.put(work, f"expire:{request.id}", delay=(extended.expires_at - work.now).total_seconds())
    until = extended.expires_at.isoformat(timespec="seconds")
    record.by_person(work, desk, person, Action.REQUEST_EXTENDED, request=extended, changes={"until": until})
    record.redraw(work, request.id)
    return Extended(extended)


def _log_refusal(
    work: UnitOfWork,
    desk: Desk,
    person: Person,
    request: KeptRequest,
    why: ExtendedBefore | AlreadyDecided | MayNot,
) -> None:
    record.by_person(
        work, desk, person, Action.REQUEST_EXTENDED,
        outcome=Outcome.DENIED, request=request, reason=_reason(why),
    )  # fmt: skip


def _reason(why: ExtendedBefore | AlreadyDecided | MayNot) -> str:
    match why:
        case MayNot(reason):
            return reason
        case AlreadyDecided(request):
            return f"already {request.status}"
        case ExtendedBefore(request):
            return f"extended before by {request.extended_by}"
