"""Differences between the provider's list and our purchases, and the reports that tell of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case, delete, func, select, update

from bot.model.provider import RentedNumber
from bot.model.sweep import KNOWN, DifferenceState, Finding, Kind
from storage.schema import difference, report
from storage.unit_of_work import NamedRow, UnitOfWork

_T = difference
_S = DifferenceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference as it stands."""

    id: str
    report_id: str
    workspace: str
    account: str
    number: str
    kind: Kind
    state: DifferenceState
    purchase_id: str | None  #: our last purchase of that number
    rented: RentedNumber | None  #: what the provider said of it
    found_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    reason: str | None = None
    request_id: str | None = None  #: the request that an adoption made


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The message about what one sweep found."""

    id: str
    workspace: str
    account: str
    at: datetime
    held: int  #: how many numbers the provider listed
    channel: str | None
    ts: str | None
    problem: str | None


def add_report(work: UnitOfWork, workspace: str, account: str, *, held: int) -> str:
    """Writes a report that nobody has seen yet; returns its id."""
    report_id = work.new_id("W")
    values = {"workspace": workspace, "account": account, "at": work.now, "held": held}
    work.execute(work.insert(report).values(id=report_id, **values))
    return report_id


def add(
    work: UnitOfWork, report_id: str, workspace: str, account: str, found: Iterable[Finding]
) -> list[Finding]:
    """Notes differences; returns those that were not known, open or ignored, already."""
    here = {"report_id": report_id, "workspace": workspace, "account": account}
    by_key = {(each.kind, each.number): each for each in found}
    rows = [here | _row(work, each) for each in by_key.values()]
    if not rows:
        return []
    new = work.insert(_T).on_conflict_do_nothing().returning(_T.c.kind, _T.c.number)
    # many rows in few statements: an account may bring ten thousand, and others wait to write
    added = work.connection.execute(new, rows)
    return [by_key[Kind(kind), number] for kind, number in added]


def _row(work: UnitOfWork, found: Finding) -> dict[str, Any]:
    return {
        "id": work.new_id("D"),
        "number": found.number,
        "kind": found.kind,
        "state": _S.OPEN,
        "purchase_id": found.purchase.id if found.purchase else None,
        "details": _to_json(found.rented),
        "found_at": work.now,
    }


def known(work: UnitOfWork, account: str, workspace: str | None = None) -> list[Difference]:
    """What is open or ignored of an account, in the order in which it was found."""
    here = (_T.c.account == account) & _T.c.state.in_(sorted(KNOWN))
    if workspace is not None:
        here &= _T.c.workspace == workspace
    return [_difference(row) for row in work.rows(select(_T).where(here).order_by(*_ORDER))]


def get(work: UnitOfWork, difference_id: str) -> Difference | None:
    row = work.one(select(_T).where(_T.c.id == difference_id))
    return _difference(row) if row else None


def open_of(
    work: UnitOfWork, report_id: str, kind: Kind | None = None, *, limit: int | None = None
) -> list[Difference]:
    """The first open ones of a report."""
    here = (_T.c.report_id == report_id) & (_T.c.state == _S.OPEN)
    if kind is not None:
        here &= _T.c.kind == kind
    return [_difference(row) for row in work.rows(select(_T).where(here).order_by(*_ORDER).limit(limit))]


def ended_of(work: UnitOfWork, report_id: str, *, limit: int) -> list[Difference]:
    """The last ones of a report that are not open any more, the newest first."""
    here = (_T.c.report_id == report_id) & (_T.c.state != _S.OPEN)
    order = (_T.c.ended_at.desc(), _T.c.number)
    return [_difference(row) for row in work.rows(select(_T).where(here).order_by(*order).limit(limit))]


def count(work: UnitOfWork, report_id: str) -> Mapping[tuple[Kind, DifferenceState], int]:
    """How many of each kind stand in each state."""
    rows = work.rows(
        select(_T.c.kind, _T.c.state, func.count().label("number"))
        .where(_T.c.report_id == report_id)
        .group_by(_T.c.kind, _T.c.state)
    )
    return {(Kind(row["kind"]), _S(row["state"])): row["number"] for row in rows}


def end(
    work: UnitOfWork,
    difference_id: str,
    origins: Iterable[DifferenceState],
    to: DifferenceState,
    *,
    by: str | None = None,
    reason: str | None = None,
    request_id: str | None = None,
) -> Difference | None:
    """Moves a difference to its end; None if it stands elsewhere by now."""
    here = (_T.c.id == difference_id) & _T.c.state.in_(sorted(origins))
    new = {"state": to, "ended_at": work.now, "ended_by": by, "request_id": request_id}
    # what somebody ignored it for stays, also when it is over
    said = func.coalesce(reason, _T.c.reason)
    row = work.one(update(_T).where(here).values(**new, reason=said).returning(*_T.c))
    return _difference(row) if row else None


def reopen(work: UnitOfWork, difference_id: str) -> Difference | None:
    """Moves an ignored difference back to open; None if it is not ignored."""
    here = (_T.c.id == difference_id) & (_T.c.state == _S.IGNORED)
    new = {"state": _S.OPEN, "ended_at": None, "ended_by": None, "reason": None}
    row = work.one(update(_T).where(here).values(**new).returning(*_T.c))
    return _difference(row) if row else None


def get_report(work: UnitOfWork, report_id: str) -> Report | None:
    row = work.one(select(report).where(report.c.id == report_id))
    return Report(**row) if row else None


def unposted(work: UnitOfWork, workspace: str) -> list[str]:
    """Reports that nobody has seen, because they are new or could not be posted."""
    here = report.c.ts.is_(None) & (report.c.workspace == workspace)
    return [row["id"] for row in work.rows(select(report.c.id).where(here).order_by(report.c.at))]


def remove_report(work: UnitOfWork, report_id: str) -> None:
    """Takes away a report without any difference."""
    work.execute(delete(report).where(report.c.id == report_id))


def place_report(
    work: UnitOfWork, report_id: str, *, channel: str | None, ts: str | None, problem: str | None
) -> None:
    """Notes where a report is, or why it cannot be seen."""
    place = {"channel": channel, "ts": ts, "problem": problem}
    work.execute(update(report).where(report.c.id == report_id).values(**place))


_ORDER = (case((_T.c.kind == Kind.GONE, 0), else_=1), _T.c.found_at, _T.c.number)
"""What may be lost comes first."""


def _difference(row: NamedRow) -> Difference:
    plain = {f.name: row[f.name] for f in fields(Difference) if f.name != "rented"}
    kinds = {"kind": Kind(row["kind"]), "state": _S(row["state"])}
    return Difference(**plain | kinds, rented=_from_json(row["details"]))


def _to_json(rented: RentedNumber | None) -> dict[str, Any] | None:
    if rented is None:
        return None
    told = {name: value for name, value in asdict(rented).items() if value not in (None, False)}
    for name in ("monthly", "added_on", "renewal_date"):
        if name in told:
            told[name] = str(told[name])
    # False is something else than not stated
    return told if rented.active is None else told | {"active": rented.active}


def _from_json(details: Mapping[str, Any] | None) -> RentedNumber | None:
    if details is None:
        return None
    read: dict[str, Any] = dict(details)
    if "monthly" in read:
        read["monthly"] = Decimal(read["monthly"])
    for name in ("added_on", "renewal_date"):
        if name in read:
            read[name] = date.fromisoformat(read[name])
    return RentedNumber(**read)
