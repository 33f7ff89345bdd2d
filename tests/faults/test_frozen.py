"""A program that stands still for longer than its lease, and goes on as if nothing had been.

Another process takes over meanwhile. What the first one does when it wakes
up may be late, and must not be wrong. On SQLite there is one process, and one that is stopped holds up all.
"""

import time
from collections.abc import Callable

import pytest

from tests.faults import truth
from tests.faults.scenes import Played
from tests.faults.stage import WATCHDOG, Stage
from tests.world import NUMBERS

KINDS = ("postgresql",)
INTENT = "after the commit of usecases.buy._intend"
CALL = "before the provider's POST PhoneNumber/N (buy)"
ANSWER = "after the provider's POST PhoneNumber/N (buy)"
DRAWN = "before Slack's chat.update (render)"


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


@pytest.mark.parametrize("kind", KINDS)
def test_asleep_between_the_intent_and_the_call_it_calls_nobody(
    stages: Callable[[str], Stage], kind: str
) -> None:
    here = stages(kind)
    played = _frozen_at(here, INTENT)
    asleep_since = time.monotonic()
    with here.desk.second():
        _until(here, played.request, "not_bought")
        here.until(lambda: time.monotonic() > asleep_since + WATCHDOG / 2)  # of its own clock
    here.thaw("after the commit of usecases.buy._postpone_call")
    _settled(here, played, "not_bought")
    assert _calls(here, played.number) == 0, "its guard saw how long it had slept"


@pytest.mark.soak  # a row that it holds is free after 30 s
@pytest.mark.parametrize("kind", KINDS)
def test_asleep_behind_its_guard_its_late_success_is_taken_in(
    stages: Callable[[str], Stage], kind: str
) -> None:
    """Or it does not call any more: the call has a time of its own, which may be over."""
    here = stages(kind)
    played = _frozen_at(here, CALL)
    with here.desk.second():
        _until(here, played.request, "not_bought")
    here.thaw(
        "after the commit of usecases.buy._write_once", "after the commit of usecases.buy._postpone_call"
    )
    calls = _calls(here, played.number)
    _settled(here, played, "bought" if calls else "not_bought")
    assert calls <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_asleep_with_the_answer_in_its_hand_it_finds_that_all_is_known(
    stages: Callable[[str], Stage], kind: str
) -> None:
    here = stages(kind)
    played = _frozen_at(here, ANSWER)
    with here.desk.second():
        _until(here, played.request, "bought")
    here.thaw("after the commit of usecases.buy._write_once")
    _settled(here, played, "bought")
    assert _calls(here, played.number) == 1


@pytest.mark.soak  # a row that it holds is free after 30 s
@pytest.mark.parametrize("kind", KINDS)
def test_asleep_with_an_old_message_in_its_hand_it_draws_again(
    stages: Callable[[str], Stage], kind: str
) -> None:
    """The old message came after the new one, and stayed."""
    here = stages(kind)
    played = _frozen_at(here, DRAWN, dear=True)
    with here.desk.second():
        _until(here, played.request, "bought")
        here.until(lambda: "Bought" in here.card(here.rita, played.request, NUMBERS).words)
    here.thaw("after Slack's chat.update (render)")
    _settled(here, played, "bought")
    for person, channel in ((here.rita, NUMBERS), (here.otto, "C0APPROVE")):
        assert "Bought" in here.card(person, played.request, channel).words
