"""The whole stand-in as one object: the world, and the handles by which a test turns it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.plivo import belongings
from sandbox.plivo.faults import FaultBook
from sandbox.plivo.holds import Holds
from sandbox.plivo.journal import Journal
from sandbox.plivo.stock import StockNumber
from sandbox.plivo.world import Rented, World


@dataclass
class Desk:
    """What the API and the control share."""

    fresh: Callable[[], World]
    world: World = field(init=False)
    faults: FaultBook = field(default_factory=FaultBook)
    holds: Holds = field(default_factory=Holds)
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self.world = self.fresh()

    def reset(self) -> None:
        """Be as new; calls that are held are sent away without effect."""
        self.holds.drop_all()
        self.faults.clear()
        self.journal.clear()
        self.world = self.fresh()


def open_desk(auth_id: str, auth_token: str, stock: tuple[StockNumber, ...]) -> Desk:
    """Give a stand-in whose account has these credentials."""
    return Desk(functools.partial(_fresh_world, auth_id, auth_token, stock))


def _fresh_world(auth_id: str, auth_token: str, stock: tuple[StockNumber, ...]) -> World:
    apps = belongings.applications()
    rented = {
        number.number: Rented(number, datetime.fromisoformat(day).replace(tzinfo=UTC), apps[0].app_id, alias)
        for number, alias, day in belongings.rented_from_the_start()
    }
    return World(
        auth_id=auth_id,
        auth_token=auth_token,
        # The rented ones are part of the stock, so that the control can change their price as well.
        stock={number.number: number for number in (*stock, *(mine.stock for mine in rented.values()))},
        rented=rented,
        applications=apps,
        subaccounts=belongings.subaccounts(),
        compliance=belongings.compliance(),
    )
