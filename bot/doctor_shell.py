"""`python -m bot doctor`: what was looked at, a line each."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from bot.doctor import Check, examine
from bot.shell import print_json

commands = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@commands.command()
def doctor(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Check settings, Slack, provider, database and policy; say what to do about each."""
    checks = examine(os.environ)
    _show(checks, as_json=as_json)
    raise typer.Exit(0 if all(check.fine for check in checks) else 1)


def _show(checks: Sequence[Check], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(check) for check in checks])
        return
    for check in checks:
        typer.echo(f"{'fine ' if check.fine else 'WRONG'}  {check.name}: {check.says}")
