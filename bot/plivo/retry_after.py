"""Retry-After: how long the provider asks us to wait."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
"""Seconds; a longer wish is cut to it."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from 0 to `LONGEST` that the header Retry-After names, by a number or by an HTTP date.

    `now` is seconds since 1970. None if there is no such header, or nobody can read it.
    """
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    seconds = _seconds(text)
    if seconds is None:
        seconds = _until(text, now)
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST)


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _until(text: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None
