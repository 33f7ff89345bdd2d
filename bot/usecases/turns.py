"""Turns: Slack takes a message a second in a channel; whoever posts takes a turn first."""

from bot.usecases.desk import Desk
from storage import pace


def take_turn(desk: Desk, channel: str) -> float:
    """Takes a turn to post there: 0 if it is granted, else the seconds after which to ask again."""
    with desk.database.write() as work:
        return pace.turn(work, channel)


def hold(desk: Desk, channel: str, seconds: float) -> None:
    """Lets nobody post there for `seconds`: Slack asked for it."""
    with desk.database.write() as work:
        pace.hold(work, channel, seconds)
