"""The parts of a running stand-in, found again in every request."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from sandbox.slack.delivery import Delivery
from sandbox.slack.faults import Faults
from sandbox.slack.interactions import Interactions
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class Parts:
    """Everything that a route may need. Tokens are compared, never logged."""

    workspace: Workspace
    delivery: Delivery
    interactions: Interactions
    sockets: Sockets
    faults: Faults
    bot_token: str
    app_token: str


def parts_of(connection: HTTPConnection) -> Parts:
    parts = connection.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("the application was not made by create_app")
    return parts
