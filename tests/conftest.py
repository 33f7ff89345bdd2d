"""What every test may use: a database of each kind, and a word at the end on what was missing."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from storage import migrate, schema
from storage.engine import make_engine
from storage.unit_of_work import Database

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
_LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


def _postgres_url() -> str | None:
    """TEST_POSTGRES_URL, or a server on this machine with trust authentication."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        return url
    try:
        with socket.create_connection(("127.0.0.1", 5432), timeout=1):
            return _LOCAL_POSTGRES
    except OSError:
        return None


def _postgres_programs() -> Path | None:
    """Where the newest installed PostgreSQL has `initdb` and `pg_ctl`, for a server that a test may stop."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    places = [*map(str, reversed(found)), shutil.which("pg_ctl")]
    return next((Path(place).parent for place in places if place), None)


POSTGRES = _postgres_url()
POSTGRES_PROGRAMS = _postgres_programs()
ABSENT = {
    "PostgreSQL: storage and use-case tests ran on SQLite only (set TEST_POSTGRES_URL)": POSTGRES is None,
    "PostgreSQL's programs: it was not restarted (install initdb and pg_ctl)": POSTGRES_PROGRAMS is None,
    "Chromium: the browser tests did not run (install it, or set CHROMIUM)": not Path(CHROMIUM).exists(),
}

TOLD = "told"
"""The property under which a test records what the summary at the end says of it."""
FIRST = ("test_soak", "test_the_desk_on_sqlite", "test_crash_points")
"""What the long proofs begin with, each in a process of its own; all others fill up what these leave."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: takes long; part of `make soak` only")
    config.addinivalue_line("markers", "grows: takes long with SOAK=1; part of `make soak` as well")
    config.addinivalue_line("markers", "browser: drives the page in a real browser")
    missing = [what for what, absent in ABSENT.items() if absent]
    if REQUIRE_ALL and missing:
        raise pytest.UsageError("REQUIRE_ALL=1, and these are absent: " + "; ".join(missing))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("SOAK") != "1":
        long = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    else:
        items.sort(key=_place)
    for item in items:
        if item.get_closest_marker("browser") and not Path(CHROMIUM).exists():
            item.add_marker(pytest.mark.skip(reason="Chromium is absent"))


def _place(item: pytest.Item) -> int:
    return next((place for place, name in enumerate(FIRST) if name in item.nodeid), len(FIRST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, words in report.user_properties:
            if name == TOLD:
                terminalreporter.write_line(str(words))
    for what, absent in ABSENT.items():
        if absent:
            terminalreporter.write_line(f"ABSENT  {what}", yellow=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table; on PostgreSQL dropped afterwards."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'numberdesk.db'}"
        return
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    with _own_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema: to copy it is much faster than to migrate again."""
    file = tmp_path_factory.mktemp("template") / "numberdesk.db"
    upgraded(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _postgres_reused() -> Iterator["Reused"]:
    """A database with the newest schema for one test after the other; to make one for each takes longer."""
    with ExitStack() as until_the_end:
        yield Reused(until_the_end)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with the newest schema; on PostgreSQL dropped afterwards."""
    if request.param == "sqlite":
        file = tmp_path / "numberdesk.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    yield request.getfixturevalue("_postgres_reused").empty()


@contextmanager
def a_database(kind: str, folder: Path, options: str = "") -> Iterator[str]:
    """The address of a database with the newest schema, for fixtures that live longer than a test.

    `options` are those of PostgreSQL's CREATE DATABASE.
    """
    if kind == "sqlite":
        upgraded(f"sqlite:///{folder / 'numberdesk.db'}")
        yield f"sqlite:///{folder / 'numberdesk.db'}"
        return
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    with _own_postgres(options) as url:
        upgraded(url)
        yield url


class Reused:
    """A database on PostgreSQL that is emptied for each test; another one, if a test changed its schema."""

    def __init__(self, until_the_end: ExitStack) -> None:
        self._stack = until_the_end
        self._url: str | None = None

    def empty(self) -> str:
        """Its address; nobody is connected, and no table has a row."""
        if self._url is not None and self._emptied():
            return self._url
        self._url = self._stack.enter_context(_own_postgres())
        upgraded(self._url)
        # nobody stays connected: a test may copy the database, or put another one in its place
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._schema = None
        with self._engine.connect() as connection:
            self._version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        self._emptied()
        return self._url

    def _emptied(self) -> bool:
        with self._engine.connect() as connection:
            connection.execute(text(_OTHERS))
            found = {str(name): size for name, size in connection.execute(text(_RELATIONS))}
            if self._schema not in {None, frozenset(found)}:
                return False
            self._schema = frozenset(found)
            # as superuser: the log's triggers let nobody else delete
            connection.execute(text("SET session_replication_role = replica"))
            for name in {table.name for table in schema.metadata.sorted_tables} & found.keys():
                way = "TRUNCATE" if found[name] > LARGE else "DELETE FROM"
                connection.execute(text(f'{way} "{name}"'))
            connection.execute(text("DELETE FROM alembic_version"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:now)"), {"now": self._version})
            return True


LARGE = 200_000
"""Bytes of a table whose file is thrown away; to delete a few rows is faster."""
_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_RELATIONS = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT tgrelid::regclass || ' ' || tgname, 0 FROM pg_trigger WHERE NOT tgisinternal"
    " UNION ALL SELECT proname || '()', 0 FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
).replace("::", "\\:\\:")


class _own_postgres:  # noqa: N801 - reads as a sentence in `with`
    """A database of one's own, dropped at the end."""

    def __init__(self, options: str = "") -> None:
        self._options = options

    def __enter__(self) -> str:
        self._name = f"numberdesk_test_{uuid4().hex[:12]}"
        self._run(f'CREATE DATABASE "{self._name}" {self._options}')
        # no test cuts this server's power: none needs to wait for the disk
        self._run(f'ALTER DATABASE "{self._name}" SET synchronous_commit = off')
        own = make_url(_psycopg(POSTGRES)).set(database=self._name)
        return own.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = create_engine(_psycopg(POSTGRES), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _psycopg(url: str | None) -> str:
    return str(url).replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://")


def upgraded(url: str) -> None:
    """Brings a database to the newest schema, and leaves no connection behind."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The rows, on SQLite and on PostgreSQL."""
    database = Database(make_engine(database_url))
    yield database
    database.engine.dispose()
