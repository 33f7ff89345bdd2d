"""A program for tests: socketed.py API_URL. It answers `/number` by Socket Mode with a line from stdin."""

import sys
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import logs
from bot.model.errors import SettingsError
from bot.socket_mode import run_socket

BOT_TOKEN = "xoxb-invented"


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - the test reads it


def number(ack: Any, command: dict[str, str]) -> None:
    if command["text"] == "fail":
        raise ZeroDivisionError
    say("heard")
    ack(sys.stdin.readline().strip())
    say("answered")


def make_app() -> App:
    app = App(
        name="test",
        client=WebClient(BOT_TOKEN, base_url=sys.argv[1], timeout=5),
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token=BOT_TOKEN),
        process_before_response=True,
        request_verification_enabled=False,
    )
    app.command("/number")(number)
    return app


if __name__ == "__main__":
    logs.configure("INFO", "text", ())
    try:
        run_socket(
            make_app(),
            "xapp-1-invented",
            start=lambda: say("started"),
            stop=lambda seconds: say(f"stopped {seconds > 0}"),
        )
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    say("returned")
