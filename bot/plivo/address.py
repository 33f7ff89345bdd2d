"""Addresses: the API's own, and the number in a path."""

import re
from urllib.parse import urlsplit

from bot.model.errors import Refused, SettingsError

_PUNCTUATION = re.compile(r"[\s+().-]")
_DIGITS = re.compile(r"[0-9]{3,20}", re.ASCII)


def base_address(url: str) -> str:
    """The address without a slash at its end. Raises SettingsError, which does not repeat the address."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError("PLIVO_API_URL must be like https://api.plivo.com: no user, no query.")
    return url.rstrip("/")


def path_number(number: str) -> str:
    """The digits of a number, however it is written. Raises Refused, before anything is sent."""
    digits = _PUNCTUATION.sub("", number)
    if not _DIGITS.fullmatch(digits):
        raise Refused("This is not a phone number; nothing was sent to the provider.")
    return digits
