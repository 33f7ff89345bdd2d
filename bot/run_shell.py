"""`python -m bot serve`, `socket` and `worker`: what runs until it is stopped."""

import signal
from threading import Event
from typing import Annotated

import typer

from bot.app import Program, make_program
from bot.opened import open_settings
from bot.opening import refuse_early
from bot.serving import Served
from bot.serving import serve as serve_http
from bot.settings import Settings
from bot.socket_mode import run_socket

SLACK = ("SLACK_BOT_TOKEN",)
PLIVO = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")

NoWorker = Annotated[bool, typer.Option("--no-worker", help="Leave the worker to other processes.")]

commands = typer.Typer()


@commands.command()
def serve(no_worker: NoWorker = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Run Slack's HTTP door on HOST:PORT, with a worker inside."""
    settings = open_settings(*SLACK, "SLACK_SIGNING_SECRET", *PLIVO)
    refuse_early(settings)
    serve_http(lambda: _served(settings, works=not no_worker), host=settings.host, port=settings.port)


def _served(settings: Settings, *, works: bool) -> Served:
    program = make_program(settings, works=works)
    return Served(wsgi=program.door(), start=program.start, stop=program.stop)


@commands.command()
def socket(no_worker: NoWorker = False) -> None:  # noqa: FBT002
    """Run Slack's Socket Mode door, with a worker inside."""
    settings = open_settings(*SLACK, "SLACK_APP_TOKEN", *PLIVO)
    program = make_program(settings, works=not no_worker)
    token = settings.slack_app_token
    run_socket(
        program.slack_app(), token.get_secret_value() if token else "", start=program.start, stop=program.stop
    )


@commands.command()
def worker() -> None:
    """Run the worker alone."""
    program = make_program(open_settings(*SLACK, *PLIVO), works=True)
    _until_stopped(program)


def _until_stopped(program: Program) -> None:
    told = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    program.start()
    told.wait()
    program.stop()
