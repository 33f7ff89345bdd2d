"""The log asked: every filter on both databases, pages by key, counts, and a stream that misses nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.model.audit import SYSTEM, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_query import AuditQuery, Begins, During, Key, Term
from bot.model.audit_query_reader import parse_audit_query
from bot.model.audit_words import By
from storage import audit, audit_search, migrate
from storage.audit import Reader
from storage.audit_search import Counted
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.conftest import a_database
from tests.storage.rows import ACCOUNT, plans_of_texts

ALL = Reader("T0ONE")
NOW = datetime(2100, 1, 1, tzinfo=UTC)


def _event(user: str = "U0BEA", workspace: str = "T0ONE", **values: object) -> AuditEvent:
    plain = {"actor": Actor(ActorType.USER, user), "action": Action.SEARCH_PERFORMED}
    return AuditEvent(workspace=workspace, account=ACCOUNT, **(plain | values))  # type: ignore[arg-type]


def _log(database: Database, *events: AuditEvent) -> None:
    with database.write() as work:
        for event in events:
            audit.append(work, event)


def _asked(text: str) -> AuditQuery:
    return parse_audit_query(text, NOW)


def _numbers(found: list[LoggedEvent]) -> list[int]:
    return [event.seq for event in found]


def _story(database: Database) -> None:
    """1 a search, 2 a denial by Ana, 3 a refused purchase, 4 one bought by the worker for 1.30 USD."""
    _log(
        database,
        _event(),
        _event(
            "U0ANA",
            action=Action.REQUEST_DENIED,
            outcome=Outcome.DENIED,
            request_id="R1A",
            reason="Zu teuer, 100% ÜBER dem Budget_2",
        ),
        _event(action=Action.PURCHASE_REFUSED, outcome=Outcome.FAILURE, number="14155550199"),
        _event(
            actor=SYSTEM,
            action=Action.PURCHASE_BOUGHT,
            number="14155550100",
            request_id="R1A",
            country="US",
            cost=Decimal("1.30"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("", [4, 3, 2, 1]),
        ("actor:U0ANA", [2]),
        ("actor:U0ANA,worker", [4, 2]),
        ("actor:system", [4]),
        ("-actor:system", [3, 2, 1]),
        ("outcome:denied", [2]),
        ("outcome:denied,failure", [3, 2]),
        ("request:R1A", [4, 2]),
        ("action:purchase.bought", [4]),
        ("action:purchase.*", [4, 3]),
        ("action:purchase.* -outcome:failure", [4]),
        ("number:14155550100", [4]),
        ("number:+1415*", [4, 3]),
        ("-number:+1415*", [2, 1]),
        ("number:+1415* request:R1A", [4]),
        ("country:US", [4]),
        ("-country:US", [3, 2, 1]),
        ("cost:>1.2999", [4]),
        ("cost:>1.30", []),
        ("cost:1..2", [4]),
        ("cost:>1 cost:<1.2", []),
        ("teuer", [2]),
        ('"zu TEUER"', [2]),
        ("-teuer", [4, 3, 1]),
        ("100%", [2]),
        ("0%dem", []),
        ("budget_2", [2]),
        ("budget?2", []),
        ("'; DROP TABLE audit_event; --".replace(" ", "\u2003"), []),
        ("since:1d", []),
        ("created:2026-01-01..", [4, 3, 2, 1]),
        ("created:<2020-01-01", []),
    ],
)
def test_a_query_finds_what_it_asks_for(database: Database, text: str, seqs: list[int]) -> None:
    _story(database)
    with database.read() as work:
        assert _numbers(audit_search.page(work, ALL, _asked(text), limit=50)) == seqs
        assert audit_search.count(work, ALL, _asked(text)) == len(seqs)


def test_pages_go_both_ways(database: Database) -> None:
    _log(database, *[_event() for _ in range(7)])
    with database.read() as work:
        older = audit_search.page(work, ALL, AuditQuery(), limit=3, before=5)
        newer = audit_search.page(work, ALL, AuditQuery(), limit=3, after=2)
    assert (_numbers(older), _numbers(newer)) == ([4, 3, 2], [5, 4, 3])


def test_events_are_counted_by_what_they_have(database: Database) -> None:
    _story(database)
    with database.read() as work:
        month = f"{work.now:%Y-%m}"
        counted = {by: audit_search.counts(work, ALL, AuditQuery(), by) for by in By}
    assert counted[By.PERSON] == [
        Counted("U0BEA", 2),
        Counted("U0ANA", 1),
        Counted("worker", 1, Decimal("1.30")),
    ]
    assert counted[By.MONTH] == [Counted(month, 4, Decimal("1.30"))]
    assert [one.events for one in counted[By.ACTION]] == [1, 1, 1, 1]
    assert set(counted[By.COUNTRY]) == {Counted(None, 3), Counted("US", 1, Decimal("1.30"))}


def test_a_purchase_is_summed_once_for_whom_it_was_bought(database: Database) -> None:
    """Its start, its doubt and its settlement have the same cost: one of them says that it was paid."""
    about = {"actor": SYSTEM, "cost": Decimal("2.00"), "country": "US", "on_behalf_of": "U0BEA"}
    by_hand = about | {"actor": Actor(ActorType.USER, "U0ANA"), "action": Action.PURCHASE_SETTLED}
    _log(
        database,
        _event(**(about | {"action": Action.PURCHASE_STARTED})),
        _event(**(about | {"action": Action.PURCHASE_UNKNOWN})),
        _event(**by_hand, changes={"from": "needs_human", "to": "bought"}),
        _event(**by_hand, changes={"from": "needs_human", "to": "not_bought"}),
        _event(**(about | {"action": Action.PURCHASE_BOUGHT, "cost": Decimal("0.80")})),
    )
    with database.read() as work:
        assert audit_search.counts(work, ALL, AuditQuery(), By.PERSON) == [
            Counted("U0BEA", 5, Decimal("2.80"))
        ]
        by_action = {one.name: one.spent for one in audit_search.counts(work, ALL, AuditQuery(), By.ACTION)}
    assert by_action["purchase.started"] == 0
    assert by_action["purchase.settled"] == Decimal("2.00")


def test_free_words_do_not_find_the_line_of_their_own_search(database: Database) -> None:
    asked = {"action": Action.AUDIT_READ, "changes": {"query": "hotline"}}
    _log(database, _event(reason="For the hotline"), _event(**asked))
    with database.read() as work:
        assert _numbers(audit_search.page(work, ALL, _asked("hotline"), limit=9)) == [1]


def test_a_line_knows_the_hash_of_the_one_before(database: Database) -> None:
    _log(database, _event(), _event())
    with database.read() as work:
        second, first = audit_search.page(work, ALL, AuditQuery(), limit=9)
        assert audit_search.previous_hash(work, second) == first.hash


def test_a_reader_counts_and_opens_only_what_concerns_them(database: Database) -> None:
    _story(database)
    bea = Reader("T0ONE", "U0BEA")
    with database.read() as work:
        events = audit_search.page(work, ALL, AuditQuery(), limit=9)
        seen = [e.seq for e in events if audit_search.one(work, bea, e.id)]
        assert audit_search.one(work, Reader("T0TWO"), events[0].id) is None
        assert audit_search.counts(work, bea, AuditQuery(), By.PERSON) == [Counted("U0BEA", 2)]
    assert seen == [3, 1]


def test_a_moment_is_found_to_the_microsecond(database: Database) -> None:
    _log(database, _event())
    with database.read() as work:
        at = audit_search.page(work, ALL, AuditQuery(), limit=1)[0].at
        exact = _asked(f"created:{at.isoformat()}")
        later = _asked(f"created:>{at.isoformat()}")
        assert audit_search.count(work, ALL, exact) == 1
        assert audit_search.count(work, ALL, later) == 0
    assert at > NOW - timedelta(days=365 * 100)


def test_a_page_of_a_time_is_the_same_with_numbers_that_do_not_follow_it(database: Database) -> None:
    for minutes in (0, 50, 10, 40, 20, 200):
        database.shift = timedelta(minutes=minutes)
        _log(database, _event())
    with database.read() as work:
        times = {e.seq: e.at for e in audit_search.page(work, ALL, AuditQuery(), limit=9)}
        for first, last in ((4, None), (None, 5), (5, 4), (6, None), (None, 1), (3, 2)):
            between = During(times[first] if first else None, times[last] if last else None)
            query = AuditQuery((Term(Key.CREATED, (between,)),))
            found = [e.seq for e in audit_search.page(work, ALL, query, limit=9)]
            assert found == [
                seq
                for seq, at in times.items()
                if (first is None or at >= times[first]) and (last is None or at <= times[last])
            ]
        never = AuditQuery((Term(Key.CREATED, (During(times[6] + timedelta(days=2)),)),))
        assert audit_search.page(work, ALL, never, limit=9) == []


def test_a_rare_beginning_is_found_behind_the_recent_events(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "RECENT", 3)
    _log(database, _event(number="14155550100"), *[_event(number="442079460000") for _ in range(5)])
    begins = AuditQuery((Term(Key.NUMBER, (Begins("1415"),)),))
    often = AuditQuery((Term(Key.NUMBER, (Begins("44"),)),))
    with database.read() as work:
        assert [e.seq for e in audit_search.page(work, ALL, begins, limit=2)] == [1]
        assert [e.seq for e in audit_search.page(work, ALL, often, limit=2)] == [6, 5]
        assert [e.seq for e in audit_search.page(work, ALL, often, limit=4, before=5)] == [4, 3, 2]


def test_words_are_found_among_the_recent_events_and_behind_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "RECENT", 3)
    reasons = ("For Köln", *["The hotline"] * 5)
    _log(database, *[_event(action=Action.REQUEST_DENIED, reason=reason) for reason in reasons])
    with database.read() as work:
        assert _numbers(audit_search.page(work, ALL, _asked('"köln"'), limit=2)) == [1]
        assert _numbers(audit_search.page(work, ALL, _asked("hotline"), limit=2)) == [6, 5]
        assert _numbers(audit_search.page(work, ALL, _asked("hotline"), limit=4)) == [6, 5, 4, 3]
        assert _numbers(audit_search.page(work, ALL, _asked("-hotline"), limit=4)) == [1]
        assert _numbers(audit_search.page(work, ALL, _asked("hotline"), limit=4, before=5)) == [4, 3, 2]


def test_no_page_reads_all_that_people_wrote(tmp_path: Path) -> None:
    """SQLite did for keys that came as pairs: a page took as long as the log was."""
    engine = make_engine(f"sqlite:///{tmp_path}/log.db")
    migrate.upgrade(engine)
    database = Database(engine)
    _log(database, *[_event(action=Action.REQUEST_DENIED, reason="The hotline") for _ in range(3)])

    def read() -> None:
        with database.read() as work:
            audit_search.page(work, ALL, AuditQuery(), limit=3)

    (plan,) = plans_of_texts(engine, read)
    engine.dispose()
    assert "SEARCH audit_text" in "; ".join(plan) and "SCAN" not in "; ".join(plan)


LINGUISTIC = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_begins_with_something_is_found_in_a_database_that_sorts_as_people_do(
    kind: str, tmp_path: Path
) -> None:
    """There `:` comes before 9, and `.` before nothing at all: a range up to the next sign was empty."""
    with a_database(kind, tmp_path, LINGUISTIC) as url:
        database = Database(make_engine(url))
        numbers = ["14159", "141590000000000", "14158999999", "14160000000", "1415", "99999999999"]
        _log(database, *[_event(number=number) for number in numbers])
        _log(database, _event(action=Action.PURCHASE_BOUGHT), _event(action=Action.POLICY_LOADED))
        found = {
            "number:+1415*": [5, 3, 2, 1], "number:+14159*": [2, 1], "number:+9*": [6],
            "action:purchase.*": [7], "action:p*": [8, 7], "-action:search.* -number:+1*": [8, 7],
        }  # fmt: skip
        for query, seqs in found.items():
            with database.read() as work:
                page = audit_search.page(work, ALL, _asked(query), limit=10)
                assert (query, _numbers(page)) == (query, seqs)
                assert audit_search.count(work, ALL, _asked(query)) == len(seqs)
        database.engine.dispose()
