"""Homes at rest: who looks, and when it was drawn for them."""

from datetime import timedelta

from storage import homes
from storage.homes import OPEN_FOR
from storage.unit_of_work import Database
from tests.storage.rows import at_once

ONE = "T0ONE"


def opened(database: Database, user: str, workspace: str = ONE) -> None:
    with database.write() as work:
        homes.opened(work, workspace, user)


def published(database: Database, user: str) -> None:
    with database.write() as work:
        homes.published(work, ONE, user)


def open_ones(database: Database, workspace: str = ONE) -> dict[str, float]:
    with database.read() as work:
        return homes.open_ones(work, workspace)


def test_who_opened_it_has_never_had_it_drawn_until_it_is(database: Database) -> None:
    opened(database, "U0BEA")
    assert open_ones(database) == {"U0BEA": float("inf")}
    published(database, "U0BEA")
    database.shift += timedelta(seconds=10)
    assert 10 <= open_ones(database)["U0BEA"] < 15


def test_they_come_in_the_order_of_their_ids_whatever_happened_to_them(database: Database) -> None:
    for user in ("U0C", "U0A", "U0B"):
        opened(database, user)
    published(database, "U0A")
    opened(database, "U0A")
    assert list(open_ones(database)) == ["U0A", "U0B", "U0C"]


def test_after_half_a_day_nobody_is_taken_to_look_any_more(database: Database) -> None:
    opened(database, "U0BEA")
    database.shift += OPEN_FOR - timedelta(seconds=5)
    assert open_ones(database)
    database.shift += timedelta(seconds=6)
    assert open_ones(database) == {}
    opened(database, "U0BEA")
    assert list(open_ones(database)) == ["U0BEA"]


def test_workspaces_are_apart_and_who_never_opened_it_has_none(database: Database) -> None:
    opened(database, "U0BEA", "T0TWO")
    published(database, "U0ANA")
    assert open_ones(database) == {}
    assert list(open_ones(database, "T0TWO")) == ["U0BEA"]


def test_twelve_that_open_it_at_once_leave_one_row(database: Database) -> None:
    at_once(12, lambda _: opened(database, "U0BEA"))
    assert list(open_ones(database)) == ["U0BEA"]
