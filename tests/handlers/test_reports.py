"""The sweep's message in Slack, with the real bot: adopt, ignore with a reason, all at once, late clicks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.model.numbers import format_number
from bot.usecases.sweep import DAILY, FIRST_AFTER
from sandbox.slack.driver import Message, Person, Shown
from tests.handlers.several import ANA, OTTO, RITA, several
from tests.world import APPROVE, World, world

DIFFER = "between the provider's account and our purchases"
AGREE = "The account and our purchases agree again"
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]
notify = ["U0OTTO"]

[[rules]]
name = "all"
approvals = 0
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "policy.toml").write_text(POLICY)
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    with world(tmp_path, url, POLICY_FILE=str(tmp_path / "policy.toml")) as made:
        made.start()
        yield made
        calls = [one for one in made.control.log("api") if not one["ok"]]
        ill_formed = [c for c in calls if "block" in c["answer"]["error"] or "arg" in c["answer"]["error"]]
        assert ill_formed + made.control.log("refused") == [], "Slack took all that it was given"
        assert "Traceback" not in made.log()


@pytest.fixture
def ana(desk: World) -> Iterator[Person]:
    with Person(desk.slack_url, ANA) as person:
        yield person


def outside(desk: World, count: int) -> list[str]:
    rented = desk.plivo.control("POST", "sandbox/rented", 201, json={"count": count})
    return list(rented["numbers"])


def report(desk: World, person: Person, after: float = FIRST_AFTER) -> Message:
    """The message about what differs, after the time of a sweep has come."""
    desk.pass_time(after)
    return person.wait_message(APPROVE, DIFFER)


def now(person: Person, card: Message) -> Message:
    return next(m for m in person.messages(card.channel) if m.ts == card.ts)


def saying(card: Message, words: str) -> Callable[[Person], Message | None]:
    return lambda person: (seen := now(person, card)) and (seen if words in seen.words else None)


def first(card: Message, action: str) -> str:
    return str(next(b["value"] for b in card.buttons if b["action_id"] == action))


def opened(person: Person, card: Message, action: str) -> Shown:
    person.click(card, action, value=first(card, action))
    shown = person.wait_for(lambda p: p.modal())
    assert shown
    return shown


def answered(person: Person, words: str) -> Message:
    return person.wait_message(APPROVE, words)


def test_numbers_from_before_are_one_message_and_adopted_one_by_one_or_all(desk: World, ana: Person) -> None:
    since = desk.control.mark()
    outside(desk, 40)
    card = report(desk, ana)
    assert "43 differences" in card.words and "33 more differences" in card.words
    assert len([m for m in ana.messages(APPROVE) if DIFFER in m.words]) == 1
    assert desk.control.pings(since) == []
    assert ana.click(card, "sweep_adopt", value=first(card, "sweep_adopt")).error is None
    answered(ana, "is one of ours now.")
    card = ana.wait_for(saying(card, "42 differences"))
    assert f"adopted by <@{ANA}>" in card.words
    ana.click(card, "sweep_adopt_all")
    answered(ana, "42 numbers are ours now.")
    card = ana.wait_for(saying(card, AGREE))
    assert [b["action_id"] for b in card.buttons] == []
    assert desk.rows("SELECT count(*) FROM purchase WHERE status = 'bought'") == [(43,)]
    assert desk.buys() == []
    assert desk.events().count("sweep.adopted") == 43
    desk.pass_time(DAILY)
    ana.wait_for(lambda _: desk.events().count("sweep.finished") == 2)
    assert len([m for m in ana.messages(APPROVE) if DIFFER in m.words or AGREE in m.words]) == 1


def test_a_difference_is_ignored_with_a_reason_and_not_told_again(desk: World, ana: Person) -> None:
    card = report(desk, ana)
    shown = opened(ana, card, "sweep_ignore")
    assert "It is not told again" in shown.words
    ana.fill("reason", "  ")
    assert ana.submit() == {"reason": "Please say why in a few words."}
    ana.fill("reason", "The fax <!channel> of *Rome*")
    assert ana.submit() is None
    card = ana.wait_for(saying(card, f"ignored by <@{ANA}>"))
    assert "2 differences" in card.words
    assert "<!channel>" not in card.words and "&lt;!channel&gt;" in card.words
    opened(ana, card, "sweep_ignore_all")
    ana.fill("reason", "All of the old system")
    assert ana.submit() is None
    ana.wait_message(ana.direct, "2 numbers will not be told again.")
    card = ana.wait_for(saying(card, AGREE))
    desk.pass_time(DAILY)
    ana.wait_for(lambda _: desk.events().count("sweep.finished") == 2)
    assert len([m for m in ana.messages(APPROVE) if DIFFER in m.words or AGREE in m.words]) == 1


def test_a_late_click_and_a_strangers_click_hear_the_truth(desk: World, ana: Person) -> None:
    card = report(desk, ana)
    value = first(card, "sweep_adopt")
    with Person(desk.slack_url, OTTO) as otto, Person(desk.slack_url, RITA) as rita:
        rita.click(card, "sweep_adopt", value=value)
        answered(rita, "Only approvers may do that. Nothing was changed.")
        opened(otto, card, "sweep_ignore")
        ana.click(card, "sweep_adopt", value=value)
        answered(ana, "is one of ours now.")
        otto.fill("reason", "Not ours")
        assert otto.submit() is None
        told = otto.modal()
        assert told and f"was adopted by <@{ANA}>" in told.words
        otto.close_modal()
    assert desk.events().count("sweep.adopted") == 2, "the refused attempt as well"


def test_a_number_that_is_gone_is_told_and_its_message_says_when_it_is_back(desk: World, ana: Person) -> None:
    (number,) = outside(desk, 1)
    card = report(desk, ana)
    ana.click(card, "sweep_adopt_all")
    ana.wait_for(saying(card, AGREE))
    desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"ours": False})
    gone = report(desk, ana, DAILY)
    assert f"*{format_number(number)}* · gone at the provider" in gone.words
    assert [b["action_id"] for b in gone.buttons] == ["sweep_ignore"]
    desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"ours": True})
    desk.pass_time(DAILY)
    ana.wait_for(saying(gone, "both sides agree again"))


def test_a_deleted_message_is_posted_again_while_something_is_open(desk: World, ana: Person) -> None:
    """An operator takes up what was ignored, and the message on which it stood is gone."""
    card = report(desk, ana)
    opened(ana, card, "sweep_ignore")
    ana.fill("reason", "By mistake")
    assert ana.submit() is None
    ana.wait_for(saying(card, "2 differences"))
    desk.control.delete(APPROVE, card.ts)
    difference = desk.rows("SELECT id FROM difference WHERE state = 'ignored'")[0][0]
    done = desk.run("purchases", "reopen", difference)
    assert (done.returncode, done.stdout.strip()) == (0, f"{difference} is open again.")
    again = ana.wait_message(APPROVE, "3 differences", timeout=20)
    assert again.ts != card.ts
    ana.click(again, "sweep_adopt_all")
    ana.wait_for(saying(again, AGREE))
    assert desk.events().count("sweep.reopened") == 1


def test_where_the_channel_is_archived_an_approver_gets_the_message(desk: World) -> None:
    desk.control.channel(APPROVE, archived=True)
    desk.pass_time(FIRST_AFTER)
    with Person(desk.slack_url, OTTO) as otto:
        card = otto.wait_message(otto.direct, DIFFER)
        otto.click(card, "sweep_adopt", value=first(card, "sweep_adopt"))
        otto.wait_message(otto.direct, "is one of ours now.")


def test_without_a_policy_the_report_waits_until_there_is_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'numberdesk.db'}"
    policy = tmp_path / "policy.toml"
    policy.write_text('[[rules]]\nname = "all"\ndeny = "not yet"\n')
    with world(tmp_path, url, POLICY_FILE=str(policy)) as desk:
        desk.start()
        desk.pass_time(FIRST_AFTER)
        with Person(desk.slack_url, ANA) as ana:
            ana.wait_for(lambda _: desk.rows("SELECT problem FROM report WHERE problem IS NOT NULL"))
            desk.stop()
            policy.write_text(POLICY)
            desk.start()
            assert report(desk, ana, DAILY)


def test_a_provider_that_breaks_is_not_news_and_is_asked_again(desk: World, ana: Person) -> None:
    desk.plivo.spoil("list", {"status": 500})
    desk.pass_time(FIRST_AFTER)
    ana.wait_for(lambda _: desk.events() == ["sweep.finished"], timeout=30)
    assert ana.messages(APPROVE) == []
    desk.plivo.control("DELETE", "sandbox/faults", 204)
    assert report(desk, ana, 900)
    assert desk.events()[:2] == ["sweep.finished", "sweep.finished"]


def test_on_either_database_a_report_is_posted_and_adopted(tmp_path: Path, database_url: str) -> None:
    with several(tmp_path, database_url, POLICY) as team:
        card = report(team.desk, team.ana)
        team.ana.click(card, "sweep_adopt_all")
        team.otto.wait_for(saying(card, AGREE))
