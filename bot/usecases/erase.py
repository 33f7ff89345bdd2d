"""Takes what a person wrote out of the log. The chain holds its salted hash, and goes on holding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from bot.model.audit import Action, Outcome
from bot.model.audit_erased import Key, in_events
from bot.model.errors import SettingsError
from bot.usecases import record
from bot.usecases.archive_file import clear, forget, open_archive, texts_beside, texts_that
from storage import audit_chain
from storage.engine import is_refused
from storage.unit_of_work import Database, UnitOfWork

_Erased = dict[str, list[Key]]
"""The texts that went, by workspace."""
SHORTEST = 3
"""Characters of words that are erased wherever they stand: fewer would be in everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to go, and why."""

    user: str  #: Slack's id of who wrote it
    reason: str  #: written by the operator; it stands in the log
    naming: str | None = None  #: whatever anybody wrote in which this stands goes as well
    archives: Path | None = None  #: a folder of archives; what people wrote lies beside each


def erase(database: Database, account: str, wish: Wish) -> dict[str, int]:
    """How many texts were blanked, by workspace; that it was done, or could not be, is itself an event.

    Where nothing was found that is logged in every workspace: all were looked through. Raises SettingsError
    if the database refuses it to this role, and for a file that cannot be read or written.
    """
    try:
        erased = _erase(database, account, wish)
    except DBAPIError as problem:
        if not is_refused(problem):
            raise
        _log_failure(database, account, wish, "the database refused it to this role")
        raise SettingsError(
            "The database refuses that to this role: use the DATABASE_URL of the one that owns the tables."
        ) from problem
    for workspace, keys in _from_files(database, account, wish).items():
        erased.setdefault(workspace, []).extend(keys)
    if not erased:
        _log_nothing(database, account, wish)
    return {workspace: len(keys) for workspace, keys in erased.items()}


def _erase(database: Database, account: str, wish: Wish) -> _Erased:
    """What is in the database. Each log is held before its texts are touched, as the archive does it."""
    erased: _Erased = {}
    with database.write() as work:
        for head in audit_chain.heads(work):
            audit_chain.hold(work, head.workspace)
            keys = audit_chain.erase(work, head.workspace, wish.user)
            keys += audit_chain.erase_named(work, head.workspace, wish.naming) if wish.naming else []
            if keys:
                erased[head.workspace] = keys
        _log(work, account, wish, erased, where="texts")
    return erased


def _from_files(database: Database, account: str, wish: Wish) -> _Erased:
    """What lies beside archives that are recorded: another may just be written, and looks by itself.

    The log says first what will go: a text that is not there and of which it says nothing was taken out.
    """
    erased: _Erased = {}
    try:
        if wish.archives:
            clear(wish.archives)
        files = [
            (workspace, path, texts_that(path, lambda said: _is_theirs(said, wish)))
            for workspace, path in _archives(database, wish.archives)
        ]
        for workspace, _, keys in files:
            if keys:
                erased.setdefault(workspace, []).extend(keys)
        if erased:
            _log_files(database, account, wish, erased)
        for _, path, keys in files:
            if keys:
                forget(path, frozenset(keys))
    except (OSError, ValueError, SettingsError) as problem:
        says = f"a file beside an archive could not be changed: {problem}"
        _log_failure(database, account, wish, says)
        raise SettingsError(f"{says[0].upper()}{says[1:]}") from problem
    return erased


def _archives(database: Database, folder: Path | None) -> Iterator[tuple[str, Path]]:
    """The texts beside each archive in the folder that the database knows, with its workspace."""
    for path in sorted(folder.glob("*.texts.jsonl")) if folder else ():
        archive = open_archive(path.with_name(path.name.replace(".texts.jsonl", ".jsonl")))
        with database.read() as work:
            stubs = audit_chain.stubs(work, archive.workspace)
        if any((stub.first_seq, stub.seq) == (archive.first, archive.last) for stub in stubs):
            yield archive.workspace, texts_beside(archive.path)


def _is_theirs(said: Mapping[str, Any], wish: Wish) -> bool:
    if said.get("whose", said["actor"]) == wish.user:
        return True
    return bool(wish.naming) and str(wish.naming).casefold() in said["text"].casefold()


def _log_files(database: Database, account: str, wish: Wish, erased: _Erased) -> None:
    with database.write() as work:
        _log(work, account, wish, erased, where="archived")


def _log(work: UnitOfWork, account: str, wish: Wish, erased: _Erased, *, where: str) -> None:
    """That these texts went, by name: no other may be blank."""
    named = ((workspace, *one) for workspace, keys in erased.items() for one in in_events(keys))
    for workspace, count, which in named:
        changes = {"user": wish.user, **_naming(wish), where: count, "which": which}
        record.by_operator(work, account, workspace, Action.AUDIT_ERASED, reason=wish.reason, changes=changes)


def _naming(wish: Wish) -> dict[str, bool]:
    """That words were erased wherever they stood; which ones must not stand in the log."""
    return {"naming": True} if wish.naming else {}


def _log_nothing(database: Database, account: str, wish: Wish) -> None:
    changes = {"user": wish.user, **_naming(wish), "texts": 0}
    with database.write() as work:
        record.everywhere(work, account, Action.AUDIT_ERASED, reason=wish.reason, changes=changes)


def _log_failure(database: Database, account: str, wish: Wish, why: str) -> None:
    changes = {"user": wish.user, **_naming(wish)}
    with database.write() as work:
        record.everywhere(
            work, account, Action.AUDIT_ERASED, outcome=Outcome.FAILURE, reason=why, changes=changes
        )
