"""A database that cannot be used: every command says so in one line that names DATABASE_URL and no secret."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.test_cli import SECRET, Shell

PASSWORD = "an-invented-password"
CLOSED = f"postgresql://desk:{PASSWORD}@127.0.0.1:1/desk"
SETTLE = ("purchases", "settle", "P7K3M9QXZ2AB", "bought", "--reason", "seen")
COMMANDS = (
    ("serve",), ("socket",), ("worker",), ("db", "upgrade"), ("audit", "query"), ("purchases",), SETTLE,
)  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "text.db").write_text("this is no database\n" * 100)
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        newer.execute("INSERT INTO alembic_version VALUES ('9999')")
    newer.close()
    return Shell(
        tmp_path, SLACK_BOT_TOKEN=SECRET, SLACK_SIGNING_SECRET=SECRET, SLACK_APP_TOKEN="xapp-invented",
        PLIVO_AUTH_ID="MAINVENTED", PLIVO_AUTH_TOKEN=SECRET, PORT="0", LOG_LEVEL="ERROR",
        # nobody answers there: what the doctor asks fails at once
        SLACK_API_URL="http://127.0.0.1:1/api/", PLIVO_API_URL="http://127.0.0.1:1",
    )  # fmt: skip


def refused(shell: Shell, *words: str, url: str) -> str:
    """The one line with which a process of its own ends."""
    done = shell.process(*words, DATABASE_URL=url)
    assert (done.returncode, done.stdout) == (2, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("numberdesk: DATABASE_URL ")
    assert PASSWORD not in line
    return line


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_server_that_does_not_answer_is_said_in_one_line(shell: Shell, words: tuple[str, ...]) -> None:
    line = refused(shell, *words, url=CLOSED)
    assert "port 1 failed: Connection refused" in line
    assert "check the address" in line


@pytest.mark.parametrize("words", [("purchases",), ("db", "upgrade")], ids=" ".join)
@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nowhere/desk.db", "unable to open database file"),
        ("text.db", "file is not a database"),
        ("newer.db", "a schema of another version"),
    ],
)
def test_a_file_that_cannot_be_a_database_is_said_in_one_line(
    shell: Shell, words: tuple[str, ...], file: str, said: str
) -> None:
    assert said in refused(shell, *words, url=f"sqlite:///{file}")


def test_half_a_password_is_not_taken_for_a_host(shell: Shell) -> None:
    line = refused(shell, "purchases", url=f"postgresql://desk:half@{PASSWORD}@127.0.0.1:1/desk")
    assert "%40" in line


def test_an_absent_driver_is_said_in_one_line(shell: Shell) -> None:
    (shell.at / "psycopg.py").write_text("raise ImportError('there is none')")
    assert "numberdesk[postgres]" in refused(shell, "purchases", url=CLOSED)


@pytest.mark.parametrize("url", [CLOSED, "sqlite:///text.db"])
def test_the_doctor_says_it_among_its_checks(shell: Shell, url: str) -> None:
    done = shell.process("doctor", "--json", DATABASE_URL=url)
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert (done.returncode, done.stderr) == (1, "")
    assert checks["database"]["says"].startswith("DATABASE_URL leads to no database that can be used (")
    assert PASSWORD not in done.stdout


def test_a_database_that_lacks_a_table_is_said_in_one_line(shell: Shell) -> None:
    url = "sqlite:///desk.db"
    assert shell.process("db", "upgrade", DATABASE_URL=url).returncode == 0
    with sqlite3.connect(shell.at / "desk.db") as database:
        database.execute("DROP TABLE purchase")
    database.close()
    assert "no such table: purchase" in refused(shell, "purchases", url=url)


def test_an_old_schema_is_refused_before_anything_listens(shell: Shell, bare_url: str) -> None:
    """The log said "listening", and then that it cannot be."""
    if bare_url.startswith("sqlite"):  # a file is brought to the newest schema instead
        (shell.at / "policy.toml").write_text("[[rules]]\n")
        said, more = "policy.toml: rules[0].name: is missing", {"POLICY_FILE": "policy.toml"}
    else:
        said, more = "numberdesk: The database's schema is old: run `python -m bot db upgrade`", {}
    done = shell.process("serve", DATABASE_URL=bare_url, LOG_LEVEL="INFO", **more)
    assert done.returncode == 2
    assert said in done.stderr and "listening" not in done.stdout + done.stderr
