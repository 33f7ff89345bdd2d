"""Slack away, refusing and forgetful, with the real program: nothing is lost, and all is said in order."""

import time
from collections.abc import Callable

import pytest
import requests

from bot.usecases.buy import AGAIN_AFTER
from sandbox.slack.driver import Person
from tests.faults import truth
from tests.faults.scenes import Played
from tests.faults.stage import Stage, hurry, jobs_of
from tests.world import APPROVE, NUMBERS

KINDS = ("sqlite", "postgresql")
DOWN = {"status": 503}
FOR_EVER = 1_000_000
HOUR = 3600.0
SHORTLY = 15.0
"""Seconds; who may write within them waits for a turn, and for nothing that Slack asked for."""


def _words(person: Person, channel: str, request: str) -> list[str]:
    return [m.words for m in person.messages(channel) if request in m.words]


def _failing(here: Stage) -> int:
    return len(here.desk.rows("SELECT key FROM job WHERE last_error LIKE 'Unreachable%'"))


def _said(here: Stage) -> None:
    """Waits until everything that can be said by now is said."""
    timers = ("remind:", "escalate:", "expire:")
    here.until(lambda: all(key.startswith(timers) for key, _, _ in jobs_of(here.desk)))


def _asked_and_opened(here: Stage) -> Played:
    """Rita has asked, and Otto has the form for a yes in front of him."""
    number = here.confirm(dear=True)
    request = here.submit(number)
    _said(here)
    here.otto.click(here.card(here.otto, request, APPROVE), "request_approve")
    here.otto.wait_for(lambda p: (now := p.modal()) and "Asking the provider" not in now.words)
    return Played(number, request)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [DOWN, {"reset": "before"}], ids=["503", "reset"])
def test_an_hour_without_slack_loses_nothing_and_all_is_said_in_order(
    stages: Callable[[str], Stage], kind: str, fault: dict[str, object]
) -> None:
    here = stages(kind)
    played = _asked_and_opened(here)
    here.desk.control.fault("*", fault, FOR_EVER)
    before = len(here.rita.messages(here.rita.direct))
    assert here.otto.submit() is None, "the yes itself needs nothing of Slack"
    here.until(lambda: here.shows(played.request, "p.status = 'bought'"))
    # the card, what whose request it is has to hear twice, and what it is about
    here.until(lambda: _failing(here) >= 2)
    here.desk.pass_time(HOUR)
    here.until(lambda: _failing(here) >= 2)
    assert len(here.rita.messages(here.rita.direct)) == before
    here.desk.control.end_faults()
    here.settled()
    told = _words(here.rita, here.rita.direct, played.request)
    assert ["was approved" in told[0], "was bought" in told[1], len(told)] == [True, True, 2], told
    assert all("Told late: this was <!date^" in words for words in told)
    assert "(By now: " in told[0], "it says what became of it since"
    assert any("Bought" in words for words in _words(here.rita, NUMBERS, played.request))
    assert any("Bought" in words for words in _words(here.otto, APPROVE, played.request))
    truth.check(here, played)


@pytest.mark.soak  # as often as it was tried before
def test_a_purchase_that_must_ask_slack_waits_for_it_and_is_made_once(
    stages: Callable[[str], Stage],
) -> None:
    """It was refused after ten minutes in which Slack was away."""
    here = stages(KINDS[0])
    number = here.confirm(dear=False)
    here.desk.plivo.spoil("rented", {"status": 503}, number=number)
    request = here.submit(number)
    here.until(lambda: here.shows(request, "p.tries = 1"))
    here.desk.control.fault("*", DOWN, FOR_EVER)
    here.forget_people()
    since = here.desk.control.mark()

    def asked() -> int:
        return len(here.desk.control.log("fault", method="users.info", since=since))

    here.until(lambda: asked() > len(AGAIN_AFTER) + 2, lambda: hurry(here.desk))
    assert here.shows(request, "p.status = 'queued' AND p.tries = 1"), here.where()
    assert not here.desk.buys(number)
    late = "SELECT count(*) FROM audit_event WHERE request_id = :id AND action = 'purchase.postponed'"
    assert here.desk.rows(late, id=request) == [(2,)], "once for the provider, and once for Slack"
    here.desk.control.end_faults()
    here.desk.plivo.control("DELETE", "sandbox/faults", 204)
    here.settled()
    assert here.shows(request, "p.status = 'bought'")
    assert len(here.desk.buys(number)) == 1
    truth.check(here, Played(number, request))


def test_what_asked_for_a_decision_is_told_late_as_that_and_pings_nobody(
    stages: Callable[[str], Stage],
) -> None:
    """The reason is changed while Slack is away, and by the time it is back all is decided."""
    here = stages(KINDS[0])
    number = here.confirm(dear=True)
    request = here.submit(number)
    _said(here)
    card = here.card(here.otto, request, APPROVE)
    here.rita.click(here.card(here.rita, request, NUMBERS), "request_reason")
    here.rita.wait_for(lambda p: p.modal())
    here.rita.fill("reason", "A better one")
    here.desk.control.fault("chat.postMessage", DOWN, FOR_EVER)
    assert here.rita.submit() is None
    here.until(lambda: _failing(here) >= 1)
    here.decide(here.otto, request, "request_deny", comment="We have one already")
    here.desk.pass_time(HOUR)
    since = here.desk.control.mark()
    here.desk.control.end_faults()
    here.settled()
    replies = [m.words for m in here.otto.thread(card) if m.ts != card.ts]
    assert ["reason" in replies[0], "denied" in replies[1], len(replies)] == [True, True, 2], replies
    assert "(By now: :no_entry: Denied)" in replies[0] and "Told late" in replies[0]
    assert [p for p in here.desk.control.pings(since) if p["channel"] == APPROVE] == []
    truth.check(here, Played(number, request))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_token_that_is_refused_loses_nothing_and_is_not_hammered(
    stages: Callable[[str], Stage], kind: str, error: str
) -> None:
    here = stages(kind)
    played = _asked_and_opened(here)
    here.desk.control.fault("*", {"error": error}, FOR_EVER)
    since = here.desk.control.mark()
    assert here.otto.submit() is None
    here.until(lambda: here.shows(played.request, "p.status = 'bought'"))
    here.until(lambda: _failing(here) >= 2)
    tried = here.desk.control.log("fault", since=since)
    assert 2 <= len(tried) <= 20, tried
    query = "SELECT due_at - put_at FROM job WHERE key LIKE 'dm:%' AND last_error LIKE 'Unreachable%'"
    pauses = [row[0] for row in here.desk.rows(query)]
    assert pauses and all(pause >= 1_000_000 for pause in pauses), pauses
    assert error in here.desk.log(), "whoever runs it finds why"
    ready = requests.get(f"http://127.0.0.1:{here.desk.port}/readyz", timeout=10)
    assert ready.status_code == 200 and error in ready.json()["checks"]["slack"]
    doctor = here.desk.run("doctor")
    assert doctor.returncode == 1 and error in doctor.stdout + doctor.stderr
    # a new token is a restart
    here.desk.stop()
    here.desk.control.end_faults()
    here.desk.start()
    here.settled()
    told = _words(here.rita, here.rita.direct, played.request)
    assert ["was approved" in told[0], "was bought" in told[1], len(told)] == [True, True, 2], told
    truth.check(here, played)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_whose_answer_was_lost_comes_twice_at_most(
    stages: Callable[[str], Stage], kind: str
) -> None:
    here = stages(kind)
    number = here.confirm(dear=False)
    here.desk.control.fault("chat.postMessage", {"reset": "after"})
    request = here.submit(number)
    here.settled()
    assert len(here.cards(here.rita, request, NUMBERS)) == 2, "one duplicate, and no other"
    told = _words(here.rita, here.rita.direct, request)
    assert all(told.count(words) <= 2 for words in told)
    truth.check(here, Played(number, request))


def _held_up(here: Stage) -> tuple[Played, str]:
    """A request of whose two cards one has to wait, and the channel of that one."""
    places = {APPROVE: here.otto, NUMBERS: here.rita}
    for _ in range(3):  # another message, such as a report, may meet the trouble first
        number = here.confirm(dear=True)
        here.desk.control.fault("chat.postMessage", {"error": "ratelimited", "retry_after": 40})
        request = here.submit(number)

        def known(request: str = request) -> tuple[str, ...] | None:
            """The channels that wait for long, once all others have their card."""
            held = tuple(at for at in places if _turn_in(here, at) > SHORTLY)
            said = [at for at, who in places.items() if here.cards(who, request, at)]
            return held if len(held) + len(said) == len(places) else None

        if held := here.until(lambda: (known(),) if known() is not None else None)[0]:
            return Played(number, request), held[0]
        here.settled()
    raise AssertionError("no card had to wait")


def _turn_in(here: Stage, channel: str) -> float:
    """Seconds until a message may be posted there, whoever has the next slot."""
    rows = here.desk.rows("SELECT quiet_until FROM pace WHERE channel = :channel", channel=channel)
    return rows[0][0] / 1_000_000 - time.time() if rows else 0.0


def test_too_many_messages_are_said_when_slack_says_so(stages: Callable[[str], Stage]) -> None:
    here = stages(KINDS[0])
    played, held = _held_up(here)
    # one channel waits for as long as Slack has asked for, and the other did not wait with it
    assert SHORTLY < _turn_in(here, held) <= 40
    key = f"render:{played.request}"
    assert here.until(
        lambda: any(k == key and due / 1_000_000 - time.time() > SHORTLY for k, due, _ in jobs_of(here.desk))
    )
    here.desk.pass_time(41)
    here.until(lambda: here.cards(here.otto, played.request, APPROVE) or None)
    here.until(lambda: here.cards(here.rita, played.request, NUMBERS) or None)
    here.settled()
    truth.check(here, played)
