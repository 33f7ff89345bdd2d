"""The schema: the migrations lead to what the tables say, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage import migrate, schema
from storage.unit_of_work import Database


def test_the_migrations_lead_to_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
    assert migrate.is_current(database.engine)


def test_upgrading_twice_does_nothing(database: Database) -> None:
    migrate.upgrade(database.engine)
    assert migrate.is_current(database.engine)
