"""A purchase that nobody could clear up: a person reads all that is known, and says what they saw."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.numbers import format_number
from sandbox.slack.driver import Message, Person
from tests.handlers.several import ANA, OTTO, RITA, opened, told
from tests.world import APPROVE, NUMBERS, World, ask, world

SETTLED = (
    "FROM audit_event e JOIN audit_text t ON t.workspace = e.workspace AND t.seq = e.seq "
    "WHERE t.field = 'reason' AND e.action = 'purchase.settled'"
)


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    short = {"BUY_TIMEOUT": "2", "BUY_WATCHDOG": "3", "SETTLE_WINDOW": "2"}
    with world(tmp_path, database_url, **short) as made:
        made.start()
        yield made


@pytest.fixture
def people(desk: World) -> Iterator[tuple[Person, Person, Person]]:
    with (
        Person(desk.slack_url, RITA) as rita,
        Person(desk.slack_url, ANA) as ana,
        Person(desk.slack_url, OTTO) as otto,
    ):
        yield rita, ana, otto


def unclear(desk: World, rita: Person, ana: Person, *, took_effect: bool) -> tuple[str, Message]:
    """A number whose purchase needs a person, and the message that says so where approvers look."""
    nothing_clear = {"status": 502, "body": {"error": "bad gateway"}}
    broken = {"effect_then": nothing_clear} if took_effect else nothing_clear
    # from the question before the call on, the provider answers nothing about it any more
    desk.plivo.spoil("rented", {"hold": "look", "at": "after"}, times=1)
    number = ask(rita, dear=False)
    desk.plivo.control("GET", "sandbox/held?wait=look&timeout=10")
    desk.plivo.spoil("rented", {"status": 500})
    desk.plivo.spoil("buy", broken, times=1)
    desk.plivo.control("POST", "sandbox/release/look")
    return number, ana.wait_message(APPROVE, "Somebody has to look", timeout=40)


def press(person: Person, card: Message, action: str, why: str) -> dict[str, str] | None:
    opened(person, lambda: person.click(card, action))
    person.fill("reason", why)
    return person.submit()


def test_all_that_is_known_stands_on_the_message_and_a_word_needs_a_reason(
    desk: World, people: tuple[Person, Person, Person]
) -> None:
    rita, ana, otto = people
    number, card = unclear(desk, rita, ana, took_effect=False)
    for fact in (
        format_number(number),
        "sked by rita",
        "The provider was called <!date^",
        "since then whether the account holds it, and asked on.",
        "Look in the provider's console",
        "*It was bought*: The number counts as ours and $0.80 as spent",
        "*It was not bought*: Nothing counts as spent",
    ):
        assert fact in card.words, fact
    opened(rita, lambda: rita.click(rita.wait_message(NUMBERS, "Somebody has to look"), "settle:bought"))
    assert "Only approvers settle a purchase." in told(rita)
    assert press(ana, card, "settle:not_bought", " ") == {"reason": "Please say why in a few words."}
    opened(otto, lambda: otto.click(card, "settle:bought"))
    ana.fill("reason", "Neither in the list nor on the bill")
    assert ana.submit() is None
    rita.wait_message(rita.direct, "was not bought", timeout=20)
    otto.fill("reason", "I believe I saw it")
    assert otto.submit() is None
    assert "is settled already: not bought. Nothing was changed." in told(otto)
    rows = desk.rows(f"SELECT e.outcome, e.actor, t.text {SETTLED} ORDER BY e.seq")
    assert rows == [
        ("denied", RITA, "Only approvers settle a purchase."),
        ("success", ANA, "Neither in the list nor on the bill"),
        ("denied", OTTO, "already not_bought"),
    ]


def test_a_wrong_word_is_corrected_by_the_sweep_and_people_are_told(
    desk: World, people: tuple[Person, Person, Person]
) -> None:
    rita, ana, _ = people
    number, card = unclear(desk, rita, ana, took_effect=True)
    assert press(ana, card, "settle:not_bought", "Not in the list") is None
    rita.wait_message(rita.direct, "was not bought", timeout=20)
    desk.plivo.control("DELETE", "sandbox/faults", 204)
    desk.pass_time(600)
    told_so = rita.wait_message(rita.direct, "Given up before, and bought after all", timeout=20)
    assert format_number(number) in told_so.words
    ana.wait_message(APPROVE, "Bought", timeout=20)
    assert len(desk.buys(number)) == 1


def test_the_shell_has_the_same_rules(desk: World, people: tuple[Person, Person, Person]) -> None:
    rita, ana, _ = people
    unclear(desk, rita, ana, took_effect=False)
    (purchase_id,) = desk.rows("SELECT id FROM purchase")[0]
    settle = ("purchases", "settle", purchase_id, "not-bought", "--reason")
    assert desk.run(*settle, " ").returncode == 2
    done = desk.run(*settle, "not in the console")
    assert (done.returncode, done.stdout.strip()) == (0, f"{purchase_id} is not_bought.")
    late = desk.run(*settle, "not in the console")
    assert (late.returncode, "is not_bought already; nothing was changed" in late.stderr) == (1, True)
    rita.wait_message(rita.direct, "was not bought", timeout=20)
    ana.wait_message(APPROVE, "Settled by hand: not in the console", timeout=20)
    assert sorted(desk.rows(f"SELECT e.actor, e.outcome, t.text {SETTLED}")) == [
        ("shell", "denied", "it is not open any more"),
        ("shell", "success", "not in the console"),
    ]
