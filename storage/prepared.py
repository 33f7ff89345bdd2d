"""Statements that are compiled once, and go to the driver without a detour.

SQLAlchemy writes their SQL and converts their values, as everywhere. What is left out is what it does anew
at each execution, which takes longer than the statement itself: docs/adr/0019.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
_Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a statement: its rows by the names of their columns, and how many rows it wrote."""

    rows: list[dict[str, Any]]
    count: int


def bound(*names: str) -> dict[str, Any]:
    """A `bindparam` for each of these columns, as `values` takes them."""
    return {name: bindparam(name) for name in names}


class Prepared:
    """A statement with a `bindparam` for each value that changes. None of them may be a list."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Values) -> Ran:
        """Runs it in the connection's transaction. Raises DBAPIError, and KeyError for a missing value."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        rows, count = send(connection, compiled.text, compiled.arranged(values))
        return Ran([compiled.named(row) for row in rows], count)


def send(connection: Connection, text: str, values: Any) -> tuple[Sequence[Sequence[Any]], int]:
    """Hands a statement to the driver, in the connection's transaction; its rows, and how many it wrote.

    Raises SQLAlchemy's DBAPIError, as everything else does that runs statements.
    """
    dialect, pooled = connection.dialect, connection.connection
    driver: Any = dialect.loaded_dbapi
    cursor = pooled.cursor()
    try:
        cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else (), cursor.rowcount
    except driver.Error as problem:
        # psycopg says by the connection, and not by the error, whether it was cut
        is_cut = dialect.is_disconnect(problem, pooled.driver_connection, cursor)
        if is_cut:
            _give_up(connection)
        raise DBAPIError.instance(
            text, None, problem, driver.Error, connection_invalidated=is_cut, dialect=dialect
        ) from problem
    finally:
        cursor.close()


def _give_up(connection: Connection) -> None:
    """Has SQLAlchemy notice that it was cut: it tries no ROLLBACK, and replaces all others of the pool."""
    with suppress(DBAPIError):
        connection.exec_driver_sql("SELECT 1")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one dialect has it."""

    text: str
    order: Sequence[str] | None  #: of the values, where the driver takes them by place
    fixed: dict[str, Any]  #: values that are part of the statement, as the driver takes them
    given: Sequence[tuple[str, _Converter | None]]
    columns: Sequence[str]
    converted: Sequence[tuple[int, _Converter]]  #: places in a row

    def arranged(self, values: Values) -> Any:
        """The values as the driver takes them."""
        ready = self.fixed.copy()
        for name, convert in self.given:
            value = values[name]
            ready[name] = convert(value) if convert else value
        return ready if self.order is None else [ready[name] for name in self.order]

    def named(self, row: Sequence[Any]) -> dict[str, Any]:
        """A row of the driver by the names of its columns."""
        named = dict(zip(self.columns, row, strict=True))
        for place, convert in self.converted:
            name = self.columns[place]
            named[name] = convert(row[place])
        return named


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    if compiled.post_compile_params:
        raise ValueError("a statement with a list in it is another one for each length of the list")
    if compiled.prefetch:
        raise ValueError("a default that Python computes is nobody's here: give the value")
    binds = [(name, bind, _on_the_way_in(bind.type, dialect)) for bind, name in compiled.bind_names.items()]
    fixed = {name: (bind.effective_value, convert) for name, bind, convert in binds if not bind.required}
    columns = statement.exported_columns  # of a SELECT, or of what RETURNING names
    outgoing = [_on_the_way_out(column.type, dialect) for column in columns]
    return _Compiled(
        text=compiled.string,
        order=compiled.positiontup,
        fixed={name: convert(value) if convert else value for name, (value, convert) in fixed.items()},
        given=[(name, convert) for name, bind, convert in binds if bind.required],
        columns=columns.keys(),
        converted=[(place, convert) for place, convert in enumerate(outgoing) if convert],
    )


def _on_the_way_in(kind: TypeEngine[Any], dialect: Dialect) -> _Converter | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _on_the_way_out(kind: TypeEngine[Any], dialect: Dialect) -> _Converter | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
