"""The command line as a process: what it prints, what it exits with, and that no secret is among it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import __version__, logs
from bot.__main__ import run
from bot.model.audit import Action, Actor, ActorType, AuditEvent, Outcome
from bot.model.purchase import PurchaseStatus
from storage import audit, purchases
from storage.engine import make_engine
from storage.schema import metadata
from storage.unit_of_work import Database
from tests.storage.rows import ACCOUNT, a_purchase

_S = PurchaseStatus
SECRET = "xoxb-1-an-invented-secret"
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["U0BOSS"]

[[rules]]
name = "cheap"
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "not there"
countries = ["KP"]
deny = "We do not buy there."

[[rules]]
name = "rest"
approvals = 1
"""
TWO_ERRORS = '[approvals]\napprover = ["U0BOSS"]\n[[rules]]\nname = "neither yes nor no"\n'


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs the command line in a directory of its own, with an environment of its own."""

    def __init__(self, at: Path, **environ: str) -> None:
        self.at = at
        self.environ = {"PATH": os.environ["PATH"], "COLUMNS": "200", **environ}

    def run(self, *words: str, **more: str) -> Done:
        """Within this process: starting one for each command would take a second."""
        out, err, code = StringIO(), StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.at)
            patch.setattr(sys, "argv", ["numberdesk", *words])
            patch.setattr(os, "environ", self.environ | more)
            patch.setattr(logs, "configure", lambda *_: None)  # it would outlive the test
            try:
                run()
            except SystemExit as end:
                code = int(end.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def process(self, *words: str, **more: str) -> Done:
        """As a process of its own, as people start it."""
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words],
            cwd=self.at, env=self.environ | {"PYTHONPATH": root} | more,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def refused(self, *words: str, **more: str) -> str:
        """The one line on stderr with which a command ends by exit 2."""
        done = self.run(*words, **more)
        assert done.returncode == 2, done
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        return line


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    return str(file)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Shell, Database]]:
    """A shell whose database has the newest schema, and that database."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    shell = Shell(tmp_path, DATABASE_URL=url)
    assert shell.run("db", "upgrade").returncode == 0
    database = Database(make_engine(url))
    yield shell, database
    database.engine.dispose()


def test_the_version_is_printed(shell: Shell) -> None:
    done = shell.process("version")
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_a_missing_setting_ends_with_2_and_one_line_that_names_it(shell: Shell) -> None:
    done = shell.process("serve", SLACK_BOT_TOKEN=SECRET)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("numberdesk: ")
    assert "SLACK_SIGNING_SECRET" in line
    assert "PLIVO_AUTH_ID" in line
    assert SECRET not in line


def test_a_wrong_value_is_named_and_a_secret_is_not_repeated(shell: Shell) -> None:
    line = shell.refused("purchases", PORT="many", PLIVO_AUTH_TOKEN=SECRET)
    assert "PORT" in line
    assert SECRET not in line


def test_an_unknown_command_is_wrong_usage(shell: Shell) -> None:
    done = shell.run("sell")
    assert done.returncode == 2
    assert "sell" in done.stderr


def test_the_doctor_exits_with_1_and_says_what_is_wrong_without_a_secret(shell: Shell, policy: str) -> None:
    nowhere = "http://127.0.0.1:1"
    done = shell.run(
        "doctor", "--json", SLACK_BOT_TOKEN=SECRET, SLACK_SIGNING_SECRET=SECRET, PLIVO_AUTH_ID="MAINVENTED",
        PLIVO_AUTH_TOKEN=SECRET, SLACK_API_URL=f"{nowhere}/api/", PLIVO_API_URL=nowhere, POLICY_FILE=policy,
    )  # fmt: skip
    assert done.returncode == 1, done
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert not checks["slack"]["fine"]
    assert "SLACK_API_URL" in checks["slack"]["says"]
    assert not checks["provider"]["fine"]
    assert checks["policy"]["fine"]
    assert SECRET not in done.stdout + done.stderr


def test_a_wrong_policy_file_is_named_with_key_and_reason(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text('[approvals]\nchannel = "C0A"\napprover = ["U0BOSS"]\n')
    done = shell.run("policy", "check", "wrong.toml")
    assert done.returncode == 2
    assert "wrong.toml: approvals.approver: is not a key here" in done.stderr


def test_a_right_policy_file_is_said_to_be_valid(shell: Shell, policy: str) -> None:
    done = shell.run("policy", "check", POLICY_FILE=policy)
    assert done.returncode == 0, done
    assert "valid, 3 rules" in done.stdout


def test_each_error_of_a_policy_file_has_its_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(TWO_ERRORS)
    done = shell.process("policy", "check", "wrong.toml")
    first, second = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert first.startswith("numberdesk: wrong.toml: approvals.approver: is not a key here")
    assert second.startswith("wrong.toml: rules[0].deny: is missing")


def test_a_right_policy_file_is_json_for_programs(shell: Shell, tmp_path: Path) -> None:
    content = POLICY.replace('"U0BOSS"', '"U0BOSS", "U0ANA"')
    content += '[[rules]]\nname = "late"\napprovals = 0\n[budgets]\nworkspace = "5.00"\n'
    (tmp_path / "policy.toml").write_text(content)
    done = shell.process("policy", "check", "--json", POLICY_FILE="policy.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "file": "policy.toml",
        "valid": True,
        "rules": 4,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "warnings": ['rules[3] "late": is never reached: "rest" decides before it'],
        "errors": [],
    }


def test_a_wrong_policy_file_is_json_for_programs_and_one_line_for_people(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text(TWO_ERRORS)
    done = shell.process("policy", "check", "wrong.toml", "--json")
    found = json.loads(done.stdout)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith("numberdesk: wrong.toml: approvals.approver: is not a key here")
    assert line.endswith("; 1 more in the list")
    assert [error.split(": ")[:2] for error in found.pop("errors")] == [
        ["wrong.toml", "approvals.approver"],
        ["wrong.toml", "rules[0].deny"],
    ]
    nothing = {"rules": None, "sha256": None, "warnings": []}
    assert found == {"file": "wrong.toml", "valid": False, **nothing}


def test_a_policy_file_that_is_absent_is_an_error_like_others(shell: Shell) -> None:
    done = shell.process("policy", "check", "none.toml", "--json")
    assert (done.returncode, done.stderr) == (2, "numberdesk: none.toml: there is no such file\n")
    assert json.loads(done.stdout)["errors"] == ["none.toml: there is no such file"]


@pytest.mark.parametrize("words", ["purchases", "audit query"])
def test_what_lists_nothing_is_an_empty_list_for_programs(shell: Shell, words: str) -> None:
    done = shell.process(*words.split(), "--json")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [], "")


def test_no_policy_file_at_all_is_wrong_usage(shell: Shell) -> None:
    assert "POLICY_FILE" in shell.refused("policy", "check")


def explain(shell: Shell, policy: str, country: str, monthly: str) -> Done:
    return shell.run(
        "policy", "explain", "--user", "U0RITA", "--country", country, "--monthly", monthly,
        "--file", policy, "--json",
    )  # fmt: skip


def test_explain_names_the_rule_and_who_may_approve(shell: Shell, policy: str) -> None:
    done = explain(shell, policy, "us", "5")
    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["rule"], said["approvals"], said["approvers"]) == ("rest", 1, ["U0BOSS"])
    assert [looked["matched"] for looked in said["considered"]] == [False, False, True]


def test_explain_says_where_too_few_can_approve(shell: Shell, policy: str) -> None:
    words = ("policy", "explain", "--country", "US", "--monthly", "5", "--file", policy, "--user")
    said = shell.run(*words, "U0BOSS").stdout
    assert "Approvals needed: 1 of: nobody. Too few can approve it, so it will be refused." in said
    assert "Too few" not in shell.run(*words, "U0RITA").stdout


def test_explain_exits_with_1_where_the_policy_refuses(shell: Shell, policy: str) -> None:
    done = explain(shell, policy, "KP", "5")
    assert done.returncode == 1
    assert json.loads(done.stdout)["deny_reason"] == "We do not buy there."


def test_explain_refuses_a_price_that_is_none(shell: Shell, policy: str) -> None:
    done = explain(shell, policy, "US", "cheap")
    assert done.returncode == 2
    assert "cheap" in done.stderr


def test_the_manifest_is_json_and_carries_the_address(shell: Shell) -> None:
    done = shell.run("manifest", "--url", "https://desk.example.com")
    assert done.returncode == 0
    json.loads(done.stdout)
    assert "https://desk.example.com/slack/events" in done.stdout


def test_a_manifest_for_an_address_that_slack_cannot_reach_is_refused(shell: Shell) -> None:
    assert shell.refused("manifest", "--url", "desk").startswith("numberdesk: ")


def test_the_log_is_queried_as_json(kept: tuple[Shell, Database]) -> None:
    shell, database = kept
    with database.write() as work:
        for action in (Action.SEARCH_PERFORMED, Action.REQUEST_SUBMITTED):
            event = AuditEvent(
                workspace="T0ONE", account=ACCOUNT, actor=Actor(ActorType.USER, "U0RITA"),
                action=action, outcome=Outcome.SUCCESS,
            )  # fmt: skip
            audit.append(work, event)
    done = shell.run("audit", "query", "action:search.performed", "--json")
    (event,) = json.loads(done.stdout)
    assert (done.returncode, event["action"], event["actor"]["id"]) == (0, "search.performed", "U0RITA")
    assert "colour" in shell.refused("audit", "query", "colour:red")


def an_unclear_purchase(database: Database) -> str:
    with database.write() as work:
        purchase = a_purchase(work)
        path = (_S.WAITING, _S.QUEUED, _S.BUYING, _S.UNKNOWN, _S.NEEDS_HUMAN)
        for before, after in pairwise(path):
            assert purchases.move(work, purchase.id, {before}, after)
    return purchase.id


def test_an_operator_settles_a_purchase_once_and_it_is_logged(kept: tuple[Shell, Database]) -> None:
    shell, database = kept
    purchase_id = an_unclear_purchase(database)
    (listed,) = json.loads(shell.run("purchases", "--json").stdout)
    assert (listed["id"], Decimal(listed["monthly"])) == (purchase_id, Decimal("0.80"))
    words = ("purchases", "settle", purchase_id, "bought", "--reason", "it is in the console")
    done = shell.run(*words)
    assert (done.returncode, done.stdout.strip()) == (0, f"{purchase_id} is bought.")
    again = shell.run(*words)
    assert again.returncode == 1
    assert "is bought already; nothing was changed" in again.stderr
    logged = json.loads(shell.run("audit", "query", "action:purchase.settled", "--json").stdout)
    assert [(e["actor"]["id"], e["outcome"], e["reason"]) for e in logged] == [
        ("shell", "denied", "it is not open any more"),
        ("shell", "success", "it is in the console"),
    ]


def test_not_bought_is_believed_once_the_providers_list_has_had_its_time(
    kept: tuple[Shell, Database],
) -> None:
    shell, database = kept
    purchase_id = an_unclear_purchase(database)
    words = ("purchases", "settle", purchase_id, "not-bought", "--reason", "not in the console")
    early = shell.run(*words)
    assert early.returncode == 1
    assert "its list may lag until" in early.stderr and "Nothing was changed" in early.stderr
    with database.write() as work:
        unchanged = purchases.get(work, purchase_id)
        assert unchanged and unchanged.status is _S.NEEDS_HUMAN
        assert f"{unchanged.updated_at + timedelta(seconds=900):%Y-%m-%d %H:%M:%S} UTC" in early.stderr
        purchases.note(work, purchase_id, call_at=work.now - timedelta(seconds=901))
    done = shell.run(*words)
    assert (done.returncode, done.stdout.strip()) == (0, f"{purchase_id} is not_bought.")


def test_settling_needs_a_known_purchase_and_a_known_word(kept: tuple[Shell, Database]) -> None:
    shell, database = kept
    assert "PNONE" in shell.refused("purchases", "settle", "PNONE", "bought", "--reason", "seen")
    purchase_id = an_unclear_purchase(database)
    assert shell.run("purchases", "settle", purchase_id, "sold", "--reason", "seen").returncode == 2
    assert shell.run("purchases", "settle", purchase_id, "bought", "--reason", " ").returncode == 2
    with database.read() as work:
        unchanged = purchases.get(work, purchase_id)
    assert unchanged
    assert unchanged.status is _S.NEEDS_HUMAN


def test_only_sqlite_is_upgraded_by_itself(database_url: str, tmp_path: Path) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("DROP VIEW audit_log"))
        metadata.drop_all(connection)
    postgres = engine.dialect.name == "postgresql"
    engine.dispose()
    shell = Shell(tmp_path, DATABASE_URL=database_url)
    if postgres:
        done = shell.process("purchases")
        assert (done.returncode, done.stdout) == (2, "")
        assert "python -m bot db upgrade" in done.stderr
        assert shell.process("db", "upgrade").returncode == 0
    done = shell.process("purchases")
    assert (done.returncode, done.stdout.strip()) == (0, "No purchase is open.")
