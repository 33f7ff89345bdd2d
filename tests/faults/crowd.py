"""A crowd in the stand-in of Slack: many more people, and a channel for every few of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.slack.world import APPROVALS, NUMBERS, PEOPLE, Channel, Member, Residents

TO_A_CHANNEL = 5
"""People who share a channel: Slack takes one message a second in each."""


@dataclass(frozen=True)
class Asking:
    """Somebody, and where they ask."""

    user: str
    channel: str


def crowd(count: int) -> Sequence[Asking]:
    """So many people, each in the channel of a few."""
    return [Asking(f"U0P{n:04}", f"C0P{n // TO_A_CHANNEL:04}") for n in range(count)]


def residents(asking: Sequence[Asking]) -> Residents:
    """A workspace in which they live beside everybody else; nobody looks into the channel of others."""
    more = tuple(Member(one.user, one.user.lower(), one.user.title(), "asks") for one in asking)
    rooms = {one.channel: tuple(a.user for a in asking if a.channel == one.channel) for one in asking}
    channels = tuple(Channel(name, name.lower(), only=people) for name, people in rooms.items())
    return Residents((*PEOPLE, *more), (NUMBERS, APPROVALS, *channels))
