"""The file of checkpoints: a crash in the middle of a line costs that line and no other, and is said."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.anchors import to_file
from bot.model.audit_anchor import Anchors, Checkpoint, read_anchors
from bot.model.audit_seal import Seal, make_key
from bot.model.errors import SettingsError

SEAL = Seal(make_key()[0])


def made(seq: int) -> Checkpoint:
    at = "2026-03-04T05:06:07.000008Z"
    return Checkpoint(workspace="T0ONE", seq=seq, hash=f"{seq:064x}", count=seq, at=at).sealed(SEAL)


def read(file: Path) -> Anchors:
    return read_anchors(file.read_text().splitlines())


def test_checkpoints_are_appended_a_line_each(tmp_path: Path) -> None:
    tell = to_file(tmp_path / "anchors.jsonl")
    with capture_logs() as logged:
        for seq in (1, 2, 3):
            tell(made(seq))
    assert read(tmp_path / "anchors.jsonl") == Anchors((made(1), made(2), made(3)), ())
    assert logged == []


@pytest.mark.parametrize("kept", [1, 5, 60, -1])
def test_a_line_that_a_crash_cut_off_swallows_no_other(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "anchors.jsonl"
    to_file(file)(made(1))
    with file.open("a") as half:
        half.write(made(2).to_json()[:kept])
    with capture_logs() as logged:
        to_file(file)(made(3))
        to_file(file)(made(4))
    assert read(file) == Anchors((made(1), made(3), made(4)), (2,))
    assert [(one["log_level"], one["file"]) for one in logged] == [("warning", str(file))]


def test_a_line_that_lacks_only_its_end_is_read(tmp_path: Path) -> None:
    file = tmp_path / "anchors.jsonl"
    file.write_text(made(1).to_json())
    to_file(file)(made(2))
    assert read(file) == Anchors((made(1), made(2)), ())


def test_a_line_that_swallowed_the_next_is_named_and_the_next_is_read() -> None:
    both = made(1).to_json()[:60] + made(2).to_json()
    assert read_anchors([both, made(3).to_json()]) == Anchors((made(2), made(3)), (1,))
    assert read_anchors([both[:-9], made(3).to_json()]) == Anchors((made(3),), (1,))


def test_what_cannot_be_read_or_is_no_file_is_written_all_the_same(tmp_path: Path) -> None:
    """A pipe has no end to look at."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    to_file(pipe)(made(1))
    assert read_anchors([os.read(reader, 4096).decode()]).told == (made(1),)
    os.close(reader)
    with pytest.raises(OSError, match="Is a directory"):
        to_file(tmp_path)(made(1))


@pytest.mark.parametrize("line", ['{"kind": 1', '{"at": 1}', '[{"at": "', '{"at": "x"}'])
def test_what_is_no_beginning_of_a_checkpoint_is_still_an_error(line: str) -> None:
    with pytest.raises(SettingsError, match="line 1 of the anchor file"):
        read_anchors([line])
