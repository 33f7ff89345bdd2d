"""The directory: remembered for a short while by all processes, and nobody where it cannot be learned."""

from datetime import timedelta

import pytest

from bot.model.people import Found, Group, NotListed, Profile
from bot.usecases.directory import FRESH, USABLE, Directory, Listed
from storage import directory as kept
from storage.unit_of_work import Database

ONE = "T0ONE"
SECOND = timedelta(seconds=1)


class Slack:
    """Answers with its members, counts the questions, and may be down."""

    def __init__(self) -> None:
        self.members = frozenset({"U0ANA"})
        self.profile = Profile("Ana")
        self.down = False
        self.asked: list[tuple[str, str]] = []

    def ask(self, workspace: str, slack_id: str) -> Found:
        self.asked.append((workspace, slack_id))
        if self.down:
            raise OSError("no route")
        return Group("@procurement", self.members) if slack_id.startswith("S") else self.profile


def members(database: Database, workspace: str = ONE) -> frozenset[str]:
    with database.read() as work:
        return Listed(work, workspace).members("S0PROCURE")


def test_a_fresh_answer_is_not_asked_for_again_by_any_process(database: Database) -> None:
    slack = Slack()
    Directory(database, slack.ask).refresh(ONE, ["S0PROCURE"])
    assert members(database) == {"U0ANA"}
    database.shift += FRESH - SECOND
    Directory(database, slack.ask).refresh(ONE, ["S0PROCURE"])
    assert slack.asked == [(ONE, "S0PROCURE")]


def test_an_answer_that_is_not_fresh_is_asked_for_again(database: Database) -> None:
    slack = Slack()
    directory = Directory(database, slack.ask)
    directory.refresh(ONE, ["S0PROCURE"])
    database.shift += FRESH + SECOND
    slack.members = frozenset({"U0BEA"})
    directory.refresh(ONE, ["S0PROCURE"])
    assert members(database) == {"U0BEA"}


def test_what_was_learned_is_usable_for_a_while_without_a_question(database: Database) -> None:
    slack = Slack()
    Directory(database, slack.ask).refresh(ONE, ["S0PROCURE"])
    database.shift += USABLE - SECOND
    assert members(database) == {"U0ANA"}
    with database.read() as work:
        assert not Listed(work, ONE).untried(["S0PROCURE"])
    database.shift += 2 * SECOND
    with pytest.raises(NotListed):
        members(database)
    with database.read() as work:
        assert Listed(work, ONE).untried(["S0PROCURE"])
    assert len(slack.asked) == 1


def test_a_group_that_cannot_be_looked_up_is_unknown_and_was_tried(database: Database) -> None:
    slack = Slack()
    slack.down = True
    Directory(database, slack.ask).refresh(ONE, ["S0PROCURE"])
    with pytest.raises(NotListed):
        members(database)
    with database.read() as work:
        assert not Listed(work, ONE).untried(["S0PROCURE"])


def test_an_old_answer_does_not_stand_in_for_one_that_fails(database: Database) -> None:
    slack = Slack()
    directory = Directory(database, slack.ask)
    directory.refresh(ONE, ["S0PROCURE"])
    database.shift += FRESH + SECOND
    slack.down = True
    directory.refresh(ONE, ["S0PROCURE"])
    with pytest.raises(NotListed):
        members(database)


def test_a_failure_is_asked_about_again_at_once(database: Database) -> None:
    slack = Slack()
    slack.down = True
    directory = Directory(database, slack.ask)
    directory.refresh(ONE, ["S0PROCURE"])
    slack.down = False
    directory.refresh(ONE, ["S0PROCURE"])
    assert members(database) == {"U0ANA"}


def test_a_workspace_does_not_see_the_groups_of_another(database: Database) -> None:
    Directory(database, Slack().ask).refresh(ONE, ["S0PROCURE"])
    with pytest.raises(NotListed):
        members(database, "T0TWO")


def test_a_clock_that_was_set_back_makes_nothing_last(database: Database) -> None:
    slack = Slack()
    directory = Directory(database, slack.ask)
    directory.refresh(ONE, ["S0PROCURE"])
    database.shift -= timedelta(days=365)
    with pytest.raises(NotListed):
        members(database)
    directory.refresh(ONE, ["S0PROCURE"])
    assert members(database) == {"U0ANA"}


def test_what_was_learned_just_after_a_look_at_the_clock_counts(database: Database) -> None:
    """A unit of work reads the clock once: another process may write down an answer after that."""
    slack = Slack()
    with database.read() as work:
        early = work.now
    Directory(database, slack.ask).refresh(ONE, ["S0PROCURE"])
    with database.read() as work:
        work.now = early
        assert Listed(work, ONE).members("S0PROCURE") == {"U0ANA"}
        assert not Listed(work, ONE).untried(["S0PROCURE"])


def test_a_person_is_no_group_and_a_group_no_person(database: Database) -> None:
    Directory(database, Slack().ask).refresh(ONE, ["S0PROCURE", "U0ANA"])
    with database.read() as work:
        listed = Listed(work, ONE)
        assert listed.profile("U0ANA") == Profile("Ana")
        for look in (lambda: listed.members("U0ANA"), lambda: listed.profile("S0PROCURE")):
            with pytest.raises(NotListed):
                look()
        assert listed.name("S0PROCURE") == "@procurement"
        assert listed.name("U0NOBODY") == "U0NOBODY"


def test_any_number_of_people_is_read_at_once(database: Database) -> None:
    people = [f"U{place:05}" for place in range(1_500)]
    with database.write() as work:
        for user in people[::500]:
            kept.keep(work, ONE, user, Profile(user.lower()))
    with database.read() as work:
        found = kept.find(work, ONE, people)
        assert kept.find(work, ONE, []) == {}
    assert {user: entry.found for user, entry in found.items()} == {
        user: Profile(user.lower()) for user in people[::500]
    }
