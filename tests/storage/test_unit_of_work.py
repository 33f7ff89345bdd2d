"""A unit of work: all of it happens or nothing, by the database's clock, and money stays exact."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, text
from sqlalchemy.exc import DBAPIError

from bot.model.policy import Budgets
from storage import audit, jobs, purchases, requests, schema, searches
from storage.audit import Reader
from storage.engine import READ_ONLY, make_engine
from storage.schema import Usd, Utc
from storage.unit_of_work import Database, random_id
from tests.storage.rows import ACCOUNT, BEA, a_purchase, a_request, at_once, offer, undone

_amounts = st.decimals(min_value=0, max_value=100_000_000, places=4)
_moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


def test_an_error_leaves_nothing_behind(database: Database) -> None:
    with undone(database) as work:
        jobs.put(work, f"buy:{a_purchase(work).id}")
        searches.add(work, BEA, ACCOUNT, text="US", total=0, looked=0, next_offset=None)
    with database.read() as work:
        assert jobs.count(work) == {}
        assert purchases.count_by_status(work) == {}
        assert work.rows(schema.request.select()) == []
        assert work.rows(schema.search.select()) == []


def test_the_worker_is_woken_after_the_commit_and_not_before(database: Database) -> None:
    seen: list[dict[str, int]] = []

    def look(kinds: Sequence[str]) -> None:
        assert list(kinds) == ["buy"]
        with database.read() as work:
            seen.append(jobs.count(work))

    database.on_due = look
    with database.write() as work:
        jobs.put(work, "buy:P1")
        assert seen == []
    assert seen == [{"buy": 1}]


def test_the_worker_is_not_woken_for_what_is_due_later_or_was_undone(database: Database) -> None:
    woken: list[Sequence[str]] = []
    database.on_due = woken.append
    with database.write() as work:
        jobs.put(work, "expire:R1", delay=60)
    with undone(database) as work:
        jobs.put(work, "buy:P1")
    with database.write() as work:
        a_request(work)
    assert woken == []


def test_the_clock_is_read_once_a_transaction(database: Database) -> None:
    with database.write() as work:
        first = work.now
        a_request(work)
        assert work.now == first
    with database.read() as work:
        assert work.now > first


def test_the_clock_is_utc_and_near_that_of_this_machine(database: Database) -> None:
    with database.read() as work:
        assert abs(work.now - datetime.now(UTC)) < timedelta(seconds=5)
        assert work.now.utcoffset() == timedelta(0)


def test_time_can_be_moved_for_a_test(database: Database) -> None:
    with database.read() as work:
        before = work.now
    database.shift = timedelta(days=2)
    with database.read() as work:
        assert timedelta(days=2) <= work.now - before < timedelta(days=2, minutes=1)


def test_a_reader_keeps_no_writer_out(database: Database) -> None:
    with database.read() as work:
        assert jobs.count(work) == {}
        with database.write() as other:
            jobs.put(other, "buy:P1")
    with database.read() as work:
        assert jobs.count(work) == {"buy": 1}


def test_a_reader_sees_one_moment_whatever_is_committed_meanwhile(database: Database) -> None:
    """A card was half before a decision and half after it."""
    with database.read() as work:
        assert jobs.count(work) == {}
        with database.write() as other:
            jobs.put(other, "buy:P1")
            request = a_request(other)
        assert jobs.count(work) == {}
        assert requests.get(work, request.id) is None
    with database.read() as work:
        assert jobs.count(work) == {"buy": 1}
        assert requests.get(work, request.id) == request


def test_a_writer_after_a_reader_on_the_same_connection_writes(database: Database) -> None:
    own = Database(make_engine(str(database.engine.url), pool_size=1))
    for key in ("buy:P1", "buy:P2"):
        with own.read() as work:
            jobs.count(work)
        with own.write() as work:
            jobs.put(work, key)
            level = work.connection.get_isolation_level()
    assert level in {"READ COMMITTED", "SERIALIZABLE"}, "each database's own"
    with database.read() as work:
        assert jobs.count(work) == {"buy": 2}
    own.engine.dispose()


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT nonsense"], ids=["done", "failed"])
def test_a_connection_whose_statements_stood_alone_is_a_transaction_again(
    database: Database, statement: str
) -> None:
    """One that stayed so would commit half of a purchase's intent."""
    own = Database(make_engine(str(database.engine.url), pool_size=1))
    for _ in range(2):
        with suppress(DBAPIError), own.write(alone=True) as work:
            jobs.put(work, "settle:P1")
            work.execute(text(statement))
        with undone(own) as work:
            jobs.put(work, "buy:P1")
    with own.read() as work:
        assert "buy" not in jobs.count(work)
    own.engine.dispose()


def test_postgresql_lets_a_reader_write_nothing(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        with database.read() as work:
            assert work.connection.get_execution_options()[READ_ONLY] is True
        return
    with pytest.raises(DBAPIError, match="read-only transaction"), database.read() as work:
        jobs.put(work, "buy:P1")


def test_writers_at_once_wait_for_each_other(database: Database) -> None:
    def put(which: int) -> None:
        with database.write() as work:
            work.rows(schema.job.select())  # first a look, then a write: what a deferred BEGIN cannot do
            jobs.put(work, f"buy:P{which}")

    at_once(8, put)
    with database.read() as work:
        assert jobs.count(work) == {"buy": 8}


_scratch = Table("scratch", MetaData(), Column("usd", Usd), Column("utc", Utc))


@settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(usd=_amounts, utc=_moments)
def test_money_and_moments_come_back_as_they_went(database: Database, usd: Decimal, utc: datetime) -> None:
    _scratch.create(database.engine, checkfirst=True)
    with database.write() as work:
        work.execute(_scratch.delete())
        work.execute(_scratch.insert().values(usd=usd, utc=utc))
        came = work.one(_scratch.select())
    assert came
    assert (came["usd"], came["utc"]) == (usd, utc)


def test_money_at_rest_is_whole_ten_thousandths(database: Database) -> None:
    with database.write() as work:
        kept = purchases.add(
            work, a_request(work), offer(monthly=Decimal("0.00851"), setup=Decimal("1.5")), Budgets()
        )
        assert kept
        raw = work.connection.exec_driver_sql("SELECT monthly, setup FROM purchase").one()
    assert tuple(raw) == (86, 15_000), "rounded up: never less than what is paid"


def test_ids_say_their_kind_and_are_easy_to_read_out() -> None:
    made = {random_id("R") for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == 13 and one[0] == "R" for one in made)
    assert not set("01OIL") & set("".join(one[1:] for one in made))


def test_ids_come_from_the_desk(database: Database) -> None:
    own = Database(database.engine, new_id=lambda kind: f"{kind}1")
    with own.write() as work:
        assert a_request(work).id == "R1"
        assert requests.get(work, "R1")
        assert audit.of_request(work, "R1") == []
        assert Reader(None).user is None
