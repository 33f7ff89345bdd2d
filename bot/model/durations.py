"""A stretch of time as people write it into a file: `90m`, `48h`, `2d`."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WRITTEN = re.compile(r"([0-9]{1,8})([smhdw])")
_LONGEST = timedelta(days=366)


def parse_duration(text: object) -> timedelta:
    """A whole number and its unit (s, m, h, d, w) as a timedelta of more than nothing and at most 366 days.

    Raises ValueError with a reason that says how to write it.
    """
    written = _WRITTEN.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if written is None:
        raise ValueError(f'{text!r} is not a stretch of time: write "90m", "48h" or "2d"')
    length = timedelta(**{_UNITS[written[2]]: int(written[1])})
    if not timedelta(0) < length <= _LONGEST:
        raise ValueError(f"{text!r} must be longer than nothing and at most 366 days")
    return length
