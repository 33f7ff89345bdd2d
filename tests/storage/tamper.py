"""The log without its guards: what somebody can do who owns the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from storage.unit_of_work import Database, UnitOfWork

TABLES = ("audit_event", "audit_text", "audit_stub")


@contextmanager
def unguarded(database: Database) -> Iterator[UnitOfWork]:
    """A transaction in which no trigger of the log's tables refuses anything; they are back afterwards."""
    with database.write() as work:
        if work.connection.dialect.name == "postgresql":
            for table in TABLES:
                work.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            yield work
            for table in TABLES:
                work.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            return
        guards = work.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for guard in guards:
            work.execute(text(f"DROP TRIGGER {guard.name}"))
        yield work
        for guard in guards:
            work.connection.exec_driver_sql(guard.sql)
