"""The log's speed: appending against bare INSERTs, verifying against bare hashing."""

import hashlib
import os
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

import rfc8785
from sqlalchemy import Column, Index, MetaData, Table, create_engine, event, insert, text
from sqlalchemy.engine import make_url

from benchmarks.events import WORKSPACE, events, fill
from bot.model.audit import Action, Actor, ActorType, AuditEvent
from bot.model.audit_chain import record
from bot.usecases.verify import Sound, verify
from storage import audit, audit_chain, migrate, schema
from storage.engine import make_engine
from storage.unit_of_work import Database, UnitOfWork

APPENDS, ROUNDS = 100, 9
VERIFIED = 30_000
Measured = tuple[str, float, float]
"""What was measured, and how long ours and the yardstick took: seconds."""


def appends(database: Database) -> Iterator[Measured]:
    """An event without and with what somebody wrote, against the same rows in tables without any trigger."""
    bare = {name: _bare(database, schema.metadata.tables[name]) for name in ("audit_event", "audit_text")}
    for what, reason in (("append", None), ("append, with a reason", "For the new hotline")):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_timed(database, lambda work, r=reason: _append(work, r)))  # type: ignore[misc]
            theirs.append(_timed(database, _inserting(database, bare, with_text=reason is not None)))
        yield what, statistics.median(ours), statistics.median(theirs)


def verifies(database: Database, count: int = VERIFIED) -> Measured:
    """The whole check of a log, against a loop that only makes JSON canonical and hashes it."""
    fill(database, count)
    records = [record(made.line) for made in events(count)]
    began = perf_counter()
    for one in records:
        hashlib.sha256(rfc8785.dumps(one)).hexdigest()
    bare = perf_counter() - began
    began = perf_counter()
    found = [one for one in verify(database) if one.workspace == WORKSPACE]
    took = perf_counter() - began
    if not all(isinstance(one, Sound) and one.last == count for one in found):
        raise RuntimeError("the log does not hold")
    return "verify", took, bare


def _bare(database: Database, table: Table) -> Table:
    """The same columns and indexes, and nothing that looks at a row."""
    columns = [
        Column(c.name, c.type, primary_key=c.primary_key, index=c.index, unique=c.unique) for c in table.c
    ]
    made = Table(f"bare_{table.name}", MetaData(), *columns)
    for index in table.indexes:
        if len(index.columns) > 1:  # those of one column came with it
            Index(f"bare_{index.name}", *(made.c[c.name] for c in index.columns))
    with database.engine.begin() as connection:
        made.create(connection)
    return made


def _timed(database: Database, write: Callable[[UnitOfWork], None]) -> float:
    """Seconds of the statements alone, each in a transaction of its own: begin and commit cost the same."""
    took = 0.0
    for _ in range(APPENDS):
        with database.write() as work:
            _ = work.now
            began = perf_counter()
            write(work)
            took += perf_counter() - began
    return took


def _append(work: UnitOfWork, reason: str | None) -> None:
    event = AuditEvent(
        workspace="T0APPEND", account="MABENCH", actor=Actor(ActorType.USER, "U0RITA"),
        action=Action.PURCHASE_STARTED, request_id="R0", purchase_id="P0", number="14155550100", country="US",
        changes={"attempt": "A0", "setup": "0", "monthly": "0.80"}, context={"door": "worker"}, reason=reason,
    )  # fmt: skip
    audit.append(work, event)


def _inserting(
    database: Database, bare: dict[str, Table], *, with_text: bool
) -> Callable[[UnitOfWork], None]:
    """Inserts the newest event's own row, and its text's, again and again under other numbers."""
    with database.read() as work:
        head = audit_chain.head(work, "T0APPEND")
        assert head
        event = work.rows(schema.audit_event.select().where(schema.audit_event.c.seq == head.seq))[0]
    row, numbers = dict(event), iter(range(head.seq * 1000, head.seq * 1000 + APPENDS))
    into, into_text = insert(bare["audit_event"]), insert(bare["audit_text"])
    words = {"workspace": "T0APPEND", "field": "reason", "salt": "0" * 32, "text": "For the new hotline"}

    def write(work: UnitOfWork) -> None:
        seq = next(numbers)
        work.connection.execute(into, row | {"seq": seq, "id": f"E{seq:012d}"})
        if with_text:
            work.connection.execute(into_text, words | {"seq": seq})

    return write


def postgres() -> str | None:
    """TEST_POSTGRES_URL, or a server on this machine with trust authentication."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        return url.replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://")
    try:
        with socket.create_connection(("127.0.0.1", 5432), timeout=1):
            return "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    except OSError:
        return None


@contextmanager
def databases() -> Iterator[Iterator[tuple[str, Database]]]:
    """An empty database of each kind that is there, by name."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        urls = {"SQLite": f"sqlite:///{folder}/log.db"}
        if (server := postgres()) is not None:
            urls["PostgreSQL"] = stack.enter_context(own(server))
        yield ((name, upgraded(url, stack)) for name, url in urls.items())


def upgraded(url: str, stack: ExitStack) -> Database:
    """The database at an address, with the newest schema, until the stack ends."""
    engine = make_engine(url)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _plan_each_time)
    stack.callback(engine.dispose)
    migrate.upgrade(engine)
    return Database(engine)


def _plan_each_time(connection: Any, _record: Any) -> None:
    """People ask once: the plan that a driver keeps after five times is not the one they wait for."""
    connection.prepare_threshold = None


@contextmanager
def own(server: str, which: str = "log") -> Iterator[str]:
    """The address of a database on a server of PostgreSQL; it is dropped afterwards."""
    name = f"numberdesk_bench_{which}_{os.getpid()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
