"""Posts to response_urls, and to nothing else.

A response_url comes with a request and is posted to with our words in it, so only Slack's own host, or
that of SLACK_API_URL when this is set, is ever called.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog

log = structlog.get_logger(__name__)

SLACKS_HOST = ("https", "hooks.slack.com")
TIMEOUT = (5.0, 10.0)
"""Seconds to connect and to read."""


class Responder:
    """Answers where somebody typed or clicked. Safe for threads."""

    def __init__(self, api_url: str | None = None) -> None:
        """`api_url` is SLACK_API_URL if it was set: a stand-in's response_urls live on its host."""
        self._allowed = {_origin(api_url)} if api_url else {SLACKS_HOST}

    def allows(self, url: str) -> bool:
        """Whether `url` is one of Slack's own."""
        try:
            return _origin(url) in self._allowed
        except ValueError:
            return False

    def post(self, url: str, message: Mapping[str, Any]) -> bool:
        """Posts `message`; False, and a line in the log, if that was not possible.

        Slack takes five answers within 30 minutes; the URL is a secret and is never logged.
        """
        if not self.allows(url):
            log.warning("a response_url that is not Slack's was not used")
            return False
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(url, json=dict(message), timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as problem:
            log.warning("an answer could not be delivered", problem=type(problem).__name__)
            return False
        if not answer.ok:
            log.warning("an answer was not taken", status=answer.status_code)
        return answer.ok


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
