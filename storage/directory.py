"""The directory at rest: what Slack last said of people and groups, shared by all processes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, false, or_, select, true

from bot.model.people import Found, Group, Profile
from storage.prepared import Prepared
from storage.schema import directory
from storage.unit_of_work import UnitOfWork

AT_ONCE = 50
"""Ids in a statement: there is one for each number of them, and SQLite takes no 1,000 comparisons."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What Slack said, and when; `found` is None if it could not be asked then."""

    at: datetime
    found: Found | None


def find(work: UnitOfWork, workspace: str, ids: Iterable[str]) -> dict[str, Entry]:
    """What was last learned of these people and groups; nobody has asked about those who are left out."""
    each = sorted(set(ids))
    found: dict[str, Entry] = {}
    for first in range(0, len(each), AT_ONCE):
        wanted = {f"id_{place}": slack_id for place, slack_id in enumerate(each[first : first + AT_ONCE])}
        rows = work.rows(_these(tuple(wanted)), whose=workspace, **wanted)
        found |= {row["id"]: Entry(row["at"], _found(row["found"])) for row in rows}
    return found


@cache
def _these(names: tuple[str, ...]) -> Prepared:
    wanted = or_(false(), *(directory.c.id == bindparam(name) for name in names))
    columns = (directory.c.id, directory.c.at, directory.c.found)
    return Prepared(select(*columns).where(directory.c.workspace == bindparam("whose"), wanted))


def keep(work: UnitOfWork, workspace: str, slack_id: str, found: Found | None) -> None:
    """Writes down what Slack said, or that it could not be asked: then nothing older counts."""
    values = {"at": work.now, "found": _to_json(found)}
    new = work.insert(directory).values(workspace=workspace, id=slack_id, **values)
    work.execute(new.on_conflict_do_update(index_elements=["workspace", "id"], set_=values))


def called(work: UnitOfWork, workspace: str | None, name: str) -> tuple[str, ...]:
    """The ids of the people of that name, in capitals or not, with or without an `@`; None: anywhere."""
    wanted = name.strip().removeprefix("@").casefold()
    here = true() if workspace is None else directory.c.workspace == workspace
    rows = work.rows(select(directory.c.id, directory.c.found).where(here))
    entries = ((row["id"], _found(row["found"])) for row in rows)
    return tuple(
        sorted({i for i, found in entries if isinstance(found, Profile) and found.name.casefold() == wanted})
    )


def _to_json(found: Found | None) -> dict[str, Any] | None:
    if isinstance(found, Group):
        return {"name": found.name, "members": sorted(found.members)}
    return asdict(found) if found else None


def _found(kept: dict[str, Any] | None) -> Found | None:
    if kept is None:
        return None
    if "members" in kept:
        return Group(kept["name"], frozenset(kept["members"]))
    return Profile(**kept)
