"""One call to the API and its answer, as plain values that the rest works on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

JSON = dict[str, Any]


class Refusal(Exception):
    """Plivo says no: an HTTP status and the text of `error`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def not_found() -> Refusal:
    """Give the words with which Plivo answers for everything that it does not have."""
    return Refusal(404, "not found")


@dataclass(frozen=True)
class Answer:
    status: int
    body: JSON | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request as it came in; empty parameters count as absent, as SDKs send them for null."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    raw_body: str
    authorization: str

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name and value]

    def value(self, name: str) -> str | None:
        found = self.values(name)
        return found[-1] if found else None

    @property
    def body(self) -> Any:
        """The body as JSON or form fields; {} if there is none, the text itself if it is neither."""
        if not self.raw_body.strip():
            return {}
        try:
            return json.loads(self.raw_body)
        except ValueError:
            return dict(parse_qsl(self.raw_body)) or self.raw_body

    def fields(self) -> JSON:
        """Give the body's fields without nulls and empty bodies.

        Raises Refusal(400) if the body is not an object.
        """
        body = self.body or {}
        if not isinstance(body, dict):
            raise Refusal(400, "request body is not a valid JSON object")
        return {name: value for name, value in body.items() if value is not None}


async def read_call(request: Request) -> Call:
    """Read a request; repeated slashes in the path count as one, as Node's SDK sends two."""
    raw = await request.body()
    path: str = request.scope["path"]
    while "//" in path:
        path = path.replace("//", "/")
    query = tuple(parse_qsl(request.url.query, keep_blank_values=True))
    authorization = request.headers.get("authorization", "")
    return Call(request.method, path, query, raw.decode("utf-8", "replace"), authorization)
