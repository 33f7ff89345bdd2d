"""Logs for the tests of the chain: a few believable events, and hashes made anew as a forger would."""

from sqlalchemy import text

from bot.model.audit import Action, Actor, ActorType, AuditEvent
from bot.model.audit_chain import digest
from bot.model.audit_fault import Broken, Fault
from bot.usecases.verify import Proof, Sound, verify
from storage import audit, audit_chain
from storage.unit_of_work import Database, UnitOfWork

ONE, TWO = "T0ONE", "T0TWO"


def event(user: str = "U0BEA", workspace: str = ONE, reason: str | None = None) -> AuditEvent:
    actor = Actor(ActorType.USER, user)
    action = Action.REQUEST_CANCELLED
    return AuditEvent(workspace=workspace, account="MAONE", actor=actor, action=action, reason=reason)


def log(database: Database, count: int = 10, *, workspace: str = ONE) -> None:
    """So many events, each third with a reason, each in a transaction of its own."""
    for number in range(count):
        user = ("U0BEA", "U0ADA")[number % 2]
        why = f"because of {number}" if number % 3 == 0 else None
        with database.write() as work:
            audit.append(work, event(user, workspace, why))


def run(work: UnitOfWork, *statements: str) -> None:
    for statement in statements:
        work.execute(text(statement))


def rehash(
    work: UnitOfWork, first: int, last: int | None = None, *, head: bool = True, workspace: str = ONE
) -> None:
    """Gives lines the hashes they would have had, as somebody would who knows how it is done."""
    found = list(audit_chain.lines(work, workspace, first - 2, last))
    previous = found[0][1]
    for line, _ in found[1:]:
        line = line._replace(previous_hash=previous)  # noqa: PLW2901
        previous = digest(line)
        statement = "UPDATE audit_event SET previous_hash = :before, hash = :hash WHERE id = :id"
        values = {"before": line.previous_hash, "hash": previous, "id": line.id}
        work.connection.execute(text(statement), values)
    if head:
        values = {"hash": previous, "w": workspace}
        work.connection.execute(text("UPDATE audit_head SET hash = :hash WHERE workspace = :w"), values)


def one(found: list[Sound | Broken]) -> Sound | Broken:
    (only,) = found
    return only


def broken(database: Database, proof: Proof = Proof()) -> tuple[int, Fault]:  # noqa: B008 - frozen
    found = one(verify(database, proof))
    assert isinstance(found, Broken)
    assert str(found.seq) in found.says
    return found.seq, found.fault


def sound(database: Database, proof: Proof = Proof()) -> Sound:  # noqa: B008
    found = one(verify(database, proof))
    assert isinstance(found, Sound), found
    return found
