"""`python -m bot version` and `manifest`: what the program says of itself."""

import json
from typing import Annotated

import typer

from bot import __version__
from bot.manifest import manifest as app_manifest
from bot.model.errors import SettingsError

commands = typer.Typer()


@commands.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@commands.command()
def manifest(
    url: Annotated[str | None, typer.Option(help="The public address; without one, Socket Mode.")] = None,
) -> None:
    """Print the app manifest for Slack, as JSON."""
    try:
        typer.echo(json.dumps(app_manifest(url), indent=2))
    except ValueError as problem:
        raise SettingsError(str(problem)) from None
