"""Takes what a person wrote out of the log. The chain holds its salted hash, and goes on holding."""

from bot.model.audit import Action, Actor, ActorType, AuditEvent
from storage import audit, audit_chain
from storage.unit_of_work import Database

OPERATOR = Actor(ActorType.OPERATOR, "shell")


def erase(database: Database, account: str, user: str, *, reason: str) -> dict[str, int]:
    """How many texts were blanked, by workspace; that it was done is itself an event, everywhere it was.

    `reason` is written by the operator, and stands in the log.
    """
    erased: dict[str, int] = {}
    with database.write() as work:
        for head in audit_chain.heads(work):
            count = audit_chain.erase(work, head.workspace, user)
            if count:
                erased[head.workspace] = count
        for workspace, count in erased.items():  # the log comes last of all locks
            event = AuditEvent(
                workspace=workspace,
                account=account,
                actor=OPERATOR,
                action=Action.AUDIT_ERASED,
                reason=reason,
                changes={"user": user, "texts": count},
                context={"door": "shell"},
            )
            audit.append(work, event)
    return erased
