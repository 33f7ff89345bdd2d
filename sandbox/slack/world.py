"""Who and what lives in the demo workspace. Everything here is invented."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

Json = dict[str, Any]

TEAM = "T0DEMO"
TEAM_NAME = "Demo team"
TEAM_DOMAIN = "demo"
OTHER_DOMAIN = "other"  # of every other team that a person may be said to be of
APP = "A0DESK"
BOT_USER = "U0DESK"
BOT_NAME = "Numberdesk"
BOT_ID = "B0DESK"
SYSTEM = "USYSTEM"  # who signs "/number failed with the error ..."; not a person, not listed
COMMAND = "/number"
CREATED = 1_767_225_600  # Unix seconds; one moment for everything that was "always there"


@dataclass(frozen=True)
class Member:
    """A person or the bot, as users.info knows them."""

    id: str
    name: str
    real_name: str
    about: str
    is_bot: bool = False
    guest: str = ""  # "multi" or "single" for a guest of so many channels


@dataclass(frozen=True)
class Channel:
    """A channel, or a direct message with the bot (then `person` is who the bot talks to).

    `only` is who is in it besides the bot; empty: everybody.
    """

    id: str
    name: str
    person: str | None = None
    only: tuple[str, ...] = ()

    @property
    def is_direct(self) -> bool:
        return self.person is not None


PEOPLE = (
    Member("U0RITA", "rita", "Rita Reyes", "asks"),
    Member("U0ANA", "ana", "Ana Arslan", "approves"),
    Member("U0OTTO", "otto", "Otto Olsen", "approves too"),
    Member("U0CARA", "cara", "Cara Chen", "CFO"),
    Member("U0GUS", "gus", "Gus Guest", "works for a supplier", guest="single"),
)
BOT = Member(BOT_USER, "numberdesk", BOT_NAME, "the app", is_bot=True)
NUMBERS = Channel("C0NUMBERS", "phone-numbers")
APPROVALS = Channel("C0APPROVE", "number-approvals")

GROUP = "S0PROCURE"
GROUP_HANDLES = {GROUP: "procurement"}
GROUP_MEMBERS = {GROUP: ("U0ANA", "U0OTTO")}

SCOPES = (
    "commands,chat:write,chat:write.public,users:read,users:read.email,usergroups:read,"
    "channels:read,groups:read,im:write,im:read,files:write,team:read"
)


@dataclass(frozen=True)
class Residents:
    """Who lives in a workspace, and which channels it has besides everybody's direct message with the bot."""

    people: tuple[Member, ...] = PEOPLE
    rooms: tuple[Channel, ...] = (NUMBERS, APPROVALS)

    @cached_property
    def members(self) -> dict[str, Member]:
        """The people and the bot, by id."""
        return {member.id: member for member in (*self.people, BOT)}

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The rooms and the direct messages, by id."""
        return {channel.id: channel for channel in (*self.rooms, *self._directs.values())}

    @cached_property
    def _directs(self) -> dict[str, Channel]:
        return {
            person.id: Channel(person.id.replace("U0", "D0", 1), "directmessage", person.id)
            for person in self.people
        }

    def direct_with(self, person: str) -> Channel | None:
        """The direct message between the bot and this person."""
        return self._directs.get(person)

    def members_of(self, channel: Channel) -> list[str]:
        """Who is in the channel: those who are named, or for a direct message its person, and the bot.

        A single-channel guest is in one channel, and that is where people ask for numbers.
        """
        if channel.person is not None:
            return [channel.person, BOT_USER]
        if channel.only:
            return [*channel.only, BOT_USER]
        return [each.id for each in self.members.values() if each.guest != "single" or channel == NUMBERS]


DEMO = Residents()
"""Those whom the page shows to people who try the demo."""
