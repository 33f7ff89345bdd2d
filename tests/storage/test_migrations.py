"""Migrations: a database that has worked for a while is upgraded with all that it holds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from bot.model.audit_chain import GENESIS, digest
from bot.model.audit_query import AuditQuery
from bot.model.purchase import HELD, RESERVING, PurchaseStatus
from storage import audit, audit_chain, audit_search, budgets, migrate, purchases, requests, searches
from storage.budgets import Purse
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.rows import offer

MONTHS = {  # each at the very edge
    "2026-10": datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    "2026-11": datetime(2026, 11, 1, tzinfo=UTC),
}
REQUEST = """
INSERT INTO request (id, workspace, account, origin_key, requester, channel, reason, options, status,
                     approvals_needed, round, created_at)
VALUES (:id, 'T0ONE', 'MAONE', :id, :requester, 'C0ONE', 'why', '{}', :status, 1, :round, :at)
"""
DECISION = """
INSERT INTO decision (request_id, round, approver, answer, at) VALUES (:request, 1, 'U0BOSS', 'approve', :at)
"""
PURCHASE = """
INSERT INTO purchase (id, request_id, workspace, account, number, setup, monthly, details, status, updated_at)
VALUES (:id, :request, 'T0ONE', 'MAONE', :number, 5000, 8000, :details, :status, :at)
"""


def to(engine: Engine, revision: str) -> None:
    with engine.connect() as connection, migrate._references_unchecked(connection), connection.begin():
        migrate._to(connection, revision)


@pytest.fixture
def old(bare_url: str) -> Iterator[Database]:
    """At the first revision: in each of two months, a purchase in every state, of two people."""
    engine = make_engine(bare_url)
    to(engine, "0001")
    with engine.begin() as connection:
        for m, at in enumerate(MONTHS.values()):
            moment = int(at.timestamp()) * 1_000_000 + at.microsecond
            for s, status in enumerate(PurchaseStatus):
                name = f"{m}{s}"
                who = "U0BEA" if s % 2 else "U0ANA"
                asked = {"id": f"R{name}", "requester": who, "at": moment, "round": 2 if s == 0 else 1}
                pending = "pending" if status is PurchaseStatus.WAITING else "approved"
                connection.execute(text(REQUEST), asked | {"status": pending})
                bought = {"id": f"P{name}", "request": f"R{name}", "number": f"1415555{name}", "at": moment}
                details = json.dumps(searches.to_json(offer(f"1415555{name}")))
                connection.execute(text(PURCHASE), bought | {"status": status.value, "details": details})
                connection.execute(text(DECISION), {"request": f"R{name}", "at": moment})
    yield Database(engine)
    engine.dispose()


def test_an_old_database_is_not_current_until_it_is_upgraded(old: Database) -> None:
    assert not migrate.is_current(old.engine)
    migrate.upgrade(old.engine)
    assert migrate.is_current(old.engine)
    migrate.upgrade(old.engine)


def test_references_are_checked_again_after_the_upgrade(old: Database) -> None:
    """SQLite forgets them for the time of an upgrade; a connection of the pool must not stay like that."""
    migrate.upgrade(old.engine)
    with pytest.raises(IntegrityError), old.write() as work:
        work.execute(text("DELETE FROM request"))
    with old.read() as work:
        assert len(requests.decisions(work, "R00")) == 1


def test_an_upgrade_that_would_leave_rows_that_refer_to_nothing_is_undone(tmp_path: Path) -> None:
    """On SQLite; PostgreSQL never stops checking."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    to(engine, "0001")
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("INSERT INTO card (request_id, kind, channel) VALUES ('R0GONE', 'request', 'C0ONE')")
    with pytest.raises(RuntimeError, match="refer to nothing"):
        migrate.upgrade(engine)
    assert not migrate.is_current(engine)
    engine.dispose()


def test_purchases_know_whose_budget_of_which_month_they_are_paid_from(old: Database) -> None:
    migrate.upgrade(old.engine)
    with old.read() as work:
        for m, month in enumerate(MONTHS):
            for s, status in enumerate(PurchaseStatus):
                kept = purchases.get(work, f"P{m}{s}")
                assert kept
                assert (kept.status, kept.budget_month) == (status, month)
                assert kept.spender == ("U0BEA" if s % 2 else "U0ANA")


def test_the_budget_is_the_sum_over_what_was_there(old: Database) -> None:
    migrate.upgrade(old.engine)
    states = list(PurchaseStatus)
    with old.read() as work:
        for month in MONTHS:
            for spender in ("U0ANA", "U0BEA"):
                purse = Purse("T0ONE", "MAONE", month, spender)
                whole, mine = budgets.spent(work, purse, budgets.Budgets())
                own = states[1::2] if spender == "U0BEA" else states[::2]
                for spent, counted in ((whole, states), (mine, own)):
                    assert float(spent.reserved) == pytest.approx(1.3 * sum(s in RESERVING for s in counted))
                    assert float(spent.committed) == pytest.approx(1.3 * sum(s in HELD for s in counted))


def test_a_second_round_was_begun_by_the_buy_and_the_rest_is_as_new(old: Database) -> None:
    migrate.upgrade(old.engine)
    with old.read() as work:
        sent_back, plain = requests.get(work, "R00"), requests.get(work, "R01")
    assert sent_back and plain
    assert (sent_back.repriced, plain.repriced) == (True, False)
    assert (plain.break_glass, plain.reminders, plain.expires_at, plain.extended_by) == (False, 0, None, None)
    assert (plain.on_behalf_of, plain.approval_channel, plain.escalated_at) == (None, None, None)


def test_what_was_there_goes_on(old: Database) -> None:
    migrate.upgrade(old.engine)
    with old.write() as work:
        assert purchases.move(work, "P00", {PurchaseStatus.WAITING}, PurchaseStatus.DROPPED)
        assert purchases.get(work, "P00")
    with old.read() as work:
        whole, _ = budgets.spent(work, Purse("T0ONE", "MAONE", "2026-10", "U0ANA"), budgets.Budgets())
    states = [s for s in PurchaseStatus if s in RESERVING]
    assert float(whole.reserved) == pytest.approx(1.3 * (len(states) - 1))


EVENT = """
INSERT INTO audit_event (workspace, seq, id, at, version, account, actor_type, actor, action, outcome, reason,
                         changes, context)
VALUES (:workspace, :seq, :id, 1792000000000001, 1, 'MAONE', 'user', 'U0BEA', :action, 'success', :reason,
        :changes, '{"channel": "C0ONE"}')
"""


def test_the_log_that_is_there_becomes_a_chain(old: Database) -> None:
    """More events than fit one page, in two workspaces; what people wrote stands apart afterwards."""
    to(old.engine, "0002")
    many = 1203
    rows = [
        {"workspace": "T0ONE", "seq": n, "id": f"E{n}", "action": "search.performed", "reason": None,
         "changes": json.dumps({"found": n, "search": "für 日本"})}
        for n in range(1, many)
    ]  # fmt: skip
    changed = {"action": "request.reason_changed", "reason": "for Ada", "changes": '{"from": "for Bob"}'}
    rows.append({"workspace": "T0ONE", "seq": many, "id": "E", **changed})
    rows.append({"workspace": "T0TWO", "seq": 1, "id": "E0", **changed})
    with old.engine.begin() as connection:
        connection.execute(text(EVENT), rows)
        for workspace, seq in (("T0ONE", many), ("T0TWO", 1)):
            head = "INSERT INTO audit_head (workspace, seq) VALUES (:workspace, :seq)"
            connection.execute(text(head), {"workspace": workspace, "seq": seq})
    migrate.upgrade(old.engine)
    with old.write() as work:
        kept = list(audit_chain.lines(work, "T0ONE"))
        assert [line.seq for line, _ in kept] == list(range(1, many + 1))
        previous = GENESIS
        for line, hashed in kept:
            assert line.previous_hash == previous
            assert digest(line) == hashed
            previous = hashed
        head = audit_chain.head(work, "T0ONE")
        assert head and (head.seq, head.hash) == (many, previous)
        newest = audit_search.page(work, audit.Reader("T0TWO"), AuditQuery(), limit=5)
        assert [(e.event.reason, e.event.changes) for e in newest] == [("for Ada", {"from": "for Bob"})]
        assert audit.append(work, replace(newest[0].event, context={})) == 2
