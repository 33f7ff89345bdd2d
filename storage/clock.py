"""The database's clock, the only one on which hosts have to agree: whole microseconds since 1970, UTC."""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

ASKED_AGAIN = 1.0
"""Seconds for which what PostgreSQL's clock said is counted on here, before it is asked again."""
ON_ITS_WAY = 0.1
"""Seconds after which an answer is too old to be counted on: this process may have been stopped meanwhile."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUNCTION = "microseconds_now"

uptime = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Seconds that also pass while the machine sleeps, where the system can tell."""


class _Microseconds(FunctionElement[int]):
    """The database's clock inside of a statement."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Microseconds, "sqlite")
def _on_sqlite(_element: _Microseconds, _compiler: SQLCompiler, **_: Any) -> str:
    return f"{_FUNCTION}()"


@compiles(_Microseconds, "postgresql")
def _on_postgresql(_element: _Microseconds, _compiler: SQLCompiler, **_: Any) -> str:
    # of the statement: clock_timestamp() may differ from row to row, so no index could serve
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)"


CLOCK: ColumnElement[int] = _Microseconds()
"""The database's clock inside of a statement, read when it runs; `UnitOfWork.shift` is to be added."""
_NOW = select(CLOCK)


def give_sqlite_a_clock(connection: sqlite3.Connection) -> None:
    """Lets statements read this machine's clock, which is SQLite's own, but to the microsecond."""
    connection.create_function(_FUNCTION, 0, _of_this_machine)


def _of_this_machine() -> int:
    return time.time_ns() // 1000


def from_microseconds(microseconds: int) -> datetime:
    """A moment as the database's clock says it."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


class Clock:
    """Says what the database's clock says; safe for threads.

    Between two questions to PostgreSQL this machine's uptime is counted on: never ahead of what a
    statement that is sent afterwards reads, and behind it by no more than `ON_ITS_WAY`.
    """

    def __init__(self) -> None:
        self._said: tuple[int, float] | None = None  # what it said, and the uptime when that arrived

    def read(self, connection: Connection) -> int:
        """Microseconds since 1970."""
        if connection.dialect.name == "sqlite":
            return _of_this_machine()
        now, said = uptime(), self._said
        if said is not None and now - said[1] < ASKED_AGAIN:
            return said[0] + int((now - said[1]) * 1_000_000)
        answer = int(connection.scalar(_NOW) or 0)
        arrived = uptime()
        if arrived - now < ON_ITS_WAY:
            self._said = answer, arrived
        return answer
