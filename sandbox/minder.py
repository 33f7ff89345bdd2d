"""Ends what the demo started if the demo itself is killed and cannot.

It reads lines from standard input: "watch PID" for each process (the leader of its own group), and "done"
when all was stopped in order. If the input ends without "done", whoever wrote it is dead.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE = 2.0
"""Seconds between the polite and the other signal."""


def orphans(lines: Iterable[str]) -> list[int]:
    """The process groups to end after the last line: none if that was "done"."""
    watched: list[int] = []
    for line in lines:
        word, _, pid = line.strip().partition(" ")
        if word == "done":
            return []
        if word == "watch":
            watched.append(int(pid))
    return watched


def end(groups: Iterable[int], signal_number: int) -> None:
    """Signal each group that still exists."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal_number)


def main() -> None:
    left = orphans(sys.stdin)
    if left:
        end(left, signal.SIGTERM)
        time.sleep(GRACE)
        end(left, signal.SIGKILL)


if __name__ == "__main__":
    main()
