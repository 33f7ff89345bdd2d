"""Report: what there is to see of the differences that one sweep has found."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import rules
from bot.model.sweep import DifferenceState, Kind
from bot.usecases.conclude import Order
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from storage import differences, purchases, requests
from storage.differences import Difference, Report
from storage.unit_of_work import UnitOfWork

SHOWN, ENDED = 10, 5
"""Differences on one message: open ones, of which the next move up, and those that ended last."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report with what is on it."""

    report: Report
    counts: Mapping[tuple[Kind, DifferenceState], int]
    open: tuple[Difference, ...]
    ended: tuple[Difference, ...]
    orders: Mapping[str, Order]  #: our last purchases of the open ones, by the purchase's id

    def count(self, state: DifferenceState, *kinds: Kind) -> int:
        """How many of these kinds, of all if none is named, stand in a state."""
        return sum(n for (kind, at), n in self.counts.items() if at is state and kind in (kinds or Kind))


def view_report(desk: Desk, report_id: str) -> ReportView | None:
    """A report as it stands; None if there is none."""
    with desk.database.read() as work:
        report = differences.get_report(work, report_id)
        if report is None:
            return None
        found = differences.open_of(work, report_id, limit=SHOWN)
        ended = differences.ended_of(work, report_id, limit=ENDED)
        counts = differences.count(work, report_id)
        return ReportView(report, counts, tuple(found), tuple(ended), _orders(work, found))


def _orders(work: UnitOfWork, found: list[Difference]) -> dict[str, Order]:
    orders = {}
    for purchase_id in filter(None, (each.purchase_id for each in found)):
        purchase = purchases.get(work, purchase_id)
        request = purchase and requests.get(work, purchase.request_id)
        if purchase and request:
            orders[purchase_id] = Order(request, purchase)
    return orders


def places(desk: Desk, report: Report) -> tuple[str, ...]:
    """Where a report can be posted, the best first: the approvals channel, else directly to an approver."""
    if desk.policy is None:
        return ()
    approvals = desk.policy.approvals
    with desk.database.read() as work:
        people = rules.people(approvals.pinged, Listed(work, report.workspace).members)
    return (*filter(None, [approvals.channel]), *sorted(people.users))


def keep_place(
    desk: Desk, report_id: str, *, channel: str | None, ts: str | None, problem: str | None
) -> None:
    """Notes where a report is, or why it cannot be seen."""
    with desk.database.write() as work:
        differences.place_report(work, report_id, channel=channel, ts=ts, problem=problem)
