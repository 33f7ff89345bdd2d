"""Home: drawn anew while somebody looks at it, and what is pressed there acts in place."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack.driver import Person, Shown
from tests.world import APPROVE, NUMBERS, World, ask, find_offer, world

RITA, ANA = "U0RITA", "U0ANA"
STRICT = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]

[[rules]]
name = "all"
approvals = 1
"""


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        made.start()
        yield made


@pytest.fixture
def strict(tmp_path: Path, database_url: str) -> Iterator[World]:
    """Everything needs an approval."""
    policy = tmp_path / "own-policy.toml"
    policy.write_text(STRICT)
    with world(tmp_path, database_url, POLICY_FILE=str(policy)) as made:
        made.start()
        yield made


def opened(person: Person, words: str) -> Shown:
    """Home, opened once, as soon as it shows these words."""
    person.home()
    return shows(person, words)


def shows(person: Person, words: str) -> Shown:
    """Home as it is, without opening it, as soon as it shows these words."""

    def now(p: Person) -> Shown | None:
        shown = p.published()
        return shown if shown and words in shown.words else None

    found = person.wait_for(now)
    assert found is not None
    return found


def publishes(desk: World, user: str, since: int = 0) -> list[dict[str, Any]]:
    calls = desk.control.log("api", "views.publish", since)
    return [call for call in calls if user in str(call)]


def test_an_empty_home_says_how_to_begin_and_leads_to_the_search(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita:
        shown = opened(rita, "Nothing of yours waits")
        assert "Waits for your decision" not in shown.words
        assert "No number was bought for you yet" in shown.words
        rita.click(shown, "home_search")
        form = rita.wait_for(lambda p: p.modal())
        assert form is not None and form.title == "Find a number"
        rita.fill("search", "US local 415")
        assert rita.submit() is None
        rita.wait_message(rita.direct, "/month")


def test_a_request_appears_at_its_approvers_who_decides_in_place(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        opened(ana, "Nothing waits for you")
        opened(rita, "Nothing of yours waits")
        ask(rita, dear=True, reason="For <!channel> *now*")
        waiting = shows(ana, "Waiting for approval")
        assert "For &lt;!channel&gt;" in waiting.words
        shows(rita, "Waiting for approval")
        ana.click(waiting, "request_timeline")
        seen = ana.wait_for(lambda p: p.modal())
        assert seen is not None and "asked · by <@U0RITA>" in seen.words
        ana.close_modal()
        ana.click(waiting, "request_approve")
        ana.wait_for(lambda p: p.modal())
        assert ana.submit() is None
        shows(ana, "Nothing waits for you")
        done = shows(rita, "Your numbers")
        shows(rita, ":white_check_mark: Bought")
        assert done.id == rita.published().id  # type: ignore[union-attr]
        ana.wait_message(APPROVE, "Bought")


def ask_for_a_page(person: Person) -> None:
    """A request for each offer of the first page."""
    page, _ = find_offer(person, dear=False)
    for value in [b["value"] for b in page.buttons if b["action_id"] == "offer_buy"]:
        person.click(page, "offer_buy", value=value)
        person.wait_for(lambda p: p.modal())
        person.fill("reason", "One of many")
        assert person.submit() is None


def test_a_burst_of_changes_is_few_drawings(strict: World) -> None:
    desk = strict
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        opened(ana, "Nothing waits for you")
        start = desk.control.mark()
        ask_for_a_page(rita)
        ana.wait_for(lambda p: _buttons(p).count("request_approve") == 5)
        times = [call["at"] for call in publishes(desk, ANA, start)]
        assert len(times) < 5
        assert all(later - earlier > 1.5 for earlier, later in pairwise(times))


def _buttons(person: Person) -> list[str]:
    shown = person.published()
    blocks = shown.blocks if shown else []
    return [
        element["action_id"]
        for block in blocks
        for element in block.get("elements", [])
        if "action_id" in element
    ]


def test_a_home_that_slack_does_not_take_blocks_nothing(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        opened(ana, "Nothing waits for you")
        desk.control.fault("views.publish", {"error": "internal_error"}, times=1)
        ask(rita, dear=True)
        ana.wait_message(APPROVE, "Waiting for approval")
        rita.wait_message(NUMBERS, "Waiting for approval")
        shows(ana, "Waiting for approval")
