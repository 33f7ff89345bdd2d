"""SQLite in trouble, with the real program: people get an answer, and a purchase goes on once."""

import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.engine import make_url

from handlers.ui.trouble import LATE, TOO_LATE
from tests.faults import truth
from tests.faults.holding import AGAIN, about_to_buy, form, release, selling
from tests.faults.scenes import Played
from tests.faults.stage import Stage
from tests.world import APPROVE, World

pytestmark = pytest.mark.xdist_group("sqlite-faults")  # one start of the program for all
LONG = 10.0 if os.environ.get("SOAK") == "1" else 4.0
"""Seconds for which another program keeps the database: longer than Slack waits, and than a watchdog."""


@contextmanager
def locked(desk: World) -> Iterator[None]:
    """Another program has begun to write, and does not end."""
    other = sqlite3.connect(str(make_url(desk.database_url).database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.grows
def test_while_another_program_locks_it_people_get_an_answer(
    stages: Callable[[str], Stage],
) -> None:
    here = stages("sqlite")
    number = here.confirm(dear=True)
    asked = Played(number, here.submit(number))
    bought = selling(here)
    here.until(lambda: here.cards(here.otto, asked.request, APPROVE))
    form(here, here.otto, asked.request)
    with locked(here.desk):
        end = time.monotonic() + LONG
        release(here, "sold")
        here.ana.click(here.card(here.ana, asked.request, APPROVE), "request_approve")
        assert here.otto.submit() == {"comment": AGAIN}
        here.ana.wait_message(APPROVE, LATE)
        assert not here.desk.rows("SELECT 1 FROM decision WHERE request_id = :id", id=asked.request)
        assert here.shows(bought.request, "p.status = 'buying'"), "nobody guesses"
        time.sleep(max(0.0, end - time.monotonic()))  # the other program is what takes so long
    here.ana.wait_message(APPROVE, TOO_LATE)
    assert here.otto.submit() is None
    here.settled()
    for played in (asked, bought):
        assert here.shows(played.request, "p.status = 'bought'"), here.where()
        assert len(here.desk.buys(played.number)) == 1
        truth.check(here, played)


@pytest.fixture
def piped(stages: Callable[[str], Stage]) -> Stage:
    """A program whose log is not on the disk that is full."""
    here = stages("sqlite")
    if not here.desk.piped:
        here.desk.piped = True
        here.desk.stop()
        here.desk.start()
    return here


@contextmanager
def full(here: Stage) -> Iterator[Callable[[str], bool]]:
    """No room is left on the disk: no file of the program's takes another byte.

    Yields what says whether the program has been told so in a function of that name.
    """
    pids, mark = here.pids(), len(here.desk.log())
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[pid][1]))
    try:
        yield lambda name: _failed(here.desk.log()[mark:], name)
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before[pid])


def _failed(log: str, name: str) -> bool:
    """Whether an error of the disk came out of a function, by the log's own traceback."""
    told = log.split("Traceback (most recent call last)")
    return any(f", in {name}\n" in one and "disk" in one.rpartition("OperationalError")[2] for one in told)


def test_without_room_on_the_disk_nothing_is_bought_and_people_hear_so(
    piped: Stage,
) -> None:
    """A form comes back to a full disk, and another purchase was about to be made."""
    here = piped
    about = about_to_buy(here)
    number = here.confirm(dear=True)
    with full(here) as refused_in:
        assert here.rita.submit() == {"reason": AGAIN}
        release(here, "look")
        here.until(lambda: refused_in("_intend"))
        assert here.shows(about.request, "p.status = 'queued'")
        assert not here.desk.rows("SELECT 1 FROM purchase WHERE number = :number", number=number)
        assert not here.desk.buys(number) + here.desk.buys(about.number)
    asked = Played(number, here.submit(number))
    here.decide(here.otto, asked.request, "request_approve")
    here.settled()
    for played in (about, asked):
        assert here.shows(played.request, "p.status = 'bought'"), here.where()
        assert len(here.desk.buys(played.number)) == 1
        truth.check(here, played)


def test_what_was_bought_on_a_full_disk_becomes_known(piped: Stage) -> None:
    here = piped
    sold = selling(here)
    with full(here) as refused_in:
        release(here, "sold")
        here.until(lambda: refused_in("_write_once"))
        assert here.desk.plivo.ours(sold.number)
        assert here.shows(sold.request, "p.status = 'buying'")
    here.settled()
    assert here.shows(sold.request, "p.status = 'bought'"), here.where()
    assert len(here.desk.buys(sold.number)) == 1
    truth.check(here, sold)
