"""The command line, one thin function a command. Exit: 0 fine, 1 a check found something, 2 wrong usage."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from bot import __version__, audit_shell, logs, policy_shell, shell
from bot.app import Program, make_program
from bot.doctor import examine
from bot.manifest import manifest as app_manifest
from bot.model.audit import Actor, ActorType
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.audit_words import By
from bot.model.errors import NotUnderstood, NumberdeskError, PolicyError, SettingsError
from bot.model.purchase import PurchaseStatus
from bot.opening import make_database, make_desk, no_database, nobody, prepare, refuse_early
from bot.opening import upgrade as upgrade_database
from bot.serving import Served
from bot.serving import serve as serve_http
from bot.settings import Settings, load_settings
from bot.shell_audit import pointed
from bot.socket_mode import run_socket
from bot.usage import PROGRAM, one_line, wrong_usage
from bot.usecases.adopt import NoSuchDifference, Over, reopen
from bot.usecases.audit_export import count_events, export, stats
from bot.usecases.check import Checked
from bot.usecases.check import check as check_purchases
from bot.usecases.follow import Follower
from bot.usecases.look_up import open_purchases
from bot.usecases.read_log import log_reading, query_log, understood
from bot.usecases.settle_by_hand import NoSuchPurchase, NotOpen, TooEarly, settle_by_hand
from bot.whole_file import whole_file
from handlers.ui.help import misread_lines
from storage.unit_of_work import Database

SLACK = ("SLACK_BOT_TOKEN",)
PLIVO = ("PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
db = typer.Typer(help="The database.")
policy = typer.Typer(help="The policy file.")
audit = typer.Typer(help="The audit log.")
purchases = typer.Typer(help="Purchases whose money may be moving or may have moved.")
app.add_typer(db, name="db")
app.add_typer(policy, name="policy")
app.add_typer(audit, name="audit")
app.add_typer(purchases, name="purchases")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AgainstProvider = Annotated[
    bool, typer.Option("--check", help="Compare all purchases with the provider's list instead.")
]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Leave the worker to other processes.")]


class Finding(StrEnum):
    """What a person saw at the provider."""

    BOUGHT = "bought"
    NOT_BOUGHT = "not-bought"


@app.callback(invoke_without_command=False, help="Numberdesk: phone numbers for teams, from Slack.")
def main() -> None:
    """Nothing of its own: the commands are below."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def serve(no_worker: NoWorker = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Run Slack's HTTP door on HOST:PORT, with a worker inside."""
    settings = _settings(*SLACK, "SLACK_SIGNING_SECRET", *PLIVO)
    refuse_early(settings)
    serve_http(lambda: _served(settings, works=not no_worker), host=settings.host, port=settings.port)


def _served(settings: Settings, *, works: bool) -> Served:
    program = make_program(settings, works=works)
    return Served(wsgi=program.door(), start=program.start, stop=program.stop)


@app.command()
def socket(no_worker: NoWorker = False) -> None:  # noqa: FBT002
    """Run Slack's Socket Mode door, with a worker inside."""
    settings = _settings(*SLACK, "SLACK_APP_TOKEN", *PLIVO)
    program = make_program(settings, works=not no_worker)
    token = settings.slack_app_token
    run_socket(
        program.slack_app(), token.get_secret_value() if token else "", start=program.start, stop=program.stop
    )


@app.command()
def worker() -> None:
    """Run the worker alone."""
    program = make_program(_settings(*SLACK, *PLIVO), works=True)
    _until_stopped(program)


def _until_stopped(program: Program) -> None:
    told = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    program.start()
    told.wait()
    program.stop()


@app.command()
def doctor(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Check settings, Slack, provider, database and policy; say what to do about each."""
    checks = examine(os.environ)
    shell.show_checks(checks, as_json=as_json)
    raise typer.Exit(0 if all(check.fine for check in checks) else 1)


@app.command()
def manifest(
    url: Annotated[str | None, typer.Option(help="The public address; without one, Socket Mode.")] = None,
) -> None:
    """Print the app manifest for Slack, as JSON."""
    try:
        typer.echo(json.dumps(app_manifest(url), indent=2))
    except ValueError as problem:
        raise SettingsError(str(problem)) from None


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    upgrade_database(make_database(_settings()))
    typer.echo("The database has the newest schema.")


@audit.command("query")
def audit_query(
    query: Annotated[list[str] | None, typer.Argument(help="Such as: action:purchase.* since:7d")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes in.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List the newest events that match."""
    settings, database = _opened()
    text = " ".join(query or ())
    asked = _asked(database, text)
    if follow:
        log_reading(database, settings.plivo_auth_id or "", text, follow=True)
        shell.follow(Follower(database, asked), limit, as_json=as_json)
        return
    found = query_log(database, asked, limit=limit)
    log_reading(database, settings.plivo_auth_id or "", text, found=len(found))
    shell.show_events(found, as_json=as_json)


@audit.command("stats")
def audit_stats(
    query: Annotated[list[str] | None, typer.Argument(help="Such as: action:purchase.* since:7d")] = None,
    by: Annotated[By, typer.Option(help="What to count by.")] = By.ACTION,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Count the events that match."""
    settings, database = _opened()
    text = " ".join(query or ())
    counted = stats(database, _asked(database, text), by)
    log_reading(database, settings.plivo_auth_id or "", text, by=by.value)
    shell.show_counts(counted, as_json=as_json)


@audit.command("export")
def audit_export(
    kind: Annotated[Format, typer.Option("--format")] = Format.JSONL,
    query: Annotated[str, typer.Option(help="Which events; all of them if left out.")] = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The file; stdout if left out.")] = None,
) -> None:
    """Write the events that match to a file, and log that it was done."""
    settings, database = _opened()
    asked = _asked(database, query)
    try:
        with whole_file(out) as file, shell.progress(count_events(database, asked)) as written:
            events = export(database, asked, kind, file, written, account=settings.plivo_auth_id or "")
    except OSError as problem:
        raise SettingsError(f"The file could not be written: {problem}") from None
    typer.echo(f"{events:,} events.", err=True)


def _asked(database: Database, text: str) -> AuditQuery:
    """The query in `text`; what is not understood is pointed at."""
    try:
        with database.read() as work:
            return understood(work, None, text)
    except NotUnderstood as problem:
        if sys.stderr.isatty():  # a script gets its one line
            for line in pointed(text, problem):
                typer.echo(line, err=True)
        raise


@purchases.callback(invoke_without_command=True)
def purchases_open(
    context: typer.Context,
    as_json: AsJson = False,  # noqa: FBT002
    check: AgainstProvider = False,  # noqa: FBT002
) -> None:
    """List open and unsettled purchases, or what differs from the provider's list."""
    if context.invoked_subcommand is not None:
        return
    if not check:
        shell.show_purchases(open_purchases(_database(_settings())), as_json=as_json)
        return
    found = _differences()
    shell.show_differences(found, as_json=as_json)
    raise typer.Exit(1 if any(not each.ignored for each in found) else 0)


def _differences() -> list[Checked]:
    """Both sides compared, by an operator who needs no Slack."""
    settings = _settings(*PLIVO)
    desk = make_desk(settings, _database(settings), ask=nobody)
    try:
        return check_purchases(desk)
    finally:
        desk.provider.close()


@purchases.command("reopen")
def purchases_reopen(difference_id: str) -> None:
    """Take up again a difference that somebody ignored."""
    operator = Actor(ActorType.OPERATOR, "shell")
    outcome = reopen(_database(_settings()), operator, difference_id)
    if isinstance(outcome, NoSuchDifference):
        raise SettingsError(
            f"There is no difference {difference_id}; `python -m bot purchases --check` lists them."
        )
    if isinstance(outcome, Over):
        typer.echo(f"{difference_id} is {outcome.difference.state}; nothing was changed.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{difference_id} is open again.")


@purchases.command("settle")
def purchases_settle(
    purchase_id: str,
    what: Annotated[Finding, typer.Argument(help="bought or not-bought")],
    reason: Annotated[str, typer.Option(help="What you saw at the provider.")],
) -> None:
    """Say what became of a purchase that nobody could clear up."""
    if not reason.strip():
        raise typer.BadParameter("it is blank; say what you saw at the provider.", param_hint="'--reason'")
    to = PurchaseStatus.BOUGHT if what is Finding.BOUGHT else PurchaseStatus.NOT_BOUGHT
    operator = Actor(ActorType.OPERATOR, "shell")
    settings = _settings()
    outcome = settle_by_hand(
        _database(settings), operator, purchase_id, to, reason=reason, window=settings.settle_window
    )
    if isinstance(outcome, NoSuchPurchase):
        raise SettingsError(
            f"There is no purchase {purchase_id}; `python -m bot purchases` lists the open ones."
        )
    if isinstance(outcome, NotOpen):
        typer.echo(
            f"{purchase_id} is {outcome.order.purchase.status} already; nothing was changed.", err=True
        )
        raise typer.Exit(1)
    if isinstance(outcome, TooEarly):
        typer.echo(
            f"{purchase_id} may be bought though the provider does not list it yet: its list may lag until "
            f"{outcome.until:%Y-%m-%d %H:%M:%S} UTC. Nothing was changed; the desk goes on asking.",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(f"{purchase_id} is {to}.")


def _opened() -> tuple[Settings, Database]:
    settings = _settings()
    return settings, _database(settings)


audit_shell.add(audit, _opened)
policy_shell.add(policy)


def _settings(*needs: str) -> Settings:
    settings = load_settings(needs=needs)
    logs.configure(settings.log_level, settings.log_format, settings.secrets())
    return settings


def _database(settings: Settings) -> Database:
    database = make_database(settings)
    prepare(database)
    return database


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as problem:
        lines = [wrong_usage(app, sys.argv[1:], problem)]
    except PolicyError as problem:
        lines = str(problem).splitlines()  # one for each error in the file
    except NotUnderstood as problem:
        lines = [misread_lines(problem)]
    except NumberdeskError as problem:
        lines = [str(problem)]
    except DBAPIError as problem:
        lines = [no_database(problem)]
    else:
        return
    typer.echo("numberdesk: " + "\n".join(map(one_line, lines)), err=True)
    raise SystemExit(2)


def run() -> None:
    """The program, with an error as one line."""
    with _errors_in_one_line():
        # not Typer's own "standalone mode", which draws a box around an error
        sys.exit(app(prog_name=PROGRAM, standalone_mode=False))


if __name__ == "__main__":
    run()
