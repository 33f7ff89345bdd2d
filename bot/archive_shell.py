"""`python -m bot audit archive`: moves old events out of the database."""

from pathlib import Path
from typing import Annotated

import typer

from bot.furnishing import make_audit_desk
from bot.model.audit import Action
from bot.model.errors import SettingsError
from bot.opened import opened
from bot.opening import load_policy
from bot.settings import Settings
from bot.usecases.archive import Archived
from bot.usecases.archive import archive as archive_events
from bot.usecases.attempt import attempt
from bot.usecases.record import OPERATOR

commands = typer.Typer()


@commands.command()
def archive(
    to: Annotated[Path | None, typer.Option(help="The folder; AUDIT_ARCHIVE_FOLDER if left out.")] = None,
    years: Annotated[
        int | None, typer.Option(min=1, help="Years that stay; the policy's keep_years if left out.")
    ] = None,
) -> None:
    """Move old events to a sealed file that is verified before anything is deleted."""
    settings, database = opened()
    with attempt(database, settings.plivo_auth_id or "", Action.AUDIT_ARCHIVED):
        folder, years = _where(settings, to, years)
        desk = make_audit_desk(settings, database)
    found = archive_events(desk, folder, years, actor=OPERATOR)
    for one in found:
        if isinstance(one, Archived):
            typer.echo(f"{one.workspace}: events {one.first} to {one.last} are in {one.path}.")
        else:
            typer.echo(f"{one.broken.workspace}: nothing was archived: {one.broken.says}", err=True)
    if not found:
        typer.echo(f"No event is older than {years} years.")
    raise typer.Exit(0 if all(isinstance(one, Archived) for one in found) else 1)


def _where(settings: Settings, to: Path | None, years: int | None) -> tuple[Path, int]:
    """The folder, and how many years stay."""
    folder, loaded = to or settings.audit_archive_folder, load_policy(settings)
    years = years or (loaded.policy.audit.keep_years if loaded else None)
    if folder is None or years is None:
        raise SettingsError(
            "Say where, with --to or AUDIT_ARCHIVE_FOLDER, and --years or the policy's keep_years."
        )
    return folder, years
