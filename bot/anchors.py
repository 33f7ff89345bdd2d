"""Where checkpoints go besides Slack: standard output and a file, a line of JSON each."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

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
        with path.open("a+b") as file:
            line = made.to_json().encode() + b"\n"
            if not _ends_a_line(file):
                log.warning(
                    "the last checkpoint in the file was cut off: a new line was begun", file=str(path)
                )
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    return tell


def _ends_a_line(file: IO[bytes]) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
