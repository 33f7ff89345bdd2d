"""Who sees what of the log, and what is said where that could not be looked up."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit import Action
from bot.model.audit_query_reader import parse_audit_query
from bot.model.audit_words import By
from bot.model.errors import NotUnderstood
from bot.model.people import Profile
from bot.model.request import Person
from bot.usecases.follow import Follower
from bot.usecases.judge import learn
from bot.usecases.read_log import (
    Cursor,
    EventView,
    LogPage,
    NoSuchEvent,
    count_log,
    cursor,
    read_event,
    read_log,
)
from bot.usecases.search import search
from handlers.ui.audit import counts, log_page
from storage import directory
from tests.usecases.conftest import POLICY, Bench, MakeBench
from tests.usecases.queries import BAD, SQL

NOT_KNOWN = "Whether you may see all of it could not be looked up; this is what concerns you."


def slack_is_down(bench: Bench) -> None:
    bench.slack.down = True


def page(bench: Bench, user: str, text: str = "") -> LogPage:
    return read_log(bench.desk, bench.person(user), text)


def said(shown: LogPage) -> list[str]:
    """The text that is read aloud, and the one that is seen."""
    drawn = log_page(shown)
    return [drawn["text"], str(drawn["blocks"])]


def test_an_approver_by_a_group_sees_all_of_it(bench: Bench) -> None:
    bench.offers()
    shown = page(bench, "U0A03")
    assert shown.all_of_it and not shown.not_known
    assert [event.event.actor.id for event in shown.events] == ["U0RITA"]
    assert not any(NOT_KNOWN in text for text in said(shown))


def test_somebody_else_sees_what_concerns_them_and_no_excuse(bench: Bench) -> None:
    bench.offers()
    shown = page(bench, "U0BEA")
    assert (shown.all_of_it, shown.not_known, shown.events) == (False, False, ())
    assert not any(NOT_KNOWN in text for text in said(shown))


@pytest.mark.parametrize("user", ["U0A03", "U0RITA"])
def test_a_group_that_cannot_be_looked_up_is_said(bench: Bench, user: str) -> None:
    bench.offers()
    slack_is_down(bench)
    shown = page(bench, user)
    assert (shown.all_of_it, shown.not_known) == (False, True)
    assert {event.event.actor.id for event in shown.events} <= {user}
    assert all(NOT_KNOWN in text for text in said(shown))


def test_an_approver_by_name_sees_all_of_it_although_slack_is_down(bench: Bench) -> None:
    bench.offers()
    slack_is_down(bench)
    shown = page(bench, "U0BOSS")
    assert shown.all_of_it and not shown.not_known
    assert len(shown.events) == 1


def test_without_a_policy_nobody_sees_more_than_what_concerns_them(bench: Bench) -> None:
    bench.desk = replace(bench.desk, policy=None)
    shown = page(bench, "U0BOSS")
    assert (shown.all_of_it, shown.not_known) == (False, False)


AUDITED = f'{POLICY}\n[audit]\nauditors = ["U0FIN", "S0PROCURE"]\n'
FINANCE = f'{POLICY}\n[audit]\nauditors = ["U0FIN"]\n'


def test_the_policy_says_who_reads_all_of_it(make_bench: MakeBench) -> None:
    bench = make_bench(FINANCE)
    bench.offers()
    assert page(bench, "U0FIN").all_of_it
    assert not any(page(bench, user).all_of_it for user in ("U0BOSS", "U0A03", "U0BEA"))
    assert not page(bench, "U0BOSS").not_known


def test_an_auditor_by_a_group_that_is_not_known_is_told(make_bench: MakeBench) -> None:
    bench = make_bench(AUDITED)
    assert page(bench, "U0A03").all_of_it
    bench.slack.down = True
    with bench.desk.database.write() as work:
        directory.keep(work, "T0DEMO", "S0PROCURE", None)
    shown = page(bench, "U0A03")
    assert (shown.all_of_it, shown.not_known) == (False, True)
    assert page(bench, "U0FIN").all_of_it, "who is named need not be looked up"


def test_who_has_left_is_no_auditor(make_bench: MakeBench) -> None:
    bench = make_bench(FINANCE)
    bench.slack.profiles["U0FIN"] = Profile("Fin", deactivated=True)
    assert (page(bench, "U0FIN").all_of_it, page(bench, "U0FIN").not_known) == (False, False)


def test_pages_miss_nothing_and_repeat_nothing_while_events_come_in(bench: Bench) -> None:
    for _ in range(25):
        bench.offers()
    text = "action:search.performed"
    seen, shown = [], page(bench, "U0BOSS", text)
    while True:
        seen += [event.seq for event in shown.events]
        if shown.older is None:
            break
        bench.offers()
        shown = read_log(bench.desk, bench.person("U0BOSS"), text, at=shown.older)
    assert seen == sorted(set(seen), reverse=True) and len(seen) == 25
    while shown.newer is not None:
        shown = read_log(bench.desk, bench.person("U0BOSS"), text, at=shown.newer)
        assert shown.older is not None
    assert len(bench.logged(Action.SEARCH_PERFORMED)) == 27
    assert shown.events[0].seq > seen[0], "up to what has come in meanwhile"


def test_one_page_has_no_turns_and_an_empty_one_leads_back(bench: Bench) -> None:
    bench.offers()
    shown = page(bench, "U0BOSS", "action:search.performed")
    assert (shown.older, shown.newer) == (None, None)
    seq = shown.events[0].seq
    below = read_log(bench.desk, bench.person("U0BOSS"), "action:search.*", at=Cursor(newer=False, seq=seq))
    assert (below.events, below.older, below.newer) == ((), None, Cursor(newer=True, seq=seq - 1))
    above = read_log(bench.desk, bench.person("U0BOSS"), "action:search.*", at=Cursor(newer=True, seq=seq))
    assert (above.events, above.older, above.newer) == ((), Cursor(newer=False, seq=seq + 1), None)


@given(st.booleans(), st.integers(0, 2**63))
def test_a_cursor_comes_back_as_it_was(newer: bool, seq: int) -> None:
    made = Cursor(newer, seq)
    assert cursor(made.token()) == made and str(seq) not in made.token()


@pytest.mark.parametrize("token", ["", "7", "no cursor", "ÄÖ", "MQ==", "MSQk"])
def test_what_is_no_cursor_is_the_first_page(token: str) -> None:
    assert cursor(token) is None


def test_one_event_is_read_with_its_hashes_by_those_who_may(bench: Bench) -> None:
    bench.offers()
    bench.offers()
    newest, first = page(bench, "U0BOSS").events
    found = read_event(bench.desk, bench.person("U0BOSS"), newest.id)
    assert isinstance(found, EventView)
    assert (found.logged.id, found.previous_hash) == (newest.id, first.hash)
    assert isinstance(read_event(bench.desk, bench.person("U0BEA"), newest.id), NoSuchEvent)
    assert isinstance(read_event(bench.desk, Person("T0ELSE", "U0BOSS"), newest.id), NoSuchEvent)
    assert [(e.outcome.value, e.actor.id, e.changes) for e in bench.logged(Action.AUDIT_READ)] == [
        ("success", "U0BOSS", {"query": ""}),
        ("success", "U0BOSS", {"event": newest.id}),
        ("denied", "U0BEA", {"event": newest.id}),
        ("denied", "U0BOSS", {"event": newest.id}),
    ]
    assert bench.logged(Action.AUDIT_READ)[-1].workspace == "T0ELSE"


@pytest.mark.parametrize(("text", "says"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_is_no_question_is_said_and_the_log_is_as_it_was(bench: Bench, text: str, says: str) -> None:
    bench.offers()
    with pytest.raises(NotUnderstood) as caught:
        page(bench, "U0BOSS", text)
    answer = " ".join(f"{one.problem} {one.nearest}" for one in caught.value.misreads)
    assert says in answer
    assert len(bench.logged(Action.SEARCH_PERFORMED)) == 1


@pytest.mark.parametrize("text", [f'"{SQL}"', f'-"{SQL}"', '"%"', '"_"', '"\\"'])
def test_free_words_are_no_sql_and_no_pattern(bench: Bench, text: str) -> None:
    bench.offers()
    assert len(page(bench, "U0BOSS", text).events) == text.startswith("-")
    assert len(bench.logged(Action.SEARCH_PERFORMED)) == 1


def test_what_was_bought_counts_once_for_who_asked(bench: Bench) -> None:
    request_id = bench.asked()
    bench.work()
    found = count_log(bench.desk, bench.person("U0BOSS"), f"request:{request_id}", By.PERSON)
    assert [(one.name, one.spent) for one in found.counted] == [("U0RITA", bench.purchase().amount)]
    assert found.names == {"U0RITA": "Rita"}
    drawn = counts(found)
    assert "Rita: " in str(drawn["blocks"]) and "100%" in str(drawn["blocks"])
    assert bench.logged(Action.AUDIT_READ)[-1].changes == {"query": f"request:{request_id}", "by": "person"}


def test_a_name_is_whom_the_directory_knows_by_it(bench: Bench) -> None:
    bench.offers()
    learn(bench.desk, "T0DEMO", "U0RITA")
    assert len(page(bench, "U0BOSS", "actor:@rita action:search.*").events) == 1
    with pytest.raises(NotUnderstood, match="Nobody known here"):
        page(bench, "U0BOSS", "actor:@nobody")


def test_a_follower_gives_each_event_once(bench: Bench) -> None:
    bench.offers()
    follower = Follower(bench.desk.database, parse_audit_query("action:search.*", datetime.now(UTC)))
    assert [one.seq for one in follower.begin(5)] == [1]
    assert follower.news() == []
    bench.offers()
    page(bench, "U0BOSS")
    search(bench.desk, Person("T0ELSE", "U0BEA"), "US local 415", channel="C0")
    assert [(one.event.workspace, one.seq) for one in follower.news()] == [("T0DEMO", 2), ("T0ELSE", 1)]
    assert follower.news() == []
