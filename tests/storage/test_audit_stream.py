"""The log taken away: nothing is left out or comes twice, and the database writes what Python would."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from bot.model.audit import Action, Actor, ActorType, AuditEvent, Outcome
from bot.model.audit_chain import Line
from bot.model.audit_export import Taken, json_line
from bot.model.audit_query import AuditQuery, Is, Key, Term
from storage import audit, audit_chain, audit_stream, migrate, schema
from storage.audit import COLUMNS, INSERT_LINE, Reader, at_rest
from storage.audit_chain import Stub
from storage.audit_stream import ArchivedMeanwhile, Pages
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.rows import ACCOUNT, plans_of_texts
from tests.unit.test_audit_chain import SAFE, TEXTS, VALUES

EVERYBODY = Reader(None)
ALL = AuditQuery()
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The moments from the year 1 to the year 9999: microseconds."""
T = TypeVar("T")
numbers = count(1)


def _event(user: str = "U0BEA", workspace: str = "T0ONE", **values: Any) -> AuditEvent:
    actor, action = Actor(ActorType.USER, user), Action.SEARCH_PERFORMED
    given = {"workspace": workspace, "account": ACCOUNT, "actor": actor, "action": action}
    return AuditEvent(**(given | values))


def _log(database: Database, *events: AuditEvent) -> None:
    with database.write() as work:
        for one in events:
            audit.append(work, one)


def _by(user: str) -> AuditQuery:
    return AuditQuery((Term(Key.ACTOR, (Is(user),)),))


def _flat(pages: Pages[T]) -> list[T]:
    return [one for _, page in pages for one in page]


def _read(database: Database, reader: Reader, query: AuditQuery, *, size: int = 3) -> list[tuple[str, int]]:
    """Workspace and number of what is found, one by one; the lines must say the same."""
    found = _flat(audit_stream.events(database, reader, query, size=size))
    lines = _flat(audit_stream.lines(database, reader, query, size=size))
    assert lines == [f"{json_line(one)}\n" for one in found]
    return [(one.line.workspace, one.seq) for one in found]


def _archive(database: Database, last: int, *, removed: int) -> None:
    """Records that events up to `last` are in an archive; the first `removed` of them are gone already."""
    stub = Stub(
        workspace="T0ONE", first_seq=1, seq=last, hash="h", at=datetime(2026, 1, 1, tzinfo=UTC), sha256="f",
        signature=None,
    )  # fmt: skip
    with database.write() as work:
        assert audit_chain.let_go(work, stub)
        audit_chain.remove(work, stub, 1, removed)


def test_what_is_in_an_archive_is_not_taken_although_it_is_not_gone_yet(database: Database) -> None:
    _log(database, *(_event() for _ in range(7)))
    _archive(database, 4, removed=2)
    assert _read(database, EVERYBODY, ALL, size=2) == [("T0ONE", seq) for seq in (5, 6, 7)]


def test_an_export_from_which_events_go_breaks_off_instead_of_leaving_them_out(database: Database) -> None:
    _log(database, *(_event() for _ in range(7)))
    pages = audit_stream.events(database, EVERYBODY, ALL, size=2)
    assert [one.seq for one in next(pages)[1]] == [1, 2]
    _archive(database, 4, removed=3)
    with pytest.raises(ArchivedMeanwhile, match="begin again"):
        next(pages)


def test_what_was_taken_before_it_was_archived_does_not_break_it_off(database: Database) -> None:
    _log(database, *(_event() for _ in range(7)))
    pages = audit_stream.events(database, EVERYBODY, ALL, size=2)
    next(pages)
    _archive(database, 2, removed=2)
    assert [one.seq for _, page in pages for one in page] == [3, 4, 5, 6, 7]


# --- the database writes what Python would ---

MAYBE = st.none() | TEXTS
TEXT_OF_ERASED = st.just((None, None))
CHANGES = st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), VALUES, max_size=4)


@st.composite
def takens(draw: st.DrawFn) -> Taken:
    """An event with anything in it that an event could have."""
    texts = draw(
        st.dictionaries(
            st.sampled_from(("reason", "changes.from", "changes.query")),
            st.tuples(st.text("0123456789abcdef", max_size=4), TEXTS) | TEXT_OF_ERASED,
        )
    )
    hashes = {field.removeprefix("changes."): f"sha256:{draw(TEXTS)}" for field in texts if field != "reason"}
    line = Line(
        workspace="", seq=draw(st.integers(1, SAFE)), id="", at=draw(st.integers(FIRST, LAST)),
        version=draw(st.integers(1, 2**31 - 1)), account=draw(TEXTS), actor_type=draw(TEXTS),
        actor=draw(TEXTS), on_behalf_of=draw(MAYBE), action=draw(TEXTS),
        outcome=draw(st.sampled_from(list(Outcome))).value, request_id=draw(MAYBE), purchase_id=draw(MAYBE),
        number=draw(MAYBE), country=draw(MAYBE), cost=draw(st.none() | st.integers(-(10**12), 10**12)),
        reason_hash=draw(TEXTS) if "reason" in texts else None, changes=draw(CHANGES) | hashes,
        context=draw(CHANGES), previous_hash=draw(TEXTS),
    )  # fmt: skip
    return Taken(line, draw(TEXTS), texts)


def _storable(value: Any) -> Any:
    """The same for PostgreSQL, which keeps no U+0000."""
    match value:
        case str():
            return value.replace("\0", "")
        case dict():
            return {_storable(key): _storable(one) for key, one in value.items()}
        case list():
            return [_storable(one) for one in value]
        case tuple():
            return tuple(_storable(one) for one in value)
    return value


def _row(taken: Taken, *, plainly: bool) -> tuple[Any, ...]:
    row = at_rest(taken.line, taken.hash)
    as_json = {
        COLUMNS.index("changes"): json.dumps(taken.line.changes),
        COLUMNS.index("context"): json.dumps(taken.line.context),
    }
    return tuple(as_json.get(n, value) for n, value in enumerate(row)) if plainly else row


def _put(database: Database, some: list[Taken], *, plainly: bool) -> list[Taken]:
    """Writes events, as they are, into a log of their own; the events as they stand there.

    `plainly`: their JSON has blanks and escapes, as that of rows from before it was kept canonical.
    """
    workspace = f"T{next(numbers):012d}"
    placed = INSERT_LINE
    if database.engine.dialect.name == "postgresql":
        placed = INSERT_LINE.replace("?", "%s")
        some = [Taken(Line(*_storable(tuple(one.line))), *_storable((one.hash, one.texts))) for one in some]
    own = [one.line._replace(workspace=workspace, id=f"E{next(numbers)}") for one in some]
    made = [one._replace(line=line) for one, line in zip(some, own, strict=True)]
    with database.write() as work:
        work.execute(insert(schema.audit_head).values(workspace=workspace, seq=SAFE, hash=""))
        for one in made:
            work.connection.exec_driver_sql(placed, _row(one, plainly=plainly))
            for field, (salt, text) in one.texts.items():
                keys = {"workspace": workspace, "seq": one.seq, "field": field}
                work.execute(insert(schema.audit_text).values(**keys, salt=salt, text=text))
    return sorted(made, key=lambda one: one.seq)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(some=st.lists(takens(), min_size=1, max_size=4, unique_by=lambda one: one.seq), plainly=st.booleans())
def test_the_database_writes_an_event_as_python_does(
    database: Database, some: list[Taken], *, plainly: bool
) -> None:
    made = _put(database, some, plainly=plainly)
    theirs = Reader(made[0].line.workspace)
    assert _flat(audit_stream.lines(database, theirs, ALL)) == [f"{json_line(one)}\n" for one in made]
    assert _flat(audit_stream.events(database, theirs, ALL)) == made


# --- which events ---


def test_a_stream_has_every_event_once_in_order(database: Database) -> None:
    _log(database, *[_event() for _ in range(5)], *[_event(workspace="T0TWO") for _ in range(4)])
    one, two = [("T0ONE", n) for n in range(1, 6)], [("T0TWO", n) for n in range(1, 5)]
    for size in range(1, 7):
        assert _read(database, EVERYBODY, ALL, size=size) == one + two
        assert _read(database, Reader("T0ONE"), ALL, size=size) == one


def test_what_is_rare_is_found_wherever_it_stands(database: Database) -> None:
    rare = {1, 2, 3, 17, 18, 19, 20, 39}
    _log(database, *[_event("U0ANA" if n in rare else "U0BEA") for n in range(1, 41)])
    for size in (1, 2, 3, 8):
        assert _read(database, EVERYBODY, _by("U0ANA"), size=size) == [("T0ONE", n) for n in sorted(rare)]
        assert len(_read(database, EVERYBODY, _by("U0BEA"), size=size)) == 32
    assert _read(database, EVERYBODY, _by("U0EVE")) == []


def test_a_reader_takes_away_only_what_concerns_them(database: Database) -> None:
    _log(
        database, _event(), _event("U0ANA"), _event("U0ANA", on_behalf_of="U0BEA"), _event(workspace="T0TWO")
    )
    assert _read(database, Reader("T0ONE", "U0BEA"), ALL) == [("T0ONE", 1), ("T0ONE", 3)]
    assert _read(database, Reader("T0ONE", "U0BEA"), _by("U0ANA")) == [("T0ONE", 3)]


def test_what_was_written_and_erased_comes_with_its_event(database: Database) -> None:
    _log(database, _event(action=Action.REQUEST_REASON_CHANGED, reason="new", changes={"from": "old"}))
    _log(database, _event(action=Action.REQUEST_DENIED, reason="private"), _event())
    with database.write() as work:
        work.execute(
            schema.audit_text.update().where(schema.audit_text.c.seq == 2).values(text=None, salt=None)
        )
    assert _read(database, EVERYBODY, ALL) == [("T0ONE", 1), ("T0ONE", 2), ("T0ONE", 3)]
    texts = [one.texts for one in _flat(audit_stream.events(database, EVERYBODY, ALL))]
    assert {field: text for field, (_, text) in texts[0].items()} == {"reason": "new", "changes.from": "old"}
    assert texts[1:] == [{"reason": (None, None)}, {}]


def test_what_comes_in_meanwhile_is_not_taken(database: Database) -> None:
    _log(database, *[_event() for _ in range(4)])
    pages = audit_stream.lines(database, EVERYBODY, ALL, size=3)
    assert len(next(pages)[1]) == 3
    _log(database, *[_event() for _ in range(4)], _event(workspace="T0TWO"))
    assert [len(page) for _, page in pages] == [1]


# --- what it costs ---


def _spans(database: Database, query: AuditQuery, size: int) -> Iterator[tuple[int, int]]:
    """The numbers between which each page looks."""
    asked: list[dict[str, int]] = []

    def note(_c: Any, _cursor: Any, said: str, _given: Any, context: Any, _many: Any) -> None:
        if "ORDER BY audit_event.seq" in said:
            asked.append(context.compiled_parameters[0])

    event.listen(database.engine, "before_cursor_execute", note)
    _flat(audit_stream.lines(database, EVERYBODY, query, size=size))
    event.remove(database.engine, "before_cursor_execute", note)
    return ((one["after"], one["last"]) for one in asked)


def test_a_page_looks_at_no_more_numbers_than_it_needs(database: Database) -> None:
    """With a limit alone, PostgreSQL without statistics sorted all that was left, again for each page."""
    _log(database, *[_event("U0ANA" if n == 20 else "U0BEA") for n in range(1, 21)])
    assert list(_spans(database, ALL, 5)) == [(0, 5), (5, 10), (10, 15), (15, 20)]
    assert list(_spans(database, _by("U0ANA"), 5)) == [(0, 5), (5, 15), (15, 20)]


def test_no_page_reads_all_that_people_wrote(tmp_path: Path) -> None:
    """SQLite did for keys that came as pairs: a page took as long as the log was."""
    engine = make_engine(f"sqlite:///{tmp_path}/log.db")
    migrate.upgrade(engine)
    database = Database(engine)
    _log(database, *[_event(action=Action.REQUEST_DENIED, reason="The hotline") for _ in range(3)])

    def read() -> None:
        _flat(audit_stream.events(database, EVERYBODY, ALL))
        _flat(audit_stream.lines(database, EVERYBODY, ALL))

    plans = plans_of_texts(engine, read)
    engine.dispose()
    assert len(plans) == 2
    steps = [step for plan in plans for step in plan if step != "SCAN own"]  # of one event: it was searched
    assert len(steps) > 2 and all("SCAN" not in step for step in steps), steps
