"""Who is in a user group: remembered for a short while, and nobody where it cannot be learned."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bot.model.policy import GroupUnknown
from bot.usecases.groups import FRESH, USABLE, Groups


@dataclass
class Slack:
    """Answers with its members, counts the questions, and may be down; `now` is the clock."""

    members: frozenset[str] = frozenset({"U0ANA"})
    down: bool = False
    now: float = 1000.0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def look_up(self, workspace: str, group: str) -> frozenset[str]:
        self.asked.append((workspace, group))
        if self.down:
            raise OSError("no route")
        return self.members

    def groups(self) -> Groups:
        return Groups(self.look_up, lambda: self.now)


def test_a_fresh_answer_is_not_asked_for_again() -> None:
    slack = Slack()
    groups = slack.groups()
    assert groups.asked("T0ONE")("S0PROCURE") == {"U0ANA"}
    slack.now += FRESH
    assert groups.asked("T0ONE")("S0PROCURE") == {"U0ANA"}
    assert slack.asked == [("T0ONE", "S0PROCURE")]


def test_an_answer_that_is_not_fresh_is_asked_for_again() -> None:
    slack = Slack()
    groups = slack.groups()
    groups.asked("T0ONE")("S0PROCURE")
    slack.now += FRESH + 1
    slack.members = frozenset({"U0BEA"})
    assert groups.asked("T0ONE")("S0PROCURE") == {"U0BEA"}
    assert groups.remembered("T0ONE")("S0PROCURE") == {"U0BEA"}


def test_what_is_remembered_is_usable_for_a_while_without_a_question() -> None:
    slack = Slack()
    groups = slack.groups()
    groups.asked("T0ONE")("S0PROCURE")
    slack.now += USABLE
    assert groups.remembered("T0ONE")("S0PROCURE") == {"U0ANA"}
    slack.now += 1
    with pytest.raises(GroupUnknown):
        groups.remembered("T0ONE")("S0PROCURE")
    assert len(slack.asked) == 1


@pytest.mark.parametrize("way", [Groups.asked, Groups.remembered])
def test_a_group_that_cannot_be_looked_up_is_unknown(
    way: Callable[[Groups, str], Callable[[str], frozenset[str]]],
) -> None:
    with pytest.raises(GroupUnknown):
        way(Slack(down=True).groups(), "T0ONE")("S0PROCURE")


def test_an_old_answer_does_not_stand_in_for_one_that_fails() -> None:
    slack = Slack()
    groups = slack.groups()
    groups.asked("T0ONE")("S0PROCURE")
    slack.now += FRESH + 1
    slack.down = True
    with pytest.raises(GroupUnknown):
        groups.asked("T0ONE")("S0PROCURE")


def test_a_workspace_does_not_see_the_groups_of_another() -> None:
    groups = Slack().groups()
    groups.asked("T0ONE")("S0PROCURE")
    with pytest.raises(GroupUnknown):
        groups.remembered("T0TWO")("S0PROCURE")
