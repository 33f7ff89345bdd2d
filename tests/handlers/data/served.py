"""A program for tests: served.py PORT MODE GRACEFUL. It holds requests until it is told to let go."""

import os
import sys
from collections.abc import Iterable
from threading import Event
from typing import Any

from slack_bolt import BoltResponse

from bot import logs
from bot.door import Door
from bot.model.errors import SettingsError
from bot.serving import Served, serve
from bot.signature import SlackSignature

SECRET = "an invented signing secret"
NOW = 1_800_000_000
held, let_go = Event(), Event()


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - the test reads it


def hold() -> str:
    held.set()
    let_go.wait(60)
    say("answered")
    return "held"


def release() -> str:
    let_go.set()
    return "released"


def is_held() -> str:
    return str(held.wait(10))


PAGES = {"/hold": hold, "/release": release, "/held": is_held, "/pid": lambda: str(os.getpid())}
DOOR = Door(
    lambda body: BoltResponse(status=200, body=body["text"]),
    SlackSignature((SECRET,), lambda: NOW),
    ready=lambda: (True, {}),
    metrics=lambda: (b"", "text/plain"),
)


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        return DOOR(environ, start_response)
    body = page().encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def make() -> Served:
    if sys.argv[2] == "broken":
        raise ZeroDivisionError("nothing\nworks")
    if sys.argv[2] == "unset":
        raise SettingsError("POLICY_FILE is wrong")
    return Served(wsgi, lambda: say("started"), lambda seconds: say(f"stopped {seconds > 0}"))


if __name__ == "__main__":
    logs.configure("INFO", "text", ())
    try:
        serve(make, host="127.0.0.1", port=int(sys.argv[1]), graceful=float(sys.argv[3]))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    say("returned")
