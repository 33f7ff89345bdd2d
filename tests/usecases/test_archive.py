"""Old events go in portions: others write in between, and what a crash leaves goes with the next run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.model.audit_fault import Broken, Fault
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError
from bot.usecases.archive import Archived, NotArchived, Pace, archive
from bot.usecases.desk import Desk
from bot.usecases.verify import Proof, Sound, verify
from storage import audit, audit_chain
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.usecases.conftest import MakeBench
from tests.usecases.logs import ONE, event, log, run, sound

YEARS = timedelta(days=366 * 3)


@pytest.fixture
def aged(make_bench: MakeBench) -> Desk:
    """Ten events of three years ago, and two of today."""
    desk = replace(make_bench().desk, seal=Seal(make_key()[0]))
    desk.database.shift = -YEARS
    log(desk.database, 10)
    desk.database.shift = timedelta(0)
    log(desk.database, 2)
    return desk


def numbers(database: Database) -> list[int]:
    with database.read() as work:
        return [line.seq for line, _ in audit_chain.lines(work, ONE, -10)]


def texts(database: Database) -> set[int]:
    with database.read() as work:
        return {text.seq for text in audit_chain.texts(work, ONE, -10, 100)}


def pace(rest: Callable[[], object] = lambda: None, **more: int) -> Pace:
    return Pace(portion=3, rest=lambda: (rest(), None)[1], **more)


class Died(BaseException):
    """The process."""


def dead(desk: Desk, folder: Path, after: int = 1) -> Path:
    """The archive of a run that died after so many portions."""
    real, done = audit_chain.remove, count()

    def remove(*values: Any) -> None:
        real(*values)
        if next(done) == after:
            raise Died  # in the transaction of this portion

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_chain, "remove", remove)
        with pytest.raises(Died):
            archive(desk, folder, 2, pace=pace())
    (path,) = [one for one in folder.glob("*.jsonl") if ".texts" not in one.name]
    return path


def test_events_go_in_portions_and_the_oldest_first(aged: Desk, tmp_path: Path) -> None:
    seen: list[list[int]] = []
    (one,) = archive(aged, tmp_path, 2, pace=pace(lambda: seen.append(numbers(aged.database))))
    assert isinstance(one, Archived) and (one.first, one.last) == (1, 10)
    assert [left[0] for left in seen] == [4, 7, 10]
    assert numbers(aged.database) == [11, 12, 13]
    assert texts(aged.database) == {11}


def test_a_writer_gets_through_between_two_portions(aged: Desk, tmp_path: Path) -> None:
    """On another connection, and in another thread: it would wait for a transaction that is open."""

    def write() -> None:
        with aged.database.write() as work:
            audit.append(work, event())

    def meanwhile() -> None:
        writer = Thread(target=write)
        writer.start()
        writer.join(10)
        assert not writer.is_alive()
        assert sound(aged.database).first == 11

    archive(aged, tmp_path, 2, pace=pace(meanwhile))
    assert numbers(aged.database) == [11, 12, 13, 14, 15, 16]
    assert sound(aged.database).last == 16


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_a_crash_left_is_no_fault_and_the_next_run_deletes_it(
    aged: Desk, tmp_path: Path, after: int
) -> None:
    path = dead(aged, tmp_path, after)
    assert numbers(aged.database) == list(range(after * 3 + 1, 14))
    assert sound(aged.database).first == 11
    assert sound(aged.database, Proof(archives=[path])).first == 1
    assert archive(aged, tmp_path, 2, pace=pace()) == []
    assert numbers(aged.database) == [11, 12, 13]
    assert texts(aged.database) == {11}
    assert sound(aged.database, Proof(archives=[path])).last == 13


def test_the_next_run_goes_on_with_what_has_grown_old_since(aged: Desk, tmp_path: Path) -> None:
    dead(aged, tmp_path)
    aged.database.shift = YEARS
    (one,) = archive(aged, tmp_path, 2, pace=pace())
    assert isinstance(one, Archived) and (one.first, one.last) == (11, 13)
    assert numbers(aged.database) == [14]


@pytest.mark.parametrize(
    ("tamper", "seq"),
    [
        ("UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 8", 8),
        ("DELETE FROM audit_event WHERE seq = 8", 9),
        ("DELETE FROM audit_event WHERE seq = 10", 4),
        ("UPDATE audit_event SET seq = 0 WHERE seq = 4", 0),
        ("UPDATE audit_event SET at = 9000000000000000000 WHERE seq = 4", 4),
    ],
)
def test_what_was_not_archived_is_not_deleted_with_the_rest(
    aged: Desk, tmp_path: Path, tamper: str, seq: int
) -> None:
    dead(aged, tmp_path)
    with unguarded(aged.database) as work:
        run(work, tamper)
    there = numbers(aged.database) if "at =" not in tamper else []
    (found,) = archive(aged, tmp_path, 2, pace=pace())
    assert isinstance(found, NotArchived)
    assert (found.broken.seq, found.broken.fault) == (seq, Fault.INSERTED)
    if there:
        assert numbers(aged.database) == [*there, 14], "the attempt is logged"
    (checked,) = verify(aged.database)
    assert isinstance(checked, Broken)
    assert (checked.seq, checked.fault) == (seq, Fault.INSERTED)


def test_two_runs_at_once_do_no_harm(aged: Desk, tmp_path: Path) -> None:
    def other() -> None:
        assert archive(aged, tmp_path, 2, pace=pace()) == []

    (one,) = archive(aged, tmp_path, 2, pace=pace(other))
    assert isinstance(one, Archived)
    assert numbers(aged.database) == [11, 12, 13]


def test_a_row_that_cannot_be_read_is_not_archived(aged: Desk, tmp_path: Path) -> None:
    with unguarded(aged.database) as work:
        run(work, "UPDATE audit_event SET at = -9000000000000000000 WHERE seq = 4")
    (found,) = archive(aged, tmp_path, 2, pace=pace())
    assert isinstance(found, NotArchived)
    assert (found.broken.fault, "`python -m bot audit verify` names it" in found.broken.says) == (
        Fault.CHANGED,
        True,
    )


# --- the log is checked meanwhile ---


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "page", partial(audit_chain.page, limit=2))


@pytest.mark.usefixtures("small_pages")
def test_an_archive_that_is_made_while_the_log_is_checked_is_no_fault(aged: Desk, tmp_path: Path) -> None:
    told: list[int] = []

    def meanwhile(more: int) -> None:
        told.append(more)
        archive(aged, tmp_path, 2, pace=pace())

    (found,) = verify(aged.database, progress=meanwhile)
    assert isinstance(found, Sound), found
    assert (found.first, found.last) == (11, 13)
    assert len(told) > 2


def test_an_archive_between_two_looks_is_no_fault(
    aged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head was read before it, and the records of archives after it."""
    real = audit_chain.stubs

    def slow(work: object, workspace: str) -> list[audit_chain.Stub]:
        monkeypatch.undo()
        archive(aged, tmp_path, 2, pace=pace())
        with aged.database.read() as later:
            return real(later, workspace)

    monkeypatch.setattr(audit_chain, "stubs", slow)
    assert sound(aged.database).first == 11


@pytest.mark.usefixtures("small_pages")
def test_who_gives_archives_hears_which_one_came_while_they_were_checked(aged: Desk, tmp_path: Path) -> None:
    (first,) = archive(aged, tmp_path, 2, pace=pace())
    assert isinstance(first, Archived)

    def meanwhile(_: int) -> None:
        aged.database.shift = YEARS
        archive(aged, tmp_path, 2, pace=pace())

    with pytest.raises(SettingsError, match="Events 11 to 13 of T0ONE were archived as well: name the file"):
        verify(aged.database, Proof(archives=[first.path]), meanwhile)
    both = [one for one in tmp_path.glob("*.jsonl") if ".texts" not in one.name]
    assert sound(aged.database, Proof(archives=both)).archives == 2


@pytest.mark.usefixtures("small_pages")
def test_what_is_wrong_is_found_although_an_archive_is_made_meanwhile(aged: Desk, tmp_path: Path) -> None:
    with unguarded(aged.database) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 12")
    (found,) = verify(aged.database, progress=lambda _: archive(aged, tmp_path, 2, pace=pace()))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (12, Fault.CHANGED)


def test_after_a_change_of_keys_an_archive_of_each_is_believed(aged: Desk, tmp_path: Path) -> None:
    (first,) = archive(aged, tmp_path, 2, pace=pace())
    newer = replace(aged, seal=Seal(make_key()[0]))
    aged.database.shift = YEARS
    (second,) = archive(newer, tmp_path, 2, pace=pace())
    assert isinstance(first, Archived) and isinstance(second, Archived) and aged.seal and newer.seal
    keys = [aged.seal.public, newer.seal.public]
    for archives in ([], [first.path, second.path]):
        assert sound(aged.database, Proof(archives=archives, keys=keys)).archives == len(archives)
        for known in keys:
            (found,) = verify(aged.database, Proof(archives=archives, keys=[known]))
            assert isinstance(found, Broken)
            assert (found.seq, found.fault) == (11 if known == keys[0] else 1, Fault.ARCHIVE)
            assert "is not signed by a key that was expected" in found.says
