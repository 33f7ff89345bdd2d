"""Where checkpoints go besides Slack: standard output and a file, a line of JSON each."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.model.audit_anchor import Checkpoint

log = structlog.get_logger(__name__)


def to_stdout(made: Checkpoint) -> None:
    """For whatever collects the program's output: it is another place than the database."""
    sys.stdout.write(made.to_json() + "\n")
    sys.stdout.flush()


def to_file(path: Path) -> Callable[[Checkpoint], None]:
    """Appends to a file, and is not done before the disk has it.

    What a crash left of a line stays a line of its own, which `audit verify --anchor` names.
    """

    def tell(made: Checkpoint) -> None:
        line = made.to_json() + "\n"
        if _ends_within_a_line(path):
            log.warning("the last checkpoint in the file was cut off: a new line was begun", file=str(path))
            line = "\n" + line
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            if path.is_file():  # a pipe is on no disk
                os.fsync(file.fileno())

    return tell


def _ends_within_a_line(path: Path) -> bool:
    """Whether that is known: a pipe has no end to look at, and a file may be there for writing alone."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except PermissionError:
        return False
