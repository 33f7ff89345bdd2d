"""What a use case leaves behind in its transaction: a line in the log, cards to draw, words to people."""

from typing import Any

from bot.model.audit import SYSTEM, Action, Actor, ActorType, AuditEvent, Outcome
from bot.model.request import Person
from bot.usecases.desk import Desk
from storage import audit, audit_chain, jobs
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork

_DOOR = {
    ActorType.USER: {"door": "slack"},
    ActorType.SYSTEM: {"door": "worker"},
    ActorType.OPERATOR: {"door": "shell"},
}
"""Through which door it came; a purchase that a person settles by hand comes through theirs."""


OPERATOR = Actor(ActorType.OPERATOR, "shell")


def by_person(
    work: UnitOfWork,
    desk: Desk,
    person: Person,
    action: Action,
    *,
    outcome: Outcome = Outcome.SUCCESS,
    request: KeptRequest | None = None,
    **fields: Any,
) -> None:
    """Logs what somebody did, or was refused; `fields` are those of an AuditEvent."""
    fields["context"] = _DOOR[ActorType.USER] | fields.get("context", {})
    if request is not None:
        fields |= {"request_id": request.id, "on_behalf_of": _other(request.requester, person.user)}
    audit.append(
        work,
        AuditEvent(
            workspace=person.workspace,
            account=desk.account,
            actor=Actor(ActorType.USER, person.user),
            action=action,
            outcome=outcome,
            **fields,
        ),
    )


def by_operator(work: UnitOfWork, account: str, workspace: str, action: Action, **fields: Any) -> None:
    """Logs what somebody did in the shell, or could not do."""
    event = AuditEvent(
        workspace=workspace, account=account, actor=OPERATOR, action=action,
        context=_DOOR[ActorType.OPERATOR], **fields,
    )  # fmt: skip
    audit.append(work, event)


def everywhere(work: UnitOfWork, account: str, action: Action, **fields: Any) -> None:
    """The same in the log of every workspace: what an operator does, or tries, concerns all of them."""
    for head in audit_chain.heads(work):
        by_operator(work, account, head.workspace, action, **fields)


def of_request(work: UnitOfWork, request: KeptRequest, action: Action, **fields: Any) -> None:
    """Logs what time did to a request, and has it drawn anew."""
    audit.append(
        work,
        AuditEvent(
            workspace=request.workspace,
            account=request.account,
            actor=SYSTEM,
            action=action,
            on_behalf_of=request.requester,
            request_id=request.id,
            context=_DOOR[ActorType.SYSTEM],
            **fields,
        ),
    )
    redraw(work, request.id)


def of_purchase(
    work: UnitOfWork,
    request: KeptRequest,
    purchase: KeptPurchase,
    action: Action,
    outcome: Outcome = Outcome.SUCCESS,
    *,
    actor: Actor = SYSTEM,
    shown_within: float = 0,
    **fields: Any,
) -> None:
    """Logs what became of a purchase, and has its request drawn anew, at once or `shown_within` seconds."""
    fields["context"] = _DOOR[actor.type] | fields.get("context", {})
    audit.append(
        work,
        AuditEvent(
            workspace=purchase.workspace,
            account=purchase.account,
            actor=actor,
            action=action,
            outcome=outcome,
            on_behalf_of=_other(request.requester, actor.id),
            request_id=request.id,
            purchase_id=purchase.id,
            number=purchase.number,
            country=purchase.offer.country,
            cost=purchase.amount,
            **fields,
        ),
    )
    redraw(work, request.id, within=shown_within)


def redraw(work: UnitOfWork, request_id: str, *, within: float = 0) -> None:
    """Has every message about a request drawn from its newest row, after the commit or `within` seconds."""
    jobs.put(work, f"render:{request_id}", delay=within, soonest=within > 0)


def tell(work: UnitOfWork, request: KeptRequest, event: str) -> None:
    """Has those whose request it is told about `event`, each in a direct message, after the commit."""
    for user in dict.fromkeys(request.parties):
        tell_one(work, request, event, user)


def tell_one(work: UnitOfWork, request: KeptRequest, event: str, user: str) -> None:
    """Has one person told about `event` in a direct message, after the commit."""
    jobs.put(work, f"dm:{request.id}:{event}:{user}")


def tell_approvers(work: UnitOfWork, request: KeptRequest, event: str) -> None:
    """Has the approvers told about `event` in the thread below their card, after the commit."""
    jobs.put(work, f"note:{request.id}:{event}")


def _other(requester: str, actor: str) -> str | None:
    return None if requester == actor else requester
