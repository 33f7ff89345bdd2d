"""One call of the Web API: its arguments, whoever they were sent by, and the table of methods."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.slack.errors import ApiError
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import Json

JSON_ARGUMENTS = ("blocks", "view", "attachments", "metadata", "files")


@dataclass(frozen=True)
class Call:
    """The merged arguments of one call, and what it may change."""

    workspace: Workspace
    sockets: Sockets
    arguments: Json

    def get(self, name: str) -> Any:
        return self.arguments.get(name)

    def text(self, name: str) -> str:
        """The argument as text, "" if it is not there."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Whether the argument is true, in JSON or as forms write it."""
        return self.text(name) in {"1", "true", "True"}

    def need(self, name: str) -> str:
        """The argument as text. Raises ApiError invalid_arguments."""
        if not self.text(name):
            line = f"[ERROR] missing required field: {name}"
            raise ApiError("invalid_arguments", response_metadata={"messages": [line]})
        return self.text(name)


Method = Callable[[Call], Json]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Enter a function into the table of methods."""

    def enter(function: Method) -> Method:
        METHODS[name] = function
        return function

    return enter


def unknown_method(_call: Call) -> Json:
    raise ApiError("unknown_method")


async def read_arguments(request: Request) -> Json:
    """Query, form and JSON merged, as the SDKs mix them. Raises ApiError invalid_json or invalid_form_data.

    slack_sdk sends a JSON content type with an empty body for methods without arguments: that is {}.
    """
    arguments: Json = dict(request.query_params)
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        arguments |= _json_object(body)
    else:
        arguments |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    for name in JSON_ARGUMENTS:
        if isinstance(arguments.get(name), str) and arguments[name]:
            arguments[name] = _json(arguments[name])
    return arguments


def _json_object(body: bytes) -> Json:
    parsed = _json(body) if body.strip() else {}
    if not isinstance(parsed, dict):
        raise ApiError("json_not_object")
    return parsed


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError("invalid_json") from None
