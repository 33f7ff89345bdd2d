"""Looking around in Slack: requests and what happened to them, the budget, the policy and why it says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model.policy import Budgets
from bot.model.request import Options, RequestStatus
from bot.model.request import Person as Asker
from sandbox.slack.driver import Message, Person
from storage import purchases, requests
from storage.engine import make_engine
from storage.requests import NewRequest
from storage.unit_of_work import Database
from tests.sandbox.plivo_client import AUTH
from tests.storage.rows import offer
from tests.world import APPROVE, NUMBERS, World, ask, world

RITA, ANA, OTTO, CARA, GUS = "U0RITA", "U0ANA", "U0OTTO", "U0CARA", "U0GUS"
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]
expires_after = "48h"
remind_after = "4h"

[[rules]]
name = "no premium countries"
countries = ["KP"]
deny = "We do not buy there."

[[rules]]
name = "everyday US local"
countries = ["US", "CA"]
types = ["local"]
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "dear"
min_monthly = "20.00"
approvals = 2

[budgets]
workspace = "500.00"
per_user = "50.00"
raised_by = ["U0CARA"]

[break_glass]
users = ["U0OTTO"]
"""


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    policy = tmp_path / "own-policy.toml"
    policy.write_text(POLICY)
    with world(tmp_path, database_url, POLICY_FILE=str(policy)) as made:
        made.start()
        yield made


def seed(desk: World, count: int, user: str = RITA) -> list[str]:
    """So many requests that wait, straight into the rows; their ids, the oldest first."""
    database = Database(make_engine(desk.database_url))
    ids = []
    for i in range(count):
        new = NewRequest(
            person=Asker("T0DEMO", user), account=AUTH[0], origin_key=f"{user}{i}", channel=NUMBERS,
            reason="A line", options=Options(), status=RequestStatus.PENDING, rule="dear", policy_sha="abc",
            approvals_needed=2,
        )  # fmt: skip
        taken = desk.rows("SELECT count(*) FROM purchase")[0][0]
        with database.write() as work:
            kept = requests.add(work, new)
            assert kept
            assert purchases.add(work, kept, offer(f"1415555{taken:04}"), Budgets())
        ids.append(kept.id)
    database.engine.dispose()
    return ids


def typed(person: Person, text: str, words: str) -> Message:
    """The answer to a command: the newest message that has these words."""
    assert person.command(NUMBERS, f"/number {text}").error is None
    return person.wait_message(NUMBERS, words)


def redrawn(person: Person, message: Message, words: str) -> Message:
    """The same message, once it shows these words."""

    def now(p: Person) -> Message | None:
        found = next(m for m in p.messages(NUMBERS) if m.ts == message.ts)
        return found if words in found.words else None

    shown = person.wait_for(now)
    assert shown is not None
    return shown


def lines(message: Message) -> list[str]:
    """The ids of the requests that a message shows."""
    return [b["value"] for b in message.buttons if b["action_id"] == "request_timeline"]


def test_requests_are_paged_by_key_and_switched_in_the_same_message(desk: World) -> None:
    mine = seed(desk, 10)
    theirs = seed(desk, 1, CARA)
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        first = typed(rita, "requests", "Your requests")
        assert lines(first) == mine[:1:-1]
        assert "0 of 2 approvals" in first.words and "$0.80/month + $0.50 set-up" in first.words
        rita.click(first, "requests_older")
        second = redrawn(rita, first, mine[0])
        assert lines(second) == [mine[1], mine[0]]
        assert not [b for b in second.buttons if b["action_id"] == "requests_older"]
        rita.click(second, "requests_show:open")
        told = redrawn(rita, first, "approvers see everybody's")
        assert lines(told) == mine[:1:-1], "her own alone"
        none = typed(ana, "requests", "You have made no requests yet")
        ana.click(none, "requests_show:all")
        everything = redrawn(ana, none, "All requests")
        assert lines(everything) == [*theirs, *mine[:2:-1]]


def test_the_line_of_a_request_leads_to_its_message_and_to_its_timeline(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        ask(rita, dear=True)
        rita.wait_message(NUMBERS, "Waiting for approval")
        ana.wait_message(APPROVE, "Waiting for approval")
        desk_has = "SELECT count(*) FROM card WHERE permalink IS NOT NULL"
        rita.wait_for(lambda _: desk.rows(desk_has) == [(2,)])
        hers = typed(rita, "requests", "Your requests")
        assert f"/archives/{NUMBERS}/" in hers.words and APPROVE not in hers.words
        anas = typed(ana, "requests open", "Requests that wait")
        assert f"/archives/{APPROVE}/" in anas.words
        ana.click(anas, "request_timeline")
        shown = ana.wait_for(lambda p: p.modal())
        assert shown is not None and shown.title == "Timeline"
        assert "asked · by <@U0RITA> · “For the new hotline”" in shown.words


def test_one_request_is_shown_to_those_whose_it_is_and_to_approvers(desk: World) -> None:
    (request_id,) = seed(desk, 1)
    with (
        Person(desk.slack_url, RITA) as rita,
        Person(desk.slack_url, ANA) as ana,
        Person(desk.slack_url, CARA) as cara,
    ):
        hers = typed(rita, f"requests {request_id.lower()}", "Reason: A line")
        assert "request_cancel" in [b["action_id"] for b in hers.buttons]
        decides = typed(ana, f"requests {request_id}", "Reason: A line")
        assert "request_approve" in [b["action_id"] for b in decides.buttons]
        assert "not yours" in typed(cara, f"requests {request_id}", "no such request").words
        typed(cara, "requests opne", "Try `/number requests open`")
        typed(cara, "requests 12", "no request's id")


def test_a_timeline_on_a_card_is_for_those_whose_it_is_and_for_approvers(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, CARA) as cara:
        ask(rita, dear=True)
        card = cara.wait_message(NUMBERS, "Waiting for approval")
        cara.click(card, "request_timeline")
        told = cara.wait_for(lambda p: p.modal())
        assert told is not None and "approvers see everybody's" in told.words
        rita.click(rita.wait_message(NUMBERS, "Waiting for approval"), "request_timeline")
        shown = rita.wait_for(lambda p: p.modal())
        assert shown is not None and "asked · by" in shown.words


def test_the_budget_is_said_and_by_person_to_approvers_alone(desk: World) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        ask(rita, dear=True)
        rita.wait_message(NUMBERS, "Waiting for approval")
        hers = typed(rita, "budget", "Budget for")
        assert "█████░░░░░ 50% used: $25.00 of $50.00 — $0.00 bought, $25.00 reserved" in hers.words
        assert "cara can raise it." in hers.words
        assert "By person" not in hers.words and "█" not in hers.text
        anas = typed(ana, "budget", "Budget for")
        assert "rita: 50% used" in anas.words
    assert desk.events().count("budget.read") == 1


def test_the_policy_is_listed_and_explained(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path / 'x.db'}") as desk:
        desk.start()
        with Person(desk.slack_url, "U0RITA") as rita, Person(desk.slack_url, "U0ANA") as ana:
            rita.command(NUMBERS, "/number policy")
            assert "May buy without approval in an emergency" in rita.wait_message(NUMBERS, "rules").words
            rita.command(NUMBERS, "/number policy US tollfree 1.00")
            why = rita.wait_message(NUMBERS, "Needs 2 approvals")
            assert "“everyday US local”: it is for local numbers" in why.words
            assert "Could approve it for you: ana, otto" in why.words
            number = ask(rita, dear=True)
            rita.wait_message(NUMBERS, "Waiting for approval")
            rita.command(NUMBERS, f"/number policy +{number}")
            rita.wait_message(NUMBERS, "$25.00/month")
            (request,) = desk.rows("SELECT id FROM request")[0]
            rita.command(NUMBERS, f"/number policy {request}")
            rita.wait_message(NUMBERS, "Nobody decides their own request")
            ana.command(NUMBERS, f"/number policy {request}")
            ana.wait_message(NUMBERS, "You may approve it.")
            rita.command(NUMBERS, "/number policy US local")
            rita.wait_message(NUMBERS, "Which monthly price?")
