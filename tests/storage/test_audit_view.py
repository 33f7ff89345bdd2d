"""The view `audit_log`: columns that stay, moments and money as people read them, and nothing to write to."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from bot.model.audit import Action, Actor, ActorType, AuditEvent
from storage import audit
from storage.unit_of_work import Database

COLUMNS = [
    "workspace", "seq", "id", "at", "account", "actor_type", "actor", "on_behalf_of", "action", "outcome",
    "request_id", "purchase_id", "number", "country", "cost_usd", "reason", "changes", "context",
    "previous_hash", "hash",
]  # fmt: skip
"""People build on these names and their order."""


def _log(database: Database, reason: str | None = None, **fields: object) -> None:
    event = AuditEvent(
        workspace="T0ONE", account="MA", actor=Actor(ActorType.USER, "U0BEA"), action=Action.REQUEST_DENIED,
        reason=reason, **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    with database.write() as work:
        audit.append(work, event)


def test_the_view_has_the_columns_that_people_build_on(database: Database) -> None:
    assert [column["name"] for column in inspect(database.engine).get_columns("audit_log")] == COLUMNS


def test_moments_money_numbers_and_reasons_are_as_people_read_them(database: Database) -> None:
    _log(database, "too dear", number="14155550100", country="US", cost=Decimal("1.8005"))
    _log(database)
    with database.read() as work:
        with_all, bare = work.rows(text("SELECT * FROM audit_log ORDER BY seq"))
        at = work.connection.scalar(text("SELECT at FROM audit_event WHERE seq = 1"))
    assert datetime.strptime(with_all["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=UTC
    ) == datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)
    assert (with_all["number"], with_all["reason"]) == ("+14155550100", "too dear")
    assert Decimal(str(with_all["cost_usd"])) == Decimal("1.8005")
    assert (bare["number"], bare["cost_usd"], bare["reason"]) == (None, None, None)


def test_an_erased_reason_reads_so(database: Database) -> None:
    _log(database, "private")
    with database.write() as work:
        work.execute(text("UPDATE audit_text SET text = NULL, salt = NULL"))
    with database.read() as work:
        assert work.connection.scalar(text("SELECT reason FROM audit_log")) == "(erased)"


WRITES = (
    "DELETE FROM audit_log",
    "UPDATE audit_log SET actor = 'U0EVE'",
    "INSERT INTO audit_log (seq) VALUES (9)",
)


@pytest.mark.parametrize("statement", WRITES)
def test_nothing_can_be_written_through_it(database: Database, statement: str) -> None:
    _log(database, "why")
    with pytest.raises(DBAPIError), database.write() as work:
        work.execute(text(statement))
