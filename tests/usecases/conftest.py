"""A desk on a real database, with the stand-in of the provider behind it and no Slack."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from bot.model.audit_query import AuditQuery
from bot.model.people import Found, Group, Profile
from bot.model.policy_file import read_policy
from bot.model.request import Options, Person
from bot.plivo.client import PlivoClient
from bot.usecases import deadlines
from bot.usecases.buy import buy
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from bot.usecases.judge import learn
from bot.usecases.search import SearchPage, search
from bot.usecases.settle import settle
from bot.usecases.submit import Ask, Submission, submit
from bot.worker import Worker
from storage import audit, purchases, requests, schema
from storage.audit import Reader
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.unit_of_work import Database
from tests.sandbox.plivo_client import AUTH, Client, stand_in

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

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
"""
APPROVERS = frozenset(f"U0A{i:02}" for i in range(12))


@pytest.fixture(scope="session")
def provider() -> Iterator[Client]:
    with stand_in(numbers=500) as one:
        yield one


@dataclass
class Slack:
    """Who is who, as Slack would say it."""

    members: frozenset[str] = APPROVERS
    profiles: dict[str, Profile] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def ask(self, _workspace: str, slack_id: str) -> Found:
        self.asked.append(slack_id)
        if self.down:
            raise ConnectionError("Slack is down")
        if slack_id.startswith("S"):
            return Group("@procurement", self.members)
        return self.profiles.get(slack_id, Profile(slack_id.removeprefix("U0").title()))


@dataclass
class Bench:
    """The desk, and short ways to do what people do."""

    desk: Desk
    plivo: Client
    slack: Slack
    told: list[str] = field(default_factory=list)  #: events of which somebody was told directly
    noted: list[str] = field(default_factory=list)  #: events of which the approvers were told

    def person(self, user: str = "U0RITA") -> Person:
        return Person("T0DEMO", user)

    def offers(self, text: str = "US local 415", user: str = "U0RITA") -> SearchPage:
        return search(self.desk, self.person(user), text, channel="C0NUMBERS")

    def ask(
        self, user: str = "U0RITA", offer: str | None = None, key: str = "V1", **options: Any
    ) -> Submission:
        learn(self.desk, "T0DEMO", user)
        offer = offer or self.offers().offers[0].id
        wanted = Ask(
            offer_id=offer, origin_key=key, channel="C0NUMBERS", reason="why", options=Options(**options)
        )
        return submit(self.desk, self.person(user), wanted)

    def price(self, number: str, monthly: str) -> None:
        self.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": monthly})

    def work(self) -> None:
        """Runs what is due."""
        handlers: dict[str, Callable[..., float | None]] = {
            "buy": lambda job: buy(self.desk, job.subject),
            "settle": lambda job: settle(self.desk, job.subject),
            "alias": lambda _: None,
            "render": lambda _: None,
            "dm": lambda job: self.told.append(job.words(3)[1]),
            "note": lambda job: self.noted.append(job.words(2)[1]),
            "home": lambda _: None,
            "remind": lambda job: deadlines.remind(self.desk, job.words(2)[0], int(job.words(2)[1])),
            "escalate": lambda job: deadlines.escalate(self.desk, job.subject),
            "expire": lambda job: deadlines.expire(self.desk, job.subject),
        }
        Worker(self.desk.database, handlers, lease=60).run_all()

    def later(self, seconds: float) -> None:
        self.desk.database.shift += timedelta(seconds=seconds)
        self.work()

    def purchase(self) -> KeptPurchase:
        with self.desk.database.read() as work:
            (row,) = work.rows(select(schema.purchase.c.id))
            found = purchases.get(work, row["id"])
        assert found is not None
        return found

    def request(self) -> KeptRequest:
        with self.desk.database.read() as work:
            found = requests.get(work, self.purchase().request_id)
        assert found is not None
        return found

    def events(self) -> list[tuple[str, str]]:
        with self.desk.database.read() as work:
            logged = audit.newest(work, Reader(None), AuditQuery(), limit=1000)
        return [(e.event.action.value, e.event.outcome.value) for e in reversed(logged)]

    def posts(self, number: str) -> int:
        log = self.plivo.control("GET", "sandbox/log?kind=buy")
        rows = log["log"] if isinstance(log, dict) else log
        return len([row for row in rows if number in row["path"]])


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(database: Database, provider: Client, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a desk with a policy of one's own, on an empty database."""
    provider.control("POST", "sandbox/reset", 204)
    client = PlivoClient(provider.url, *AUTH, buy_timeout=1, read_timeout=2, connect_timeout=1)

    def make(policy: str = POLICY) -> Bench:
        file = tmp_path / "policy.toml"
        file.write_text(policy)
        loaded = read_policy(file)
        slack = Slack()
        desk = Desk(
            database=database, provider=client, account=AUTH[0], policy=loaded.policy,
            policy_sha=loaded.sha256, directory=Directory(database, slack.ask),
            timing=Timing(), uptime=time.monotonic,
        )  # fmt: skip
        return Bench(desk, provider, slack)

    yield make
    client.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each returned, all begun in the same moment; an exception of any is raised here."""
    gate = Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        gate.wait(10)
        try:
            results[index] = works[index]()
        except Exception as problem:  # noqa: BLE001 - raised below, in the test's own thread
            results[index] = problem

    threads = [Thread(target=run, args=(i,)) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results
