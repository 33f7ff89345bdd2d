"""What people are told, when, and by whom they are pinged; and Slack in all its moods."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from sandbox.slack.driver import Message, Person
from storage.schema import job, pace
from tests.world import APPROVE, NUMBERS, World, ask, connected, find_offer, number_of, world

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
name = "very dear"
min_monthly = "50.00"
approvals = 1
channel = "C0NUMBERS"

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
    assert set(ping["users"]) == {OTTO}, "nobody is pinged about their own request"
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
    ana.wait_for(_reply(card, "so you are told"))
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
    assert "the channel is archived. They were told directly" in card.words
    with Person(desk.slack_url, OTTO) as otto:
        asked = otto.wait_message(otto.direct, "A request waits for your decision")
        request = desk.rows("SELECT id FROM request")[0][0]
        assert f"/number requests {request}" in asked.words
        desk.pass_time(4 * HOUR)
        otto.wait_message(otto.direct, "Still waiting for a decision")
        desk.pass_time(24 * HOUR)
    with Person(desk.slack_url, CARA) as cara:
        cara.wait_message(cara.direct, "so you are told")


def test_a_deleted_card_of_the_approvers_comes_again(desk: World, people: tuple[Person, Person]) -> None:
    rita, ana = people
    card = _waiting(desk, people)
    desk.control.delete(APPROVE, card.ts)
    rita.click(rita.wait_message(NUMBERS, "Waiting for approval"), "request_reason")
    rita.wait_for(lambda p: p.modal())
    rita.fill("reason", "A better one")
    assert rita.submit() is None
    again = ana.wait_message(APPROVE, "Waiting for approval")
    assert again.ts != card.ts and "A better one" in again.words
    ana.click(again, "request_approve")
    ana.wait_for(lambda p: p.modal())
    assert ana.submit() is None
    ana.wait_for(lambda p: "Bought" in _now(p, again).words)


def test_who_is_told_that_nobody_decides_may_read_the_request_and_not_decide_it(
    desk: World, people: tuple[Person, Person]
) -> None:
    _waiting(desk, people)
    request = desk.rows("SELECT id FROM request")[0][0]
    with Person(desk.slack_url, CARA) as cara:
        cara.command(NUMBERS, f"/number requests {request}")
        shown = cara.wait_message(NUMBERS, f"Request {request}")
        assert "For the new hotline" in shown.words
        assert "request_approve" not in [b["action_id"] for b in shown.buttons]
        card = cara.wait_message(APPROVE, "Waiting for approval")
        cara.click(card, "request_approve")
        cara.wait_for(lambda p: (top := p.modal()) and "You are not one of the approvers" in top.words)


def test_a_no_is_told_to_the_other_approvers(desk: World, people: tuple[Person, Person]) -> None:
    _, ana = people
    card = _waiting(desk, people)
    since = desk.control.mark()
    ana.click(card, "request_deny")
    ana.wait_for(lambda p: p.modal())
    ana.fill("comment", "Too dear <!channel>")
    assert ana.submit() is None
    reply = ana.wait_for(_reply(card, "ana denied"))
    assert "Too dear &lt;!channel&gt;" in reply.words and "Nothing was bought" in reply.words
    assert [p for p in desk.control.pings(since) if p["channel"] == APPROVE] == []


def test_who_confirmed_alone_is_told_that_approvers_are_asked_now_and_these_are_pinged_once(
    desk: World, people: tuple[Person, Person]
) -> None:
    """Nobody had been asked, and everybody was told that they were asked again."""
    rita, ana = people
    message, offer = find_offer(rita, dear=False)
    number = number_of(message, offer)
    rita.click(message, "offer_buy", value=offer)
    rita.wait_for(lambda p: p.modal())
    rita.fill("reason", "For the new hotline")
    desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "25.00000"})
    assert rita.submit() is None
    told = rita.wait_message(rita.direct, "The price of")
    assert "the approvers are asked." in told.words
    card = ana.wait_message(APPROVE, "Waiting for approval")
    assert "The price rose" in card.words
    ana.click(card, "request_deny")
    ana.wait_for(lambda p: p.modal())
    ana.fill("comment", "Too dear")
    assert ana.submit() is None
    ana.wait_for(_reply(card, "ana denied"))
    assert len(ana.thread(card)) == 1, "the card itself had said the rest"
    assert [p["users"] for p in desk.control.pings() if p["channel"] == APPROVE] == [[OTTO]]


def test_a_dearer_price_is_decided_where_its_rule_says(desk: World, people: tuple[Person, Person]) -> None:
    _, ana = people
    card = _waiting(desk, people)
    number = desk.rows("SELECT number FROM purchase")[0][0]
    desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "60.00000"})
    ana.click(card, "request_approve")  # opening the form asks for the price of today
    there = ana.wait_message(NUMBERS, "For a decision")
    assert "The price rose" in there.words
    old = ana.wait_for(lambda p: "others decide about it now" in _now(p, card).words and _now(p, card))
    assert old.buttons == [], "there is nothing to press any more"
    ana.wait_for(_reply(there, "needs a decision"))


def test_a_card_that_moves_comes_once_although_slack_asks_for_patience_with_the_old_one(
    desk: World, people: tuple[Person, Person]
) -> None:
    _, ana = people
    card = _waiting(desk, people)
    number = desk.rows("SELECT number FROM purchase")[0][0]
    desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "60.00000"})
    desk.control.fault("chat.update", {"error": "ratelimited", "retry_after": 1}, times=4)
    ana.click(card, "request_approve")
    ana.wait_message(NUMBERS, "For a decision", timeout=20)
    ana.wait_for(lambda _: not desk.rows("SELECT key FROM job WHERE key LIKE 'render:%'"), timeout=20)
    assert "others decide about it now" in _now(ana, card).words
    assert len([m for m in ana.messages(NUMBERS) if "For a decision" in m.words]) == 1


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


def test_a_channel_that_has_to_wait_long_keeps_no_other_from_its_turn(
    desk: World, people: tuple[Person, Person]
) -> None:
    rita, ana = people
    now = datetime.now(UTC)
    turns = [
        {"channel": APPROVE, "next_at": now + timedelta(seconds=50)},
        {"channel": NUMBERS, "next_at": now + timedelta(seconds=2)},
    ]
    with connected(desk.database_url) as engine, engine.begin() as connection:
        connection.execute(insert(pace), turns)
    ask(rita, dear=True)
    rita.wait_message(NUMBERS, "Waiting for approval")
    assert not [m for m in ana.messages(APPROVE) if "Waiting for approval" in m.words]


def test_a_card_that_was_drawn_is_not_drawn_again_each_time_another_has_to_wait(
    desk: World, people: tuple[Person, Person]
) -> None:
    """With thirty requests waiting for their turn, those were thirty calls a second that said nothing."""
    rita, ana = people
    later = {"channel": APPROVE, "next_at": datetime.now(UTC) + timedelta(seconds=50)}
    with connected(desk.database_url) as engine:
        with engine.begin() as connection:
            connection.execute(insert(pace), [later])
        ask(rita, dear=True)
        rita.wait_message(NUMBERS, "Waiting for approval")
        for _ in range(3):
            rita.wait_for(lambda _: _waits(desk))
            with engine.begin() as connection:
                connection.execute(
                    update(job).where(job.c.key.like("render:%")).values(due_at=datetime.now(UTC))
                )
        rita.wait_for(lambda _: _waits(desk))
        assert not desk.control.log(method="chat.update")
        with engine.begin() as connection:
            connection.execute(delete(pace))
            connection.execute(update(job).where(job.c.key.like("render:%")).values(due_at=datetime.now(UTC)))
    ana.wait_message(APPROVE, "Waiting for approval")


def _waits(desk: World) -> bool:
    """Whether the cards were drawn as far as possible, and the next try is far off."""
    due = [at for (at,) in desk.rows("SELECT due_at FROM job WHERE key LIKE 'render:%'")]
    return bool(due) and due[0] / 1_000_000 - time.time() > 20


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
