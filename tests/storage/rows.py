"""Rows for the tests of storage, and a way to let many threads do the same at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal
from threading import Barrier
from typing import TypeVar

from sqlalchemy import Engine, event

from bot.model.offer import NumberType, Offer
from bot.model.policy import Budgets
from bot.model.request import Options, Person, RequestStatus
from storage import purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest, NewRequest
from storage.unit_of_work import Database, UnitOfWork

T = TypeVar("T")
ACCOUNT = "MAINVENTED"
BEA = Person("T0ONE", "U0BEA")


def offer(number: str = "14155550100", **values: object) -> Offer:
    plain = {"country": "US", "type": NumberType.LOCAL, "monthly": Decimal("0.80"), "setup": Decimal("0.5")}
    return Offer(number=number, **(plain | values))  # type: ignore[arg-type]


def add_request(
    work: UnitOfWork,
    origin: str = "V1",
    *,
    person: Person = BEA,
    status: RequestStatus = RequestStatus.PENDING,
) -> KeptRequest | None:
    new = NewRequest(
        person=person, account=ACCOUNT, origin_key=origin, channel="C0NUMBERS", reason="A line for support",
        options=Options(alias="Support"), status=status, rule="everything else", policy_sha="abc",
        approvals_needed=2,
    )  # fmt: skip
    return requests.add(work, new)


def a_request(work: UnitOfWork, origin: str = "V1", **values: RequestStatus) -> KeptRequest:
    added = add_request(work, origin, **values)  # type: ignore[arg-type]
    assert added
    return added


def a_purchase(work: UnitOfWork, number: str = "14155550100", origin: str = "V1") -> KeptPurchase:
    added = purchases.add(work, a_request(work, origin), offer(number), Budgets())
    assert isinstance(added, KeptPurchase)
    return added


class OnPurpose(Exception):
    """Raised to undo what was written."""


@contextmanager
def undone(database: Database) -> Iterator[UnitOfWork]:
    """A unit of work that ends with an error."""
    with suppress(OnPurpose), database.write() as work:
        yield work
        raise OnPurpose


def at_once(times: int, do: Callable[[int], T]) -> list[T]:
    """What `do(0)`, `do(1)` … return, all begun at the same moment by as many threads."""
    gate = Barrier(times)

    def run(which: int) -> T:
        gate.wait(10)
        return do(which)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def plans_of_texts(engine: Engine, read: Callable[[], object]) -> list[list[str]]:
    """The steps in which SQLite looks for what people wrote, of each time that `read` has it do so."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, said, given, *_: asked.append((said, given)))
    read()
    return [_plan(engine, said, given) for said, given in tuple(asked) if "FROM audit_text" in said]


def _plan(engine: Engine, said: str, given: tuple[object, ...]) -> list[str]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all()
    return [row.detail for row in rows]
