"""How long a command takes to start: it loads what it needs, and nothing that only others need."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_cli import POLICY, Shell

DOORS = {"slack_bolt", "gunicorn", "prometheus_client", "handlers.errand", "bot.app"}
PROVIDER = {"requests", "bot.plivo"}
SLACK = {"slack_sdk"}
MIGRATING = {"alembic"}
DATABASE = {"sqlalchemy", "storage"}
LOGS = {"structlog", "bot.settings"}
ALL_BUT_THE_DATABASE = DOORS | PROVIDER | SLACK | MIGRATING

WAITS_FOR_NEITHER = {
    "version": ALL_BUT_THE_DATABASE | DATABASE | LOGS | {"cryptography", "pycountry"},
    "manifest": ALL_BUT_THE_DATABASE | DATABASE | LOGS,
    "policy check policy.toml": ALL_BUT_THE_DATABASE | DATABASE | LOGS,
    "db upgrade": ALL_BUT_THE_DATABASE,
    "audit query": ALL_BUT_THE_DATABASE,
    "audit stats": ALL_BUT_THE_DATABASE,
    "audit export": ALL_BUT_THE_DATABASE,
    "audit verify": ALL_BUT_THE_DATABASE,
    "audit key": ALL_BUT_THE_DATABASE,
    "purchases": ALL_BUT_THE_DATABASE,
    "doctor": DOORS | MIGRATING,
}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Where a policy file and a database with the newest schema are."""
    made = Shell(tmp_path_factory.mktemp("imports"), COLUMNS="80")
    (made.at / "policy.toml").write_text(POLICY)
    assert made.run("db", "upgrade").returncode == 0
    return made


def loaded(shell: Shell, *words: str, **more: str) -> set[str]:
    """Every module that a process of its own loads for a command, and the packages they are in."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", *words],
        cwd=shell.at, env=shell.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | more,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("command", WAITS_FOR_NEITHER)
def test_a_command_loads_nothing_that_only_others_need(shell: Shell, command: str) -> None:
    assert loaded(shell, *command.split()) & WAITS_FOR_NEITHER[command] == set()


def test_what_a_command_loads_is_seen(shell: Shell) -> None:
    """Help names every command, so it loads all of them."""
    everything = ALL_BUT_THE_DATABASE - MIGRATING | DATABASE | LOGS | {"cryptography", "pycountry"}
    assert everything <= loaded(shell, "--help")
    assert loaded(shell, "db", "upgrade", DATABASE_URL="sqlite:///new.db") >= MIGRATING
