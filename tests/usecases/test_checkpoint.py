"""Checkpoints, proofs and archives, on both databases."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.model.audit import Action, Outcome
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import digest
from bot.model.audit_fault import Broken, Fault
from bot.model.audit_query import AuditQuery
from bot.model.audit_seal import Seal, make_key
from bot.usecases.archive import Archived, NotArchived, Pace, archive, keep_since
from bot.usecases.checkpoint import checkpoint
from bot.usecases.desk import Desk
from bot.usecases.prove import NoSuchEvent, NotAnchored, NotAsWritten, prove
from bot.usecases.verify import Proof, Sound, verify
from storage import audit, audit_chain, audit_search, schema
from storage.audit import Reader
from storage.audit_chain import Stub
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.usecases.conftest import MakeBench
from tests.usecases.logs import ONE, TWO, log, run

SCRIPT = Path(__file__).parents[2] / "docs" / "check_proof.py"
YEARS = timedelta(days=366 * 3)


@pytest.fixture
def desk(make_bench: MakeBench) -> Desk:
    """A desk with a key."""
    return replace(make_bench().desk, seal=Seal(make_key()[0]))


def newest(database: Database, count: int = 1) -> list[audit.LoggedEvent]:
    with database.read() as work:
        return audit_search.page(work, Reader(ONE), AuditQuery(), limit=count)


# --- checkpoints ---


def test_a_checkpoint_says_where_the_log_stands_and_is_signed_and_recorded(desk: Desk) -> None:
    log(desk.database, 5)
    told: list[Checkpoint] = []
    (made,) = checkpoint(desk, {"here": told.append})
    assert told == [made]
    assert (made.workspace, made.seq, made.count) == (ONE, 5, 5)
    assert desk.seal and made.is_genuine([desk.seal.public])
    (recorded,) = newest(desk.database)
    assert (recorded.seq, recorded.event.action) == (6, Action.AUDIT_CHECKPOINT)
    assert recorded.event.changes["hash"] == made.hash
    assert recorded.event.changes["signature"] == made.signature
    assert recorded.event.context == {"published": ["here"]}
    (found,) = verify(desk.database, Proof(anchors=told, keys=[desk.seal.public]))
    assert isinstance(found, Sound) and found.anchors == 1


def test_a_log_that_has_not_grown_gets_no_second_checkpoint(desk: Desk) -> None:
    log(desk.database, 2)
    log(desk.database, 1, workspace=TWO)
    assert len(checkpoint(desk, {})) == 2
    assert checkpoint(desk, {}) == []
    log(desk.database, 1)
    assert [(made.workspace, made.seq) for made in checkpoint(desk, {})] == [(ONE, 4)]


def test_without_a_key_it_is_unsigned_and_says_so(desk: Desk) -> None:
    log(desk.database, 1)
    (made,) = checkpoint(replace(desk, seal=None), {})
    assert (made.key, made.signature) == (None, None)
    assert made.is_genuine([])
    assert not made.is_genuine(["x"])


def test_a_place_that_fails_keeps_no_other_from_hearing(desk: Desk) -> None:
    log(desk.database, 1)
    told: list[Checkpoint] = []

    def broken(_: Checkpoint) -> None:
        raise OSError("the disk is full")

    checkpoint(desk, {"file": broken, "slack": told.append})
    (recorded,) = newest(desk.database)
    assert len(told) == 1
    assert recorded.event.outcome is Outcome.FAILURE
    assert recorded.event.reason == "file: OSError: the disk is full"
    assert recorded.event.context == {"published": ["slack"]}


class Died(BaseException):
    """The process, between the checkpoint and its record."""


def test_a_crash_between_a_checkpoint_and_its_record_does_no_harm(desk: Desk) -> None:
    log(desk.database, 3)
    told: list[Checkpoint] = []

    def die(made: Checkpoint) -> None:
        told.append(made)
        raise Died

    with pytest.raises(Died):
        checkpoint(desk, {"here": die})
    log(desk.database, 1)
    checkpoint(desk, {"here": told.append})
    assert [made.seq for made in told] == [3, 4]
    (found,) = verify(desk.database, Proof(anchors=told))
    assert isinstance(found, Sound) and found.anchors == 2


# --- proofs ---


def checked(proof: object, public: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(file), public], capture_output=True, text=True, check=False
    )


def proven(desk: Desk) -> dict[str, Any]:
    """A proof of the fourth of eight events, by a checkpoint that was told after the seventh.

    The fifth is the attempt at a proof that came too early.
    """
    assert desk.seal
    log(desk.database, 4)
    (event,) = newest(desk.database)
    assert prove(desk.database, "MAONE", event.id, desk.seal.public) == NotAnchored()
    log(desk.database, 2)
    checkpoint(desk, {})
    log(desk.database, 1)
    proof = prove(desk.database, "MAONE", event.id, desk.seal.public)
    assert isinstance(proof, dict)
    return proof


def test_somebody_else_checks_a_proof_with_the_public_key_and_the_script(desk: Desk, tmp_path: Path) -> None:
    proof = proven(desk)
    assert [one["seq"] for one in proof["following"]] == [5, 6, 7]
    assert "because" not in json.dumps(proof["following"]), "nobody else's words"
    done = checked(proof, desk.seal.public if desk.seal else "", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "request.cancelled" in done.stdout
    assert "because of 3" in done.stdout


@pytest.mark.parametrize(
    "path",
    [
        ("event", "actor"), ("event", "at"), ("checkpoint", "seq"), ("checkpoint", "hash"),
        ("following", 0, "actor"), ("following", 1, "previous_hash"), ("texts", 0, "text"),
    ],
)  # fmt: skip
def test_a_proof_that_was_changed_is_refused_by_the_script(
    desk: Desk, tmp_path: Path, path: tuple[Any, ...]
) -> None:
    proof = proven(desk)
    part: Any = proof
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = "because I say so"
    done = checked(proof, desk.seal.public if desk.seal else "", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("WRONG")


def test_a_proof_that_leaves_an_event_out_is_refused_by_the_script(desk: Desk, tmp_path: Path) -> None:
    proof = proven(desk)
    del proof["following"][0]
    assert checked(proof, desk.seal.public if desk.seal else "", tmp_path).returncode == 1


def test_a_proof_of_another_key_is_refused_by_the_script(desk: Desk, tmp_path: Path) -> None:
    assert checked(proven(desk), make_key()[1], tmp_path).returncode == 1


def test_no_proof_vouches_for_what_was_changed_and_hashed_again(desk: Desk) -> None:
    """A proof that was signed afresh would be an anchor for whatever the database holds."""
    assert desk.seal
    proof = proven(desk)
    with unguarded(desk.database) as work:
        previous = ""
        lines = list(audit_chain.lines(work, ONE))
        for line, hashed in lines:
            forged = line._replace(actor="U0EVE") if line.seq == 4 else line
            forged = forged._replace(previous_hash=previous or line.previous_hash)
            previous = hashed if line.seq < 4 else digest(forged)
            of = (schema.audit_event.c.workspace == ONE) & (schema.audit_event.c.seq == line.seq)
            new = {"actor": forged.actor, "previous_hash": forged.previous_hash, "hash": previous}
            work.execute(schema.audit_event.update().where(of).values(new))
    assert prove(desk.database, "MAONE", proof["event"]["id"], desk.seal.public) == NotAsWritten(7)


def test_what_came_between_a_checkpoint_and_its_record_gets_one_of_its_own(desk: Desk) -> None:
    """It stood unanchored until another event came."""
    log(desk.database, 3)
    checkpoint(desk, {"here": lambda _: log(desk.database, 2)})
    (made,) = checkpoint(desk, {})
    assert made.seq == 6
    assert checkpoint(desk, {}) == []


def test_the_script_is_as_short_as_it_says() -> None:
    assert len(SCRIPT.read_text().splitlines()) <= 40


def test_there_is_no_proof_of_what_is_not_there_or_was_changed(desk: Desk) -> None:
    log(desk.database, 2)
    assert desk.seal
    (event,) = newest(desk.database)
    assert prove(desk.database, "MAONE", "E0NONE", desk.seal.public) == NoSuchEvent()
    with unguarded(desk.database) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 2")
    assert prove(desk.database, "MAONE", event.id, desk.seal.public) == NotAsWritten(2)


# --- archives ---


@pytest.fixture
def aged(desk: Desk) -> Desk:
    """Seven events of three years ago, and two of today."""
    desk.database.shift = -YEARS
    log(desk.database, 7)
    desk.database.shift = timedelta(0)
    log(desk.database, 2)
    return desk


def archived(desk: Desk, folder: Path, **more: int) -> list[Archived]:
    found = archive(desk, folder, 2, pace=Pace(**more))
    assert all(isinstance(one, Archived) for one in found)
    return [one for one in found if isinstance(one, Archived)]


def test_old_events_move_to_a_file_and_the_chain_goes_on_from_the_stub(aged: Desk, tmp_path: Path) -> None:
    (one,) = archived(aged, tmp_path / "old")
    assert (one.workspace, one.first, one.last) == (ONE, 1, 7)
    assert [event.seq for event in newest(aged.database, 20)] == [10, 9, 8]
    (recorded,) = newest(aged.database)
    assert recorded.event.action is Action.AUDIT_ARCHIVED
    assert recorded.event.changes["last"] == 7
    assert aged.seal
    (alone,) = verify(aged.database)
    (both,) = verify(aged.database, Proof(archives=[one.path], keys=[aged.seal.public]))
    assert isinstance(alone, Sound) and isinstance(both, Sound)
    assert (alone.first, alone.last) == (8, 10)
    assert (both.first, both.last, both.archives) == (1, 10, 1)
    log(aged.database, 1)
    assert isinstance(verify(aged.database)[0], Sound)
    assert archive(aged, tmp_path / "old", 2) == []


def test_what_people_wrote_is_in_a_file_of_its_own_that_can_be_erased(aged: Desk, tmp_path: Path) -> None:
    (one,) = archived(aged, tmp_path)
    assert "because" not in one.path.read_text()
    beside = one.path.with_suffix(".texts.jsonl")
    assert [json.loads(line)["text"] for line in beside.read_text().splitlines()] == [
        "because of 0", "because of 3", "because of 6",
    ]  # fmt: skip
    assert beside.stat().st_mode & 0o077 == 0
    (found,) = verify(aged.database, Proof(archives=[one.path]))
    assert isinstance(found, Sound) and (found.erased, found.apart) == (0, 0)
    beside.unlink()
    (found,) = verify(aged.database, Proof(archives=[one.path]))
    assert isinstance(found, Sound) and (found.erased, found.apart) == (0, 1)


@pytest.mark.parametrize(
    ("old", "new", "seq", "says"),
    [
        ("because of 3", "because of me", 4, "was changed beside"),
        ('"seq":4', '"seq":3', 3, "was put in beside"),
        ('{"actor"', '["actor"', 1, "no text of an event"),
        ('"field":"reason","salt"', '"field":"reasons","salt"', 1, "was put in beside"),
    ],
)
def test_what_people_wrote_beside_an_archive_is_checked_with_it(  # noqa: PLR0917 - rows of a table
    aged: Desk, tmp_path: Path, old: str, new: str, seq: int, says: str
) -> None:
    (one,) = archived(aged, tmp_path)
    beside = one.path.with_suffix(".texts.jsonl")
    assert old in beside.read_text()
    beside.write_text(beside.read_text().replace(old, new, 1))
    (found,) = verify(aged.database, Proof(archives=[one.path]))
    assert isinstance(found, Broken)
    assert (found.seq, found.fault) == (seq, Fault.TEXT) and says in found.says


def test_several_files_are_checked_together_in_any_order(aged: Desk, tmp_path: Path) -> None:
    kept = archived(aged, tmp_path, at_once=3)
    assert [(one.first, one.last) for one in kept] == [(1, 3), (4, 6), (7, 7)]
    paths = [one.path for one in reversed(kept)]
    (found,) = verify(aged.database, Proof(archives=paths))
    assert isinstance(found, Sound)
    assert (found.first, found.archives) == (1, 3)


def test_anchors_of_archived_events_are_met_in_the_file(aged: Desk, tmp_path: Path) -> None:
    with aged.database.read() as work:
        row = audit_chain.line_at(work, ONE, 5)
    assert row
    anchor = Checkpoint(workspace=ONE, seq=5, hash=row[1], count=5, at="")
    (one,) = archived(aged, tmp_path)
    (alone,) = verify(aged.database, Proof(anchors=[anchor]))
    (both,) = verify(aged.database, Proof(anchors=[anchor], archives=[one.path]))
    assert isinstance(alone, Sound) and isinstance(both, Sound)
    assert (alone.anchors, alone.anchors_before, both.anchors) == (0, 1, 1)


@pytest.mark.parametrize(
    ("old", "new"), [("U0BEA", "U0EVE"), ('{"event"', '{"even"'), ('"seq":5', '"seq":6'), ("\n{", "\n[")]
)
def test_a_changed_archive_is_found(aged: Desk, tmp_path: Path, old: str, new: str) -> None:
    (one,) = archived(aged, tmp_path)
    one.path.write_text(one.path.read_text().replace(old, new, 1))
    (found,) = verify(aged.database, Proof(archives=[one.path]))
    assert isinstance(found, Broken)
    assert found.fault is Fault.ARCHIVE


def test_a_log_that_does_not_hold_is_not_archived(aged: Desk, tmp_path: Path) -> None:
    with unguarded(aged.database) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 4")
    (found,) = archive(aged, tmp_path, 2)
    assert isinstance(found, NotArchived)
    assert (found.broken.seq, found.broken.fault) == (4, Fault.CHANGED)
    failed, *others = newest(aged.database, 20)
    assert len(others) == 9
    assert (failed.event.action, failed.event.outcome) == (Action.AUDIT_ARCHIVED, Outcome.FAILURE)
    assert failed.event.reason == found.broken.says
    assert failed.event.changes == {"first": 1, "last": 7}


def test_an_archive_that_another_process_took_is_not_taken_twice(aged: Desk) -> None:
    stub = Stub(ONE, 7, 1, "h", "s", None, datetime(2026, 1, 1, tzinfo=UTC))
    with aged.database.write() as work:
        assert audit_chain.let_go(work, stub)
        assert not audit_chain.let_go(work, stub)


def test_rows_that_are_about_to_go_lead_to_what_was_kept_of_them(aged: Desk, tmp_path: Path) -> None:
    """They may be let go bit by bit, and are there until the last bit went; others were put in."""
    with aged.database.read() as work:
        kept = work.execute(select(schema.audit_event).where(schema.audit_event.c.seq <= 7)).mappings().all()
    (one,) = archived(aged, tmp_path)
    for row in kept[3:]:
        put_back(aged.database, **row)
    for proof in (Proof(), Proof(archives=[one.path])):
        assert isinstance(verify(aged.database, proof)[0], Sound)
    put_back(aged.database, **{**kept[2], "actor": "U0EVE"})
    for proof in (Proof(), Proof(archives=[one.path])):
        (found,) = verify(aged.database, proof)
        assert isinstance(found, Broken)
        assert (found.seq, found.fault) == (3, Fault.INSERTED)
    assert isinstance(verify(aged.database, Proof(start=9))[0], Sound), "what is before it is believed"


def put_back(database: Database, **row: Any) -> None:
    with unguarded(database) as work:
        work.execute(insert(schema.audit_event).values(row))


@pytest.mark.parametrize(
    ("now", "since"),
    [("2026-03-04", "2024-03-04"), ("2028-02-29", "2026-02-28")],
)
def test_years_are_those_of_the_calendar(now: str, since: str) -> None:
    assert keep_since(datetime.fromisoformat(now), 2) == datetime.fromisoformat(since)
