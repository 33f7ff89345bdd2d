"""Posts to response_urls and, of files, to where Slack takes them, and to nothing else.

A response_url comes with a request and is posted to with our words in it, so only Slack's own host, or
that of SLACK_API_URL when this is set, is ever called.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import urlsplit

import requests
import structlog

from bot.model.errors import NumberdeskError
from handlers.post import Impossible, SlowDown, Unreachable, retry_after

log = structlog.get_logger(__name__)

SLACKS_HOST = ("https", "hooks.slack.com")
SLACKS_FILES = ("https", "files.slack.com")
TIMEOUT = (5.0, 10.0)
"""Seconds to connect and to read."""
UPLOAD = (5.0, 60.0)
"""The same for a file."""


class Responder:
    """Answers where somebody typed or clicked. Safe for threads."""

    def __init__(self, api_url: str | None = None) -> None:
        """`api_url` is SLACK_API_URL if it was set: a stand-in's response_urls live on its host."""
        self._allowed = {_origin(api_url)} if api_url else {SLACKS_HOST}
        self._files = {_origin(api_url)} if api_url else {SLACKS_FILES}

    def allows(self, url: str) -> bool:
        """Whether `url` is one of Slack's own."""
        try:
            return _origin(url) in self._allowed
        except ValueError:
            return False

    def post(self, url: str, message: Mapping[str, Any]) -> None:
        """Posts `message`. Raises SlowDown, Unreachable or Impossible.

        Slack takes five answers within 30 minutes; the URL is a secret and is never logged.
        """
        if not self.allows(url):
            log.warning("a response_url that is not Slack's was not used")
            raise Impossible("not a response_url of Slack")
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(url, json=dict(message), timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as problem:
            # its text holds the URL, and so would a chained traceback
            raise Unreachable(f"The response_url did not answer: {type(problem).__name__}") from None
        if not 200 <= answer.status_code < 300:  # noqa: PLR2004 - HTTP's own numbers
            raise _sorted(answer)

    def upload(self, url: str, file: IO[bytes]) -> None:
        """Sends a file's bytes to the address that Slack named for them, in bounded memory.

        Raises SlowDown, Unreachable or Impossible. The address is a secret like a response_url.
        """
        if not self._takes_files(url):
            log.warning("an address for a file that is not Slack's was not used")
            raise Impossible("not an address of Slack's for files")
        kind = {"Content-Type": "application/octet-stream"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(url, data=file, headers=kind, timeout=UPLOAD, allow_redirects=False)
        except requests.RequestException as problem:
            raise Unreachable(f"The address for a file did not answer: {type(problem).__name__}") from None
        if not 200 <= answer.status_code < 300:  # noqa: PLR2004 - HTTP's own numbers
            raise _sorted(answer)

    def _takes_files(self, url: str) -> bool:
        try:
            return _origin(url) in self._files
        except ValueError:
            return False


def _sorted(answer: requests.Response) -> NumberdeskError:
    status = answer.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SlowDown(retry_after(answer.headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(f"Slack's address answered {status}")
    log.warning("an answer was not taken", status=status)  # used up, too old, or not what Slack takes
    return Impossible(f"status {status}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
