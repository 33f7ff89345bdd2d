"""The real use cases at a desk of their own, with the edges of this package around them."""

import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import cast

from sqlalchemy import select

from bot.model.policy import Policy
from bot.plivo.client import PlivoClient
from bot.usecases import deadlines
from bot.usecases.buy import buy
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from bot.usecases.settle import settle
from bot.worker import Worker
from storage import purchases, requests, schema
from storage.engine import make_engine
from storage.jobs import Job
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from tests.model.edge import Mortal, Provider
from tests.sandbox.plivo_client import Client
from tests.usecases.conftest import APPROVERS, Bench, Slack

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
expires_after = "48h"
remind_after = "4h"

[[rules]]
name = "cheap"
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "dear"
min_monthly = "20.00"
approvals = 2

[[rules]]
name = "rest"
approvals = 1

[budgets]
workspace = "100"
"""
PRICES = {"14155550100": "0.80", "14155550101": "5.00", "14155550102": "25.00"}
LEASE = 60.0
CHORES = ("alias", "render", "dm", "note", "home")
KINDS = ("buy", "settle", "remind", "escalate", "expire", *CHORES)


class Desktop(Bench):
    """A bench with a provider that does what it is told, and one step of the worker at a time."""

    edge: Provider
    rows: Mortal

    def run_one(self) -> bool:
        """What a worker does next; Killed if it dies of it. False if nothing is due."""
        ways: dict[str, Callable[[Job], float | None]] = dict.fromkeys(KINDS, lambda _: None)
        ways |= {
            "buy": lambda job: buy(self.desk, job.subject),
            "settle": lambda job: settle(self.desk, job.subject),
            "remind": lambda job: deadlines.remind(self.desk, job.words(2)[0], int(job.words(2)[1])),
            "escalate": lambda job: deadlines.escalate(self.desk, job.subject),
            "expire": lambda job: deadlines.expire(self.desk, job.subject),
        }
        return Worker(self.rows, ways, lease=LEASE).run_one()

    def run_chores(self) -> None:
        """Runs what concerns messages only, so that the next job is one of money or time."""
        Worker(self.rows, dict.fromkeys(CHORES, lambda _: None), lease=LEASE).run_all()

    def purchases(self) -> list[KeptPurchase]:
        with self.rows.read() as work:
            ids = [row["id"] for row in work.rows(select(schema.purchase.c.id))]
            return [found for one in ids if (found := purchases.get(work, one))]

    def requests(self) -> list[KeptRequest]:
        with self.rows.read() as work:
            ids = [
                row["id"]
                for row in work.rows(select(schema.request.c.id).order_by(schema.request.c.created_at))
            ]
            return [found for one in ids if (found := requests.get(work, one))]

    def seqs(self) -> list[int]:
        with self.rows.read() as work:
            rows = work.rows(select(schema.audit_event.c.seq).order_by(schema.audit_event.c.seq))
            return [row["seq"] for row in rows]


@contextmanager
def a_desk(url: str, policy: str = POLICY) -> Iterator[Desktop]:
    """A desk on an empty database at `url`."""
    rows = Mortal(make_engine(url))
    edge = Provider(
        clock=lambda: time.monotonic() + rows.shift.total_seconds(),
        prices={number: Decimal(price) for number, price in PRICES.items()},
    )
    slack = Slack(members=APPROVERS)
    desk = Desk(
        database=rows, provider=cast("PlivoClient", edge), account="MAEXAMPLEACCOUNT0001",
        policy=Policy.model_validate(tomllib.loads(policy)), policy_sha="model",
        directory=Directory(rows, slack.ask), timing=Timing(), uptime=time.monotonic,
    )  # fmt: skip
    bench = Desktop(desk, cast("Client", None), slack)
    bench.edge, bench.rows = edge, rows
    yield bench
    rows.engine.dispose()
