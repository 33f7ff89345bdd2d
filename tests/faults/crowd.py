"""A crowd in the stand-in of Slack: many more people, and a channel for every few of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.slack.world import CHANNELS, MEMBERS, Channel, Member

TO_A_CHANNEL = 5
"""People who share a channel: Slack takes one message a second in each."""


@dataclass(frozen=True)
class Asking:
    """Somebody, and where they ask."""

    user: str
    channel: str


@contextmanager
def crowd(count: int) -> Iterator[Sequence[Asking]]:
    """So many more members of the workspace, as long as it lasts."""
    people = [Member(f"U0P{n:04}", f"person{n}", f"Person {n}", "asks") for n in range(count)]
    rooms = [Channel(f"C0P{n:04}", f"team-{n}") for n in range(-(-count // TO_A_CHANNEL))]
    directs = [Channel(person.id.replace("U0", "D0", 1), "directmessage", person.id) for person in people]
    members = {person.id: person for person in people}
    channels = {channel.id: channel for channel in (*rooms, *directs)}
    MEMBERS.update(members)
    CHANNELS.update(channels)
    try:
        yield [Asking(person.id, rooms[n // TO_A_CHANNEL].id) for n, person in enumerate(people)]
    finally:
        for user in members:
            del MEMBERS[user]
        for channel in channels:
            del CHANNELS[channel]
