"""Where checkpoints go besides Slack: standard output and a file, a line of JSON each."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from bot.model.audit_anchor import Checkpoint


def to_stdout(made: Checkpoint) -> None:
    """For whatever collects the program's output: it is another place than the database."""
    sys.stdout.write(made.to_json() + "\n")
    sys.stdout.flush()


def to_file(path: Path) -> Callable[[Checkpoint], None]:
    """Appends to a file, and is not done before the disk has it."""

    def tell(made: Checkpoint) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(made.to_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    return tell
