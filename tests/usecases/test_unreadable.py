"""What no event ever held is named, wherever it is met first: in the log, a proof, a file or an anchor."""

from contextlib import nullcontext
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.audit_anchor import Checkpoint, read_anchors
from bot.model.audit_chain import digest, hash_of_record
from bot.model.audit_export import Format
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_query import AuditQuery
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError
from bot.usecases.audit_export import export
from bot.usecases.erase import Wish, erase
from bot.usecases.prove import NotAsWritten, prove
from bot.usecases.verify import Proof
from bot.usecases.verify_file import verify_file
from storage import audit, audit_chain, audit_stream
from storage.audit import Reader
from storage.audit_stream import Unreadable
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.usecases.logs import ONE, broken, event, log, run, sound
from tests.usecases.test_verify_file import changed, taken

IMPOSSIBLE = "at = 9000000000000000000"
"""What PostgreSQL keeps as well."""


def spoil(database: Database, seq: int, sqlite: str) -> None:
    """Writes into the row of an event what cannot be read any more."""
    what = sqlite if database.engine.dialect.name == "sqlite" else IMPOSSIBLE
    with unguarded(database) as work:
        run(work, f"UPDATE audit_event SET {what} WHERE seq = {seq}")  # noqa: S608


NO_TEXT = "actor = CAST(x'ff' AS TEXT)"
TWICE = """changes = '{"first"\\:1,"first"\\:2}'"""


@pytest.mark.parametrize("what", [TWICE, "changes = '[]'", NO_TEXT])
def test_an_archives_event_that_cannot_be_read_is_named(database: Database, what: str) -> None:
    """The check asks for those before it walks."""
    log(database, 3)
    with database.write() as work:
        audit.append(work, replace(event(), action=Action.AUDIT_ARCHIVED, changes={"first": 1}))
    spoil(database, 4, what)
    assert broken(database) == (4, Fault.CHANGED)


def test_a_check_that_begins_behind_an_event_that_cannot_be_read_says_so(database: Database) -> None:
    log(database, 5)
    spoil(database, 3, TWICE)
    if database.engine.dialect.name == "sqlite":
        assert broken(database, Proof(start=4)) == (3, Fault.CHANGED)
    else:
        assert sound(database, Proof(start=4)).first == 4, "its hash can be read, and is believed"


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_bytes_that_are_no_text_are_named(database: Database, seq: int) -> None:
    """SQLite's driver dies over them, and the shell blamed the address of the database."""
    log(database, 5)
    spoil(database, seq, NO_TEXT)
    assert broken(database) == (seq, Fault.CHANGED)


def test_a_text_that_is_none_any_more_is_named(database: Database) -> None:
    log(database, 5)
    sqlite = database.engine.dialect.name == "sqlite"
    with unguarded(database) as work:
        what = "CAST(x'ff' AS TEXT)" if sqlite else "'because'"
        run(work, f"UPDATE audit_text SET text = {what} WHERE seq = 4")  # noqa: S608
    assert broken(database) == (4, Fault.TEXT)


def test_an_event_whose_neighbour_cannot_be_read_is_named_first(database: Database) -> None:
    log(database, 5)
    spoil(database, 4, TWICE)
    with unguarded(database) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 3")
    assert broken(database) == (3, Fault.CHANGED)


def test_changes_that_are_no_object_are_found_although_they_were_hashed(database: Database) -> None:
    log(database, 5)
    with unguarded(database) as work:
        rows = list(audit_chain.lines(work, ONE))
        forged = digest(rows[4][0]._replace(changes=[]))  # type: ignore[arg-type]
        run(work, f"UPDATE audit_event SET changes = '[]', hash = '{forged}' WHERE seq = 5",  # noqa: S608
                  f"UPDATE audit_head SET hash = '{forged}'")  # fmt: skip  # noqa: S608
    assert broken(database) == (5, Fault.CHANGED)


@pytest.mark.parametrize("seq", [2, 3])
def test_an_event_that_cannot_be_read_has_no_proof(database: Database, seq: int) -> None:
    log(database, 4)
    with database.read() as work:
        found = audit_chain.line_at(work, ONE, 2)
    assert found
    spoil(database, seq, TWICE)
    assert prove(database, "MAONE", found[0].id, "") == NotAsWritten(seq)


@pytest.mark.parametrize("changes", [[], 1.5, "text"])
def test_a_file_whose_changes_are_no_object_is_named(
    database: Database, tmp_path: Path, changes: object
) -> None:
    log(database, 3)
    file = taken(database, tmp_path / "log.jsonl")

    def put(line: dict[str, Any]) -> None:
        line["event"]["changes"] = changes
        line["hash"] = hash_of_record(line["event"])

    (found,) = verify_file(changed(file, 3, put))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (3, Fault.CHANGED)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"at": ' * 100_000], ids=["lists", "objects"])
def test_an_anchor_that_is_too_deep_to_read_is_named(line: str) -> None:
    with pytest.raises(SettingsError, match="line 1 of the anchor file"):
        read_anchors([line])


def test_an_event_that_is_missing_ends_a_proof(database: Database) -> None:
    log(database, 5)
    with unguarded(database) as work:
        found = audit_chain.line_at(work, ONE, 2)
        run(work, "DELETE FROM audit_text WHERE seq = 3", "DELETE FROM audit_event WHERE seq = 3")
    assert found and prove(database, "MAONE", found[0].id, "") == NotAsWritten(3)


def test_what_cannot_be_read_behind_the_checkpoint_is_no_matter_of_a_proof(database: Database) -> None:
    seal = Seal(make_key()[0])
    log(database, 3)
    with database.write() as work:
        row = audit_chain.line_at(work, ONE, 3)
        assert row
        told = Checkpoint(
            workspace=ONE, seq=3, hash=row[1], count=3, at="2026-03-04T05:06:07.000008Z"
        ).sealed(seal)
        changes = {key: value for key, value in asdict(told).items() if key != "workspace"}
        audit.append(work, replace(event(), action=Action.AUDIT_CHECKPOINT, changes=changes))
    log(database, 2)
    spoil(database, 6, TWICE)
    proof = prove(database, "MAONE", row[0].id, seal.public)
    assert isinstance(proof, dict) and proof["checkpoint"]["seq"] == 3


def test_a_file_that_names_a_huge_number_takes_no_memory_for_it(database: Database, tmp_path: Path) -> None:
    log(database, 1)
    erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))
    file = taken(database, tmp_path / "log.jsonl")
    file.write_text(file.read_text().splitlines(keepends=True)[0])

    def put(line: dict[str, Any]) -> None:
        line["event"]["seq"] = 9_000_000_000_000_000
        line["hash"] = hash_of_record(line["event"])

    (found,) = verify_file(changed(file, 1, put))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (9_000_000_000_000_000, Fault.TEXT)


@pytest.mark.parametrize("seq", [1.0, "1", True])
def test_a_file_whose_number_is_none_is_no_export(database: Database, tmp_path: Path, seq: object) -> None:
    log(database, 1)

    def put(line: dict[str, Any]) -> None:
        line["event"]["seq"] = seq
        line["hash"] = hash_of_record(line["event"])

    with pytest.raises(SettingsError, match="is no export of the log"):
        verify_file(changed(taken(database, tmp_path / "log.jsonl"), 1, put))


@pytest.mark.parametrize("kind", [Format.CSV, Format.OCSF])
@pytest.mark.parametrize("what", [TWICE, NO_TEXT, IMPOSSIBLE])
def test_an_export_of_an_event_that_cannot_be_read_says_so_and_is_logged(
    database: Database, what: str, kind: Format
) -> None:
    """It ended with a traceback, or blamed the address of the database."""
    log(database, 3)
    spoil(database, 2, what)
    with pytest.raises(Unreadable, match="audit verify"):
        export(database, AuditQuery(), kind, nullcontext(StringIO()), lambda _: None)
    with database.read() as work:
        newest = audit_chain.newest_of(work, ONE, Action.AUDIT_EXPORTED)
    assert newest and newest[0].outcome == Outcome.FAILURE


def test_json_lines_of_bytes_that_are_no_text_say_so(database: Database) -> None:
    log(database, 3)
    spoil(database, 2, NO_TEXT)
    lines = audit_stream.lines(database, Reader(None), AuditQuery())
    if database.engine.dialect.name == "sqlite":
        with pytest.raises(Unreadable):
            list(lines)
    else:  # there the moment is far away, and can be written
        assert [len(page) for _, page in lines] == [3]
