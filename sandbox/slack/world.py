"""Who and what lives in the demo workspace. Everything here is invented."""

from dataclasses import dataclass
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
    """A channel, or a direct message with the bot (then `person` is who the bot talks to)."""

    id: str
    name: str
    person: str | None = None

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
MEMBERS = {member.id: member for member in (*PEOPLE, BOT)}

NUMBERS = Channel("C0NUMBERS", "phone-numbers")
APPROVALS = Channel("C0APPROVE", "number-approvals")
DIRECTS = tuple(Channel(person.id.replace("U0", "D0", 1), "directmessage", person.id) for person in PEOPLE)
CHANNELS = {channel.id: channel for channel in (NUMBERS, APPROVALS, *DIRECTS)}

GROUP = "S0PROCURE"
GROUP_HANDLES = {GROUP: "procurement"}
GROUP_MEMBERS = {GROUP: ("U0ANA", "U0OTTO")}

SCOPES = (
    "commands,chat:write,chat:write.public,users:read,users:read.email,usergroups:read,"
    "channels:read,groups:read,im:write,im:read,files:write,team:read"
)


def direct_with(person: str) -> Channel | None:
    """The direct message between the bot and this person."""
    return next((channel for channel in CHANNELS.values() if channel.person == person), None)


def members_of(channel: Channel) -> list[str]:
    """Who is in the channel: everybody, or for a direct message its person and the bot.

    A single-channel guest is in one channel, and that is where people ask for numbers.
    """
    if channel.person is not None:
        return [channel.person, BOT_USER]
    return [member.id for member in MEMBERS.values() if member.guest != "single" or channel == NUMBERS]
