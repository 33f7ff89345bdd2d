"""PostgreSQL crashes and is away for a while: people hear so, and everything goes on once it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import POSTGRES_PROGRAMS, upgraded
from tests.faults import truth
from tests.faults.holding import AGAIN, form, held, release, selling
from tests.faults.own_server import OwnServer, own_server
from tests.faults.scenes import Played
from tests.faults.stage import Stage, stage
from tests.world import NUMBERS


@pytest.fixture
def server() -> Iterator[OwnServer]:
    if POSTGRES_PROGRAMS is None:
        pytest.skip("PostgreSQL's own programs are absent")
    with own_server() as made:
        upgraded(made.url)
        yield made


@pytest.fixture
def here(server: OwnServer, tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, server.url) as made:
        yield made


def _ready(here: Stage) -> tuple[int, str]:
    answer = requests.get(f"http://127.0.0.1:{here.desk.port}/readyz", timeout=10)
    return answer.status_code, str(answer.json()["checks"]["database"])


def _about_to_buy(here: Stage) -> Played:
    """A dear number that was approved, whose intent comes after `release("look")`."""
    number = here.confirm(dear=True, skip=1)
    here.desk.plivo.spoil("rented", {"hold": "look", "at": "after"}, times=1, number=number)
    request = here.submit(number)
    here.decide(here.otto, request, "request_approve")
    held(here, "look")
    return Played(number, request)


def _failed_in(here: Stage, *names: str) -> bool:
    return all(f", in {name}\n" in here.desk.log() for name in names)


def test_a_database_that_crashes_loses_nothing_and_buys_nothing_twice(here: Stage, server: OwnServer) -> None:
    number = here.confirm(dear=True)
    asked = Played(number, here.submit(number))
    about, sold = _about_to_buy(here), selling(here)
    form(here, here.otto, asked.request)
    server.crash()
    release(here, "look")
    release(here, "sold")
    assert here.otto.submit() == {"comment": AGAIN}
    here.rita.command(NUMBERS, "/number search US local 415")
    here.rita.wait_message(NUMBERS, "The desk's database did not answer")
    here.until(lambda: _failed_in(here, "_intend", "_write_once"))
    assert _ready(here) == (503, "does not answer (OperationalError)")
    assert [len(here.desk.buys(n)) for n in (about.number, sold.number, number)] == [0, 1, 0]
    server.start()
    here.until(lambda: _ready(here) == (200, "fine"))
    assert not here.desk.rows("SELECT 1 FROM decision WHERE request_id = :id", id=asked.request)
    assert here.otto.submit() is None
    here.settled()
    assert here.deaths == 0, "the program itself lived on"
    for played in (about, sold, asked):
        assert here.shows(played.request, "p.status = 'bought'"), here.where()
        assert len(here.desk.buys(played.number)) == 1
        truth.check(here, played)
