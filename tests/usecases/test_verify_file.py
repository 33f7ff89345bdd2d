"""An exported log is checked by itself: sound as it was taken, and whatever was done to it is named."""

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import hash_of_record
from bot.model.audit_export import Format
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_query import AuditQuery
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError
from bot.usecases.audit_export import export
from bot.usecases.erase import Wish, erase
from bot.usecases.verify import Sound
from bot.usecases.verify_file import verify_file
from storage import audit_stream
from storage.unit_of_work import Database
from tests.unit.test_cli import Shell
from tests.usecases.logs import ONE, TWO, log

PRIVATE, PUBLIC = make_key()


@pytest.fixture
def file(database: Database, tmp_path: Path) -> Path:
    """The export of ten events of one workspace and three of another."""
    log(database, 10)
    log(database, 3, workspace=TWO)
    return taken(database, tmp_path / "export.jsonl")


def taken(database: Database, to: Path) -> Path:
    out = io.StringIO()
    export(database, AuditQuery(), Format.JSONL, nullcontext(out), lambda _: None)
    to.write_text(out.getvalue())
    return to


def canonical(line: object) -> str:
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def changed(file: Path, number: int, change: Callable[[dict[str, dict[str, object]]], object]) -> Path:
    """The same file with one of its lines changed, and written as canonically as before."""
    lines = file.read_text().splitlines()
    line = json.loads(lines[number - 1])
    change(line)
    lines[number - 1] = canonical(line)
    file.write_text("\n".join(lines) + "\n")
    return file


def broken(file: Path) -> tuple[int, Fault]:
    (found,) = verify_file(file)
    assert isinstance(found, Broken)
    return found.seq, found.fault


def anchor(file: Path, number: int = 10) -> Checkpoint:
    line = json.loads(file.read_text().splitlines()[number - 1])
    seq = line["event"]["seq"]
    made = Checkpoint(workspace=ONE, seq=seq, hash=line["hash"], count=seq, at="2026-03-04T05:06:07.000008Z")
    return made.sealed(Seal(PRIVATE))


def test_an_export_is_sound_by_itself(file: Path) -> None:
    told: list[int] = []
    found = verify_file(file, progress=told.append)
    assert [(one.workspace, one.first, one.last) for one in found if isinstance(one, Sound)] == [
        (ONE, 1, 10),
        (TWO, 1, 3),
    ]
    assert sum(told) == file.stat().st_size


def test_erased_texts_are_counted_and_the_rest_holds(database: Database, tmp_path: Path) -> None:
    log(database, 10)
    erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))
    (found,) = verify_file(taken(database, tmp_path / "erased.jsonl"))
    assert isinstance(found, Sound)
    assert (found.last, found.erased) == (11, 2)


def test_a_text_that_is_erased_while_it_is_taken_away_is_said_to_be_so_in_the_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has the event that explains a blank, although it came in meanwhile; and no later one."""
    log(database, 10)
    log(database, 3, workspace=TWO)
    monkeypatch.setattr(audit_stream, "lines", partial(audit_stream.lines, size=4))
    out, path = io.StringIO(), tmp_path / "erased.jsonl"

    def meanwhile(events: int) -> None:
        if events == 4:
            erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))
            log(database, 2)

    export(database, AuditQuery(), Format.JSONL, nullcontext(out), meanwhile)
    path.write_text(out.getvalue())
    ours, theirs = verify_file(path)
    assert isinstance(ours, Sound) and isinstance(theirs, Sound), (ours, theirs)
    assert (ours.last, ours.erased, theirs.last, theirs.erased) == (11, 1, 4, 1)


def test_a_text_that_was_blanked_in_the_file_is_named(database: Database, tmp_path: Path) -> None:
    log(database, 10)
    erase(database, "MAONE", Wish(user="U0BEA", reason="she asked"))
    file = taken(database, tmp_path / "erased.jsonl")
    assert broken(
        changed(file, 4, lambda line: line["texts"].update(reason={"salt": None, "text": None}))
    ) == (
        4,
        Fault.TEXT,
    )


def test_a_changed_event_is_named(file: Path) -> None:
    assert broken(changed(file, 4, lambda line: line["event"].update(outcome="denied"))) == (4, Fault.CHANGED)


def test_a_changed_event_with_a_new_hash_is_named(file: Path) -> None:
    def forge(line: dict[str, dict[str, object]]) -> None:
        line["event"].update(outcome="denied")
        line.update(hash=hash_of_record(line["event"]))  # type: ignore[call-overload]

    assert broken(changed(file, 4, forge)) == (4, Fault.CHANGED)


def test_a_changed_text_is_named_and_so_is_one_that_is_missing_or_put_in(file: Path) -> None:
    before = file.read_text()
    assert broken(changed(file, 4, lambda line: line["texts"]["reason"].update(text="x"))) == (4, Fault.TEXT)  # type: ignore[attr-defined]
    file.write_text(before)
    assert broken(changed(file, 4, lambda line: line["texts"].clear())) == (4, Fault.TEXT)
    file.write_text(before)
    put_in = {"reason": {"salt": "a", "text": "b"}}
    assert broken(changed(file, 2, lambda line: line["texts"].update(put_in))) == (2, Fault.TEXT)


@pytest.mark.parametrize("text", ["nonsense", "{}", "[" * 2000, '{"event":1,"hash":2,"texts":3}', ""])
def test_a_line_that_no_export_writes_is_named(file: Path, text: str) -> None:
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:4], text, *lines[5:]]) + "\n")
    assert broken(file) == (5, Fault.CHANGED)


def test_what_the_hash_does_not_cover_cannot_be_added(file: Path) -> None:
    assert broken(changed(file, 4, lambda line: line["event"].update(note="x"))) == (4, Fault.CHANGED)


def test_a_missing_event_is_named_and_so_is_a_swapped_one(file: Path) -> None:
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:4], *lines[5:]]) + "\n")
    assert broken(file) == (5, Fault.MISSING)
    file.write_text("\n".join([*lines[:4], lines[5], lines[4], *lines[6:]]) + "\n")
    assert broken(file)[0] == 5


def test_a_cut_end_is_told_by_the_anchor_only(file: Path) -> None:
    known = anchor(file)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:7], *lines[10:]]) + "\n")
    assert all(isinstance(one, Sound) for one in verify_file(file))
    (found,) = verify_file(file, [known], [PUBLIC])
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (8, Fault.CUT_OFF)


def test_an_anchor_is_met_and_one_of_another_key_log_or_workspace_is_not(file: Path) -> None:
    known = anchor(file)
    found = verify_file(file, [known], [PUBLIC])[0]
    assert isinstance(found, Sound)
    assert found.anchors == 1
    (other,) = verify_file(file, [known], [make_key()[1]])
    assert isinstance(other, Broken)
    assert other.fault is Fault.ANCHOR
    forged = Checkpoint(workspace=ONE, seq=10, hash="0" * 64, count=10, at=known.at).sealed(Seal(PRIVATE))
    (rewritten,) = verify_file(file, [forged], [PUBLIC])
    assert isinstance(rewritten, Broken)
    assert rewritten.fault is Fault.REWRITTEN
    strange = Checkpoint(workspace="T0ELSE", seq=1, hash="0" * 64, count=1, at=known.at).sealed(Seal(PRIVATE))
    with pytest.raises(SettingsError, match="T0ELSE"):
        verify_file(file, [strange], [PUBLIC])


def test_the_shell_checks_a_file_without_a_database(file: Path, tmp_path: Path) -> None:
    shell = Shell(tmp_path, DATABASE_URL="sqlite:////nowhere/none.db")
    done = shell.run("audit", "verify", "--file", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("T0ONE: events 1 to 10 hold together")
    changed(file, 4, lambda line: line["event"].update(outcome="denied"))
    done = shell.run("audit", "verify", "--file", str(file))
    assert (done.returncode, "WRONG at event 4" in done.stderr) == (1, True)
    assert shell.run("audit", "verify", "--file", str(file), "--from", "3").returncode == 2
    assert shell.run("audit", "verify", "--file", "none.jsonl").returncode == 2
    file.write_text("id,at\n")
    assert "no export" in shell.run("audit", "verify", "--file", str(file)).stderr


@pytest.fixture
def late(file: Path) -> Path:
    """The same without its first four events, as where these are in an archive."""
    file.with_suffix(".whole").write_text(file.read_text())
    file.write_text("".join(file.read_text().splitlines(keepends=True)[4:]))
    return file


def test_the_checkpoint_before_the_first_event_binds_the_file(late: Path) -> None:
    kept = [anchor(late.with_suffix(".whole"), number) for number in (3, 4, 8)]
    found = verify_file(late, kept, [PUBLIC])[0]
    assert isinstance(found, Sound)
    assert (found.first, found.anchors, found.anchors_before) == (5, 2, 1)


def test_a_file_that_follows_on_other_events_than_were_anchored_was_written_anew(late: Path) -> None:
    forged = replace(anchor(late.with_suffix(".whole"), 4), hash="0" * 64).sealed(Seal(PRIVATE))
    (found,) = verify_file(late, [forged], [PUBLIC])
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (4, Fault.REWRITTEN)


def test_two_anchors_of_a_file_that_contradict_each_other_are_named(file: Path) -> None:
    other = replace(anchor(file), hash="0" * 64).sealed(Seal(PRIVATE))
    (found,) = verify_file(file, [other, anchor(file)], [PUBLIC])
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (10, Fault.REWRITTEN)
    assert "two anchors name different hashes" in found.says


def test_after_a_change_of_keys_each_may_have_signed(file: Path) -> None:
    private, public = make_key()
    newer = anchor(file, 10).sealed(Seal(private))
    found = verify_file(file, [anchor(file, 5), newer], [PUBLIC, public])[0]
    assert isinstance(found, Sound) and found.anchors == 2
    (alone,) = verify_file(file, [anchor(file, 5), newer], [public])
    assert isinstance(alone, Broken)
    assert (alone.seq, alone.fault) == (5, Fault.ANCHOR)
