"""The audit log at rest: numbered without a gap, and read by those it concerns."""

from datetime import timedelta
from decimal import Decimal

from bot.model.audit import SYSTEM, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_query import AuditQuery, During, Is, Key, Term
from storage import audit, audit_search
from storage.audit import Reader
from storage.unit_of_work import Database
from tests.storage.rows import ACCOUNT, at_once, undone

ALL = Reader("T0ONE")


def _event(user: str = "U0BEA", workspace: str = "T0ONE", **values: object) -> AuditEvent:
    plain = {"actor": Actor(ActorType.USER, user), "action": Action.SEARCH_PERFORMED}
    return AuditEvent(workspace=workspace, account=ACCOUNT, **(plain | values))  # type: ignore[arg-type]


def _log(database: Database, *events: AuditEvent) -> list[int]:
    with database.write() as work:
        return [audit.append(work, event) for event in events]


def _read(
    database: Database,
    query: AuditQuery | None = None,
    reader: Reader = ALL,
    *,
    limit: int = 50,
    before: int | None = None,
) -> list[LoggedEvent]:
    with database.read() as work:
        return audit_search.page(work, reader, query or AuditQuery(), limit=limit, before=before)


def _numbers(found: list[LoggedEvent]) -> list[int]:
    return [event.seq for event in found]


def test_an_event_is_read_back_as_it_was_written(database: Database) -> None:
    event = _event(
        on_behalf_of="U0CAL",
        action=Action.PURCHASE_BOUGHT,
        outcome=Outcome.UNKNOWN,
        request_id="R1",
        purchase_id="P1",
        number="14155550100",
        reason="für 日本 <!channel>",
        country="US",
        cost=Decimal("1.3"),
        context={"door": "slack", "api_id": "a-1"},
    )
    _log(database, event)
    found = _read(database)
    assert [logged.event for logged in found] == [event]
    assert found[0].id.startswith("E")


def test_events_of_one_transaction_are_numbered_in_order(database: Database) -> None:
    assert _log(database, _event(), _event(), _event()) == [1, 2, 3]
    assert _log(database, _event()) == [4]


def test_each_workspace_has_its_own_numbers(database: Database) -> None:
    assert _log(database, _event(), _event(workspace="T0TWO"), _event()) == [1, 1, 2]
    assert _numbers(_read(database, reader=Reader("T0TWO"))) == [1]
    assert len(_read(database, reader=Reader(None))) == 3


def test_eight_writers_leave_no_gap_and_no_double(database: Database) -> None:
    def write(_: int) -> list[int]:
        return [_log(database, _event())[0] for _ in range(10)]

    given = sorted(seq for seqs in at_once(8, write) for seq in seqs)
    assert given == list(range(1, 81))
    assert _numbers(_read(database, limit=100)) == list(range(80, 0, -1))


def test_what_is_rolled_back_takes_no_number(database: Database) -> None:
    _log(database, _event())
    with undone(database) as work:
        audit.append(work, _event())
    assert _log(database, _event()) == [2]


def test_pages_go_back_by_number_and_leave_nothing_out(database: Database) -> None:
    _log(database, *[_event() for _ in range(5)])
    assert _numbers(_read(database, limit=2)) == [5, 4]
    assert _numbers(_read(database, limit=2, before=4)) == [3, 2]
    assert _numbers(_read(database, limit=2, before=2)) == [1]


def test_an_event_whose_clock_was_read_early_is_on_a_page_too(database: Database) -> None:
    database.shift = timedelta(seconds=5)  # as when a transaction waits long between clock and log
    _log(database, _event(), _event())
    database.shift = timedelta(0)
    _log(database, _event())
    first = _numbers(_read(database, limit=2))
    assert first + _numbers(_read(database, limit=2, before=first[-1])) == [3, 2, 1]


def test_since_leaves_out_what_is_older(database: Database) -> None:
    _log(database, _event())
    database.shift = timedelta(hours=2)
    _log(database, _event())
    with database.read() as work:
        an_hour_ago = work.now - timedelta(hours=1)
    assert _numbers(_read(database, AuditQuery((Term(Key.SINCE, (During(an_hour_ago),)),)))) == [2]


def test_a_reader_sees_what_they_did_and_what_was_done_for_them(database: Database) -> None:
    _log(
        database,
        _event("U0BEA"),
        _event("U0ANA"),
        _event("U0ANA", on_behalf_of="U0BEA"),
        _event("U0BEA", workspace="T0TWO"),
        _event(actor=SYSTEM),
    )
    bea = Reader("T0ONE", "U0BEA")
    assert _numbers(_read(database, reader=bea)) == [3, 1]
    assert _numbers(_read(database, AuditQuery((Term(Key.ACTOR, (Is("U0ANA"),)),)), bea)) == [3]


def test_the_story_of_a_request_is_told_in_order(database: Database) -> None:
    _log(database, _event(request_id="R1"), _event(request_id="R2"), _event(actor=SYSTEM, request_id="R1"))
    with database.read() as work:
        assert _numbers(audit.of_request(work, "R1")) == [1, 3]
