"""Opens the settings, the logs and the database for a command."""

from bot import logs
from bot.opening import make_database, prepare
from bot.settings import Settings, load_settings
from storage.unit_of_work import Database


def open_settings(*needs: str) -> Settings:
    """The settings, of which this command needs some; from now on logs go where they say."""
    settings = load_settings(needs=needs)
    logs.configure(settings.log_level, settings.log_format, settings.secrets())
    return settings


def open_database(settings: Settings) -> Database:
    """The database, at the newest schema."""
    database = make_database(settings)
    prepare(database)
    return database


def opened() -> tuple[Settings, Database]:
    """The settings, and the database they name."""
    settings = open_settings()
    return settings, open_database(settings)
