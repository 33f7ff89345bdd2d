"""The database refuses to change the log, and keeps what people wrote apart from it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.model.audit import ERASED, Action, Actor, ActorType, AuditEvent, LogRules
from bot.model.audit_chain import GENESIS, hash_of_text
from bot.model.audit_fields import UnknownField
from bot.model.audit_query import AuditQuery
from storage import audit, audit_search, jobs
from storage.audit import Reader
from storage.unit_of_work import Database

ONE = "workspace = 'T0ONE'"


def event(action: Action = Action.REQUEST_CANCELLED, **values: object) -> AuditEvent:
    actor = Actor(ActorType.USER, "U0BEA")
    return AuditEvent(workspace="T0ONE", account="MAONE", actor=actor, action=action, **values)  # type: ignore[arg-type]


@pytest.fixture
def logged(database: Database) -> Database:
    """Three events; the second holds the reason and the one before it."""
    with database.write() as work:
        audit.append(work, event())
        changed = event(Action.REQUEST_REASON_CHANGED, reason="for Ada", changes={"from": "for Bob"})
        audit.append(work, changed)
        audit.append(work, event())
    return database


def run(database: Database, statement: str) -> None:
    with database.write() as work:
        work.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 2",
        "UPDATE audit_event SET hash = 'x'",
        "DELETE FROM audit_event WHERE seq = 3",
        "DELETE FROM audit_event",
        "INSERT INTO audit_stub VALUES ('T0ONE', 1, 1, 'h', 's', NULL, 0); UPDATE audit_stub SET hash = 'x'",
        "INSERT INTO audit_stub VALUES ('T0ONE', 1, 1, 'h', 's', NULL, 0); DELETE FROM audit_stub",
    ],
)
def test_an_event_can_be_neither_changed_nor_deleted(logged: Database, statement: str) -> None:
    *first, last = statement.split("; ")
    for one in first:
        run(logged, one)
    with pytest.raises(DBAPIError, match="only appended to"):
        run(logged, last)


def test_an_event_cannot_be_replaced_on_sqlite_nor_truncated_on_postgresql(logged: Database) -> None:
    if logged.engine.dialect.name == "sqlite":
        columns = "id, at, version, account, actor_type, actor, action, outcome, changes, context"
        columns = f"workspace, seq, {columns}, previous_hash, hash"
        for old, new in (("id,", "'E9',"), ("seq,", "9,")):
            values = columns.replace(old, new, 1)
            copied = f"SELECT {values} FROM audit_event WHERE seq = 2"  # noqa: S608
            with pytest.raises(DBAPIError, match="only appended to"):
                run(logged, f"INSERT OR REPLACE INTO audit_event ({columns}) {copied}")
        with pytest.raises(DBAPIError, match="only be erased"):
            run(logged, "INSERT OR REPLACE INTO audit_text SELECT * FROM audit_text")
        return
    for table in ("audit_event", "audit_text", "audit_stub"):
        with pytest.raises(DBAPIError, match="only appended to"):
            run(logged, f"TRUNCATE {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_text SET text = 'for Eve'",
        "UPDATE audit_text SET text = NULL",  # the salt would stay, and with it a way to guess
        "UPDATE audit_text SET text = NULL, salt = NULL, seq = 3 WHERE field = 'reason'",
        "UPDATE audit_text SET text = NULL, salt = NULL, field = 'x' WHERE field = 'reason'",
    ],
)
def test_a_text_can_only_be_erased(logged: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="only be erased"):
        run(logged, statement)


def test_texts_are_erased_with_their_salt_and_read_as_such(logged: Database) -> None:
    run(logged, "UPDATE audit_text SET text = NULL, salt = NULL WHERE field = 'reason'")
    with logged.read() as work:
        _, changed, _ = audit_search.page(work, Reader("T0ONE"), AuditQuery(), limit=9)
    assert changed.event.reason == ERASED
    assert changed.event.changes == {"from": "for Bob"}
    assert changed.erased == ("reason",)


def test_what_people_wrote_is_in_the_log_only_as_a_salted_hash(logged: Database) -> None:
    with logged.read() as work:
        texts = {r.field: r for r in work.execute(text("SELECT * FROM audit_text"))}
        row = work.execute(text("SELECT * FROM audit_event WHERE seq = 2")).one()
    assert {field: kept.text for field, kept in texts.items()} == {
        "reason": "for Ada",
        "changes.from": "for Bob",
    }
    assert row.reason_hash == hash_of_text(texts["reason"].salt, "for Ada")
    assert hash_of_text(texts["changes.from"].salt, "for Bob") in str(row.changes)
    assert len(texts["reason"].salt) == 32
    assert texts["reason"].salt != texts["changes.from"].salt
    assert "Ada" not in str(row) and "Bob" not in str(row)


def test_only_what_was_archived_can_be_deleted(logged: Database) -> None:
    run(logged, "UPDATE audit_head SET archived_seq = 2")
    run(logged, "DELETE FROM audit_text WHERE seq <= 2")
    run(logged, "DELETE FROM audit_event WHERE seq <= 2")
    with pytest.raises(DBAPIError, match="only appended to"):
        run(logged, "DELETE FROM audit_event")


def test_each_event_holds_the_hash_before_it_and_the_head_the_newest(logged: Database) -> None:
    with logged.read() as work:
        rows = work.execute(text("SELECT previous_hash, hash FROM audit_event ORDER BY seq")).all()
        head = work.execute(text("SELECT seq, hash FROM audit_head")).one()
    assert [row.previous_hash for row in rows] == [GENESIS, rows[0].hash, rows[1].hash]
    assert (head.seq, head.hash) == (3, rows[-1].hash)
    assert len({row.hash for row in rows}) == 3


def test_an_unknown_field_is_an_error_in_tests_and_left_out_in_production(database: Database) -> None:
    wrong = event(changes={"token": "xoxb-invented"}, context={"response_url": "https://x", "door": "slack"})
    with (
        pytest.raises(UnknownField, match=r"changes\.token, context\.response_url"),
        database.write() as work,
    ):
        audit.append(work, wrong)
    lenient = Database(database.engine, log_rules=LogRules(strict=False))
    with lenient.write() as work:
        audit.append(work, wrong)
    with database.read() as work:
        (kept,) = audit_search.page(work, Reader("T0ONE"), AuditQuery(), limit=9)
    assert (kept.event.changes, kept.event.context) == ({}, {"door": "slack"})


def test_a_checkpoint_is_due_with_every_so_manieth_event(database: Database) -> None:
    counting = Database(database.engine, log_rules=LogRules(checkpoint_every=3))
    due = []
    for _ in range(7):
        with counting.write() as work:
            audit.append(work, event())
            due.append("cron" in jobs.count(work))
            jobs.remove(work, audit.CHECKPOINT)
    assert due == [False, False, True, False, False, True, False]
