"""A unit of work: one transaction, with the database's clock and the desk's way of making ids."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import MultipleResultsFound

from bot.model.audit import LogRules
from storage import hurry
from storage.clock import Clock, from_microseconds
from storage.engine import LOCKED_FOR, each_alone, reading
from storage.prepared import Prepared

NamedRow = Mapping[Any, Any]
"""A row, by the names of its columns."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: people read ids to each other
_LENGTH = 12
_IDS = len(_ALPHABET) ** _LENGTH


def random_id(prefix: str) -> str:
    """An opaque id such as `R7K3M9QXZ2AB`: 59 random bits behind a letter for its kind."""
    bits, letters = secrets.randbelow(_IDS), []
    for _ in range(_LENGTH):
        bits, letter = divmod(bits, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return prefix + "".join(letters)


def random_salt() -> str:
    """128 random bits: without it, nobody guesses a text from its hash."""
    return secrets.token_hex(16)


INSERTS: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""An INSERT that knows ON CONFLICT, by the database's dialect."""


class UnitOfWork:
    """What a use case writes through. All of it happens, or nothing."""

    def __init__(self, database: "Database", connection: Connection) -> None:
        self.connection = connection
        self.new_id = database.new_id
        self.new_salt = random_salt
        self.log_rules = database.log_rules
        self.log_heads: dict[str, tuple[int, str]] = {}  #: of the logs that this transaction has moved
        self._clock, self._shift = database.clock, database.shift
        self.due_now: list[str] = []  #: the kinds of the jobs that were put and are due at once

    @cached_property
    def now(self) -> datetime:
        """UTC by the database's clock, read once a transaction: hosts need not agree on the time."""
        return from_microseconds(self._clock.read(self.connection)) + self._shift

    @property
    def shift(self) -> int:
        """What is added to the database's clock, for a statement that reads CLOCK itself: microseconds."""
        return self._shift // timedelta(microseconds=1)

    def execute(self, statement: Executable, **values: Any) -> CursorResult[Any]:
        return self.connection.execute(statement, values)

    def one(self, statement: Executable | Prepared, **values: Any) -> NamedRow | None:
        """The only row, or None."""
        if isinstance(statement, Prepared):
            rows = statement.run(self.connection, values).rows
            if len(rows) > 1:
                raise MultipleResultsFound("one row was expected, and there are several")
            return rows[0] if rows else None
        return self.connection.execute(statement, values).mappings().one_or_none()

    def rows(self, statement: Executable | Prepared, **values: Any) -> Sequence[NamedRow]:
        if isinstance(statement, Prepared):
            return statement.run(self.connection, values).rows
        return self.connection.execute(statement, values).mappings().all()

    def changed(self, statement: Executable | Prepared, **values: Any) -> bool:
        """Whether a conditional UPDATE, INSERT or DELETE took effect on a row."""
        if isinstance(statement, Prepared):
            return statement.run(self.connection, values).count == 1
        # without the option, PostgreSQL's driver is not asked how many rows an INSERT wrote
        counted = self.connection.execute(statement, values, execution_options={"preserve_rowcount": True})
        return counted.rowcount == 1

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT in the database's own dialect."""
        return INSERTS[self.connection.dialect.name](table)


class Database:
    """Where the desk's rows live. Safe for threads: each unit of work has its own connection."""

    def __init__(
        self,
        engine: Engine,
        *,
        new_id: Callable[[str], str] = random_id,
        on_due: Callable[[Sequence[str]], None] = lambda _: None,
        log_rules: LogRules = LogRules(),  # noqa: B008 - it is frozen
    ) -> None:
        self.engine = engine
        self.shift = timedelta(0)  #: added to the database's clock; tests move time with it
        self.on_due = on_due  #: called after a commit that put jobs due at once, with the kind of each
        self.new_id = new_id
        self.log_rules = log_rules
        self.clock = Clock()
        self._writer = Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[UnitOfWork]:
        """A transaction that writes: committed at the end of the block, rolled back by any error.

        With `alone`, each statement stands for itself: of one that needs no other, PostgreSQL need not be
        told where it begins and ends.
        """
        options = each_alone(self.engine) if alone else {}
        with (
            self._turn(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            work = UnitOfWork(self, connection)
            yield work
        if work.due_now:
            self.on_due(work.due_now)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer: waiting here is a queue, waiting there is sleeping and looking again.

        Whoever waited too long goes on all the same, and hears from SQLite that it is locked.
        """
        patience = hurry.left() or LOCKED_FOR
        mine = self._writer is not None and self._writer.acquire(timeout=patience)
        try:
            yield
        finally:
            if mine and self._writer is not None:
                self._writer.release()

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A look at one moment, whatever is committed meanwhile; it takes no write lock and cannot write."""
        options = reading(self.engine)
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield UnitOfWork(self, connection)
