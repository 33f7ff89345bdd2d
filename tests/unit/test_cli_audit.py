"""The log's commands: verify, prove, key, erase and archive, as an operator runs them."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text

from bot.log_shell import event_line
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_query import AuditQuery
from bot.model.audit_seal import Seal, make_key
from bot.model.people import Profile
from bot.usecases.checkpoint import checkpoint
from bot.usecases.desk import Desk
from storage import audit_chain, audit_search, directory, migrate
from storage.audit import Reader
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.tamper import unguarded
from tests.unit.test_cli import Shell
from tests.usecases.logs import ONE, log, run
from tests.usecases.queries import BAD

PRIVATE, PUBLIC = make_key()
SCRIPT = Path(__file__).parents[2] / "docs" / "check_proof.py"


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Database]:
    """A log of eight events, on SQLite: the use cases themselves are tested on both databases."""
    database = Database(make_engine(f"sqlite:///{tmp_path / 'numberdesk.db'}"))
    migrate.upgrade(database.engine)
    log(database, 8)
    yield database
    database.engine.dispose()


@pytest.fixture
def shell(rows: Database, tmp_path: Path) -> Shell:
    return Shell(tmp_path, AUDIT_SIGNING_KEY=PRIVATE)


def anchor(rows: Database, workspace: str = ONE, seal: Seal | None = None) -> str:
    with rows.read() as work:
        head = audit_chain.head(work, ONE)
    assert head
    made = Checkpoint(workspace=workspace, seq=head.seq, hash=head.hash, count=head.seq, at="")
    return made.sealed(seal or Seal(PRIVATE)).to_json()


def test_a_sound_log_is_said_to_be_so_and_the_check_is_logged(shell: Shell, rows: Database) -> None:
    done = shell.run("audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("T0ONE: events 1 to 8 hold together; no anchor was met")
    logged = json.loads(shell.run("audit", "query", "action:audit.verified", "--json").stdout)
    assert [(e["seq"], e["actor"]["id"], e["changes"]["last"]) for e in logged] == [(9, "shell", 8)]


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    assert Shell(tmp_path).run("audit", "verify").stdout == "The log is empty.\n"


def test_a_broken_log_ends_with_1_and_names_the_event(shell: Shell, rows: Database) -> None:
    with unguarded(rows) as work:
        run(work, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 3")
    done = shell.run("audit", "verify")
    assert done.returncode == 1
    assert done.stderr.startswith("T0ONE: WRONG at event 3 (changed): event 3 was changed")
    (found,) = json.loads(shell.run("audit", "verify", "--json").stdout)
    assert (found["sound"], found["seq"], found["fault"]) == (False, 3, "changed")
    assert shell.run("audit", "verify", "--from", "5").returncode == 0


def test_an_anchor_is_met_and_one_of_another_workspace_key_or_kind_is_refused(
    shell: Shell, rows: Database
) -> None:
    file = shell.at / "anchors.jsonl"
    file.write_text(anchor(rows) + "\n")
    assert "1 anchors met" in shell.run("audit", "verify", "--anchor", str(file)).stdout
    other = make_key()[1]
    done = shell.run("audit", "verify", "--anchor", str(file), "--key", other)
    assert (done.returncode, "not signed by a key" in done.stderr) == (1, True)
    file.write_text(anchor(rows, "T0ELSE"))
    done = shell.run("audit", "verify", "--anchor", str(file))
    assert (done.returncode, "is of workspace T0ELSE" in done.stderr) == (2, True)
    for content in ("", "nonsense"):
        file.write_text(content)
        assert shell.run("audit", "verify", "--anchor", str(file)).returncode == 2
    assert shell.run("audit", "verify", "--anchor", str(shell.at / "none")).returncode == 2
    assert shell.run("audit", "verify", "--key", "short").returncode == 2


def test_a_half_written_anchor_is_named_and_the_rest_is_met(shell: Shell, rows: Database) -> None:
    file = shell.at / "anchors.jsonl"
    whole = anchor(rows)
    file.write_text(f"{whole[:50]}\n{whole}\n")
    done = shell.run("audit", "verify", "--anchor", str(file))
    assert done.returncode == 0 and "1 anchors met" in done.stdout
    assert (
        done.stderr == f"Line 1 of {file} was cut off, and is no checkpoint any more; the others are read.\n"
    )
    file.write_text(whole[:50])
    done = shell.run("audit", "verify", "--anchor", str(file))
    assert (done.returncode, "holds no checkpoint" in done.stderr) == (2, True)


def test_old_and_new_keys_are_both_named(shell: Shell, rows: Database) -> None:
    file, newer = shell.at / "anchors.jsonl", Seal(make_key()[0])
    file.write_text(anchor(rows) + "\n")
    log(rows, 1)
    with file.open("a") as more:
        more.write(anchor(rows, seal=newer) + "\n")
    done = shell.run("audit", "verify", "--anchor", str(file))
    assert (done.returncode, "name each public key that may have signed with --key" in done.stderr) == (
        1,
        True,
    )
    done = shell.run("audit", "verify", "--anchor", str(file), "--key", PUBLIC, "--key", newer.public)
    assert "2 anchors met" in done.stdout, done.stderr


def test_a_key_that_is_made_signs_and_its_public_half_checks(shell: Shell) -> None:
    private, public = shell.run("audit", "key").stdout.splitlines()
    assert Seal(private.removeprefix("AUDIT_SIGNING_KEY=")).public == public.removeprefix("public key: ")


def test_a_proof_from_the_shell_is_right_by_the_script(shell: Shell, rows: Database) -> None:
    with rows.read() as work:
        row = audit_chain.line_at(work, ONE, 4)
    assert row
    late = shell.run("audit", "prove", row[0].id)
    assert (late.returncode, "No signed checkpoint covers this event yet" in late.stderr) == (1, True)
    checkpoint(cast("Desk", SimpleNamespace(database=rows, seal=Seal(PRIVATE), account="MAONE")), {})
    proof = shell.at / "proof.json"
    proof.write_text(shell.run("audit", "prove", row[0].id).stdout)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(proof), PUBLIC], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("RIGHT: ")
    assert shell.run("audit", "prove", "E0NONE").returncode == 2
    assert "AUDIT_SIGNING_KEY" in shell.run("audit", "prove", row[0].id, AUDIT_SIGNING_KEY="").stderr


def test_erasing_is_told_and_verify_counts_it(shell: Shell) -> None:
    done = shell.run("audit", "erase", "--user", "U0BEA", "--reason", "she asked")
    assert done.stdout == "T0ONE: 2 texts of U0BEA were erased.\n"
    assert "2 texts were erased" in shell.run("audit", "verify").stdout
    assert "holds nothing" in shell.run("audit", "erase", "--user", "U0BEA", "--reason", "again").stdout
    assert shell.run("audit", "erase", "--user", "U0BEA", "--reason", " ").returncode == 2


def test_old_events_are_archived_and_verified_with_their_file(shell: Shell, rows: Database) -> None:
    rows.shift = -timedelta(days=3 * 366)
    log(rows, 3, workspace="T0OLD")
    assert shell.run("audit", "archive").returncode == 2
    done = shell.run("audit", "archive", "--to", "old", "--years", "2")
    assert done.stdout.startswith("T0OLD: events 1 to 3 are in old/numberdesk-audit-T0OLD-1-3.jsonl")
    assert shell.run("audit", "archive", "--to", "old", "--years", "2").stdout.startswith("No event is older")
    verified = shell.run("audit", "verify", "--archive", "old/numberdesk-audit-T0OLD-1-3.jsonl")
    assert "T0OLD: events 1 to 5 hold together" in verified.stdout, "the attempt without a folder is one"
    assert "1 archives checked" in verified.stdout
    assert shell.run("audit", "verify", "--archive", "nowhere").returncode == 2
    both = shell.run("audit", "verify", "--from", "3", "--archive", "old/numberdesk-audit-T0OLD-1-3.jsonl")
    assert (both.returncode, "from their first event on" in both.stderr) == (2, True)


def test_a_log_that_does_not_hold_is_not_archived(shell: Shell, rows: Database) -> None:
    rows.shift = -timedelta(days=3 * 366)
    log(rows, 3, workspace="T0OLD")
    with unguarded(rows) as work:
        work.execute(text("UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 2 AND workspace = 'T0OLD'"))
    done = shell.run("audit", "archive", "--to", "old", "--years", "2")
    assert (done.returncode, "nothing was archived" in done.stderr) == (1, True)


def test_a_signing_key_that_is_none_is_named_without_its_value(shell: Shell) -> None:
    done = shell.run("audit", "verify", AUDIT_SIGNING_KEY="c2hvcnQ=")
    assert done.returncode == 2
    assert "AUDIT_SIGNING_KEY must be the base64 of 32 bytes" in done.stderr
    assert "c2hvcnQ=" not in done.stderr


SOURCE = {"PYTHONPATH": str(Path(__file__).parents[2])}


@contextmanager
def following(shell: Shell, query: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bot", "audit", "query", query, "--follow", "--json", "--limit", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=shell.at, env=shell.environ | SOURCE, text=True, **pipes) as program:
        try:
            yield program
        finally:
            program.kill()


def test_following_goes_on_with_what_comes_in(shell: Shell, rows: Database) -> None:
    with following(shell, "actor:U0BEA") as program:
        assert program.stdout and program.stderr
        assert json.loads(program.stdout.readline())["seq"] == 7
        log(rows, 3)
        assert [json.loads(program.stdout.readline())["seq"] for _ in range(2)] == [10, 12], (
            "the reading itself is one"
        )
        program.send_signal(signal.SIGINT)
        assert (program.stderr.read(), program.wait(20)) == ("", 0)


def test_what_is_followed_is_one_line_an_event(shell: Shell, rows: Database) -> None:
    with rows.read() as work:
        (event,) = audit_search.page(work, Reader(None), AuditQuery(), limit=1)
    nasty = replace(event, event=replace(event.event, reason="two\nlines \x1b[31m"))
    assert "\n" not in event_line(nasty) and "\x1b" not in event_line(nasty)
    assert event_line(nasty).startswith(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.event.actor.id}")


def test_a_name_is_whom_the_directory_knows(shell: Shell, rows: Database) -> None:
    with rows.write() as work:
        directory.keep(work, ONE, "U0BEA", Profile("Bea"))
    found = json.loads(shell.run("audit", "query", "actor:@bea", "--json").stdout)
    assert {event["actor"]["id"] for event in found} == {"U0BEA"} and len(found) == 4
    done = shell.run("audit", "query", "actor:@eve")
    assert (done.returncode, "Nobody known here is called" in done.stderr) == (2, True)


@pytest.mark.parametrize(("query", "says"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_is_no_question_is_one_line_and_nothing_happens(shell: Shell, query: str, says: str) -> None:
    for words in (("query", query), ("stats", query), ("export", "--query", query)):
        done = shell.run("audit", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert says in done.stderr
    assert "events 1 to 8 hold together" in shell.run("audit", "verify").stdout


# --- each door logs that the log was read ---


def newest(rows: Database) -> dict[str, Any]:
    """The log's newest event, without asking a door that would add one."""
    with rows.read() as work:
        (found,) = audit_search.page(work, Reader(None), AuditQuery(), limit=1)
    event = found.event
    named = {"action": event.action.value, "outcome": event.outcome.value, "actor": event.actor.id}
    return named | {"changes": event.changes, "reason": event.reason}


BEAS = "actor:U0BEA"
READ = {"action": "audit.read", "outcome": "success", "reason": None, "actor": "shell"}


@pytest.mark.parametrize(
    ("words", "event"),
    [
        (("query", BEAS), READ | {"changes": {"query": BEAS, "found": 4}}),
        (("stats", BEAS, "--by", "month"), READ | {"changes": {"query": BEAS, "by": "month"}}),
        (
            ("export", "--query", BEAS, "--format", "csv"),
            READ | {"action": "audit.exported",
                    "changes": {"query": BEAS, "found": 4, "format": "csv"}},
        ),
        (
            ("prove", "E0NONE"),
            READ | {"action": "audit.proved", "outcome": "failure", "changes": {"event": "E0NONE"},
                    "reason": "there is no such event"},
        ),
        (
            ("verify", "--from", "99"),
            READ | {"action": "audit.verified", "outcome": "failure", "changes": {},
                    "reason": "There is no event 99 to begin with: name one of 1 to 8 with --from."},
        ),
        (
            ("verify", "--anchor", "nowhere"),
            READ | {"action": "audit.verified", "outcome": "failure", "changes": {},
                    "reason": "nowhere cannot be read: name the file that checkpoints were kept in."},
        ),
        (
            ("archive", "--years", "2"),
            READ | {"action": "audit.archived", "outcome": "failure", "changes": {},
                    "reason": "Say where, with --to or AUDIT_ARCHIVE_FOLDER, and --years or the policy's"
                              " keep_years."},
        ),
        (
            ("erase", "--user", "U0NONE", "--reason", "they asked"),
            READ | {"action": "audit.erased", "changes": {"user": "U0NONE", "texts": 0},
                    "reason": "they asked"},
        ),
    ],
)  # fmt: skip
def test_every_door_of_the_shell_logs_what_was_read_or_tried(
    shell: Shell, rows: Database, words: tuple[str, ...], event: dict[str, Any]
) -> None:
    shell.run("audit", *words)
    assert newest(rows) == event


def test_a_proof_without_a_key_and_a_policy_that_is_none_are_logged(shell: Shell, rows: Database) -> None:
    assert shell.run("audit", "prove", "E0NONE", AUDIT_SIGNING_KEY="").returncode == 2
    failed = READ | {"action": "audit.proved", "outcome": "failure", "changes": {"event": "E0NONE"}}
    assert newest(rows) == failed | {
        "reason": "AUDIT_SIGNING_KEY is missing: `python -m bot audit key` makes one."
    }
    (shell.at / "policy.toml").write_text("nonsense")
    assert shell.run("audit", "archive", "--to", "old", POLICY_FILE="policy.toml").returncode == 2
    event = newest(rows)
    assert (event["action"], event["outcome"]) == ("audit.archived", "failure")
    assert event["reason"].startswith("policy.toml")


def test_who_follows_is_logged_before_they_see_anything(shell: Shell, rows: Database) -> None:
    with following(shell, BEAS) as program:
        assert program.stdout and program.stdout.readline()
        assert newest(rows) == READ | {"changes": {"query": BEAS, "follow": True}}
        program.send_signal(signal.SIGINT)


def test_a_proof_that_was_taken_away_is_logged_with_its_event(shell: Shell, rows: Database) -> None:
    with rows.read() as work:
        row = audit_chain.line_at(work, ONE, 4)
    assert row
    checkpoint(cast("Desk", SimpleNamespace(database=rows, seal=Seal(PRIVATE), account="MAONE")), {})
    assert shell.run("audit", "prove", row[0].id).returncode == 0
    assert newest(rows) == READ | {"action": "audit.proved", "changes": {"event": row[0].id}}


def test_an_export_whose_reader_went_away_is_logged_as_far_as_it_came(shell: Shell, rows: Database) -> None:
    log(rows, 3000)
    command = [sys.executable, "-m", "bot", "audit", "export"]
    with subprocess.Popen(
        command, cwd=shell.at, env=shell.environ | SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout and program.stderr
        assert program.stdout.readline().startswith(b'{"event"')
        program.stdout.close()
        assert program.wait(60) == 2
    event = newest(rows)
    assert (event["action"], event["outcome"]) == ("audit.exported", "failure")
    assert event["reason"] == "broken off: BrokenPipeError" and 0 < event["changes"]["found"] < 3008
