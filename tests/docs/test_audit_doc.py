"""docs/audit.md as it is read: each command is run as it stands there, by a shell, on a fresh database."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.anchors import to_file
from bot.model.audit_seal import Seal
from bot.usecases.checkpoint import checkpoint
from bot.usecases.desk import Desk
from storage import audit_chain, migrate
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.usecases.logs import log
from tests.world import ROOT

PAGE = ROOT / "docs" / "audit.md"
WORKSPACE = "T0DEMO"
OLD = timedelta(days=366 * 4)


class Reader:
    """Somebody who reads the page, and types what it says into a shell of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite:///{folder / 'numberdesk.db'}",
        }

    def types(self, command: str) -> str:
        """What a command says; it must go well."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A log of eight events, four of them old; a key, made as the page says; and a checkpoint."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    made = Reader(tmp_path)
    private, public = made.types("python -m bot audit key").splitlines()
    made.environ["AUDIT_SIGNING_KEY"] = private.removeprefix("AUDIT_SIGNING_KEY=")
    made.environ["PUBLIC"] = public.removeprefix("public key: ")
    database = Database(make_engine(made.environ["DATABASE_URL"]))
    migrate.upgrade(database.engine)
    database.shift = -OLD
    log(database, 4, workspace=WORKSPACE)
    database.shift = timedelta(0)
    log(database, 4, workspace=WORKSPACE)
    desk = SimpleNamespace(database=database, seal=Seal(made.environ["AUDIT_SIGNING_KEY"]), account="MA")
    checkpoint(cast("Desk", desk), {"file": to_file(tmp_path / "checkpoints.jsonl")})
    with database.read() as work:
        row = audit_chain.line_at(work, WORKSPACE, 7)
    assert row
    made.environ["EVENT"] = row[0].id
    yield made
    database.engine.dispose()


def commands() -> list[str]:
    """The indented commands, and those of the prose that are whole."""
    text = PAGE.read_text()
    blocks = re.findall(r"^    (python .+)$", text, re.MULTILINE)
    prose = (" ".join(span.split()) for span in re.findall(r"`(python -m bot audit [^`]+)`", text))
    return [*blocks, *(one for one in dict.fromkeys(prose) if " --" in one and one not in blocks)]


def as_typed(command: str, reader: Reader) -> str:
    """With this log's own event, key, number and file in the place of the page's."""
    for old, new in (
        ("E7K3M9QXZ2AB", reader.environ["EVENT"]),
        ("PUBLIC", shlex.quote(reader.environ["PUBLIC"])),
        ("--from 5000", "--from 7"),
        ("numberdesk-audit-T0DEMO-1-90000", f"numberdesk-audit-{WORKSPACE}-1-4"),
    ):
        command = command.replace(old, new)
    return command


def test_every_command_of_the_page_works_on_a_fresh_database(reader: Reader) -> None:
    found = commands()
    archiving = next(one for one in found if "audit archive" in one)
    assert "are in old/" in reader.types(as_typed(archiving, reader))
    said = {one: reader.types(as_typed(one, reader)) for one in found if one != archiving}
    assert len(said) >= 8
    for command, answer in said.items():
        if "audit verify" in command:
            assert "hold together" in answer, command
        if "--anchor" in command:
            assert "1 anchors met" in answer, command
        if "--archive" in command and "verify" in command:
            assert f"{WORKSPACE}: events 1 to" in answer and "1 archives checked" in answer
        if "check_proof" in command:
            assert answer.startswith("RIGHT: ")


def test_the_page_names_every_command_of_the_log_that_checks_or_changes_it() -> None:
    named = {one.split()[4] for one in commands() if "-m bot audit" in one}
    assert named >= {"key", "verify", "prove", "erase", "archive"}
