"""Cancel: the requester takes a request back while nobody has decided it."""

from dataclasses import dataclass

from bot.model.audit import Action
from bot.model.request import Person, RequestStatus
from bot.usecases import deadlines, record
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest, log_refusal
from bot.usecases.desk import Desk
from storage import requests
from storage.requests import KeptRequest

LOOKS = 3
"""A request ends once, and may go back from its approval once; a third look sees it stand still."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The request is taken back; its number is free again, and its budget."""


def cancel(
    desk: Desk, person: Person, request_id: str
) -> Cancelled | AlreadyDecided | MayNot | NoSuchRequest:
    """Takes the request back in one transaction; of it and a decision in the same moment one wins."""
    for _ in range(LOOKS):
        deadlines.expire(desk, request_id)  # its time may be over though no worker has come by
        if outcome := _once(desk, person, request_id):
            return outcome
        # somebody, or time, was faster between our look and our UPDATE: the next look sees what
    return NoSuchRequest()


def _once(
    desk: Desk, person: Person, request_id: str
) -> Cancelled | AlreadyDecided | MayNot | NoSuchRequest | None:
    with desk.database.write() as work:
        request = requests.get(work, request_id, person.workspace)
        if obstacle := _obstacle(person, request):
            log_refusal(work, desk, person, Action.REQUEST_CANCELLED, request, obstacle)
            return obstacle
        ended = requests.end(work, request_id, RequestStatus.CANCELLED, person.user)
        if ended is None:
            return None
        deadlines.let_go(work, ended)
        record.by_person(work, desk, person, Action.REQUEST_CANCELLED, request=ended)
        record.tell_approvers(work, ended, "cancelled")
        if person.user != ended.requester or ended.on_behalf_of:
            record.tell(work, ended, "cancelled")
        record.redraw(work, request_id)
        return Cancelled()


def _obstacle(person: Person, request: KeptRequest | None) -> AlreadyDecided | MayNot | NoSuchRequest | None:
    if request is None:
        return NoSuchRequest()
    if person.user not in request.parties:
        return MayNot("Only who asked, and for whom it was asked, can take a request back.")
    return None if request.is_pending else AlreadyDecided(request)
