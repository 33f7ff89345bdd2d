"""The demo's processes: started together, watched together, stopped together, never left behind."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox import minder

START_SECONDS = 40.0
STOP_SECONDS = 2.0
LOOK_EVERY = 0.1


class ChildEnded(Exception):
    """A process ended by itself or did not get ready; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Child:
    """A started process, the leader of its own group."""

    name: str
    process: subprocess.Popen[bytes]


class Children:
    """Use as a context: at its end everything is stopped, within `STOP_SECONDS` and a little.

    A minder process holds one end of a pipe. If this process is killed outright, the pipe ends and the
    minder stops the rest; that works on every POSIX system.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._minder = subprocess.Popen(
            [sys.executable, "-m", "sandbox.minder"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the terminal is not for it
            cwd=Path(__file__).parent.parent,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: list[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start a process in a group of its own, and tell the minder.

        Its standard output is dropped (the stand-ins print their addresses, and the demo has one to show);
        errors are seen.
        """
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._children.append(Child(name, process))
        self._tell(f"watch {process.pid}")

    def _tell(self, line: str) -> None:
        if self._minder.stdin is not None and self._minder.poll() is None:
            self._minder.stdin.write(f"{line}\n".encode())
            self._minder.stdin.flush()

    def check(self) -> None:
        """Raise ChildEnded if a process has ended."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise ChildEnded(f"{child.name} ended (exit code {code}), so the demo ends as well.")

    def wait_until_ready(self, name: str, port: int, path: str, going_on: Callable[[], bool]) -> None:
        """Return once GET http://127.0.0.1:port/path answers 200, or `going_on` says no.

        Raises ChildEnded if a process ends meanwhile, or after START_SECONDS.
        """
        deadline = time.monotonic() + START_SECONDS
        while going_on() and not answers(port, path):
            self.check()
            if time.monotonic() > deadline:
                raise ChildEnded(f"{name} was not ready after {START_SECONDS:.0f} seconds, so the demo ends.")
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End every group: asked first, then made to."""
        groups = [child.process.pid for child in self._children]
        minder.end(groups, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            _wait(child.process, deadline - time.monotonic())
        minder.end(groups, signal.SIGKILL)
        for child in self._children:
            child.process.wait()
        self._children.clear()
        self._dismiss_minder()

    def _dismiss_minder(self) -> None:
        self._tell("done")
        if self._minder.stdin is not None:
            self._minder.stdin.close()
        self._minder.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(max(seconds, 0))
    except subprocess.TimeoutExpired:
        return


def answers(port: int, path: str) -> bool:
    """Whether GET http://127.0.0.1:port/path answers 200 within a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def clean_environment(secret_prefixes: tuple[str, ...]) -> dict[str, str]:
    """This process's environment without the variables that begin so: they belong to the real world."""
    return {name: value for name, value in os.environ.items() if not name.startswith(secret_prefixes)}
