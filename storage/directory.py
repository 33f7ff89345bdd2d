"""The directory at rest: what Slack last said of people and groups, shared by all processes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, true

from bot.model.people import Found, Group, Profile
from storage.schema import directory
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Entry:
    """What Slack said, and when; `found` is None if it could not be asked then."""

    at: datetime
    found: Found | None


_THESE = select(directory.c.id, directory.c.at, directory.c.found).where(
    directory.c.workspace == bindparam("whose"), directory.c.id.in_(bindparam("ids", expanding=True))
)


def find(work: UnitOfWork, workspace: str, ids: Iterable[str]) -> dict[str, Entry]:
    """What was last learned of these people and groups; nobody has asked about those who are left out."""
    rows = work.rows(_THESE, whose=workspace, ids=sorted(set(ids)))
    return {row["id"]: Entry(row["at"], _found(row["found"])) for row in rows}


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
