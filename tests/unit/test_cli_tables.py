"""Tables of the shell: an id, a number or a time is never folded or cut, however narrow the terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from bot.model.audit import Action, Actor, ActorType, AuditEvent, Outcome
from bot.model.money import format_usd
from bot.model.purchase import PurchaseStatus
from bot.table import table
from storage import audit, purchases
from storage.engine import make_engine
from storage.purchases import KeptPurchase
from storage.unit_of_work import Database
from tests.storage.rows import ACCOUNT, a_purchase
from tests.unit.test_cli import Shell

NOTE = "the provider could not be asked: it did not answer within thirty seconds 電話番号; " * 3


@dataclass
class Kept:
    """A shell, and what is in its database."""

    shell: Shell
    purchase: KeptPurchase
    event_at: str

    def wholes(self, command: str) -> tuple[str, ...]:
        """What must stand in one piece."""
        if command == "purchases":
            since = f"{self.purchase.updated_at:%Y-%m-%d %H:%M:%S}"
            ids = (self.purchase.id, self.purchase.request_id)
            today = format_usd(self.purchase.setup + self.purchase.monthly)
            return (*ids, "+1 415-555-0100", "queued", today, since)
        return (self.event_at, "U0RITA7K3M9", "purchase.needs_human", "+1 415-555-0100", "R7K3M9QXZ2AB")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    shell = Shell(tmp_path, DATABASE_URL=url)
    del shell.environ["COLUMNS"]
    assert shell.run("db", "upgrade").returncode == 0
    database = Database(make_engine(url))
    with database.write() as work:
        made = a_purchase(work, number="14155550100")
        waiting, queued = PurchaseStatus.WAITING, PurchaseStatus.QUEUED
        assert purchases.move(work, made.id, {waiting}, queued, note=NOTE)
        event = AuditEvent(
            workspace="T0ONE", account=ACCOUNT, actor=Actor(ActorType.USER, "U0RITA7K3M9"),
            action=Action.PURCHASE_NEEDS_HUMAN, outcome=Outcome.UNKNOWN, number="14155550100",
            request_id="R7K3M9QXZ2AB", reason=NOTE,
        )  # fmt: skip
        audit.append(work, event)
        audit.append(work, replace(event, number=None, request_id=None, reason=None))
        purchase = purchases.get(work, made.id)
        assert purchase
        at = f"{work.now:%Y-%m-%d %H:%M:%S}"
    yield Kept(shell, purchase, at)
    database.engine.dispose()


def in_terminal(shell: Shell, *words: str, columns: int) -> str:
    """What a process prints into a real terminal of that width."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=shell.at, env=shell.environ | {"PYTHONPATH": root}, stdout=follower,
    )  # fmt: skip
    os.close(follower)
    said = b""
    while part := _read(leader):
        said += part
    os.close(leader)
    assert process.wait(60) == 0
    return said.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 4096)
    except OSError:  # the other side is closed
        return b""


COMMANDS = pytest.mark.parametrize("command", ["purchases", "audit query"])


def check(said: str, kept: Kept, command: str, columns: int) -> None:
    lines = said.splitlines()
    assert max(map(cell_len, lines)) <= columns
    for whole in kept.wholes(command):
        assert any(whole in line for line in lines), (whole, said)
    assert "".join(NOTE.split()) in "".join(said.split())  # folded, and all there


@COMMANDS
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_nothing_but_free_text_folds_in_a_terminal(kept: Kept, command: str, columns: int) -> None:
    check(in_terminal(kept.shell, *command.split(), columns=columns), kept, command, columns)


@COMMANDS
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_the_width_may_be_set(kept: Kept, command: str, columns: int) -> None:
    done = kept.shell.process(*command.split(), COLUMNS=str(columns))
    assert (done.returncode, done.stderr) == (0, "")
    check(done.stdout, kept, command, columns)


@COMMANDS
def test_a_row_is_one_line_where_no_terminal_limits_it(kept: Kept, command: str) -> None:
    done = kept.shell.process(*command.split())
    (row,) = [line for line in done.stdout.splitlines() if NOTE.strip() in line]
    assert all(whole in row for whole in kept.wholes(command))
    assert len(done.stdout.splitlines()) == (2 if command == "purchases" else 3)


ROWS = (("P1", "+1 415-555-0100", "a text that is long"), ("P22", "", ""))


def test_columns_stand_below_their_titles_as_long_as_there_is_room() -> None:
    assert list(table(("Id", "Number", "Note"), ROWS, 80)) == [
        "Id   Number           Note",
        "P1   +1 415-555-0100  a text that is long",
        "P22",
    ]


def test_what_finds_no_room_goes_to_a_line_of_its_own() -> None:
    assert list(table(("Id", "Number", "Note"), ROWS, 20)) == [
        "Id   Number",
        "  Note",
        "P1   +1 415-555-0100",
        "  a text that is",
        "  long",
        "P22",
    ]


def test_free_text_folds_below_itself() -> None:
    assert list(table(("Id", "Note"), (("P1", "one two three four five six"),), 24)) == [
        "Id  Note",
        "P1  one two three four",
        "    five six",
    ]


def test_a_table_without_rows_has_its_titles() -> None:
    assert list(table(("Id", "Note"), (), 80)) == ["Id  Note"]
