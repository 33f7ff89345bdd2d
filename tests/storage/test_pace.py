"""Slack's pace: one message a second in a channel, whoever of our processes sends it."""

from datetime import timedelta

import pytest

from storage import pace
from storage.unit_of_work import Database
from tests.storage.rows import at_once


def turn(database: Database, channel: str = "C0ONE") -> float:
    with database.write() as work:
        return pace.turn(work, channel)


def later(database: Database, seconds: float) -> None:
    database.shift += timedelta(seconds=seconds)


def hold(database: Database, seconds: float, channel: str = "C0ONE") -> None:
    with database.write() as work:
        pace.hold(work, channel, seconds)


def test_of_twelve_at_once_one_has_the_turn_and_the_others_know_when_to_ask_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "GAP", timedelta(minutes=1))  # no machine is slower than that
    for _ in range(3):
        waits = at_once(12, lambda _: turn(database))
        assert waits.count(0.0) == 1
        assert all(30 < wait < 90 for wait in waits if wait)
        later(database, 60)


def test_channels_do_not_wait_for_each_other(database: Database) -> None:
    assert at_once(12, lambda which: turn(database, f"C0{which}")) == [0.0] * 12


def test_who_asks_again_when_told_gets_the_turn(database: Database) -> None:
    turn(database)
    wait = turn(database)
    assert wait <= 1
    later(database, wait)
    assert turn(database) == 0.0


def test_a_channel_that_is_held_is_left_alone_for_so_long(database: Database) -> None:
    hold(database, 600)
    assert 570 < turn(database) <= 600
    assert turn(database, "C0TWO") == 0.0
    later(database, 560)
    assert turn(database) > 0
    later(database, 40)
    assert turn(database) == 0.0


def test_a_hold_of_a_channel_that_was_used_before_counts(database: Database) -> None:
    turn(database)
    hold(database, 600)
    assert turn(database) > 570


def test_a_clock_that_was_set_back_silences_no_channel(database: Database) -> None:
    turn(database)
    later(database, -86_400)
    assert turn(database) == 0.0
