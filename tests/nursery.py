"""Processes of the program, born with all of its code read: for tests that kill it some hundred times.

Each is a process of its own, with its own session, environment, folder and log: a fork of one that has read
the code and begun nothing. That `python -m bot` starts by itself is what other tests show.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

_CODE = ("bot.run_shell", "bot.worker", "handlers.commands", "storage.migrate", "tests.faults.doomed")
"""Read once, with all that these import."""


class Process(Protocol):
    """What tests ask of a process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Start:
    """What is started: the `run` of a module, with these words behind it, in this environment and folder."""

    module: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path


class Born:
    """A process that was forked. It leads a group of its own, which can be killed."""

    def __init__(self, start: Start) -> None:
        here, there = multiprocessing.Pipe(duplex=False)
        self._process = _nursery().Process(target=_live, args=(start, there), daemon=True)
        self._process.start()
        there.close()
        with here:
            here.recv()  # it leads its group

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, minus the signal's number if one ended it; None while it lives."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("the program", timeout or 0)
        return code

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)


@cache
def _nursery() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_CODE])
    return context


def _live(start: Start, ready: Connection) -> None:
    """The program, as if a shell had started it there."""
    os.setsid()
    os.environ.clear()
    os.environ.update(start.environment)
    os.chdir(start.folder)
    with start.log.open("ab") as out:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out.fileno(), stream.fileno())
    with ready:
        ready.send(None)
    sys.argv = ["numberdesk", *start.words]
    import_module(start.module).run()
