"""The command line: where each command is, and errors as one line.

Exit: 0 fine, 1 a check found something, 2 wrong usage.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import typer

from bot.later import Later
from bot.model.errors import NotUnderstood, NumberdeskError, PolicyError
from bot.usage import PROGRAM, one_line, wrong_usage

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError


class _Policy(Later):
    holders: ClassVar[Mapping[str, str | typer.Typer]] = {
        "check": "bot.policy_shell",
        "explain": "bot.explain_shell",
    }


class _Audit(Later):
    holders: ClassVar[Mapping[str, str | typer.Typer]] = {
        **dict.fromkeys(("query", "stats", "export"), "bot.log_shell"),
        **dict.fromkeys(("verify", "prove", "erase"), "bot.audit_shell"),
        "archive": "bot.archive_shell",
        "key": "bot.audit_shell",
    }


class _All(Later):
    holders: ClassVar[Mapping[str, str | typer.Typer]] = {
        "version": "bot.about_shell",
        **dict.fromkeys(("serve", "socket", "worker"), "bot.run_shell"),
        "doctor": "bot.doctor_shell",
        "manifest": "bot.about_shell",
        "db": "bot.database_shell",
        "policy": typer.Typer(cls=_Policy, help="The policy file."),
        "audit": typer.Typer(cls=_Audit, help="The audit log."),
        "purchases": "bot.purchases_shell",
    }


app = typer.Typer(cls=_All, add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=False, help="Numberdesk: phone numbers for teams, from Slack.")
def main() -> None:
    """Nothing of its own: the commands are below."""


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as problem:
        lines = [wrong_usage(app, sys.argv[1:], problem)]
    except PolicyError as problem:
        lines = str(problem).splitlines()  # one for each error in the file
    except NotUnderstood as problem:
        lines = [_misread(problem)]
    except NumberdeskError as problem:
        lines = [str(problem)]
    except _of_a_database() as problem:
        lines = [_no_database(problem)]
    else:
        return
    typer.echo("numberdesk: " + "\n".join(map(one_line, lines)), err=True)
    _let_go_of_output()
    raise SystemExit(2)


def _let_go_of_output() -> None:
    """Keeps Python from failing once more, at its end, over a pipe whose reader went away."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _misread(problem: NotUnderstood) -> str:
    from handlers.ui.help import misread_lines  # noqa: PLC0415 - few commands understand words

    return misread_lines(problem)


def _of_a_database() -> "type[DBAPIError]":
    """What a database's driver says; looked for once something was raised that is none of the above."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - same

    return DBAPIError


def _no_database(problem: "DBAPIError") -> str:
    from bot.opening import no_database  # noqa: PLC0415 - same

    return no_database(problem)


def run() -> None:
    """The program, with an error as one line."""
    with _errors_in_one_line():
        # not Typer's own "standalone mode", which draws a box around an error
        code = app(prog_name=PROGRAM, standalone_mode=False)
    sys.exit(code)


if __name__ == "__main__":
    run()
