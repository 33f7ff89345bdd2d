"""What a person wrote is taken out of the log, the desk's words about it and archives included."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model.audit import ERASED, SYSTEM, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_query import AuditQuery
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError
from bot.usecases import archive_file
from bot.usecases.archive import Archived, archive
from bot.usecases.desk import Desk
from bot.usecases.erase import Wish, erase
from bot.usecases.name import name
from bot.usecases.verify import Proof, Sound, verify
from storage import audit, audit_chain, audit_search
from storage.audit import Reader
from storage.unit_of_work import Database, UnitOfWork
from tests.usecases.conftest import Bench, MakeBench
from tests.usecases.logs import ONE, TWO, log

YEARS = timedelta(days=366 * 3)
BEA, ADA = Actor(ActorType.USER, "U0BEA"), Actor(ActorType.USER, "U0ADA")


def wrote(database: Database, reason: str, actor: Actor = BEA, *, whose: str | None = None) -> None:
    with database.write() as work:
        audit.append(work, AuditEvent(
            workspace=ONE, account="MAONE", actor=actor, action=Action.NUMBER_NAMED, reason=reason,
            on_behalf_of=whose,
        ))  # fmt: skip


def events(database: Database) -> list[LoggedEvent]:
    """Oldest first."""
    with database.read() as work:
        return audit_search.page(work, Reader(ONE), AuditQuery(), limit=50)[::-1]


def reasons(database: Database) -> list[str | None]:
    return [one.event.reason for one in events(database) if one.event.action is Action.NUMBER_NAMED]


def wish(**more: object) -> Wish:
    return replace(Wish(user="U0BEA", reason="she asked"), **more)  # type: ignore[arg-type]


def test_what_the_desk_says_of_it_goes_as_well_and_what_others_say_stays(database: Database) -> None:
    wrote(database, "mine")
    wrote(database, "named “Bea's line”", SYSTEM, whose="U0BEA")
    wrote(database, "named “Ada's line”", SYSTEM, whose="U0ADA")
    wrote(database, "Bea may have it", ADA, whose="U0BEA")
    wrote(database, "the desk by itself", SYSTEM)
    assert erase(database, "MAONE", wish()) == {ONE: 2}
    assert reasons(database) == [
        ERASED, ERASED, "named “Ada's line”", "Bea may have it", "the desk by itself",
    ]  # fmt: skip
    (found,) = verify(database)
    assert isinstance(found, Sound) and found.erased == 2


def test_a_number_that_is_named_for_somebody_is_theirs(bench: Bench) -> None:
    bench.asked(alias="Rita's own line")
    bench.work()
    name(bench.desk, bench.purchase().id, 9)
    assert "Rita's own line" in str(bench.logged(Action.NUMBER_NAMED))
    erase(bench.desk.database, "MAONE", Wish(user="U0RITA", reason="she asked"))
    assert "Rita's own line" not in str(bench.logged(Action.NUMBER_NAMED))


def test_words_go_wherever_they_stand_and_are_not_named_in_the_log(database: Database) -> None:
    wrote(database, "ask BEA ÖZIL about it", ADA)
    wrote(database, "100% of it_", ADA)
    wrote(database, "1005 of its", ADA)
    assert erase(database, "MAONE", wish(naming="Bea Özil")) == {ONE: 1}
    assert erase(database, "MAONE", wish(naming="100% of it_")) == {ONE: 1}
    assert reasons(database) == [ERASED, ERASED, "1005 of its"]
    assert events(database)[-1].event.changes == {
        "user": "U0BEA", "naming": True, "texts": 1, "which": {"reason": "2"},
    }  # fmt: skip
    assert "zil" not in str(events(database))


def test_an_erasure_that_finds_nothing_is_logged_in_every_workspace(database: Database) -> None:
    log(database, 3)
    log(database, 1, workspace=TWO)
    assert erase(database, "MAONE", Wish(user="U0NOBODY", reason="they asked")) == {}
    for workspace in (ONE, TWO):
        with database.read() as work:
            (newest,) = audit_search.page(work, Reader(workspace), AuditQuery(), limit=1)
        assert (newest.event.action, newest.event.reason) == (Action.AUDIT_ERASED, "they asked")
        assert newest.event.changes == {"user": "U0NOBODY", "texts": 0}


# --- archives ---


@pytest.fixture
def aged(make_bench: MakeBench) -> Desk:
    """Four events of three years ago, the first and the last with a reason of Bea's and of Ada's."""
    desk = replace(make_bench().desk, seal=Seal(make_key()[0]))
    desk.database.shift = -YEARS
    log(desk.database, 4)
    desk.database.shift = timedelta(0)
    return desk


def archived(desk: Desk, folder: Path) -> Path:
    (one,) = archive(desk, folder, 2)
    assert isinstance(one, Archived)
    return one.path


def beside(path: Path) -> list[str]:
    texts = archive_file.texts_beside(path).read_text()
    return [json.loads(line)["text"] for line in texts.splitlines()]


def test_what_lies_beside_an_archive_is_erased_and_its_seal_holds(aged: Desk, tmp_path: Path) -> None:
    path = archived(aged, tmp_path)
    assert beside(path) == ["because of 0", "because of 3"]
    assert erase(aged.database, "MAONE", wish(archives=tmp_path)) == {ONE: 1}
    assert beside(path) == ["because of 3"]
    assert archive_file.texts_beside(path).stat().st_mode & 0o077 == 0
    newest = events(aged.database)[-1].event
    assert newest.changes == {"user": "U0BEA", "archived": 1, "which": {"reason": "1"}}
    named = wish(user="U0EVE", naming="BECAUSE of 3", archives=tmp_path)
    assert erase(aged.database, "MAONE", named) == {ONE: 1}
    assert beside(path) == []
    (found,) = verify(aged.database, Proof(archives=[path]))
    assert isinstance(found, Sound) and (found.erased, found.apart) == (2, 0)


def test_a_text_that_was_taken_out_beside_an_archive_is_found(aged: Desk, tmp_path: Path) -> None:
    path = archived(aged, tmp_path)
    texts = archive_file.texts_beside(path)
    _, last = texts.read_text().splitlines(keepends=True)
    assert erase(aged.database, "MAONE", wish(archives=tmp_path)) == {ONE: 1}
    assert texts.read_text() == last
    texts.write_text("")
    (found,) = verify(aged.database, Proof(archives=[path]))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (4, Fault.TEXT)
    assert "blank, and no event says that it was erased" in found.says


def test_what_was_erased_before_it_was_archived_is_counted_and_no_fault(aged: Desk, tmp_path: Path) -> None:
    erase(aged.database, "MAONE", wish())
    path = archived(aged, tmp_path)
    (found,) = verify(aged.database, Proof(archives=[path]))
    assert isinstance(found, Sound) and found.erased == 1


def test_files_that_cannot_be_changed_are_named_before_and_no_text_goes_unsaid(
    aged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash behind the first of two files left a text gone of which no event spoke."""
    path = archived(aged, tmp_path)

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(archive_file, "write_private", full)
    with pytest.raises(SettingsError, match="the disk is full"):
        erase(aged.database, "MAONE", wish(archives=tmp_path))
    said, failed = (one.event for one in events(aged.database)[-2:])
    assert (said.changes["which"], failed.outcome) == ({"reason": "1"}, Outcome.FAILURE)
    monkeypatch.undo()
    assert isinstance(verify(aged.database, Proof(archives=[path]))[0], Sound)


def test_what_is_erased_while_its_archive_is_written_is_not_kept_beside_it(
    aged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The texts were written before, and their rows were deleted after: they would have lived on."""
    real = archive_file.open_archive

    def slow(path: Path) -> archive_file.Archive:
        monkeypatch.undo()
        assert erase(aged.database, "MAONE", wish(archives=tmp_path)) == {ONE: 1}
        return real(path)

    monkeypatch.setattr(archive_file, "open_archive", slow)
    path = archived(aged, tmp_path)
    assert beside(path) == ["because of 3"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_process_that_was_too_slow_brings_no_erased_text_back(
    aged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = archive_file.open_archive

    def slow(path: Path) -> archive_file.Archive:
        monkeypatch.undo()
        archived(aged, tmp_path)  # the other one
        erase(aged.database, "MAONE", wish(archives=tmp_path))
        return real(path)

    monkeypatch.setattr(archive_file, "open_archive", slow)
    assert archive(aged, tmp_path, 2) == []
    (path,) = [one for one in tmp_path.glob("*.jsonl") if ".texts" not in one.name]
    assert beside(path) == ["because of 3"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_beside_an_archive_that_cannot_be_changed_is_an_error_and_logged(
    aged: Desk, tmp_path: Path
) -> None:
    path = archived(aged, tmp_path)
    archive_file.texts_beside(path).write_text("no JSON\n")
    with pytest.raises(SettingsError, match="beside an archive could not be changed"):
        erase(aged.database, "MAONE", wish(archives=tmp_path))
    newest = events(aged.database)[-1].event
    assert (newest.action, newest.outcome) == (Action.AUDIT_ERASED, Outcome.FAILURE)


@pytest.mark.parametrize("orphan", ["", "[]", "1", "{}", "gone", "folder"])
def test_a_file_of_texts_that_nothing_can_be_done_with_is_an_error_and_logged(
    aged: Desk, tmp_path: Path, orphan: str
) -> None:
    """Without its archive, not a line of an object, or no file at all."""
    path = archived(aged, tmp_path)
    texts = archive_file.texts_beside(path)
    if orphan == "folder":
        texts.unlink()
        texts.mkdir()
    elif orphan in {"", "gone"}:
        path.unlink() if orphan == "gone" else path.write_text("")
    else:
        texts.write_text(f"{orphan}\n")
    with pytest.raises(SettingsError, match="numberdesk-audit"):
        erase(aged.database, "MAONE", wish(archives=tmp_path))
    newest = events(aged.database)[-1].event
    assert (newest.action, newest.outcome) == (Action.AUDIT_ERASED, Outcome.FAILURE)


def test_what_a_process_that_died_left_of_a_file_of_texts_goes_as_well(aged: Desk, tmp_path: Path) -> None:
    path = archived(aged, tmp_path)
    texts = archive_file.texts_beside(path)
    left = [texts.with_suffix(".X0DEAD.partial"), texts.with_name(f"{texts.name}.partial")]
    for one in left:
        one.write_bytes(texts.read_bytes())
    erase(aged.database, "MAONE", wish(archives=tmp_path))
    assert not any(one.exists() for one in left)
    assert beside(path) == ["because of 3"]


def test_a_file_of_texts_that_is_deleted_before_it_is_in_its_place_is_written_again(
    aged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = audit_chain.hold

    def slow(work: UnitOfWork, workspace: str) -> None:
        monkeypatch.undo()
        (partial,) = tmp_path.glob("*.texts.*partial")
        partial.unlink()  # as an erasure that found nothing in the database does
        real(work, workspace)

    monkeypatch.setattr(audit_chain, "hold", slow)
    path = archived(aged, tmp_path)
    assert beside(path) == ["because of 0", "because of 3"]
    assert not list(tmp_path.glob("*.partial"))


def test_texts_beside_an_archive_that_cannot_be_read_are_no_reason_to_die(aged: Desk, tmp_path: Path) -> None:
    """They are for their owner alone: whoever else checks may read the archive only."""
    path = archived(aged, tmp_path)
    texts = archive_file.texts_beside(path)
    texts.unlink()
    texts.mkdir()
    with pytest.raises(SettingsError, match=f"{texts.name} cannot be read"):
        verify(aged.database, Proof(archives=[path]))


def test_an_archive_that_cannot_be_written_is_logged_and_nothing_goes(aged: Desk, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("a file, and no folder")
    (failed,) = archive(aged, tmp_path / "old", 2)
    assert not isinstance(failed, Archived)
    *kept, newest = events(aged.database)
    assert len(kept) == 4
    assert (newest.event.action, newest.event.outcome) == (Action.AUDIT_ARCHIVED, Outcome.FAILURE)
    assert "could not be written: File exists" in str(newest.event.reason)
