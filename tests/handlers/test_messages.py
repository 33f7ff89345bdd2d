"""What people are told, when, and by whom they are pinged; and Slack in all its moods."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.slack.driver import Message, Person
from tests.world import APPROVE, NUMBERS, World, ask, world

RITA, ANA, OTTO, CARA = "U0RITA", "U0ANA", "U0OTTO", "U0CARA"
HOUR = 3600
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]
notify = ["U0OTTO"]
remind_after = "4h"
escalate_after = "24h"
escalate_to = ["U0CARA"]
expires_after = "48h"

[[rules]]
name = "cheap"
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "rest"
approvals = 1
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "policy.toml").write_text(POLICY)
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    with world(tmp_path, url, POLICY_FILE=str(tmp_path / "policy.toml")) as made:
        made.start()
        yield made


@pytest.fixture
def people(desk: World) -> Iterator[tuple[Person, Person]]:
    """Rita, who asks, and Ana, who may decide."""
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        yield rita, ana


def _waiting(desk: World, people: tuple[Person, Person]) -> Message:
    """A request that waits, by its card in the approvers' channel."""
    rita, ana = people
    ask(rita, dear=True)
    rita.wait_message(NUMBERS, "Waiting for approval")
    return ana.wait_message(APPROVE, "Waiting for approval")


def _reply(card: Message, words: str) -> Callable[[Person], Message | None]:
    return lambda person: next((m for m in person.thread(card) if words in m.words), None)


def _now(person: Person, card: Message) -> Message:
    return next(m for m in person.messages(card.channel) if m.ts == card.ts)


def test_who_is_pinged_is_not_who_may_decide(desk: World, people: tuple[Person, Person]) -> None:
    _, ana = people
    card = _waiting(desk, people)
    (ping,) = [one for one in desk.control.pings() if one["channel"] == APPROVE]
    assert set(ping["users"]) == {OTTO, RITA}, "who asked is named as well"
    assert "0 of 1 approval · may decide: ana, otto" in card.words, card.words
    assert ana.click(card, "request_approve").error is None


def test_approvers_are_reminded_then_others_asked_and_at_last_it_expires(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, ana = people
    card = _waiting(desk, people)
    since = desk.control.mark()
    desk.pass_time(4 * HOUR)
    ana.wait_for(_reply(card, "Still waiting for a decision"))
    assert [one["users"] for one in desk.control.pings(since)] == [[OTTO]]
    desk.pass_time(8 * HOUR)
    ana.wait_for(lambda p: len([m for m in p.thread(card) if "Still waiting" in m.words]) == 2)
    since = desk.control.mark()
    desk.pass_time(12 * HOUR)
    ana.wait_for(_reply(card, "so you are asked as well"))
    assert [CARA] in [one["users"] for one in desk.control.pings(since)]
    desk.pass_time(24 * HOUR)
    rita.wait_message(rita.direct, "Nobody decided on your request")
    ana.wait_for(_reply(card, "expired. Nothing was bought"))
    ended = ana.wait_for(lambda p: "Expired" in _now(p, card).words and _now(p, card))
    assert [b["action_id"] for b in ended.buttons] == ["request_timeline"]
    assert desk.buys() == []
    events = desk.events()
    assert [events.count(f"request.{what}") for what in ("reminded", "escalated", "expired")] == [2, 1, 1]


def test_a_decision_after_the_end_is_refused_although_no_worker_has_come_by(
    desk: World, people: tuple[Person, Person]
) -> None:
    _, ana = people
    card = _waiting(desk, people)
    ana.click(card, "request_approve")
    ana.wait_for(lambda p: p.modal())
    desk.pass_time(49 * HOUR)
    ana.submit()
    told = ana.wait_for(lambda p: (shown := p.modal()) and shown.submit is None and shown)
    assert "This request expired" in told.words
    assert desk.buys() == []


def test_a_deleted_card_stops_neither_the_other_nor_the_purchase(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, ana = people
    card = _waiting(desk, people)
    desk.control.delete(NUMBERS, rita.wait_message(NUMBERS, "Waiting for approval").ts)
    ana.click(card, "request_approve")
    ana.wait_for(lambda p: p.modal())
    assert ana.submit() is None
    ana.wait_message(APPROVE, "Bought")
    rita.wait_message(rita.direct, "was bought")
    assert len(desk.buys()) == 1
    assert "a card could not be redrawn" in desk.log()
    assert desk.rows("SELECT problem FROM card WHERE kind = 'request'") == [("message_not_found",)]


def test_where_the_channel_is_archived_people_are_told_directly(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, _ = people
    desk.control.channel(APPROVE, archived=True)
    ask(rita, dear=True)
    card = rita.wait_message(NUMBERS, "could not be asked in their channel")
    assert "archived" in card.words
    desk.pass_time(4 * HOUR)
    with Person(desk.slack_url, OTTO) as otto:
        otto.wait_message(otto.direct, "Still waiting for a decision")


def test_where_the_bot_was_removed_the_requester_gets_the_card(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        desk.control.channel(NUMBERS, bot_removed=True)
        ask(rita, dear=False)
        rita.wait_message(rita.direct, "Bought")
    assert len(desk.buys()) == 1


def test_a_slow_pace_of_slack_delays_messages_and_nothing_else(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, _ = people
    desk.control.fault("chat.postMessage", {"error": "ratelimited", "retry_after": 1}, times=2)
    ask(rita, dear=False)
    rita.wait_message(NUMBERS, "Bought", timeout=20)
    assert len(desk.buys()) == 1
    assert len([m for m in rita.messages(NUMBERS) if "Bought" in m.words]) == 1


def test_the_list_and_the_words_to_people_link_to_the_card(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, ana = people
    card = _waiting(desk, people)
    ana.click(card, "request_approve")
    ana.wait_for(lambda p: p.modal())
    assert ana.submit() is None
    told = rita.wait_message(rita.direct, "was bought")
    link = desk.rows("SELECT permalink FROM card WHERE kind = 'request'")[0][0]
    assert link in told.words
