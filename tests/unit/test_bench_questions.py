"""The benchmark of the log's questions: all are understood, an export is measured in its own process."""

import shutil
from pathlib import Path

import pytest

from benchmarks import questions, taking
from storage.unit_of_work import Database


def test_each_kind_of_query_is_asked_of_both_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "TURNS", 1)
    with questions.filled(200, 2000) as (few, many):
        assert [one.name for one in questions.asked(few, many)] == list(questions.QUERIES)
        assert questions.by_key(many, 2000) > 0
        _is_measured(many)


def _is_measured(database: Database) -> None:
    took, theirs = taking.against(database, turns=1)
    assert took.processor > 0 and took.elapsed > 0 and 10 < took.megabytes < 150
    if shutil.which("sqlite3"):
        assert theirs and theirs > 0


def test_the_bench_says_that_there_is_no_yardstick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with questions.filled(20, 20) as (_, many):
        ours, theirs = taking.against(many, turns=1)
        assert theirs is None
        assert "is not installed" in questions.compared(many, ours, theirs)
