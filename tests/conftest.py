"""What every test may use: a database of each kind, and a word at the end on what was missing."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from storage import migrate
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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: takes long; part of `make soak` only")
    config.addinivalue_line("markers", "browser: drives the page in a real browser")
    missing = [what for what, absent in ABSENT.items() if absent]
    if REQUIRE_ALL and missing:
        raise pytest.UsageError("REQUIRE_ALL=1, and these are absent: " + "; ".join(missing))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("SOAK") != "1":
        long = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    for item in items:
        if item.get_closest_marker("browser") and not Path(CHROMIUM).exists():
            item.add_marker(pytest.mark.skip(reason="Chromium is absent"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
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
def _postgres_template() -> Iterator[str]:
    """The name of a database with the newest schema, to copy."""
    with _own_postgres() as url:
        upgraded(url)
        yield str(make_url(url).database)


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
    with _own_postgres(request.getfixturevalue("_postgres_template")) as url:
        yield url


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a database with the newest schema, for fixtures that live longer than a test."""
    if kind == "sqlite":
        upgraded(f"sqlite:///{folder / 'numberdesk.db'}")
        yield f"sqlite:///{folder / 'numberdesk.db'}"
        return
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    with _own_postgres() as url:
        upgraded(url)
        yield url


class _own_postgres:  # noqa: N801 - reads as a sentence in `with`
    """A database of one's own, dropped at the end."""

    def __init__(self, template: str = "template1") -> None:
        self._template = template

    def __enter__(self) -> str:
        self._name = f"numberdesk_test_{uuid4().hex[:12]}"
        self._run(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"')
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
