"""Engines: SQLite and PostgreSQL, set up so that a committed intent stays committed."""

import sqlite3
from collections.abc import Mapping
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from storage import hurry
from storage.clock import give_sqlite_a_clock

RESTED = 5.0
"""Seconds after which a connection to PostgreSQL is asked whether it is still there, before it is used."""
LOCKED_FOR = 30
"""Seconds for which SQLite, and those who queue for it, wait for a writer."""
READ_ONLY = "numberdesk_read"
"""Execution option of a connection that only reads: on SQLite it does not take the write lock."""

# An application that dies in the middle of a transaction must not keep a row for ever.
# A peer that is gone without a word, as after a failover, is noticed within half a minute.
_KEEPALIVES = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_POSTGRES_TIMEOUTS = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
_INSUFFICIENT_PRIVILEGE = "42501"


def reading(engine: Engine) -> Mapping[str, Any]:
    """Execution options of a connection whose whole transaction looks at one moment, and writes nothing."""
    if engine.dialect.name == "sqlite":  # its readers see one moment anyway
        return {READ_ONLY: True}
    # READ COMMITTED would show each statement another moment: a card half before a decision, half after
    return {READ_ONLY: True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def each_alone(engine: Engine) -> Mapping[str, Any]:
    """Execution options of a connection on which every statement is a transaction of its own."""
    # SQLite's way there costs nothing, and its BEGIN IMMEDIATE is what waits for the lock
    return {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}


def is_refused(problem: DBAPIError) -> bool:
    """Whether the database said that this role may not do that: by its rights, or by a trigger."""
    return getattr(problem.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for a `sqlite:///…` or `postgresql+psycopg://…` address. Connects to nothing yet.

    `?options=-c name=value` in PostgreSQL's address comes after our own options, and so may change them.
    """
    if url.startswith("sqlite"):
        return _sqlite(url, pool_size)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        connect_args={"options": _options(make_url(url)), "connect_timeout": 5, **_KEEPALIVES},
    )
    event.listen(engine, "begin", _postgres_begin)
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", _ask_after_a_rest)
    return engine


def _rests(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = monotonic()


def _ask_after_a_rest(connection: Any, record: Any, _proxy: Any) -> None:
    """Has a connection replaced that the server closed while it rested; one in use is not asked each time."""
    if monotonic() - record.info.get("rests_since", monotonic()) < RESTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as problem:
        raise DisconnectionError from problem


def _options(url: URL) -> str:
    """Ours and the address's: the driver takes one text of them, and of two values the later one."""
    given = url.query.get("options", ())
    return " ".join([_POSTGRES_TIMEOUTS, *([given] if isinstance(given, str) else given)])


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        connect_args={"timeout": LOCKED_FOR, "isolation_level": None},
    )
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connected(connection: Any, _record: Any) -> None:
    give_sqlite_a_clock(connection)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL can forget the intent of a purchase at a power loss
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A deferred BEGIN fails at once with "database is locked" when it must turn from reader to
    # writer, in spite of the time-out; so a transaction that will write says so at its start.
    reads = connection.get_execution_options().get(READ_ONLY, False)
    left = None if reads else hurry.left()
    cursor = connection.connection.cursor()
    try:
        if left is not None:
            cursor.execute(f"PRAGMA busy_timeout={int(left * 1000)}")
        cursor.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
    except sqlite3.OperationalError as problem:  # it is locked
        raise OperationalError("BEGIN", None, problem) from problem
    finally:
        if left is not None:
            cursor.execute(f"PRAGMA busy_timeout={LOCKED_FOR * 1000}")
        cursor.close()


def _postgres_begin(connection: Connection) -> None:
    if (left := hurry.left()) is not None:
        milliseconds = int(left * 1000)
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = {milliseconds}"))
