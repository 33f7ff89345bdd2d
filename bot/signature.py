"""Slack's request signature: whether a body is really from Slack, and recent."""

import hmac
import re
from collections.abc import Callable
from hashlib import sha256

# Ten digits today; twelve leave room, and keep int() away from a line of a million digits.
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class SlackSignature:
    """Tells Slack's requests from everybody else's.

    `secrets` are the signing secret and, while it is being rotated, the one before it. `clock` gives UTC
    seconds since 1970; `tolerance` is how many seconds a request may be old, or from the future.
    Source: docs.slack.dev, "Verifying requests from Slack". Raises ValueError when a secret is empty:
    anybody can sign with an empty one.
    """

    def __init__(self, secrets: tuple[str, ...], clock: Callable[[], float], tolerance: float = 300) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a signing secret is needed, and it must not be empty")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._clock = clock
        self._tolerance = tolerance

    def accepts(self, body: bytes, timestamp: str | None, signature: str | None) -> bool:
        """Says whether Slack signed this body just now; False for anything malformed, never an exception."""
        if timestamp is None or signature is None or not signature.isascii():
            return False
        if not _TIMESTAMP.fullmatch(timestamp) or abs(self._clock() - int(timestamp)) > self._tolerance:
            return False
        # All secrets are tried, always: the time it takes must not tell which one came close.
        matches = [hmac.compare_digest(_sign(s, timestamp, body), signature) for s in self._secrets]
        return any(matches)


def _sign(secret: bytes, timestamp: str, body: bytes) -> str:
    return "v0=" + hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
