"""Slack's pace: one message a second in a channel, whoever of our processes sends it."""

import random
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from itertools import pairwise

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import Connection, text, update

from storage import migrate, pace, prepared, schema
from storage.clock import from_microseconds
from storage.engine import make_engine
from storage.pace import Turn
from storage.unit_of_work import Database
from tests.storage.rows import at_once
from tests.storage.test_migrations import to

SECOND = 1_000_000
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass
class Stopped:
    """A database's clock that stands still, until it is told what time it is."""

    seconds: float = 1_800_000_000.0

    def read(self, _: Connection) -> int:
        return round(self.seconds * SECOND)


@pytest.fixture
def clock(database: Database) -> Stopped:
    stopped = Stopped()
    database.clock = stopped  # type: ignore[assignment]
    return stopped


def turn(database: Database, channel: str = "C0ONE", slot: int | None = None) -> Turn:
    with database.write() as work:
        return pace.turn(work, channel, slot)


def held(database: Database) -> int:
    """A slot that has to be waited for."""
    taken = turn(database)
    assert taken.wait > 0 and taken.slot is not None
    return taken.slot


def hold(database: Database, seconds: float, channel: str = "C0ONE") -> None:
    with database.write() as work:
        pace.hold(work, channel, seconds)


def passes(database: Database, seconds: float) -> None:
    """Lets time pass for the rows, as tests of the whole program do, and not for slots in a job's args."""
    moved = "UPDATE pace SET next_at = next_at - :by, quiet_until = quiet_until - :by"
    with database.write() as work:
        work.execute(text(moved), by=int(seconds * SECOND))


def test_of_twenty_at_once_one_has_the_turn_and_each_other_a_slot_of_its_own(
    database: Database, clock: Stopped
) -> None:
    turns = at_once(20, lambda _: turn(database))
    assert sorted(one.wait for one in turns) == [float(second) for second in range(20)]
    slots = sorted(one.slot for one in turns if one.slot is not None)
    assert [slot / SECOND - clock.seconds for slot in slots] == [float(second) for second in range(20)]


def test_twenty_at_once_get_slots_a_second_apart_by_the_databases_own_clock(database: Database) -> None:
    turns = at_once(20, lambda _: turn(database))
    slots = sorted(one.slot for one in turns if one.slot is not None)
    assert all(after - before >= SECOND for before, after in pairwise(slots))
    assert len(slots) == 20


def test_channels_do_not_wait_for_each_other(database: Database) -> None:
    assert [one.wait for one in at_once(12, lambda which: turn(database, f"C0{which}"))] == [0.0] * 12


def test_a_turn_costs_one_statement_whether_it_is_now_or_later_or_was_waited_for(
    database: Database, clock: Stopped, mocker: MockerFixture
) -> None:
    """The first lies on the way of every purchase."""
    sent = mocker.spy(prepared, "send")
    turn(database)
    mine = held(database)
    clock.seconds += 1
    turn(database, slot=mine)
    said = [str(call.args[1]) for call in sent.call_args_list]
    assert [words.split()[0] for words in said] == ["INSERT", "INSERT", "UPDATE"]


def test_who_comes_at_its_slot_posts_and_takes_no_other(database: Database, clock: Stopped) -> None:
    turn(database)
    mine, others = held(database), held(database)
    clock.seconds += 1
    assert turn(database, slot=mine) == Turn(0.0, mine)
    clock.seconds += 1
    assert turn(database, slot=others) == Turn(0.0, others)
    assert turn(database).wait == 1, "nothing was lost on the way"


def test_who_has_no_slot_comes_a_second_behind_one_that_was_late(database: Database, clock: Stopped) -> None:
    turn(database)
    mine = held(database)
    clock.seconds += 2.5
    assert turn(database, slot=mine).wait == 0
    clock.seconds += 0.25
    assert turn(database).wait == 0.75


KEPT, NEW = True, False
# How far behind its slot it comes, and what happened before; how long it waits then, and for which slot.
CASES: dict[str, tuple[float, list[tuple[str, float]], float, bool]] = {
    "in time": (0, [], 0, KEPT),
    "a moment early, by another host's count": (-0.05, [], 0, KEPT),
    "a moment late": (0.05, [], 0, KEPT),
    "a second late, since nobody called for it": (1, [], 0, KEPT),
    "after an outage, when nobody waits any more": (600, [], 0, NEW),
    "too early by far": (-6, [], 6, KEPT),
    "too early by far, and a pause ends before it": (-6, [("hold", 3)], 6, KEPT),
    "too early by far, and a pause ends behind it": (-6, [("hold", 60)], 60, NEW),
    "in a pause": (0, [("hold", 40)], 40, NEW),
    "after a pause that ended before it": (0, [("hold", 5), ("wait", 5)], 0, KEPT),
    "after an outage, and in a pause": (600, [("hold", 40)], 40, NEW),
    "another was late, and posted just now": (0, [("late", 0), ("wait", 0.3)], 1, NEW),
    "time passed for the rows": (-6, [("rows", 4 * HOUR)], 0, NEW),
    "time passed for the rows, a moment first": (-6, [("rows", 0.001), ("rows", 60)], 0, NEW),
    "the clock was set back": (-DAY, [], 0, NEW),
}


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_slot(database: Database, clock: Stopped, case: str) -> None:
    late, before, wait, kept = CASES[case]
    turn(database)
    *_, other, mine = [held(database) for _ in range(10)]
    clock.seconds = mine / SECOND + late - sum(given for what, given in before if what == "wait")
    for what, given in before:
        if what == "hold":
            hold(database, given)
        elif what == "rows":
            passes(database, given)
        elif what == "late":
            assert turn(database, slot=other).wait == 0
        else:
            clock.seconds += given
    came = turn(database, slot=mine)
    assert came.wait == pytest.approx(wait, abs=0.001)
    assert (came.slot == mine) is kept


def test_a_channel_that_is_held_is_left_alone_for_so_long(database: Database, clock: Stopped) -> None:
    hold(database, 600)
    first = turn(database)
    assert first.wait == 600
    assert turn(database, "C0TWO").wait == 0.0
    clock.seconds += 560
    assert turn(database).wait == 41
    clock.seconds += 40
    assert turn(database, slot=first.slot).wait == 0.0


def test_whoever_holds_a_slot_in_a_pause_comes_behind_it(database: Database, clock: Stopped) -> None:
    turn(database)
    slots = [held(database) for _ in range(30)]
    hold(database, 10)
    waits = []
    for at, slot in enumerate(slots, 1):
        clock.seconds += 1
        waits.append(at + turn(database, slot=slot).wait)
    assert waits[:9] == [float(31 + behind) for behind in range(9)], "in their order, behind all others"
    assert waits[9:] == [float(at) for at in range(10, 31)], "these were behind it from the start"


def test_a_pause_never_becomes_shorter_and_moves_no_slot_forward(database: Database, clock: Stopped) -> None:
    slots = [turn(database).slot for _ in range(50)]
    hold(database, 30)
    assert turn(database).wait == 50
    hold(database, 2)
    clock.seconds += 29
    assert turn(database, slot=slots[29]).wait == 51 - 29, "the pause goes on"
    hold(database, 600)
    assert turn(database).wait == 600


def test_a_pause_lasts_half_an_hour_at_most(database: Database, clock: Stopped) -> None:
    """One of more than an hour looked like that of a clock that was set back, and was none."""
    hold(database, DAY)
    assert turn(database).wait == HOUR / 2


def test_a_pause_holds_for_any_number_that_waits_behind_it(database: Database, clock: Stopped) -> None:
    """The first of them whose slot lay more than an hour ahead was posted at once, and ended the pause."""
    hold(database, HOUR / 2)
    slots = [turn(database).slot, *_far_behind(database, clock)]
    assert all(slot and slot / SECOND >= clock.seconds + HOUR / 2 for slot in slots)
    clock.seconds += HOUR / 2 - 1
    assert turn(database).wait > 0


def _far_behind(database: Database, clock: Stopped) -> list[int | None]:
    """The slots of three who come when the last that was given out lies an hour ahead."""
    with database.write() as work:
        work.execute(
            update(schema.pace).values(next_at=from_microseconds(round((clock.seconds + HOUR) * SECOND)))
        )
    return [turn(database).slot for _ in range(3)]


def test_a_pause_holds_beside_an_older_process_that_knows_of_none(database: Database, clock: Stopped) -> None:
    hold(database, 30)
    with database.write() as work:  # as it did in a pause of its own
        work.execute(update(schema.pace).values(next_at=work.now))
    assert turn(database).wait == 30
    assert turn(database).wait == 31


def test_a_clock_that_was_set_back_silences_no_channel(database: Database, clock: Stopped) -> None:
    for back in (DAY, 2 * HOUR):
        for _ in range(3):
            turn(database)
        hold(database, 60)
        clock.seconds -= back
        assert turn(database).wait == 0.0
        after = turn(database)
        assert after.wait == 1.0
        hold(database, 5)
        assert turn(database).wait == 5.0
        clock.seconds += 6


@pytest.mark.parametrize("seed", range(4))
def test_however_late_they_come_all_post_in_time_and_no_two_at_once(
    database: Database, clock: Stopped, seed: int
) -> None:
    """Forty messages at once, of which some come late, with pauses that Slack asks for in between."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    due: list[tuple[float, int, int | None]] = [(clock.seconds, which, None) for which in range(40)]
    posted: list[float] = []
    visits, quiet = 0, 0.0
    while due:
        at, which, slot = heappop(due)
        clock.seconds = max(clock.seconds, at)
        if slot and chance.random() < 0.1:
            clock.seconds += chance.choice([0.02, 0.3, 1.1, 2.5, 15])
        visits += 1
        came = turn(database, slot=slot)
        if came.wait:
            heappush(due, (clock.seconds + came.wait, which, came.slot))
            continue
        assert clock.seconds >= quiet, "Slack has asked for a pause"
        posted.append(clock.seconds)
        if chance.random() < 0.05:
            quiet = clock.seconds + 10
            hold(database, 10)
    assert len(posted) == 40
    assert min(b - a for a, b in pairwise(posted)) >= pace.LEAST.total_seconds() - 1e-6
    assert visits < 40 * 4


def test_what_slack_asked_for_before_an_upgrade_holds_afterwards(bare_url: str) -> None:
    engine = make_engine(bare_url)
    to(engine, "0006")
    database = Database(engine)
    with database.write() as work:
        at = pace._microseconds(work.now + timedelta(seconds=60))
        work.execute(text("INSERT INTO pace (channel, next_at) VALUES ('C0ONE', :at)"), at=at)
    migrate.upgrade(engine)
    first = turn(database)
    assert 50 < first.wait <= 60
    assert 50 < turn(database, slot=at - 20 * SECOND).wait <= 61, "for whoever has a slot as well"
    engine.dispose()
