"""What Slack knows of the people and groups that the policy asks about."""

from dataclasses import dataclass

from bot.model.errors import NumberdeskError


class NotListed(NumberdeskError):
    """Slack could not be asked about this person or group, so it lets nobody in."""

    def __init__(self, slack_id: str) -> None:
        self.slack_id = slack_id
        super().__init__(f"{slack_id} could not be looked up.")


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as `users.info` shows them."""

    name: str
    guest: bool = False  #: single- or multi-channel
    deactivated: bool = False
    bot: bool = False
    foreign: bool = False  #: of another workspace, here through Slack Connect


@dataclass(frozen=True, slots=True)
class Group:
    """A user group, with the ids of its people."""

    name: str
    members: frozenset[str]


Found = Profile | Group
