"""Who people are, as Slack says it: groups in pages, guests, people of other workspaces."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.model.people import Group, Profile
from handlers.people import SlackPeople
from sandbox.slack.driver import Person
from tests.sandbox.counterpart import TOKEN, Bench, bench
from tests.world import NUMBERS, ROOT, find_offer, world

TEAM, RITA, GROUP = "T0DEMO", "U0RITA", "S0PROCURE"


@pytest.fixture
def slack() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def people(slack: Bench) -> SlackPeople:
    return SlackPeople(WebClient(TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[]))


def test_a_group_is_read_to_its_last_page_and_has_its_handle(slack: Bench, people: SlackPeople) -> None:
    members = [f"U0P{i:02}" for i in range(7)]
    slack.control.group(GROUP, users=members, page=3)
    assert people.ask(TEAM, GROUP) == Group("@procurement", frozenset(members))
    assert len(slack.control.log("api", "usergroups.users.list")) == 3


def test_a_group_that_is_not_there_is_an_error_and_never_nobody(people: SlackPeople) -> None:
    with pytest.raises(SlackApiError):
        people.ask(TEAM, "S0GONE")


def test_a_group_whose_name_cannot_be_asked_is_shown_by_its_id(slack: Bench, people: SlackPeople) -> None:
    slack.control.fault("usergroups.list", {"status": 500})
    assert people.ask(TEAM, GROUP) == Group(GROUP, frozenset({"U0ANA", "U0OTTO"}))


@pytest.mark.parametrize(
    ("said", "profile"),
    [
        ({}, Profile("rita")),
        ({"guest": "single"}, Profile("rita", guest=True)),
        ({"guest": "multi"}, Profile("rita", guest=True)),
        ({"deleted": True}, Profile("rita", deactivated=True)),
        ({"team": "T0OTHER"}, Profile("rita", foreign=True)),
        ({"team": "T0OTHER", "stranger": False}, Profile("rita", foreign=True)),
    ],
)
def test_a_person_is_who_slack_says(
    slack: Bench, people: SlackPeople, said: dict[str, object], profile: Profile
) -> None:
    slack.control.person(RITA, **said)  # type: ignore[arg-type]
    # a stranger's command names their own workspace: what counts is the app's
    assert people.ask("T0OTHER", RITA) == profile


def test_a_bot_is_a_bot(people: SlackPeople) -> None:
    found = people.ask(TEAM, "U0DESK")
    assert isinstance(found, Profile) and found.bot


def test_whose_workspace_it_is_is_asked_once(slack: Bench, people: SlackPeople) -> None:
    for user in (RITA, "U0ANA"):
        people.ask(TEAM, user)
    assert people.home == TEAM
    assert len(slack.control.log("api", "auth.test")) == 1


def test_people_of_another_workspace_are_refused_unless_the_policy_lets_them(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path / 'x.db'}") as desk:
        desk.control.person(RITA, team="T0OTHER", stranger=False)
        desk.start()
        with Person(desk.slack_url, RITA) as rita:
            message, value = find_offer(rita, dear=False)
            rita.click(message, "offer_buy", value=value)
            told = rita.wait_for(lambda p: p.modal())
            assert told is not None and "other workspaces" in told.words and told.submit is None


def test_what_a_person_of_another_workspace_asks_for_is_kept_here(tmp_path: Path) -> None:
    policy = (ROOT / "sandbox" / "demo_policy.toml").read_text() + "\n[people]\nother_workspaces = true\n"
    (tmp_path / "policy.toml").write_text(policy)
    file = str(tmp_path / "policy.toml")
    with world(tmp_path, f"sqlite:///{tmp_path / 'x.db'}", POLICY_FILE=file) as desk:
        desk.control.person(RITA, team="T0OTHER")
        desk.start()
        with Person(desk.slack_url, RITA) as rita:
            message, value = find_offer(rita, dear=False)
            rita.click(message, "offer_buy", value=value)
            rita.wait_for(lambda p: p.modal())
            rita.fill("reason", "A line for both of us")
            assert rita.submit() is None
            rita.wait_message(NUMBERS, "Bought")
        assert desk.rows("SELECT DISTINCT workspace FROM audit_event") == [("T0DEMO",)]
