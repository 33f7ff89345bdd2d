"""Deadlines: an undecided request is reminded of, escalated and ends; each once, however many workers run.

A job that comes twice, late or after the decision finds that the row says no. Times are the database's.
"""

from datetime import timedelta

from bot.model.audit import Action
from bot.model.policy import Approvals
from bot.model.purchase import PurchaseStatus
from bot.usecases import record
from bot.usecases.desk import Desk
from storage import jobs, purchases, requests
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork


def arm(work: UnitOfWork, desk: Desk, request: KeptRequest) -> None:
    """Arms what is due if nobody decides, as the policy says."""
    approvals = _approvals(desk)
    if approvals.remind_after:
        jobs.put(work, f"remind:{request.id}:1", delay=approvals.remind_after.total_seconds())
    if approvals.escalate_after:
        jobs.put(work, f"escalate:{request.id}", delay=approvals.escalate_after.total_seconds())
    if request.expires_at:
        jobs.put(work, f"expire:{request.id}", delay=(request.expires_at - work.now).total_seconds())


def disarm(work: UnitOfWork, request: KeptRequest) -> None:
    """Takes all that back: somebody decided."""
    for key in ("expire:{}", "escalate:{}", f"remind:{{}}:{request.reminders + 1}"):
        jobs.remove(work, key.format(request.id))


def remind(desk: Desk, request_id: str, number: int) -> None:
    """Reminds the approvers of a request that waits; the next time after twice as long."""
    after = _approvals(desk).remind_after
    with desk.database.write() as work:
        request = requests.count_reminder(work, request_id, number)
        if request is None:
            return
        record.of_request(work, request, Action.REQUEST_REMINDED, changes={"reminder": number})
        record.tell_approvers(work, request, f"reminder-{number}")
        if after:
            jobs.put(work, f"remind:{request_id}:{number + 1}", delay=after.total_seconds() * 2**number)


def escalate(desk: Desk, request_id: str) -> None:
    """Asks those who are named for it as well."""
    with desk.database.write() as work:
        request = requests.escalate(work, request_id)
        if request is None:
            return
        to = list(_approvals(desk).escalate_to or ())
        record.of_request(work, request, Action.REQUEST_ESCALATED, changes={"to": to})
        record.tell_approvers(work, request, "escalated")


def expire(desk: Desk, request_id: str) -> float | None:
    """Ends a request that nobody decided; seconds until its time is over, if somebody gave it more."""
    with desk.database.write() as work:
        request = requests.expire(work, request_id)
        if request is None:
            left = requests.time_left(work, request_id)
            return None if left is None else max(1.0, left.total_seconds())
        let_go(work, request)
        record.of_request(work, request, Action.REQUEST_EXPIRED)
        record.tell(work, request, "expired")
        record.tell_approvers(work, request, "expired")
    return None


def let_go(work: UnitOfWork, request: KeptRequest) -> None:
    """Lets go of the numbers of a request that ended without a yes, and of its budget; nothing is due."""
    disarm(work, request)
    for purchase in purchases.of_request(work, request.id):
        purchases.move(work, purchase.id, {PurchaseStatus.WAITING}, PurchaseStatus.DROPPED)


def more_time(desk: Desk) -> timedelta | None:
    """How much longer a request waits if an approver extends it; None if requests do not expire."""
    return _approvals(desk).expires_after


def _approvals(desk: Desk) -> Approvals:
    return desk.policy.approvals if desk.policy else Approvals()
