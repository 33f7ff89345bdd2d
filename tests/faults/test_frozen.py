"""A program that stands still for longer than its lease, and goes on as if nothing had been.

Another process takes over meanwhile. What the first one does when it wakes up may be late, and must not be
wrong. If it stands still in the middle of a transaction, PostgreSQL ends that after a time, and what it had
locked is free. On SQLite there is one process, and one that is stopped holds up all.
"""

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.conftest import a_database
from tests.faults import truth
from tests.faults.scenes import Played
from tests.faults.stage import WATCHDOG, Stage, stage
from tests.world import NUMBERS

OPTIONS = "-c lock_timeout=2s -c idle_in_transaction_session_timeout=6s"
"""A fifth of what is usual: nobody waits longer for a row, nor keeps one for longer without a word."""
INTENT = "after the commit of usecases.buy._intend"
CALL = "before the provider's POST PhoneNumber/N (buy)"
ANSWER = "after the provider's POST PhoneNumber/N (buy)"
DRAWN = "before Slack's chat.update (render)"
ASKING = "before the commit of usecases.submit._once"
INTENDING = "before the commit of usecases.buy._intend"
WRITING = "before the commit of usecases.buy._write_once"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("frozen")
    with a_database("postgresql", folder) as url, stage(folder, f"{url}?options={quote(OPTIONS)}") as made:
        yield made


def _frozen_at(here: Stage, point: str, *, dear: bool = False) -> Played:
    number = here.confirm(dear=dear)
    here.freeze(point)
    request = here.submit(number)
    if dear:
        here.decide(here.otto, request, "request_approve")
    here.until(here.frozen)
    return Played(number, request)


def _until(here: Stage, request: str, status: str) -> None:
    """Lets time pass for the other process until the purchase stands there."""
    here.until(lambda: here.shows(request, f"p.status = '{status}'"), lambda: here.desk.pass_time(WATCHDOG))


def _calls(here: Stage, number: str) -> int:
    return len(here.desk.plivo.control("GET", f"sandbox/log?kind=buy&number={number}"))


def _settled(here: Stage, played: Played, status: str) -> None:
    here.until(lambda: here.shows(played.request, f"p.status = '{status}'"))
    here.settled()
    truth.check(here, played)


def test_asleep_between_the_intent_and_the_call_it_calls_nobody(here: Stage) -> None:
    played = _frozen_at(here, INTENT)
    asleep_since = time.monotonic()
    with here.desk.second():
        _until(here, played.request, "not_bought")
        here.until(lambda: time.monotonic() > asleep_since + WATCHDOG / 2)  # of its own clock
    here.thaw("after the commit of usecases.buy._postpone_call")
    _settled(here, played, "not_bought")
    assert _calls(here, played.number) == 0, "its guard saw how long it had slept"


def test_asleep_behind_its_guard_its_late_success_is_taken_in(here: Stage) -> None:
    """Or it does not call any more: the call has a time of its own, which may be over."""
    played = _frozen_at(here, CALL)
    with here.desk.second():
        _until(here, played.request, "not_bought")
    here.thaw(
        "after the commit of usecases.buy._write_once", "after the commit of usecases.buy._postpone_call"
    )
    calls = _calls(here, played.number)
    _settled(here, played, "bought" if calls else "not_bought")
    assert calls <= 1


def test_asleep_with_the_answer_in_its_hand_it_finds_that_all_is_known(here: Stage) -> None:
    played = _frozen_at(here, ANSWER)
    with here.desk.second():
        _until(here, played.request, "bought")
    here.thaw("after the commit of usecases.buy._write_once")
    _settled(here, played, "bought")
    assert _calls(here, played.number) == 1


def test_asleep_with_an_old_message_in_its_hand_it_draws_again(here: Stage) -> None:
    """The old message came after the new one, and stayed."""
    played = _frozen_at(here, DRAWN, dear=True)
    with here.desk.second():
        _until(here, played.request, "bought")
        here.until(lambda: "Bought" in here.card(here.rita, played.request, NUMBERS).words)
    here.thaw("after Slack's chat.update (render)")
    _settled(here, played, "bought")
    for person, channel in ((here.rita, NUMBERS), (here.otto, "C0APPROVE")):
        assert "Bought" in here.card(person, played.request, channel).words


# -- in the middle of a transaction, with locks ----------------------------------------------------


def _is_locked(here: Stage, number: str) -> bool:
    """Whether somebody holds the row of this number's purchase in an open transaction."""
    query = (
        "SELECT (SELECT count(*) FROM purchase WHERE number = :number) - (SELECT count(*) FROM "
        "(SELECT 1 FROM purchase WHERE number = :number FOR UPDATE SKIP LOCKED) AS free)"
    )
    return bool(here.desk.rows(query, number=number)[0][0])


def test_asleep_while_it_commits_its_intent_it_calls_nobody_when_it_wakes(here: Stage) -> None:
    played = _frozen_at(here, INTENDING)
    assert _is_locked(here, played.number)
    with here.desk.second():
        _until(here, played.request, "bought")
        assert here.frozen(), "the other went on though nobody woke it"
    assert not _is_locked(here, played.number)
    here.thaw("after the commit of worker.Worker._run (buy)")
    _settled(here, played, "bought")
    assert _calls(here, played.number) == 1


def test_asleep_while_it_writes_down_an_answer_it_does_not_write_over_what_came(here: Stage) -> None:
    """Its own words would be older than those of the one who asked the provider meanwhile."""
    played = _frozen_at(here, WRITING)
    assert _is_locked(here, played.number)
    assert here.shows(played.request, "p.status = 'buying'"), "nobody sees what is not committed"
    with here.desk.second():
        _until(here, played.request, "bought")
        assert here.frozen()
    before = _log_of(here, played.request)
    here.thaw("after the commit of usecases.buy._write_once")
    _settled(here, played, "bought")
    assert _calls(here, played.number) == 1
    assert _log_of(here, played.request) == before, "it was said once that the number is bought"


def _log_of(here: Stage, request: str) -> list[str]:
    query = "SELECT action FROM audit_event WHERE request_id = :id ORDER BY seq"
    return [row[0] for row in here.desk.rows(query, id=request)]


def test_asleep_while_it_writes_down_a_request_others_write_theirs(here: Stage) -> None:
    """It holds the log, which every writer needs: an operator's reading has its line there."""
    number = here.confirm(dear=False)
    here.freeze(ASKING)
    here.rita.submit()  # nobody answers within Slack's three seconds
    here.until(here.frozen)
    here.until(lambda: here.desk.run("audit", "verify").returncode == 0)
    assert here.frozen()
    here.thaw_only()
    request = here.submit(number)
    _settled(here, Played(number, request), "bought")
    assert _calls(here, number) == 1
