"""All that the stand-in remembers: the stock, the account, what it rents, and what money is left.

Every change is one plain function that runs on the server's loop from its first line to its last, so two
requests can never be halfway through one at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.plivo.belongings import Application, Compliance, Subaccount
from sandbox.plivo.call import Refusal, not_found
from sandbox.plivo.stock import StockNumber


@dataclass
class Rented:
    """A number of the account; a pending one waits for documents and is not active."""

    stock: StockNumber
    added_at: datetime
    app_id: str | None = None
    alias: str | None = None
    subaccount: str | None = None
    cnam_lookup: str = "disabled"
    compliance_id: str | None = None
    compliance_status: str | None = None
    active: bool = True


@dataclass(frozen=True)
class Order:
    """What a buy asks for; None leaves the choice to Plivo."""

    number: str
    app_id: str | None = None
    subaccount: str | None = None
    cnam_lookup: str | None = None
    compliance_id: str | None = None
    pending: bool = False


@dataclass
class World:
    """The state of one account; money is USD."""

    auth_id: str
    auth_token: str
    stock: dict[str, StockNumber]
    rented: dict[str, Rented]
    applications: list[Application]
    subaccounts: list[Subaccount]
    compliance: list[Compliance]
    cash: Decimal = Decimal("1000.00000")
    poor_status: int = 402
    """What Plivo answers to a buy without enough money is not documented; tests may choose."""
    gone: set[str] = field(default_factory=set)
    """Numbers that a search no longer shows and nobody can buy."""
    taken: set[str] = field(default_factory=set)
    """Numbers that somebody else has just bought: a search still shows them, a buy is too late."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def offered(self) -> list[StockNumber]:
        away = self.gone | self.rented.keys()
        return [number for number in self.stock.values() if number.number not in away]

    def papers(self) -> set[tuple[str, str]]:
        """Give country and sub_type of every accepted compliance application."""
        return {
            (paper.country_iso, paper.number_type) for paper in self.compliance if paper.status == "accepted"
        }

    def mine(self, number: str, subaccount: str | None, lag: float = 0) -> Rented:
        """Find a rented number; one bought less than `lag` seconds ago is not shown yet.

        Raises Refusal(404) if it is not there, or is not the asking subaccount's.
        """
        for rented in self.all_mine(subaccount, lag):
            if rented.stock.number == number:
                return rented
        raise not_found()

    def all_mine(self, subaccount: str | None, lag: float = 0) -> Iterable[Rented]:
        now = self.now()
        for rented in self.rented.values():
            theirs = subaccount is None or rented.subaccount == subaccount
            if theirs and (not lag or (now - rented.added_at).total_seconds() >= lag):
                yield rented

    def buy(self, order: Order) -> Rented:
        """Rent a number and pay for it.

        Raises Refusal: 404 if it cannot be had, 400 for wrong options or missing papers, `poor_status` if the
        money is not enough.
        """
        wanted = self._available(order.number)
        self.check_options(order.app_id, order.subaccount, order.cnam_lookup)
        paper = self._paper(wanted, order.compliance_id)
        price = Decimal(wanted.monthly) + Decimal(wanted.setup)
        if price > self.cash:
            raise Refusal(self.poor_status, "insufficient credit to rent this number")
        self.cash -= price
        rented = self._rent(wanted, order, paper)
        self.rented[wanted.number] = rented
        return rented

    def check_options(self, app_id: str | None, subaccount: str | None, cnam_lookup: str | None) -> None:
        """Raise Refusal(400) unless the application and the subaccount exist and the words are Plivo's."""
        if app_id and all(app.app_id != app_id for app in self.applications):
            raise Refusal(400, "app_id does not exist")
        if subaccount and all(sub.auth_id != subaccount or not sub.enabled for sub in self.subaccounts):
            raise Refusal(400, "subaccount does not exist or is disabled")
        if cnam_lookup not in {None, "enabled", "disabled"}:
            raise Refusal(400, "cnam_lookup parameter is invalid")

    def release(self, number: str, subaccount: str | None) -> None:
        """Give a number back; Plivo keeps it for a few days, so no search shows it again.

        Raises Refusal(404) if it is not the account's.
        """
        del self.rented[self.mine(number, subaccount).stock.number]
        self.gone.add(number)

    def adopt(self, number: str) -> Rented:
        """Make a number of the stock the account's without a buy, as if somebody had used the console."""
        stock = self.stock.get(number)
        if stock is None:
            raise not_found()
        return self.rented.setdefault(number, Rented(stock, self.now(), self._default_app()))

    def _available(self, number: str) -> StockNumber:
        wanted = self.stock.get(number)
        if wanted is None or number in self.gone | self.taken or number in self.rented:
            raise not_found()
        return wanted

    def _paper(self, wanted: StockNumber, chosen: str | None) -> Compliance | None:
        fitting = [paper for paper in self.compliance if paper.fits(wanted.country_iso, wanted.sub_type)]
        if chosen is not None:
            return _accepted(next((paper for paper in self.compliance if paper.id == chosen), None), fitting)
        paper = next((paper for paper in reversed(fitting) if paper.status == "accepted"), None)
        if paper is None and wanted.country_iso == "IN":
            raise Refusal(
                400,
                "compliance_application_id is required to rent this number. "
                "Refer to https://www.plivo.com/docs/numbers/rent-india-numbers for details.",
            )
        return paper if wanted.restriction else None

    def _rent(self, wanted: StockNumber, order: Order, paper: Compliance | None) -> Rented:
        wants_papers = wanted.restriction in {"city-address", "country-address"} and paper is None
        pending = order.pending or wants_papers
        status = paper.status if paper else None
        return Rented(
            stock=wanted,
            added_at=self.now(),
            app_id=order.app_id or self._default_app(),
            subaccount=order.subaccount,
            cnam_lookup=order.cnam_lookup or "disabled",
            compliance_id=paper.id if paper else None,
            compliance_status="submitted" if pending else status,
            active=not pending,
        )

    def _default_app(self) -> str | None:
        return next((app.app_id for app in self.applications if app.default), None)


def _accepted(paper: Compliance | None, fitting: list[Compliance]) -> Compliance:
    if paper is None:
        raise Refusal(400, "compliance_application_id does not exist")
    if paper.status != "accepted":
        raise Refusal(
            400,
            f"Compliance application must be in 'accepted' status. Current status: '{paper.status}'.",
        )
    if paper not in fitting:
        raise Refusal(400, "Compliance application does not match the country and type of the number.")
    return paper
