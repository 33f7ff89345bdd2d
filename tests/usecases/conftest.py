"""A desk on a real database, with the stand-in of the provider behind it and no Slack."""

import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, cast

import pytest
from sqlalchemy import delete, select

from bot.model.audit import Action, AuditEvent
from bot.model.audit_query import AuditQuery
from bot.model.people import Found, Group, Profile
from bot.model.policy import Policy
from bot.model.policy_file import read_policy
from bot.model.provider import BuyOptions
from bot.model.purchase import HELD, RESERVING
from bot.model.request import Answer, Options, Person
from bot.plivo.client import PlivoClient
from bot.usecases import deadlines
from bot.usecases.buy import buy
from bot.usecases.decide import Say, decide, reason_mark
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from bot.usecases.judge import learn
from bot.usecases.search import SearchPage, search
from bot.usecases.settle import settle
from bot.usecases.submit import Ask, Submission, Submitted, submit
from bot.usecases.sweep import holding, sweep
from bot.worker import Worker
from storage import audit_search, purchases, requests, schema
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
    sent: list[str] = field(default_factory=list)  #: both, with whom: `expired U0RITA`, `expired approvers`

    def person(self, user: str = "U0RITA") -> Person:
        return Person("T0DEMO", user)

    def offers(self, text: str = "US local 415", user: str = "U0RITA") -> SearchPage:
        return search(self.desk, self.person(user), text, channel="C0NUMBERS")

    def ask(
        self, user: str = "U0RITA", offer: str | None = None, key: str = "V1", **options: Any
    ) -> Submission:
        asked = {name: options.pop(name) for name in _ASKED if name in options}
        others = filter(None, [asked.get("on_behalf_of")])
        learn(self.desk, "T0DEMO", user, "U0BOSS", *sorted(APPROVERS), *others)
        offer = offer or self.offers().offers[0].id
        plain: dict[str, Any] = {"offer_id": offer, "origin_key": key, "channel": "C0NUMBERS"}
        wanted = Ask(**{**plain, "reason": "why", "options": Options(**options), **asked})
        return submit(self.desk, self.person(user), wanted)

    def asked(self, user: str = "U0RITA", offer: str | None = None, key: str = "V1", **more: Any) -> str:
        """The id of a request that was surely written."""
        outcome = self.ask(user, offer, key, **more)
        assert isinstance(outcome, Submitted), outcome
        return outcome.request.id

    def outside(self, count: int = 1, **more: Any) -> list[str]:
        """Numbers that somebody rents past the desk, by the provider's console."""
        rented = self.plivo.control("POST", "sandbox/rented", 201, json={"count": count, **more})
        return list(rented["numbers"])

    def at_provider(self, number: str, **change: object) -> None:
        """Changes what the provider says of a number."""
        self.plivo.control("PUT", f"sandbox/numbers/{number}", json=change)

    def priced(self, monthly: str, which: int = 0) -> str:
        """An offer at that monthly price."""
        number = self.offers().offers[which].offer.number
        self.price(number, monthly)
        return next(o.id for o in self.offers().offers if o.offer.number == number)

    def twelve(self) -> list[str]:
        """Offers of as many numbers at $0.80, without set-up fee."""
        search_id = self.offers("US local 415 max:0.80").kept.id
        return [f"{search_id}.{i}" for i in range(12)]

    def rules(self, policy: str) -> None:
        """Another policy from now on, as after a restart with another file."""
        self.desk = replace(
            self.desk, policy=Policy.model_validate(tomllib.loads(policy)), policy_sha="another"
        )

    def frozen(self, meanwhile: Callable[[], object]) -> None:
        """The next call that buys is sent only after `meanwhile`: its process was frozen before it."""
        self.desk = replace(self.desk, provider=cast("PlivoClient", _Frozen(self.desk.provider, meanwhile)))

    def offer_of(self, number: str) -> str:
        """An offer of a number, found again."""
        return next(o.id for o in self.offers().offers if o.offer.number == number)

    def twin(self) -> "Bench":
        """Another process over the same rows: it has learned nothing by itself."""
        directory = Directory(self.desk.database, self.slack.ask)
        return replace(self, desk=replace(self.desk, directory=directory))

    def learn(self, *users: str) -> None:
        learn(self.desk, "T0DEMO", *users)

    def forget(self) -> None:
        """As if Slack had never been asked about anybody."""
        with self.desk.database.write() as work:
            work.execute(delete(schema.directory))

    def decide(
        self, user: str, answer: Answer = Answer.APPROVE, request_id: str | None = None, **more: Any
    ) -> Any:
        """What an approver's click comes to, after the look-up that opening the form makes."""
        request = self.request(request_id)
        self.learn(user, *request.parties)
        return self.click(user, answer, request.id, **more)

    def click(self, user: str, answer: Answer, request_id: str, **more: Any) -> Any:
        """The same without a look-up before it."""
        mark = reason_mark(self.request(request_id))
        say = Say(**{"answer": answer, "round_seen": 1, "reason_seen": mark, **more})
        return decide(self.desk, self.person(user), request_id, say)

    def price(self, number: str, monthly: str) -> None:
        self.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": monthly})

    def work(self) -> None:
        """Runs what is due."""
        handlers: dict[str, Callable[..., float | None]] = {
            "buy": lambda job: buy(self.desk, job.subject),
            "settle": lambda job: settle(self.desk, job.subject),
            "alias": lambda _: None,
            "render": lambda _: None,
            "dm": lambda job: self._tell(*job.words(3)),
            "note": lambda job: self._note(*job.words(2)),
            "home": lambda _: None,
            "remind": lambda job: deadlines.remind(self.desk, job.words(2)[0], int(job.words(2)[1])),
            "escalate": lambda job: deadlines.escalate(self.desk, job.subject),
            "expire": lambda job: deadlines.expire(self.desk, job.subject),
            "cron": lambda job: sweep(self.desk, "T0DEMO", holding(self.desk, job, 60)),
            "report": lambda _: None,
        }
        Worker(self.desk.database, handlers, lease=60).run_all()

    def _tell(self, _request_id: str, event: str, user: str) -> None:
        self.told.append(event)
        self.sent.append(f"{event} {user}")

    def _note(self, _request_id: str, event: str) -> None:
        self.noted.append(event)
        self.sent.append(f"{event} approvers")

    def later(self, seconds: float) -> None:
        self.shift(seconds)
        self.work()

    def shift(self, seconds: float) -> None:
        """Moves the clock, and no worker comes by."""
        self.desk.database.shift += timedelta(seconds=seconds)

    def clock(self, at: datetime) -> None:
        """Sets the clock to a moment."""
        with self.desk.database.read() as work:
            self.shift((at - work.now).total_seconds())

    def purchase(self, request_id: str | None = None) -> KeptPurchase:
        mine = schema.purchase.c.request_id == request_id if request_id else schema.purchase.c.id.is_not(None)
        with self.desk.database.read() as work:
            (row,) = work.rows(select(schema.purchase.c.id).where(mine))
            found = purchases.get(work, row["id"])
        assert found is not None
        return found

    def request(self, request_id: str | None = None) -> KeptRequest:
        with self.desk.database.read() as work:
            found = requests.get(work, request_id or self.purchase().request_id)
        assert found is not None
        return found

    def jobs(self) -> dict[str, float]:
        """The keys of what is armed, and in how many seconds it is due."""
        with self.desk.database.read() as work:
            rows = work.rows(select(schema.job.c.key, schema.job.c.due_at))
            return {row["key"]: (row["due_at"] - work.now).total_seconds() for row in rows}

    def armed(self, request_id: str) -> list[str]:
        """What is armed of a request besides its cards, without the ids: `remind:1`, `dm:denied:U0RITA`."""
        keys = (key for key in self.jobs() if request_id in key and not key.startswith("render:"))
        return sorted(key.replace(f":{request_id}", "") for key in keys)

    def budget(self) -> dict[tuple[str, str], tuple[str, str]]:
        """What is reserved and committed, by month and spender; rows without either are left out."""
        with self.desk.database.read() as work:
            rows = work.rows(select(schema.budget))
        return {
            (row["month"], row["spender"]): (f"{row['reserved']:.2f}", f"{row['committed']:.2f}")
            for row in rows
            if row["reserved"] or row["committed"]
        }

    def taken(self, spender: str = "") -> tuple[str, str]:
        """What one spender, or the workspace, has reserved and committed in all months."""
        of = [amounts for (_, whose), amounts in self.budget().items() if whose == spender]
        return f"{sum(Decimal(a[0]) for a in of):.2f}", f"{sum(Decimal(a[1]) for a in of):.2f}"

    def assert_budget_is_the_sum(self) -> None:
        """Every row of the budget is the sum over its purchases, and no row is missing."""
        sums: dict[tuple[str, str], list[Decimal]] = {}
        with self.desk.database.read() as work:
            ids = [row["id"] for row in work.rows(select(schema.purchase.c.id))]
            kept = [found for one in ids if (found := purchases.get(work, one))]
        for purchase in kept:
            for spender in ("", purchase.spender):
                both = sums.setdefault((purchase.budget_month, spender), [Decimal(0), Decimal(0)])
                both[0] += purchase.amount * (purchase.status in RESERVING)
                both[1] += purchase.amount * (purchase.status in HELD)
        due = {key: (f"{a:.2f}", f"{b:.2f}") for key, (a, b) in sums.items() if a or b}
        assert self.budget() == due

    def logged(self, action: Action) -> list[AuditEvent]:
        """The events of that kind, oldest first."""
        with self.desk.database.read() as work:
            logged = audit_search.page(work, Reader(None), AuditQuery(), limit=1000)
        return [e.event for e in reversed(logged) if e.event.action is action]

    def events(self) -> list[tuple[str, str]]:
        with self.desk.database.read() as work:
            logged = audit_search.page(work, Reader(None), AuditQuery(), limit=1000)
        return [(e.event.action.value, e.event.outcome.value) for e in reversed(logged)]

    def posts(self, number: str) -> int:
        log = self.plivo.control("GET", "sandbox/log?kind=buy")
        rows = log["log"] if isinstance(log, dict) else log
        return len([row for row in rows if number in row["path"]])


class _Frozen:
    """The provider's client, whose next buy waits for something."""

    def __init__(self, client: PlivoClient, meanwhile: Callable[[], object]) -> None:
        self._client = client
        self._meanwhile: Callable[[], object] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def buy(self, number: str, options: BuyOptions) -> Any:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            meanwhile()
        return self._client.buy(number, options)


_ASKED = ("on_behalf_of", "break_glass", "reason", "channel")
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
