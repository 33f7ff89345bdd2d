"""kill -9 of the real bot around the one call that costs money: one number, and the truth everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.slack.driver import Person
from tests.world import NUMBERS, World, ask, world

RITA = "U0RITA"


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    # short times: what is tested is the order of things, not their length
    with world(
        tmp_path, database_url, BUY_TIMEOUT="2", BUY_WATCHDOG="3", SETTLE_WINDOW="6", JOB_LEASE="2"
    ) as made:
        made.start()
        yield made


def _hold(desk: World, at: str) -> None:
    desk.plivo.spoil("buy", {"hold": "here", "at": at}, times=1)


def _until_held(desk: World) -> None:
    desk.plivo.control("GET", "sandbox/held?wait=here&timeout=10")


def test_killed_after_the_provider_bought_it_the_desk_finds_out_and_says_so(desk: World) -> None:
    _hold(desk, "after")
    with Person(desk.slack_url, RITA) as rita:
        number = ask(rita, dear=False)
        _until_held(desk)
        desk.kill()
        assert desk.plivo.ours(number)
        desk.start()
        rita.wait_message(NUMBERS, "Bought", timeout=20)
        rita.wait_message(rita.direct, "was bought", timeout=20)
    assert len(desk.buys(number)) == 1
    assert desk.rows("SELECT status FROM purchase") == [("bought",)]
    assert desk.events()[-3:] == ["purchase.started", "purchase.unknown", "purchase.bought"]


def test_killed_before_the_provider_did_anything_nothing_is_bought_and_nothing_tried_again(
    desk: World,
) -> None:
    _hold(desk, "before")
    with Person(desk.slack_url, RITA) as rita:
        number = ask(rita, dear=False)
        _until_held(desk)
        desk.kill()
        desk.start()
        rita.wait_message(NUMBERS, "Not bought", timeout=40)
        rita.wait_message(rita.direct, "was not bought", timeout=20)
    assert len(desk.buys(number)) <= 1
    assert not desk.plivo.ours(number)
    assert desk.rows("SELECT status FROM purchase") == [("not_bought",)]
    assert "purchase.unknown" in desk.events()


def test_an_answer_that_comes_too_late_is_asked_about_and_never_repeated(desk: World) -> None:
    desk.plivo.spoil("buy", {"silent": "after"}, times=1)
    with Person(desk.slack_url, RITA) as rita:
        number = ask(rita, dear=False)
        rita.wait_message(NUMBERS, "Bought", timeout=20)
    assert len(desk.buys(number)) == 1
    assert "purchase.unknown" in desk.events()


@pytest.mark.parametrize("trouble", [{"status": 500}, {"html": True}, {"reset": "before"}, {"status": 206}])
def test_what_is_unclear_is_unknown_and_settled_by_asking(desk: World, trouble: dict[str, object]) -> None:
    desk.plivo.spoil("buy", trouble, times=1)
    with Person(desk.slack_url, RITA) as rita:
        number = ask(rita, dear=False)
        rita.wait_message(rita.direct, "may or may not have been bought", timeout=20)
        rita.wait_message(rita.direct, "was not bought", timeout=20)
    assert len(desk.buys(number)) == 1
    assert not desk.plivo.ours(number)


def test_slack_down_after_the_commit_loses_no_message(desk: World) -> None:
    desk.control.fault("chat.postMessage", {"status": 503}, times=2)
    with Person(desk.slack_url, RITA) as rita:
        ask(rita, dear=False)
        rita.wait_message(NUMBERS, "Bought", timeout=30)
