"""A prepared statement means what SQLAlchemy's own way makes of it, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, MultipleResultsFound

from storage.engine import make_engine
from storage.prepared import Prepared, bound
from storage.schema import Usd, Utc
from storage.unit_of_work import Database
from tests.conftest import POSTGRES, a_database

_KINDS = Table(
    "kinds",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("words", Text),
    Column("count", BigInteger),
    Column("yes", Boolean),
    Column("at", Utc),
    Column("cost", Usd),
    Column("more", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
)
_NAMES = tuple(_KINDS.c.keys())
_WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
_ROWS = st.fixed_dictionaries({
    "words": st.none() | _WORDS,
    "count": st.none() | st.integers(-(2**62), 2**62),
    "yes": st.none() | st.booleans(),
    "at": st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "cost": st.none() | st.decimals(-1000, 1000, places=4),
    "more": st.none() | st.dictionaries(_WORDS, st.none() | st.booleans() | _WORDS, max_size=3),
})  # fmt: skip

_INSERT = Prepared(insert(_KINDS).values(bound(*_NAMES)).returning(*_KINDS.c))
_BY_ID = Prepared(select(_KINDS).where(_KINDS.c.id == bindparam("its_id")))
_ALL = Prepared(select(_KINDS))
_RAISE = Prepared(
    update(_KINDS)
    .where(_KINDS.c.id == bindparam("its_id"))
    .values(cost=_KINDS.c.cost + bindparam("by", type_=Usd))
)


@pytest.fixture
def database(bare_url: str) -> Iterator[Database]:
    engine = make_engine(bare_url)
    _KINDS.metadata.create_all(engine)
    yield Database(engine)
    engine.dispose()


def row(number: int = 1, **values: Any) -> dict[str, Any]:
    return dict.fromkeys(_NAMES) | {"id": number} | values


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Database]]:
    """A database of each kind, for many examples."""
    with ExitStack() as until_the_end:
        databases = []
        for kind in ("sqlite", "postgresql") if POSTGRES else ("sqlite",):
            engine = make_engine(until_the_end.enter_context(a_database(kind, tmp_path_factory.mktemp(kind))))
            until_the_end.callback(engine.dispose)
            _KINDS.metadata.create_all(engine)
            databases.append(Database(engine))
        yield databases


@given(values=_ROWS)
@settings(deadline=None, max_examples=60)
def test_every_type_goes_in_and_comes_out_as_by_sqlalchemy(
    both: list[Database], values: dict[str, Any]
) -> None:
    wanted = row(**values)
    for database in both:
        with database.write() as work:
            returned = work.one(_INSERT, **wanted)
            plain = work.one(select(_KINDS))
            prepared = work.one(_BY_ID, its_id=1)
            work.execute(delete(_KINDS))
        assert returned == prepared == wanted
        assert plain is not None and dict(plain) == wanted


def test_what_stands_in_the_statement_itself_is_converted_too(database: Database) -> None:
    given_at = datetime(2026, 11, 29, tzinfo=UTC)
    fixed = Prepared(insert(_KINDS).values(id=1, at=given_at, cost=Decimal("0.8"), more={"a": None}))
    with database.write() as work:
        assert work.changed(fixed)
        assert work.rows(_ALL) == [row(at=given_at, cost=Decimal("0.8"), more={"a": None})]


def test_an_update_counts_its_rows_and_computes_in_the_database(database: Database) -> None:
    with database.write() as work:
        work.one(_INSERT, **row(cost=Decimal("1.25")))
        assert work.changed(_RAISE, its_id=1, by=Decimal("0.05"))
        assert not work.changed(_RAISE, its_id=2, by=Decimal("0.05"))
        found = work.one(_BY_ID, its_id=1)
    assert found is not None and found["cost"] == Decimal("1.30")


def test_it_belongs_to_the_transaction(database: Database) -> None:
    def half() -> None:
        with database.write() as work:
            work.one(_INSERT, **row())
            raise LookupError

    with pytest.raises(LookupError):
        half()
    with database.read() as work:
        assert work.rows(_ALL) == []


def test_one_of_several_is_a_mistake(database: Database) -> None:
    with database.write() as work:
        for number in (1, 2):
            work.one(_INSERT, **row(number))
        with pytest.raises(MultipleResultsFound):
            work.one(_ALL)


def test_a_missing_value_is_a_mistake(database: Database) -> None:
    with database.read() as work, pytest.raises(KeyError, match="its_id"):
        work.one(_BY_ID)


def test_a_list_in_a_statement_is_refused(database: Database) -> None:
    listed = Prepared(select(_KINDS).where(_KINDS.c.id.in_([1, 2])))
    with database.read() as work, pytest.raises(ValueError, match="list"):
        work.rows(listed)


def test_a_default_of_pythons_is_refused(database: Database) -> None:
    aged = Table(
        "aged", MetaData(), Column("id", Integer, primary_key=True), Column("age", Integer, default=7)
    )
    with database.read() as work, pytest.raises(ValueError, match="default"):
        work.one(Prepared(insert(aged).values(bound("id"))), id=1)


def test_what_the_driver_raises_is_an_error_of_sqlalchemy(database: Database) -> None:
    def twice() -> None:
        with database.write() as work:
            work.one(_INSERT, **row())
            work.one(_INSERT, **row())

    with pytest.raises(DBAPIError) as caught:
        twice()
    assert not caught.value.connection_invalidated
    with database.read() as work:
        assert work.rows(_ALL) == []


@pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)
def test_a_connection_that_was_cut_is_not_used_again(database: Database) -> None:
    def cut() -> None:
        with database.write() as work:
            work.one(_INSERT, **row())
            pid = work.connection.scalar(select(func.pg_backend_pid()))
            with database.write() as other:
                other.one(select(func.pg_terminate_backend(pid)))
            work.one(_BY_ID, its_id=1)

    with pytest.raises(DBAPIError) as caught:
        cut()
    assert caught.value.connection_invalidated
    assert "terminating connection" in str(caught.value), "why, and not that a ROLLBACK failed after it"
    with database.read() as work:
        assert work.rows(_ALL) == []


@pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)
def test_where_one_connection_was_cut_the_others_of_the_pool_are_replaced(database: Database) -> None:
    with ExitStack() as all_at_once:
        works = [all_at_once.enter_context(database.read()) for _ in range(3)]
        pids = [work.connection.scalar(select(func.pg_backend_pid())) for work in works]
    other = make_engine(database.engine.url.render_as_string(hide_password=False))
    with other.begin() as connection:
        for pid in pids:
            connection.execute(select(func.pg_terminate_backend(pid, 5_000)))
    other.dispose()
    with pytest.raises(DBAPIError), database.write(alone=True) as work:
        work.one(_BY_ID, its_id=1)
    for _ in pids:
        with database.write(alone=True) as work:
            assert work.one(_BY_ID, its_id=1) is None


def test_threads_may_meet_its_first_use(database: Database) -> None:
    fresh = Prepared(select(_KINDS).where(_KINDS.c.id == bindparam("its_id")))
    with database.write() as work:
        work.one(_INSERT, **row())
    together = Barrier(8)

    def look() -> Any:
        together.wait(10)
        with database.read() as work:
            return work.one(fresh, its_id=1)

    with ThreadPoolExecutor(8) as threads:
        assert [found.result(10) for found in [threads.submit(look) for _ in range(8)]] == [row()] * 8
