"""The schema: the migrations lead to what the tables say, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

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


def test_a_schema_of_another_version_is_not_known(database: Database) -> None:
    assert migrate.is_known(database.engine)
    with database.write() as work:
        work.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not migrate.is_known(database.engine)
    assert not migrate.is_current(database.engine)
    with pytest.raises(migrate.UnknownSchema):
        migrate.upgrade(database.engine)


def test_the_files_of_migrations_tell_their_revisions_as_alembic_reads_them() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    oldest_first = [script.revision for script in scripts.walk_revisions()][::-1]
    assert migrate.known_revisions() == oldest_first
    assert scripts.get_heads() == [migrate.known_revisions()[-1]]
