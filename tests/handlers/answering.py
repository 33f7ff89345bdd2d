"""What answers need to reach the stand-in of Slack, without a desk behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from slack_sdk import WebClient

from bot.errands import Errands
from handlers.parts import Parts
from handlers.people import SlackPeople
from handlers.responder import Responder
from tests.sandbox.counterpart import TOKEN, Bench

NUMBERS, RITA = "C0NUMBERS", "U0RITA"
PATIENCE = 10


@contextmanager
def parts_for(slack: Bench, **options: Any) -> Iterator[Parts]:
    """The parts that answers need; leaving waits until all of them are delivered or given up."""
    client = WebClient(TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    made = Parts(
        desk=cast("Any", None),
        choices=cast("Any", None),
        slack=client,
        people=SlackPeople(client),
        responder=Responder(f"{slack.url}/api/"),
        errands=Errands(1, 1),
        apologies=Errands(2, 20),
        **{"pauses": (0.01, 0.02), **options},
    )
    try:
        yield made
    finally:
        made.errands.stop(PATIENCE)
        made.apologies.stop(PATIENCE)


def texts(slack: Bench, channel: str = NUMBERS) -> list[str]:
    """What Rita sees in a channel."""
    return [each.text for each in slack.rita.messages(channel)]


def direct(slack: Bench) -> list[str]:
    """What Rita sees in her direct messages with the bot."""
    return texts(slack, slack.rita.direct)
