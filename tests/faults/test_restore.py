"""Yesterday's database is restored: what was bought since is not bought again, and is found."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot.model.numbers import format_number
from bot.usecases.sweep import FIRST_AFTER
from sandbox.slack.driver import Person
from storage.engine import make_engine
from tests.world import APPROVE, NUMBERS, World, ask, world

RITA, ANA = "U0RITA", "U0ANA"


class Backup:
    """A copy of the database: a file by VACUUM INTO, or a database made after the template."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = make_url(url)
        self._file = folder / "backup.db"
        self._name = f"{self._url.database}_backup"

    def take(self) -> None:
        """While the program runs on SQLite; PostgreSQL copies a template that nobody uses."""
        if self._is_sqlite:
            self._run_sqlite(f"VACUUM INTO '{self._file}'")
        else:
            self._copy(str(self._url.database), self._name)

    def restore(self) -> None:
        if self._is_sqlite:
            path = Path(str(self._url.database))
            for old in path.parent.glob(f"{path.name}*"):
                old.unlink()
            shutil.copy(self._file, path)
        else:
            self._run(f'DROP DATABASE "{self._url.database}" WITH (FORCE)')
            self._copy(self._name, str(self._url.database))

    def drop(self) -> None:
        if not self._is_sqlite:
            self._run(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _copy(self, source: str, target: str) -> None:
        self._run(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def _run_sqlite(self, statement: str) -> None:
        engine = make_engine(self._url.render_as_string(hide_password=False))
        with engine.connect() as connection:
            connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
        engine.dispose()

    def _run(self, statement: str) -> None:
        engine = create_engine(self._url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        made.start()
        yield made


@pytest.fixture
def backup(database_url: str, tmp_path: Path) -> Iterator[Backup]:
    made = Backup(database_url, tmp_path)
    yield made
    made.drop()


def test_nothing_is_bought_twice_and_nothing_is_lost(desk: World, backup: Backup) -> None:
    with Person(desk.slack_url, RITA) as rita, Person(desk.slack_url, ANA) as ana:
        old = ask(rita, dear=False)
        rita.wait_message(NUMBERS, "Bought")
        # Yesterday evening: one is bought, and one is queued while its worker waits for the provider.
        desk.plivo.spoil("rented", {"hold": "night", "at": "after"}, times=1)
        queued = ask(rita, dear=False, reason="Asked in the evening")
        desk.plivo.control("GET", "sandbox/held?wait=night&timeout=10")
        desk.kill()
        backup.take()
        desk.plivo.control("POST", "sandbox/release/night")
        desk.start()
        # Today: it is bought, and so is another.
        desk.pass_time(60)
        rita.wait_for(lambda _: desk.plivo.ours(queued), timeout=20)
        today = ask(rita, dear=False, reason="Asked today")
        rita.wait_for(lambda _: desk.plivo.ours(today), timeout=20)
        desk.kill()
        backup.restore()
        checked = desk.run("purchases", "--check")
        assert (checked.returncode, format_number(today) in checked.stdout) == (1, True), checked
        desk.start()
        desk.pass_time(60)
        rita.wait_message(rita.direct, "The account holds this number already", timeout=20)
        assert [len(desk.buys(number)) for number in (old, queued, today)] == [1, 1, 1]
        desk.pass_time(FIRST_AFTER)
        card = ana.wait_message(APPROVE, "5 differences", timeout=20)
        assert all(format_number(number) in card.words for number in (queued, today))
        assert format_number(old) not in card.words
        ana.click(card, "sweep_adopt_all")
        ana.wait_message(APPROVE, "The account and our purchases agree again", timeout=20)
    held = desk.rows("SELECT number, spender FROM purchase WHERE status = 'bought'")
    assert {(old, RITA), (queued, RITA), (today, "adopted")} <= {tuple(row) for row in held}
    sums = "SELECT sum(setup + monthly) FROM purchase WHERE status = 'bought'"
    assert desk.rows("SELECT sum(committed), sum(reserved) FROM budget WHERE spender = ''") == [
        (desk.rows(sums)[0][0], 0)
    ]
    desk.kill()
    desk.pass_time(1000)
    assert desk.run("purchases", "--check").returncode == 0
