"""`python -m bot db …`: the database's schema."""

import typer

from bot.opened import open_settings
from bot.opening import make_database
from bot.opening import upgrade as upgrade_database

commands = typer.Typer(help="The database.")


@commands.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    upgrade_database(make_database(open_settings()))
    typer.echo("The database has the newest schema.")
