"""What an engine asks of its database: a committed intent is on the disk before anything is bought."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from storage.engine import make_engine, reading
from tests.conftest import POSTGRES, _psycopg

FULL = 2


def test_a_commit_on_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    """NORMAL would forget the intent of a purchase at a power loss, and it would be bought again."""
    engine = make_engine(f"sqlite:///{tmp_path / 'numberdesk.db'}")
    with (
        engine.connect().execution_options(**reading(engine)) as one,
        engine.connect().execution_options(**reading(engine)) as other,
    ):
        for connection in (one, other):
            assert connection.scalar(text("PRAGMA synchronous")) == FULL
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    engine.dispose()


def test_a_commit_on_postgresql_waits_as_long_as_the_server_says() -> None:
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    with psycopg.connect(_psycopg(POSTGRES).replace("+psycopg", "")) as plain:
        wanted = plain.execute("SHOW synchronous_commit").fetchone()
    engine = make_engine(_psycopg(POSTGRES))
    with engine.connect() as connection:
        assert (connection.scalar(text("SHOW synchronous_commit")),) == wanted
    engine.dispose()
