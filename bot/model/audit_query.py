"""The question to the log: `actor:@ann action:purchase.* outcome:denied number:+1415* since:7d`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from bot.model.audit import Action, Outcome
from bot.model.errors import Misread, NotUnderstood
from bot.model.request import REQUEST_ID

_LONGEST = 500
_E164_DIGITS = 15
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_USER = re.compile(r"[UW][A-Z0-9]{2,}|worker|shell", re.ASCII)
_AGO = re.compile(r"(\d{1,4})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events are asked for; None leaves a condition out. All must hold."""

    actor: str | None = None  #: a Slack user id, `worker` or `shell`
    action: str | None = None  #: an action, or its beginning followed by `*`
    number: str | None = None  #: digits, or their beginning followed by `*`
    outcome: Outcome | None = None
    since: datetime | None = None  #: UTC
    request: str | None = None  #: a request's id


def parse_audit_query(text: str, now: datetime) -> AuditQuery:
    """The query in `text`. Raises NotUnderstood naming each word that is not, and the nearest that is."""
    if len(text) > _LONGEST:
        raise NotUnderstood((Misread(text[:40], f"A query has at most {_LONGEST} characters."),))
    found: dict[str, object] = {}
    misreads: list[Misread] = []
    for word in _MENTION.sub(r"\1", text).replace("\N{NO-BREAK SPACE}", " ").split():
        try:
            key, value = _read(word, now)
        except NotUnderstood as problem:
            misreads += problem.misreads
            continue
        if key in found:
            misreads.append(Misread(word[:40], f"`{key}:` stands twice; once is enough."))
        found[key] = value
    if misreads:
        raise NotUnderstood(tuple(misreads[:5]))
    return AuditQuery(**found)  # type: ignore[arg-type]  # each reader returns its field's type


def _read(word: str, now: datetime) -> tuple[str, object]:
    key, colon, value = word.partition(":")
    if not colon or key.lower() not in _READERS:
        raise _unknown(word, key)
    if not value:
        raise NotUnderstood((Misread(word, f"`{key}:` needs a value.", _EXAMPLES[key.lower()]),))
    return key.lower(), _READERS[key.lower()](word, value, now)


def _unknown(word: str, key: str) -> NotUnderstood:
    near = get_close_matches(key.lower(), _READERS, n=1, cutoff=0.5)
    nearest = _EXAMPLES[near[0] if near else "action"]
    return NotUnderstood((Misread(word[:40], f"The log has no filter “{word[:40]}”.", nearest),))


def _actor(word: str, value: str, _now: datetime) -> str:
    user = value.lstrip("@")
    if not _USER.fullmatch(user):
        problem = f"“{word[:40]}” names nobody: mention the person, or write their id, `worker` or `shell`."
        raise NotUnderstood((Misread(word[:40], problem, "actor:worker"),))
    return user


def _action(word: str, value: str, _now: datetime) -> str:
    names = [action.value for action in Action]
    pattern = value.lower()
    if pattern in names or (pattern.endswith("*") and any(n.startswith(pattern[:-1]) for n in names)):
        return pattern
    near = get_close_matches(pattern, [*names, *{n.partition(".")[0] + ".*" for n in names}], n=1, cutoff=0.3)
    nearest = f"action:{near[0]}" if near else _EXAMPLES["action"]
    raise NotUnderstood((Misread(word[:40], f"There is no action “{value[:40]}”.", nearest),))


def _number(word: str, value: str, _now: datetime) -> str:
    tail = "*" if value.endswith("*") else ""
    digits = re.sub(r"[+()\s.-]", "", value.removesuffix("*"))
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _E164_DIGITS):
        raise NotUnderstood((Misread(word[:40], f"“{value[:40]}” is no number.", _EXAMPLES["number"]),))
    return digits + tail


def _outcome(word: str, value: str, _now: datetime) -> Outcome:
    try:
        return Outcome(value.lower())
    except ValueError:
        near = get_close_matches(value.lower(), [o.value for o in Outcome], n=1, cutoff=0.3)
        nearest = f"outcome:{near[0] if near else Outcome.DENIED}"
        raise NotUnderstood((Misread(word[:40], f"There is no outcome “{value[:40]}”.", nearest),)) from None


def _since(word: str, value: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(value.lower())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        day = datetime.fromisoformat(value)
        return day.replace(tzinfo=UTC) if day.tzinfo is None else day.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of all have no other zone
        problem = f"“{value[:40]}” is no time: write how long ago, or a date."
        raise NotUnderstood((Misread(word[:40], problem, "since:7d"),)) from None


def _request(word: str, value: str, _now: datetime) -> str:
    if not REQUEST_ID.fullmatch(value):
        raise NotUnderstood((Misread(word[:40], f"“{value[:40]}” is no request.", _EXAMPLES["request"]),))
    return value.upper()


_READERS: Mapping[str, Callable[[str, str, datetime], object]] = {
    "actor": _actor,
    "action": _action,
    "number": _number,
    "outcome": _outcome,
    "since": _since,
    "request": _request,
}
_EXAMPLES = {
    "actor": "actor:worker",
    "action": "action:purchase.*",
    "number": "number:+1415*",
    "outcome": "outcome:denied",
    "since": "since:7d",
    "request": "request:R7K3M9QXZ2AB",
}
