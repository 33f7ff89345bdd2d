"""HTTP to the doors of a running stand-in."""

from typing import Self

import httpx

from sandbox.slack.loopback import NO_TLS
from sandbox.slack.world import Json


class Door:
    """Asks and orders; a refusal is a LookupError with its code."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)  # so that nothing has to be closed
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30, limits=limits, verify=NO_TLS)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **asked: str | float) -> Json:
        return _told(self._client.get(path, params=asked))

    def post(self, path: str, body: Json) -> Json:
        return _told(self._client.post(path, json=body))


def _told(answer: httpx.Response) -> Json:
    """The JSON of an answer. Raises LookupError if the stand-in refused."""
    body: Json = answer.json()
    if answer.status_code != httpx.codes.OK:
        raise LookupError(body.get("error", answer.text))
    return body
