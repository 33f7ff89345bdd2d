"""Holds for tests: the provider keeps a call in its hands, and a test of its own a row of PostgreSQL's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from sandbox.slack.driver import Person
from tests.faults.scenes import Played
from tests.faults.stage import LOOK_AGAIN, Stage
from tests.world import APPROVE, World

AGAIN = "The desk's database did not answer. Please try again in a minute; nothing is done twice."
PATIENCE = 20.0
_WAITERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND %s = ANY(pg_blocking_pids(pid))"
)


def held(here: Stage, name: str) -> None:
    """Waits until the provider has this call in its hands."""
    here.desk.plivo.control("GET", f"sandbox/held?wait={name}&timeout={PATIENCE:.0f}")


def release(here: Stage, name: str) -> None:
    here.desk.plivo.control("POST", f"sandbox/release/{name}")


def selling(here: Stage) -> Played:
    """A purchase whose call has taken effect; its answer waits for `release("sold")`."""
    return _held_at(here, "buy", "sold")


def about_to_buy(here: Stage) -> Played:
    """A purchase whose intent comes after `release("look")`."""
    return _held_at(here, "rented", "look")


def _held_at(here: Stage, kind: str, name: str) -> Played:
    number = here.confirm(dear=False)
    here.desk.plivo.spoil(kind, {"hold": name, "at": "after"}, times=1, number=number)
    played = Played(number, here.submit(number))
    held(here, name)
    return played


def form(here: Stage, person: Person, request: str) -> None:
    """Somebody has the form for a yes in front of them."""
    person.click(here.card(person, request, APPROVE), "request_approve")
    person.wait_for(lambda p: (now := p.modal()) and "Asking the provider" not in now.words)


@dataclass
class Holder:
    """A transaction of the test's own, and those of the program that wait for it."""

    mine: psycopg.Connection[Any]
    look: psycopg.Connection[Any]

    def waiting(self) -> list[int]:
        """The backends that wait for what is held, as soon as there is one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pids = [row[0] for row in self.look.execute(_WAITERS, [self.mine.info.backend_pid])]
            if pids:
                return pids
            time.sleep(LOOK_AGAIN)  # another process: there is nothing to wait on but its state
        raise TimeoutError("nobody waits")

    def terminate(self) -> None:
        """Cuts the connections of those that wait, as a failing network or an administrator does."""
        for pid in self.waiting():
            self.look.execute("SELECT pg_terminate_backend(%s)", [pid])

    def run(self, statement: str, *values: object) -> None:
        self.mine.execute(statement, values)


@contextmanager
def holding(desk: World, statement: str, *values: object) -> Iterator[Holder]:
    """Holds what a statement locks, and never looks for deadlocks itself; at the end it is undone."""
    with server_connection(desk) as mine, server_connection(desk, autocommit=True) as look:
        mine.execute("SET deadlock_timeout = '1h'")
        mine.execute(statement, values)
        yield Holder(mine, look)
        mine.rollback()


def server_connection(desk: World, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A connection of the test's own."""
    return psycopg.connect(plain(desk.database_url), autocommit=autocommit)


def plain(url: str) -> str:
    """SQLAlchemy's address as the driver wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
