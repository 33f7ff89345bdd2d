"""Reading the policy file: TOML in, a valid policy out, or every error with file, key and reason."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.model.errors import PolicyError
from bot.model.policy import Approvals, BreakGlass, Budgets, People, Place, Policy, Rule, contradictions
from bot.model.policy_keys import nearest

_Table = TypeVar("_Table", bound=BaseModel)

_TABLES: Mapping[str, type[BaseModel]] = {
    "approvals": Approvals,
    "rules": Rule,
    "budgets": Budgets,
    "people": People,
    "break_glass": BreakGlass,
}

_IN_OUR_WORDS = {
    "missing": "is missing",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "greater_than_equal": "must not be less than {ge}",
    "less_than_equal": "must not be more than {le}",
    "tuple_type": 'must be a list: ["…", "…"]',
    "tuple_type_of_tables": "stands under a heading with two brackets for each rule: [[rules]]",
    "model_type": "must be a table, with its keys below it",
}


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy and the very file it was read from."""

    policy: Policy
    path: Path
    sha256: str  #: of the file's bytes, hexadecimal: names this version of the policy in requests and the log


def read_policy(path: Path) -> LoadedPolicy:
    """The policy in this file.

    Raises PolicyError, whose message has a line `file: key: reason` for every error there is; a rule's key
    looks like `rules[2].max_monthly`, counted from 0.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PolicyError(f"{path}: there is no such file") from None
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from None
    return LoadedPolicy(parse_policy(content, str(path)), path, hashlib.sha256(content).hexdigest())


def parse_policy(content: bytes, name: str) -> Policy:
    """The policy in the bytes of a file of this name. Raises PolicyError as `read_policy` does."""
    data = _toml(content, name)
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    found = dict.fromkeys([(each["loc"], _reason(each)) for each in errors] + list(_further(data)))
    raise PolicyError("\n".join(f"{name}: {_line(data, place, why)}" for place, why in found))


def _toml(content: bytes, name: str) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{name}: line {line}: is not UTF-8 text") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        last = text.count("\n") + 1
        why = str(error).replace("at end of document", f"at line {last}, the end")
        raise PolicyError(f"{name}: is not valid TOML: {why}") from None


def _further(data: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What does not fit together among the tables that are fine, although others are not."""
    raw_rules = data.get("rules", [])
    rules = [_sound(Rule, raw) for raw in raw_rules] if isinstance(raw_rules, list) else []
    yield from contradictions(_sound(Approvals, data.get("approvals", {})), rules)


def _sound(table: type[_Table], raw: object) -> _Table | None:
    try:
        return table.model_validate(raw)
    except ValidationError:
        return None


def _reason(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(error["loc"])
    kind = "tuple_type_of_tables" if error["loc"] == ("rules",) else error["type"]
    ours = _IN_OUR_WORDS.get(kind)
    return ours.format(**context) if ours else error["msg"]


def _unknown_key(place: Place) -> str:
    key, parents = str(place[-1]), [part for part in place[:-1] if isinstance(part, str)]
    fields = _TABLES[parents[0]].model_fields if parents else _TABLES
    homes = [name for name, table in _TABLES.items() if key in table.model_fields]
    belongs = f"; it belongs under {' or '.join(map(_heading, homes))}" if homes else ""
    return f"is not a key here{belongs or nearest(key, fields)}"


def _heading(table: str) -> str:
    return "[[rules]]" if table == "rules" else f"[{table}]"


def _line(data: Mapping[str, Any], place: Place, reason: str) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return " ".join(
        f"{key}: {reason}{_whose(data, place)}".splitlines()
    )  # one line an error, whatever is quoted


def _whose(data: Mapping[str, Any], place: Place) -> str:
    """The rule's own name, because people count from 1 or not at all."""
    match place:
        case ("rules", int(index), *_) if isinstance(raw := data["rules"][index], dict) and raw.get("name"):
            return f' (rule "{raw["name"]}")'
    return ""
