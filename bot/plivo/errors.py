"""What an answer of the provider that is no success means, in the words of `bot.model.errors`."""

import re
from collections.abc import Mapping
from typing import Any

from bot.model.errors import CredentialsRefused, NotFound, ProviderError, RateLimited, Refused, Unclear
from bot.plivo.http import Answer
from bot.plivo.retry_after import retry_after

_LONGEST = 300
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_REQUEST_TIMEOUT = 408
_KEYS = ("error", "Error", "global_error", "message", "data", "errors", "detail")


def from_answer(answer: Answer, *, now: float) -> ProviderError:
    """The error that an answer stands for; Unclear unless it is certain that nothing was done.

    401 and 429 say so by themselves, unless a web page came along: that is some machine between us and
    the provider. Every other 4xx needs the provider's own JSON. `now`: seconds since 1970.
    """
    said = words(answer)
    known: dict[str, Any] = {"api_id": api_id(answer), "http_status": answer.status}
    if answer.status == 429 and not _is_page(answer):  # noqa: PLR2004 - Too Many Requests
        return RateLimited(said, retry_after=retry_after(answer.headers, now), **known)
    if answer.status == 401 and not _is_page(answer):  # noqa: PLR2004 - Unauthorized
        return CredentialsRefused(said, **known)
    if said is None or not _is_refusal(answer):
        told = f": {said}" if said else ""
        return Unclear(f"The provider's answer (HTTP {answer.status}) says nothing clear{told}", **known)
    return (NotFound if answer.status == 404 else Refused)(said, **known)  # noqa: PLR2004 - Not Found


def api_id(answer: Answer) -> str | None:
    """The provider's id of an answer, from its body or its header."""
    found = (answer.document or {}).get("api_id")
    if not isinstance(found, str):
        found = next((v for k, v in answer.headers.items() if k.lower() == "x-request-id"), None)
    return clean(found) if found else None


def words(answer: Answer) -> str | None:
    """What the provider says went wrong, on one line, at most 300 characters; None if it says nothing."""
    return clean(_find(answer.document or {}) or "") or None


def clean(text: str) -> str:
    """One line without control characters, marks that turn the direction of writing, or halves of pairs.

    JSON can carry half a surrogate pair, which no database and no socket takes.
    """
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _find(found: object, depth: int = 4) -> str | None:
    """The provider has at least six shapes of an error; the words stand deepest in the first there is."""
    if isinstance(found, str):
        return found
    if depth == 0:
        return None
    if isinstance(found, list):
        return next(filter(None, (_find(item, depth - 1) for item in found)), None)
    if isinstance(found, Mapping):
        return _find_in(found, depth)
    return None


def _find_in(found: Mapping[str, Any], depth: int) -> str | None:
    named = (_find(found.get(key), depth - 1) for key in _KEYS)
    first = next(filter(None, named), None)
    if first is not None or depth == 4:  # noqa: PLR2004 - the outermost object: its other keys are no errors
        return first
    fields = ((key, _find(value, depth - 1)) for key, value in found.items())
    return next((f"{key}: {text}" for key, text in fields if text), None)


def _is_refusal(answer: Answer) -> bool:
    """Whether it is a clear no, and the provider itself says it: gateways have only a `message`."""
    document = answer.document or {}
    own = any(document.get(key) for key in ("api_id", "error", "Error", "error_code"))
    return own and 400 <= answer.status < 500 and answer.status != _REQUEST_TIMEOUT  # noqa: PLR2004 - 4xx


def _is_page(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"<"
