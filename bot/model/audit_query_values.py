"""The values of a question to the log: each is read as its key means it, or answered with the nearest."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from bot.model import countries
from bot.model.audit import Action, Outcome
from bot.model.audit_query import Begins, Costs, During, Is, Key, Match
from bot.model.audit_query_words import SHOWN
from bot.model.money import UNITS_PER_DOLLAR
from bot.model.request import REQUEST_ID

People = Callable[[str], tuple[str, ...]]
"""The ids of those who have a name."""

E164_DIGITS = 15
"""Digits of the longest number there can be."""
_USER = re.compile(r"[UW][A-Z0-9]{2,}", re.ASCII)
OTHERS = ("system", "operator", "worker", "shell")
"""Actors that are no people: two kinds, and the one of each."""
_AGO = re.compile(r"(\d{1,4})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    rf"{_DAY.pattern}[T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,6}})?)?(Z|[+-]\d{{2}}:\d{{2}})?", re.ASCII
)
_USD = re.compile(r"\$?(\d{1,12}(?:\.\d{1,4})?)", re.ASCII)
_TICK = timedelta(microseconds=1)
_UNIT = Decimal(1) / UNITS_PER_DOLLAR
_COMPARED = re.compile(r"(>=|<=|>|<)(.*)", re.DOTALL)
_T = TypeVar("_T")

EXAMPLES: Mapping[Key, str] = {
    Key.ACTOR: "actor:worker",
    Key.ACTION: "action:purchase.*",
    Key.OUTCOME: "outcome:denied",
    Key.NUMBER: "number:+1415*",
    Key.COUNTRY: "country:US",
    Key.REQUEST: "request:R7K3M9QXZ2AB",
    Key.COST: "cost:>5",
    Key.SINCE: "since:7d",
    Key.CREATED: "created:2026-01-01..2026-02-01",
}


class WrongValue(Exception):
    """A value that is none of its key: why, and the nearest that is."""

    def __init__(self, problem: str, nearest: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.nearest = nearest


def read_value(key: Key, value: str, now: datetime, people: People) -> tuple[Match, ...]:
    """What `value` means for `key`. Raises WrongValue."""
    if not value.strip():
        raise WrongValue(f"`{key}:` needs a value.", EXAMPLES[key])
    if not value.strip("*"):
        raise WrongValue(f"`{key}:{value[:SHOWN]}` leaves nothing out: leave it away.", EXAMPLES[key])
    if key is Key.ACTOR:
        return _actors(value, people)
    return (_READERS[key](value.strip(), now),)


def _actors(value: str, people: People) -> tuple[Match, ...]:
    name = value.strip().removeprefix("@")
    if _USER.fullmatch(name) or name.lower() in OTHERS:
        return (Is(name if _USER.fullmatch(name) else name.lower()),)
    found = people(name)
    if not found:
        problem = f"Nobody known here is called “{value[:SHOWN]}”: mention the person, or write their id."
        near = get_close_matches(name.lower(), OTHERS, n=1, cutoff=0.6)
        raise WrongValue(problem, f"actor:{near[0]}" if near else EXAMPLES[Key.ACTOR])
    return tuple(map(Is, found))


def _action(value: str, _now: datetime) -> Match:
    names = [action.value for action in Action]
    pattern = value.lower()
    if pattern in names:
        return Is(pattern)
    begin = pattern[:-1]
    if pattern.endswith("*") and any(name.startswith(begin) for name in names):
        return Begins(begin)
    groups = {name.partition(".")[0] + ".*" for name in names}
    near = get_close_matches(pattern, [*names, *sorted(groups)], n=1, cutoff=0.3)
    nearest = f"action:{near[0]}" if near else EXAMPLES[Key.ACTION]
    raise WrongValue(f"There is no action “{value[:SHOWN]}”.", nearest)


def _outcome(value: str, _now: datetime) -> Match:
    names = [outcome.value for outcome in Outcome]
    if value.lower() in names:
        return Is(value.lower())
    near = get_close_matches(value.lower(), names, n=1, cutoff=0.3)
    nearest = f"outcome:{near[0] if near else Outcome.DENIED}"
    raise WrongValue(f"There is no outcome “{value[:SHOWN]}”.", nearest)


def _number(value: str, _now: datetime) -> Match:
    digits = re.sub(r"[+()\s.-]", "", value.removesuffix("*"))
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= E164_DIGITS):
        raise WrongValue(f"“{value[:SHOWN]}” is no number.", EXAMPLES[Key.NUMBER])
    return Begins(digits) if value.endswith("*") else Is(digits)


def _country(value: str, _now: datetime) -> Match:
    if found := countries.find(value):
        return Is(found)
    near = countries.nearest(value)
    code = countries.find(near) if near else None
    raise WrongValue(f"“{value[:SHOWN]}” is no country.", f"country:{code or 'US'}")


def _request(value: str, _now: datetime) -> Match:
    if not REQUEST_ID.fullmatch(value):
        raise WrongValue(f"“{value[:SHOWN]}” is no request.", EXAMPLES[Key.REQUEST])
    return Is(value.upper())


def _cost(value: str, _now: datetime) -> Match:
    least, most = _bounds(value, _usd, _UNIT)
    if least is not None and most is not None and least > most:
        raise WrongValue(f"`cost:{value[:SHOWN]}` runs backwards.", "cost:5..10")
    return Costs(least, most)


def _usd(text: str) -> tuple[Decimal, Decimal]:
    amount = _USD.fullmatch(text)
    if not amount:
        raise WrongValue(f"“{text[:SHOWN]}” is no amount in USD with at most four decimals.", "cost:>5")
    return Decimal(amount[1]), Decimal(amount[1])


def _since(value: str, now: datetime) -> Match:
    return During(_past(_moments(value, now)[0], now, value), None)


def _created(value: str, now: datetime) -> Match:
    first, last = _bounds(value, lambda text: _moments(text, now), _TICK)
    if first is not None and last is not None and first > last:
        raise WrongValue(f"`created:{value[:SHOWN]}` runs backwards.", EXAMPLES[Key.CREATED])
    if first is not None:
        _past(first, now, value)
    return During(first, last)


def _past(moment: datetime, now: datetime, value: str) -> datetime:
    if moment > now:
        raise WrongValue(f"“{value[:SHOWN]}” lies in the future; the log has what happened.", "since:7d")
    return moment


def _bounds(value: str, read: Callable[[str], tuple[_T, _T]], tick: Any) -> tuple[_T | None, _T | None]:
    """First and last, both included: `>5` begins one tick behind the whole of `5`."""
    low, dots, high = value.partition("..")
    if dots:
        if not (low or high):
            raise WrongValue("`..` stands between two values.", "cost:5..10")
        return read(low)[0] if low else None, read(high)[1] if high else None
    compared = _COMPARED.fullmatch(value)
    if not compared:
        return read(value)
    try:
        return _beyond(compared[1], *read(compared[2].strip()), tick)
    except OverflowError:
        raise WrongValue(f"“{value[:SHOWN]}” lies outside of all time.", "since:7d") from None


def _beyond(sign: str, first: Any, last: Any, tick: Any) -> tuple[Any, Any]:
    if sign.startswith(">"):
        return (first if sign == ">=" else last + tick), None
    return None, (last if sign == "<=" else first - tick)


def _moments(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The first and last microsecond of a month, a day or a moment, in UTC; `7d` is so long ago."""
    try:
        return _span(text, now)
    except (ValueError, OverflowError):  # the first and the last day of all have no other zone
        problem = f"“{text[:SHOWN]}” is no time: write how long ago, or a date such as 2026-01-31."
        raise WrongValue(problem, "since:7d") from None


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    if ago := _AGO.fullmatch(text.lower()):
        moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return moment, moment
    if month := _MONTH.fullmatch(text):
        first = datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)
        return first, (first + timedelta(days=31)).replace(day=1) - _TICK
    if not (_DAY.fullmatch(text) or _MOMENT.fullmatch(text)):
        raise ValueError  # Python reads weeks as well, and days without hyphens
    read = datetime.fromisoformat(text)
    moment = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if _DAY.fullmatch(text):
        return moment, moment + timedelta(days=1) - _TICK
    return moment, moment


_READERS: Mapping[Key, Callable[[str, datetime], Match]] = {
    Key.ACTION: _action,
    Key.OUTCOME: _outcome,
    Key.NUMBER: _number,
    Key.COUNTRY: _country,
    Key.REQUEST: _request,
    Key.COST: _cost,
    Key.SINCE: _since,
    Key.CREATED: _created,
}
