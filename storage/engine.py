"""Engines: SQLite and PostgreSQL, set up so that a committed intent stays committed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

READ_ONLY = "numberdesk_read"
"""Execution option of a connection that only reads: on SQLite it does not take the write lock."""

# An application that dies in the middle of a transaction must not keep a row for ever.
_POSTGRES_TIMEOUTS = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
_INSUFFICIENT_PRIVILEGE = "42501"


def reading(engine: Engine) -> Mapping[str, Any]:
    """Execution options of a connection whose whole transaction looks at one moment, and writes nothing."""
    if engine.dialect.name == "sqlite":  # its readers see one moment anyway
        return {READ_ONLY: True}
    # READ COMMITTED would show each statement another moment: a card half before a decision, half after
    return {READ_ONLY: True, "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def is_refused(problem: DBAPIError) -> bool:
    """Whether the database said that this role may not do that: by its rights, or by a trigger."""
    return getattr(problem.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for a `sqlite:///…` or `postgresql+psycopg://…` address. Connects to nothing yet."""
    if url.startswith("sqlite"):
        return _sqlite(url, pool_size)
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={"options": _POSTGRES_TIMEOUTS, "connect_timeout": 5},
    )


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=20, connect_args={"timeout": 30, "isolation_level": None}
    )
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL can forget the intent of a purchase at a power loss
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A deferred BEGIN fails at once with "database is locked" when it must turn from reader to
    # writer, in spite of the time-out; so a transaction that will write says so at its start.
    reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.execute(text("BEGIN" if reads else "BEGIN IMMEDIATE"))
