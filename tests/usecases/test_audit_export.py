"""The log taken away: nothing is left out, nothing runs in a spreadsheet, half a file never appears."""

import csv
import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.audit import Action, Actor, ActorType, AuditEvent, Outcome
from bot.model.audit_chain import hash_of_record, hash_of_text
from bot.model.audit_export import COLUMNS, Format, safe_cell
from bot.model.audit_query import AuditQuery, Is, Key, Term
from bot.model.audit_words import By
from bot.model.errors import Misread, NotUnderstood
from bot.shell_audit import bars, pointed
from bot.usecases.audit_export import count_events, export, stats
from bot.usecases.erase import Wish, erase
from bot.whole_file import whole_file
from storage import audit, audit_search
from storage.audit import Reader
from storage.audit_search import Counted
from storage.unit_of_work import Database
from tests.usecases.logs import ONE, log

NASTY = '=HYPERLINK("https://evil.example","für\nBob")'


def _log(database: Database, workspace: str, *reasons: str) -> None:
    with database.write() as work:
        for reason in reasons:
            event = AuditEvent(
                workspace=workspace,
                account="MAINVENTED",
                actor=Actor(ActorType.USER, "U0BEA"),
                action=Action.REQUEST_DENIED,
                number="14155550100",
                reason=reason,
                country="US",
            )
            audit.append(work, event)


def _taken(database: Database, kind: Format, query: AuditQuery | None = None) -> str:
    out = io.StringIO(newline="")
    export(database, query or AuditQuery(), kind, nullcontext(out), lambda _: None)
    return out.getvalue()


def test_json_has_every_event_and_every_field_a_line_each(database: Database) -> None:
    _log(database, "T0ONE", NASTY, "b")
    _log(database, "T0TWO", "c")
    lines = [json.loads(line) for line in _taken(database, Format.JSONL).splitlines()]
    numbers = [(line["event"]["workspace"], line["event"]["seq"]) for line in lines]
    assert numbers == [("T0ONE", 1), ("T0ONE", 2), ("T0TWO", 1)]
    event, reason = lines[0]["event"], lines[0]["texts"]["reason"]
    assert reason["text"] == NASTY
    assert event["actor"] == {"type": "user", "id": "U0BEA"}
    assert event["country"] == "US"
    assert hash_of_record(event) == lines[0]["hash"] == lines[1]["event"]["previous_hash"]
    assert hash_of_text(reason["salt"], NASTY) == event["reason_hash"]


def test_what_somebody_wrote_among_the_changes_is_in_every_format(database: Database) -> None:
    changes = {"from": NASTY}
    actor = Actor(ActorType.USER, "U0BEA")
    action = Action.REQUEST_REASON_CHANGED
    with database.write() as work:
        audit.append(
            work,
            AuditEvent(workspace="T0ONE", account="MA", actor=actor, action=action, changes=changes),
        )
    line = json.loads(_taken(database, Format.JSONL))
    assert line["texts"]["changes.from"]["text"] == NASTY
    of_actor = AuditQuery((Term(Key.ACTOR, (Is("U0BEA"),)),))
    (row,) = csv.DictReader(io.StringIO(_taken(database, Format.CSV, of_actor), newline=""))
    assert json.loads(row["changes"]) == changes
    assert json.loads(_taken(database, Format.OCSF, of_actor))["unmapped"]["changes"] == changes


def test_an_erased_text_is_said_to_be_erased(database: Database) -> None:
    _log(database, "T0ONE", "private")
    erase(database, "MA", Wish(user="U0BEA", reason="she asked"))
    of_actor = AuditQuery((Term(Key.ACTOR, (Is("U0BEA"),)),))
    line = json.loads(_taken(database, Format.JSONL, of_actor))
    assert line["texts"] == {"reason": {"salt": None, "text": None}}
    (row,) = csv.DictReader(io.StringIO(_taken(database, Format.CSV, of_actor), newline=""))
    assert row["reason"] == "(erased)"


def test_an_export_that_finds_nothing_is_logged_in_every_workspace(database: Database) -> None:
    _log(database, "T0ONE", "a")
    _log(database, "T0TWO", "b")
    assert _taken(database, Format.JSONL, AuditQuery((Term(Key.ACTOR, (Is("U0NOBODY"),)),))) == ""
    with database.read() as work:
        for workspace in ("T0ONE", "T0TWO"):
            newest = audit_search.page(work, Reader(workspace), AuditQuery(), limit=1)[0].event
            assert (newest.action, newest.changes["found"]) == (Action.AUDIT_EXPORTED, 0)


def test_a_spreadsheet_runs_nothing_and_shows_numbers_as_they_are(database: Database) -> None:
    _log(database, "T0ONE", NASTY)
    titles, row = list(csv.reader(io.StringIO(_taken(database, Format.CSV), newline="")))
    assert titles == list(COLUMNS)
    cells = dict(zip(titles, row, strict=True))
    assert (cells["reason"], cells["number"]) == ("'" + NASTY, "+14155550100")


def test_an_export_is_logged_with_its_query_and_count_where_something_was_taken(database: Database) -> None:
    _log(database, "T0ONE", "a", "b")
    _taken(database, Format.CSV, AuditQuery((Term(Key.ACTOR, (Is("U0BEA"),)),)))
    with database.read() as work:
        newest = audit_search.page(work, Reader("T0ONE"), AuditQuery(), limit=1)[0].event
    assert (newest.action, newest.actor.type) == (Action.AUDIT_EXPORTED, ActorType.OPERATOR)
    assert newest.changes == {"query": "actor:U0BEA", "format": "csv", "found": 2}


def test_events_are_counted_over_all_workspaces(database: Database) -> None:
    _log(database, "T0ONE", "a", "b")
    _log(database, "T0TWO", "c")
    assert count_events(database, AuditQuery()) == 3
    assert stats(database, AuditQuery(), By.PERSON) == [Counted("U0BEA", 3)]


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "+1415555010x",
    " =1", "\xa0=1", "\u3000\uff1d1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "\ufe661",
    "\tword", "\rword", "\nword", '"=1"', "+14155550100\n",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_what_could_be_a_formula_is_text(text: str) -> None:
    assert safe_cell(text).startswith("'")
    assert safe_cell(text).replace("'", "") == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("too dear;=1+1", "too dear;'=1+1"),
        ("a; @x;b", "a;' @x;b"),
        ('a;"=1"', """a;'"=1\""""),
        ("two\n-lines", "two\n'-lines"),
        ("a\r\n+1", "a\r'\n'+1"),
        ("a\t\uff1d1", "a\t'\uff1d1"),
        ("call +14155550100; a-b, -c = d", "call +14155550100; a-b, -c = d"),
        ("+14155550100", "+14155550100"),
        ("", ""),
    ],
)
def test_where_another_separator_ends_a_cell_what_follows_is_text_as_well(text: str, safe: str) -> None:
    assert safe_cell(text) == safe


@given(
    st.text(st.sampled_from("=+-@\uff1d\uff20;,\t\r\n \"'\xa0a1") | st.characters(exclude_categories=["Cs"]))
)
def test_no_cell_begins_as_a_formula_unless_it_is_a_phone_number(text: str) -> None:
    cell = safe_cell(text)
    assert cell.replace("'", "") == text.replace("'", "")
    if cell[:1] == "+":
        assert cell[1:].isdigit() and cell == text
        return
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["T0ONE", cell, "end"])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert row == ["T0ONE", cell, "end"]
    for begun in (cell, *re.split(r"[;\t\r\n]", out.getvalue())):
        assert not begun.strip(' "\xa0\r\n\t').startswith(("=", "+", "-", "@", "\uff1d", "\uff20")), begun


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    goal = tmp_path / "events.csv"
    with whole_file(goal) as out:
        out.write("one")
        assert not goal.exists()
    assert goal.read_text() == "one"
    assert list(tmp_path.iterdir()) == [goal]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As root a device went as well: /dev/null was a file then."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as others:
        read = others.submit(pipe.read_text)
        with whole_file(pipe) as out:
            out.write("one")
        assert read.result(10) == "one"
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_what_a_link_leads_to_is_written(tmp_path: Path) -> None:
    link, goal = tmp_path / "link", tmp_path / "goal"
    goal.write_text("before")
    link.symlink_to(goal)
    with whole_file(link) as out:
        out.write("one")
    assert link.is_symlink() and goal.read_text() == "one"


def test_a_file_that_cannot_be_begun_is_logged_and_so_is_one_that_finds_no_place(
    database: Database, tmp_path: Path
) -> None:
    log(database, 2)
    nowhere = whole_file(tmp_path / "none" / "log.jsonl")
    with pytest.raises(FileNotFoundError):
        export(database, AuditQuery(), Format.JSONL, nowhere, lambda _: None)
    assert outcomes(database) == [(Outcome.FAILURE, 0)]
    place = tmp_path / "place"
    with pytest.raises(IsADirectoryError):
        export(database, AuditQuery(), Format.JSONL, whole_file(place), lambda _: place.mkdir(exist_ok=True))
    assert outcomes(database) == [(Outcome.FAILURE, 3), (Outcome.SUCCESS, 3), (Outcome.FAILURE, 0)]


def outcomes(database: Database) -> list[tuple[Outcome, int]]:
    """How the exports ended and how many events they found, newest first."""
    with database.read() as work:
        found = audit_search.page(work, Reader(ONE), AuditQuery(), limit=9)
    exported = [one.event for one in found if one.event.action is Action.AUDIT_EXPORTED]
    return [(one.outcome, one.changes["found"]) for one in exported]


def test_an_export_that_breaks_leaves_the_file_before_it_alone(tmp_path: Path) -> None:
    goal = tmp_path / "events.csv"
    goal.write_text("before")

    def broken() -> None:
        with whole_file(goal) as out:
            out.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert goal.read_text() == "before"
    assert list(tmp_path.iterdir()) == [goal]


def test_a_bar_says_the_same_in_words() -> None:
    lines = bars([Counted("US", 3), Counted(None, 1)])
    assert [line.split("  ")[-1] for line in lines] == ["3 of 4 events, 75%", "1 of 4 events, 25%"]
    assert [line.count("█") for line in lines] == [20, 6]
    assert bars([]) == ["No events found."]


def test_a_caret_stands_below_the_word() -> None:
    problem = NotUnderstood((Misread("acton:x", "The log has no filter.", "action:x", at=9),))
    assert pointed("since:7d acton:x", problem) == [
        "since:7d acton:x",
        "         ^^^^^^^",
    ]
