"""The benchmark of the log's questions: all are understood, an export is measured in its own process."""

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
    for kind in (taking.BARE, "jsonl"):
        took = taking.taken(database, kind)
        assert took.seconds > 0
        assert 10 < took.megabytes < 150
