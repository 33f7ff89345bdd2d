"""The log taken away from Slack: what the job holds, what the file holds, and what the log says of it."""

import csv
import errno
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.model.audit import Action, Outcome
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.errors import NotUnderstood
from bot.usecases.export_log import (
    Export,
    ExportComing,
    asked_for,
    log_export,
    log_no_export,
    request_export,
    written,
)
from handlers import exports
from handlers.parts import Parts
from handlers.post import Posted
from storage import audit_search, jobs
from storage.audit import Reader
from storage.audit_stream import Unreadable
from storage.jobs import Job
from tests.usecases.conftest import Bench


def job_of(bench: Bench) -> Job:
    with bench.desk.database.write() as work:
        job = jobs.claim(work, lease="L1", seconds=60, kinds=["export"])
    assert job is not None
    return job


def rows(bench: Bench, wanted: Export) -> list[dict[str, str]]:
    told: list[int] = []
    with written(bench.desk, wanted, lambda: told.append(1)) as made:
        content = made.file.read()
        found = list(csv.DictReader(StringIO(content.decode(), newline="")))
        assert told and made.events == len(found)
        assert made.size == len(content)
        assert made.name == "numberdesk-log.csv"
    return found


def test_what_is_asked_for_is_a_job_with_its_own_key(bench: Bench) -> None:
    bench.offers()
    coming = [request_export(bench.desk, bench.person("U0BOSS"), "action:search.*", Format.CSV) for _ in "ab"]
    assert coming == [ExportComing(1, Format.CSV, all_of_it=True)] * 2
    assert not coming[0].takes_a_while and ExportComing(100_001, Format.CSV, all_of_it=True).takes_a_while
    assert sum(key.startswith("export:") for key in bench.jobs()) == 2
    assert asked_for(job_of(bench)) == Export(bench.person("U0BOSS"), "action:search.*", Format.CSV)


def test_the_file_holds_what_its_reader_may_see(bench: Bench) -> None:
    bench.offers()
    bench.offers(user="U0BEA")
    all_of_it = rows(bench, Export(bench.person("U0BOSS"), "action:search.*", Format.CSV))
    assert [row["actor"] for row in all_of_it] == ["U0RITA", "U0BEA"]
    own = rows(bench, Export(bench.person("U0BEA"), "", Format.CSV))
    assert [row["actor"] for row in own] == ["U0BEA"]


def test_nothing_is_armed_for_what_is_not_understood(bench: Bench) -> None:
    with pytest.raises(NotUnderstood):
        request_export(bench.desk, bench.person("U0BOSS"), "actoin:x", Format.CSV)
    assert not any(key.startswith("export:") for key in bench.jobs())


def test_what_was_counted_and_what_could_not_be_sent_is_logged(bench: Bench) -> None:
    bench.offers()
    request_export(bench.desk, bench.person("U0BOSS"), "action:search.*", Format.CSV)
    (read,) = bench.logged(Action.AUDIT_READ)
    assert (read.actor.id, read.changes) == ("U0BOSS", {"query": "action:search.*", "found": 1})
    log_no_export(bench.desk, asked_for(job_of(bench)), "Slack says no")
    (failed,) = bench.logged(Action.AUDIT_EXPORTED)
    assert (failed.outcome, failed.reason) == (Outcome.FAILURE, "Slack says no")
    assert failed.changes == {"query": "action:search.*", "format": "csv"}


def test_the_log_says_what_was_handed_out(bench: Bench) -> None:
    log_export(bench.desk, Export(bench.person("U0BOSS"), "since:7d", Format.JSONL), 12)
    (event,) = bench.logged(Action.AUDIT_EXPORTED)
    assert event.actor.id == "U0BOSS"
    assert event.changes == {"query": "since:7d", "format": "jsonl", "found": 12}


def test_a_full_disk_is_tried_again_and_in_the_end_told_and_logged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was tried for ever, and nobody heard why no file came."""
    job, told = _failing(bench, monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    parts = cast("Parts", SimpleNamespace(desk=bench.desk, slack=None))
    assert exports.send(parts, job, lambda: None) == 2.0
    assert told == []
    assert exports.send(parts, replace(job, attempts=exports.MOST_TRIES), lambda: None) is None
    ((channel, words),) = told
    assert channel == "U0BOSS" and "its disk is full" in words
    assert _why(bench) == "the file could not be sent: file_not_written"


def test_a_log_that_cannot_be_read_is_told_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was tried for ever."""
    job, told = _failing(bench, monkeypatch, Unreadable())
    parts = cast("Parts", SimpleNamespace(desk=bench.desk, slack=None))
    assert exports.send(parts, job, lambda: None) is None
    ((channel, words),) = told
    assert channel == "U0BOSS" and "`python -m bot audit verify` names it" in words
    assert _why(bench) == "the file could not be sent: log_not_readable"


def _failing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> tuple[Job, list[tuple[str, str]]]:
    """An export that meets this, and what is told of it: to whom, and in which words."""
    request_export(bench.desk, bench.person("U0BOSS"), "", Format.CSV)
    told: list[tuple[str, str]] = []

    def fails(*_: object) -> int:
        raise problem

    def post(_: object, channel: str, message: dict[str, Any]) -> Posted:
        told.append((channel, str(message["text"])))
        return Posted(channel, "1.0")

    monkeypatch.setattr("bot.usecases.export_log.write_events", fails)
    monkeypatch.setattr(exports, "post", post)
    return job_of(bench), told


def _why(bench: Bench) -> str | None:
    """Why the log says that no file came."""
    with bench.desk.database.read() as work:
        newest = audit_search.page(work, Reader(bench.person("U0BOSS").workspace), AuditQuery(), limit=1)[0]
    assert (newest.event.action, newest.event.outcome) == (Action.AUDIT_EXPORTED, Outcome.FAILURE)
    return newest.event.reason
