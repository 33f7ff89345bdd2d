"""The real program with its death foretold: it notes the points it passes, and dies at the one it was told.

`python -m tests.faults.doomed serve` runs `python -m bot serve` with two things watched from outside: every
commit, which is named by the function that makes it, and every call over the network, which is named by what
is called. The program itself knows nothing of it, so that it costs nothing where nobody watches.

The folder in DOOM_FOLDER holds `armed` (points count only while it exists), `doom` (the point to die at) and
`passed` (the points passed, a line each). Where there is `freeze` as well, the program is stopped there and
not killed, as by a machine that has no time for it.
"""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from slack_sdk.web.base_client import BaseClient

import bot.__main__
from storage import jobs
from storage.unit_of_work import Database, UnitOfWork

_HERE = threading.local()
"""`kind`: that of the job this thread works on; absent where a person's click or command is worked on."""
_NUMBER = re.compile(r"/\+?\d+(?=/)")


class Doom:
    """Where the points are noted, and which of them is the last."""

    def __init__(self, folder: Path) -> None:
        names = ("armed", "doom", "passed", "freeze")
        self._armed, self._doom, self._passed, self._freeze = (folder / name for name in names)

    def passing(self, point: str) -> None:
        """Notes the point; does not return from the one that was foretold."""
        if not self._armed.exists():
            return
        with self._passed.open("a") as passed:
            passed.write(f"{point}\n")
        if self._doom.exists() and self._doom.read_text() == point:
            self._doom.unlink(missing_ok=True)
            os.killpg(0, signal.SIGSTOP if self._freeze.exists() else signal.SIGKILL)
            time.sleep(
                0.5
            )  # the signal takes effect a moment later, and this thread must not be past by then


def watch_commits(doom: Doom) -> None:
    """Has every unit of work pass a point before and one after its commit."""
    plain_write, plain_claim = Database.write, jobs.claim

    @contextmanager
    def write(database: Database, **how: bool) -> Iterator[UnitOfWork]:
        made_by = _committer(sys._getframe(2))
        with plain_write(database, **how) as work:
            yield work
            name = _named(made_by)
            if name:
                doom.passing(f"before the commit of {name}")
        if name:
            doom.passing(f"after the commit of {name}")

    def claim(*args: Any, **kwargs: Any) -> jobs.Job | None:
        job = plain_claim(*args, **kwargs)
        _HERE.kind = job.kind if job else None
        return job

    Database.write = write  # type: ignore[method-assign]
    jobs.claim = claim


def _committer(frame: Any) -> str:
    """`usecases.buy._intend`: the module below its package, and the function."""
    module = frame.f_globals["__name__"].partition(".")[2]
    return f"{module}.{frame.f_code.co_qualname}"


def _named(made_by: str) -> str | None:
    """The worker's own commits are told apart by the kind of their job; a look that finds none is none."""
    if not made_by.startswith("worker."):
        return made_by
    return f"{made_by} ({_HERE.kind})" if _HERE.kind else None


def watch_calls(doom: Doom) -> None:
    """Has every call over the network pass a point before it leaves and one when its answer is there."""
    plain_send = requests.Session.send
    plain_slack = BaseClient._perform_urllib_http_request_internal

    def send(session: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        name = _call(str(request.method), str(request.url))
        doom.passing(f"before {name}")
        answer = plain_send(session, request, **how)
        doom.passing(f"after {name}")
        return answer

    def slack(client: BaseClient, url: str, request: Any) -> dict[str, Any]:
        name = _for(f"Slack's {url.rsplit('/', 1)[-1]}")
        doom.passing(f"before {name}")
        answer = plain_slack(client, url, request)
        doom.passing(f"after {name}")
        return answer

    requests.Session.send = send  # type: ignore[method-assign]
    BaseClient._perform_urllib_http_request_internal = slack  # type: ignore[method-assign]


def _call(method: str, url: str) -> str:
    path = urlsplit(url).path
    account = re.fullmatch(r"/v1/Account/[^/]+/(.*)", path)
    if not account:
        return "a response_url"
    return _for(f"the provider's {method} {_NUMBER.sub('/N', '/' + account[1]).strip('/')}")


def _for(call: str) -> str:
    kind = getattr(_HERE, "kind", None)
    return f"{call} ({kind})" if kind else call


def run() -> None:
    """The program with the arguments of this one."""
    doom = Doom(Path(os.environ["DOOM_FOLDER"]))
    watch_commits(doom)
    watch_calls(doom)
    bot.__main__.run()


if __name__ == "__main__":
    run()
