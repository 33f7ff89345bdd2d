"""The database locked, full, cut off, out of step and switched off, with the real program: no half change."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests
from sqlalchemy import Connection, create_engine, text

from sandbox.slack.driver import Person
from tests.conftest import POSTGRES_PROGRAMS, upgraded
from tests.faults import truth
from tests.faults.scenes import Played
from tests.faults.stage import Stage, group, stage
from tests.world import NUMBERS, free_port

AGAIN = "The desk's database did not answer"


def _submitted(here: Stage, number: str) -> str:
    """Rita presses until it took effect."""
    request = here.submit(number)
    here.settled()
    return request


def _calls(here: Stage, number: str) -> int:
    return len(here.desk.plivo.control("GET", f"sandbox/log?kind=buy&number={number}"))


def _heard(person: Person) -> str:
    """What a form says after it was pressed."""
    return " ".join((person.submit() or {}).values())


@contextmanager
def _connected(here: Stage) -> Iterator[Connection]:
    engine = create_engine(here.desk.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


# --- SQLite ---


@contextmanager
def _locked(here: Stage) -> Iterator[None]:
    """Another program is in the middle of a change."""
    engine = create_engine(here.desk.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("BEGIN IMMEDIATE"))
        yield
        connection.execute(text("ROLLBACK"))
    engine.dispose()


def test_a_locked_file_delays_and_loses_nothing(stages: Callable[[str], Stage]) -> None:
    here = stages("sqlite")
    number = here.confirm(dear=False)
    with _locked(here):
        # Slack itself gives up after three seconds: whoever pressed reads that, and presses again
        assert all(_heard(here.rita) for _ in range(3)), "ten seconds in all"
        assert here.desk.rows("SELECT count(*) FROM purchase WHERE number = :n", n=number) == [(0,)]
    request = _submitted(here, number)
    truth.check(here, Played(number, request))


def test_a_file_that_is_locked_while_the_provider_answers_learns_it_afterwards(
    stages: Callable[[str], Stage],
) -> None:
    here = stages("sqlite")
    number = here.confirm(dear=False)
    here.desk.plivo.spoil("buy", {"hold": "locked", "at": "after"}, times=1, number=number)
    request = here.submit(number)
    here.desk.plivo.control("GET", "sandbox/held?wait=locked&timeout=20")
    with _locked(here):
        here.desk.plivo.control("POST", "sandbox/release/locked")
        here.until(lambda: here.desk.plivo.ours(number))
        assert here.shows(request, "p.status = 'buying'")
    here.until(lambda: here.shows(request, "p.status = 'bought'"))
    here.settled()
    truth.check(here, Played(number, request))


@contextmanager
def _full(here: Stage) -> Iterator[None]:
    """No file of the program can grow any more."""
    assert here.desk.process is not None
    size = max(file.stat().st_size for file in here.folder.glob("numberdesk.db*"))
    pids = group(here.desk.process.pid)
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, most) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(4096, size), most))
    try:
        yield
    finally:
        for pid, before in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_nothing_is_bought_and_people_are_told(stages: Callable[[str], Stage]) -> None:
    here = stages("sqlite")
    number = here.confirm(dear=False)
    with _full(here):
        assert AGAIN in _heard(here.rita)
        assert here.desk.rows("SELECT count(*) FROM purchase WHERE number = :n", n=number) == [(0,)]
    request = _submitted(here, number)
    assert _calls(here, number) == 1
    truth.check(here, Played(number, request))


def test_a_disk_that_is_full_when_the_provider_has_answered_is_no_loss(
    stages: Callable[[str], Stage],
) -> None:
    here = stages("sqlite")
    number = here.confirm(dear=False)
    here.desk.plivo.spoil("buy", {"hold": "full", "at": "after"}, times=1, number=number)
    request = here.submit(number)
    here.desk.plivo.control("GET", "sandbox/held?wait=full&timeout=20")
    with _full(here):
        here.desk.plivo.control("POST", "sandbox/release/full")
        here.until(lambda: here.desk.plivo.ours(number))
        assert AGAIN in _answer(here.rita, "/number search US local 415")
        assert here.shows(request, "p.status = 'buying'"), "nothing is known before there is room"
    here.settled()
    assert here.shows(request, "p.status = 'bought'")
    assert _calls(here, number) == 1
    truth.check(here, Played(number, request))


def _answer(person: Person, command: str) -> str:
    """What a command is answered with."""
    before = {m.ts for m in person.messages(NUMBERS)}
    person.command(NUMBERS, command)
    told = person.wait_for(lambda p: [m for m in p.messages(NUMBERS) if m.ts not in before])
    return told[0].words if told else ""


# --- PostgreSQL: cut off, and out of step ---


@contextmanager
def _log_held(here: Stage) -> Iterator[Callable[[], int]]:
    """Whoever wants to write a line of the log, the last step of all, waits; the backend that does."""
    engine = create_engine(here.desk.database_url)
    with engine.connect() as holder, _connected(here) as looker:
        holder.execute(text("LOCK TABLE audit_head IN EXCLUSIVE MODE"))
        query = text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query ILIKE '%audit_head%' ORDER BY xact_start LIMIT 1"
        )

        def waiting() -> int:
            return here.until(lambda: looker.scalar(query))

        yield waiting
        holder.rollback()
    engine.dispose()


def _cut(here: Stage, backend: int) -> None:
    with _connected(here) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})


def test_a_connection_lost_in_the_middle_of_a_request_leaves_none_of_it(
    stages: Callable[[str], Stage],
) -> None:
    here = stages("postgresql")
    number = here.confirm(dear=False)
    with _log_held(here) as waiting:
        # whatever Rita hears of this press, it is not of a request: Slack gives up after three seconds
        assert _heard(here.rita)
        _cut(here, waiting())
    assert here.desk.rows("SELECT count(*) FROM purchase WHERE number = :n", n=number) == [(0,)]
    request = _submitted(here, number)
    truth.check(here, Played(number, request))


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_connection_lost_around_the_call_is_one_call_and_one_number(
    stages: Callable[[str], Stage], at: str
) -> None:
    """Before: while the intent is written; after: while the answer is."""
    here = stages("postgresql")
    number = here.confirm(dear=False)
    held = "rented" if at == "before" else "buy"
    here.desk.plivo.spoil(held, {"hold": "cut", "at": "after"}, times=1, number=number)
    request = here.submit(number)
    here.desk.plivo.control("GET", "sandbox/held?wait=cut&timeout=20")
    with _log_held(here) as waiting:
        here.desk.plivo.control("POST", "sandbox/release/cut")
        _cut(here, waiting())
        assert _calls(here, number) == (1 if at == "after" else 0)
    here.settled()
    assert here.shows(request, "p.status = 'bought'")
    assert _calls(here, number) == 1
    truth.check(here, Played(number, request))


UNDONE = {"deadlock": "40P01", "serialization failure": "40001"}
_UNDO = """
CREATE SEQUENCE trouble;
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('trouble') = 1 THEN RAISE EXCEPTION 'undone' USING ERRCODE = '{code}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER undo BEFORE {when} EXECUTE FUNCTION undo();
"""


@contextmanager
def _out_of_step(here: Stage, name: str, when: str) -> Iterator[None]:
    """The next transaction that does this is undone by the database, as the victim of others."""
    with _connected(here) as connection:
        connection.execute(text(_UNDO.format(code=UNDONE[name], when=when).replace(":", "\\:")))
        try:
            yield
            # a sequence does not go back when its transaction does
            assert connection.scalar(text("SELECT last_value FROM trouble")) > 1, "it was met, and done again"
        finally:
            connection.execute(text("DROP SEQUENCE trouble; DROP FUNCTION undo() CASCADE"))


@pytest.mark.parametrize("name", UNDONE)
def test_a_request_that_the_database_undoes_is_told_and_can_be_made_again(
    stages: Callable[[str], Stage], name: str
) -> None:
    here = stages("postgresql")
    number = here.confirm(dear=False)
    with _out_of_step(here, name, "INSERT ON request FOR EACH ROW"):
        assert AGAIN in _heard(here.rita)
        assert here.desk.rows("SELECT count(*) FROM purchase WHERE number = :n", n=number) == [(0,)]
        request = here.submit(number)
    here.settled()
    truth.check(here, Played(number, request))


@pytest.mark.parametrize("name", UNDONE)
@pytest.mark.parametrize("state", ["buying", "bought"])
def test_an_intent_or_an_answer_that_the_database_undoes_is_written_again(
    stages: Callable[[str], Stage], name: str, state: str
) -> None:
    here = stages("postgresql")
    number = here.confirm(dear=False)
    with _out_of_step(here, name, f"UPDATE ON purchase FOR EACH ROW WHEN (NEW.status = '{state}')"):
        request = here.submit(number)
        here.settled()
    assert here.shows(request, "p.status = 'bought'")
    assert _calls(here, number) == 1
    truth.check(here, Played(number, request))


# --- PostgreSQL: away, and back ---


class Server:
    """A PostgreSQL of one's own, to stop and start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-A", "trust", "-U", "postgres", "--no-sync")

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder}"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        """At once, as when its machine is switched off."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        assert POSTGRES_PROGRAMS is not None
        # it refuses to run as root
        first = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        subprocess.run(
            [*first, str(POSTGRES_PROGRAMS / program), "-D", str(self._folder / "data"), *arguments],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60,
        )  # fmt: skip


@pytest.fixture
def server() -> Iterator[Server]:
    if POSTGRES_PROGRAMS is None:
        pytest.skip("PostgreSQL's programs are absent")
    with TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        made = Server(folder)
        made.start()
        yield made
        made.stop()


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_server_that_is_switched_off_around_the_call_is_one_call_and_one_number(
    tmp_path: Path, server: Server, at: str
) -> None:
    """Before: while the provider is asked whether the number is ours; after: while it sells."""
    upgraded(server.url)
    with stage(tmp_path, server.url) as here:
        number = here.confirm(dear=False)
        held = "rented" if at == "before" else "buy"
        here.desk.plivo.spoil(held, {"hold": "off", "at": "after"}, times=1, number=number)
        request = here.submit(number)
        here.desk.plivo.control("GET", "sandbox/held?wait=off&timeout=20")
        server.stop()
        here.desk.plivo.control("POST", "sandbox/release/off")
        here.until(lambda: "the worker goes on trying" in here.desk.log())
        ready = requests.get(f"http://127.0.0.1:{here.desk.port}/readyz", timeout=30)
        assert ready.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "does not answer" in ready.text
        assert AGAIN in _answer(here.rita, "/number requests")
        server.start()
        here.settled()
        assert here.shows(request, "p.status = 'bought'")
        assert _calls(here, number) == 1
        truth.check(here, Played(number, request))
