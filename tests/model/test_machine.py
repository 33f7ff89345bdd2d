"""Random people, faults and deaths around the real use cases; what must hold is asked after every step."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.model.audit import Actor, ActorType
from bot.model.purchase import HELD, MOVES, UNSETTLED, PurchaseStatus
from bot.model.request import Answer
from bot.usecases.cancel import cancel
from bot.usecases.settle import ASKABLE
from bot.usecases.settle_by_hand import settle_by_hand
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from tests.conftest import POSTGRES, Reused
from tests.model.desk import LEASE, PRICES, Desktop, a_desk
from tests.model.edge import CALLS, Killed

_S = PurchaseStatus
SOAK = os.environ.get("SOAK") == "1"
PEOPLE = ("U0RITA", "U0BEA", "U0A01")
APPROVERS = ("U0A01", "U0A02", "U0A03")
DAYS = 49 * 3600
ENDS = frozenset({_S.DROPPED, _S.REFUSED, _S.NOT_BOUGHT}) | HELD
which = st.integers(0, 5)


def _reached() -> dict[PurchaseStatus, frozenset[PurchaseStatus]]:
    """From each state, all that several moves lead to."""
    reached = {start: frozenset({start, *ways}) for start, ways in MOVES.items()}
    for _ in MOVES:
        reached = {a: frozenset().union(*(reached[b] for b in ways)) for a, ways in reached.items()}
    return reached


REACHED = _reached()


class Machine(RuleBasedStateMachine):
    """The desk; `make` gives it an empty database."""

    make: Callable[[], AbstractContextManager[str]]

    def __init__(self) -> None:
        super().__init__()
        self._database = type(self).make()
        self._opened = a_desk(self._database.__enter__())
        self.desk: Desktop = self._opened.__enter__()
        self.before: dict[str, PurchaseStatus] = {}
        self.forms = 0

    # people

    @rule(user=st.sampled_from(PEOPLE), number=st.sampled_from(sorted(PRICES)))
    def submit(self, user: str, number: str) -> None:
        self.forms += 1
        with suppress(Killed), self._asking():
            for offer in self.desk.offers().offers:
                if offer.offer.number == number:
                    self.desk.ask(user, offer.id, key=f"V{self.forms}")

    @initialize(user=st.sampled_from(PEOPLE), number=st.sampled_from(sorted(PRICES)))
    def first(self, user: str, number: str) -> None:
        """Without a purchase there is little to see."""
        self.submit_and_approve(user, number)

    @rule(user=st.sampled_from(PEOPLE), number=st.sampled_from(sorted(PRICES)))
    def submit_and_approve(self, user: str, number: str) -> None:
        """The way that most requests go."""
        self.submit(user, number)
        with suppress(Killed):
            for request in self.desk.requests():
                for approver in APPROVERS:
                    if request.is_pending and approver != request.requester:
                        self.desk.decide(approver, request_id=request.id, round_seen=request.round)

    @precondition(lambda self: self.desk.requests())
    @rule(user=st.sampled_from(APPROVERS), one=which, yes=st.integers(0, 3), stale=st.integers(0, 7))
    def decide(self, user: str, one: int, yes: int, stale: int) -> None:
        request = self._request(one)
        answer = Answer.APPROVE if yes else Answer.DENY
        with suppress(Killed):
            self.desk.decide(user, answer, request.id, round_seen=request.round if stale else 0)

    @precondition(lambda self: self.desk.requests())
    @rule(one=which, user=st.sampled_from(PEOPLE))
    def cancel(self, one: int, user: str) -> None:
        with suppress(Killed):
            cancel(self.desk.desk, self.desk.person(user), self._request(one).id)

    @precondition(lambda self: any(p.status in ASKABLE for p in self.desk.purchases()))
    @rule(one=which)
    def settle_by_hand(self, one: int) -> None:
        """A person says what is so; "not bought" only when the list has had its time."""
        unclear = [p for p in self.desk.purchases() if p.status in ASKABLE]
        purchase = unclear[one % len(unclear)]
        listed = self.desk.edge.lists(purchase.number)
        if listed or self._since(purchase) > self.desk.desk.timing.settle_window:
            to = _S.BOUGHT if listed else _S.NOT_BOUGHT
            with suppress(Killed):
                actor = Actor(ActorType.USER, "U0BOSS")
                window = self.desk.desk.timing.settle_window
                settle_by_hand(self.desk.rows, actor, purchase.id, to, reason="seen", window=window)

    # time and work

    @rule(
        seconds=st.sampled_from(
            [2, 7, 7, 20, LEASE + 1, LEASE + 1, 125, 125, 400, 1000, 1000, 5 * 3600, DAYS]
        )
    )
    def pass_time(self, seconds: float) -> None:
        self.desk.shift(seconds)

    @rule(jobs=st.integers(1, 3), call=st.sampled_from(CALLS))
    def work(self, jobs: int, call: str) -> None:
        self.desk.edge.next_call = call
        with suppress(Killed):
            self.desk.run_chores()
            for _ in range(jobs):
                self.desk.run_one()
        self.desk.edge.next_call = "answers"

    @rule(call=st.sampled_from(CALLS), seconds=st.sampled_from([2, LEASE + 1, 125, 1000]))
    def work_again(self, call: str, seconds: float) -> None:
        """The next job, and what is due when some time has passed."""
        self.work(2, call)
        self.desk.shift(seconds)
        self.work(2, call)

    @rule(commits=st.integers(1, 4), keeps_it=st.booleans(), call=st.sampled_from(CALLS))
    def die(self, commits: int, keeps_it: bool, call: str) -> None:
        """A worker is killed around its first, second, third or fourth commit."""
        self.desk.rows.commits_left = None
        self.desk.run_chores()
        self.desk.rows.doom(commits, keeps_it=keeps_it)
        self.desk.edge.next_call = call
        with suppress(Killed):
            for _ in range(commits):
                self.desk.run_one()
        self.desk.rows.commits_left = None
        self.desk.edge.next_call = "answers"

    @precondition(lambda self: self.desk.requests())
    @rule(commits=st.integers(1, 4), keeps_it=st.booleans())
    def doom(self, commits: int, keeps_it: bool) -> None:
        self.desk.rows.doom(commits, keeps_it=keeps_it)

    # the provider

    @rule(silent=st.booleans())
    def provider(self, silent: bool) -> None:
        self.desk.edge.silent = silent

    @precondition(lambda self: any(p.status is _S.QUEUED for p in self.desk.purchases()))
    @rule(number=st.sampled_from(sorted(PRICES)), more=st.sampled_from(["0.50", "4.00", "20.00", "90.00"]))
    def price_rises(self, number: str, more: str) -> None:
        self.desk.edge.prices[number] += Decimal(more)

    @precondition(lambda self: any(p.status is _S.QUEUED for p in self.desk.purchases()))
    @rule(number=st.sampled_from(sorted(PRICES)))
    def taken_by_somebody_else(self, number: str) -> None:
        if number not in self.desk.edge.sold:
            self.desk.edge.others.add(number)

    @rule(number=st.sampled_from(sorted(PRICES)))
    def on_the_market_again(self, number: str) -> None:
        """At its first price, and others do not have it any more."""
        self.desk.edge.others.discard(number)
        self.desk.edge.prices[number] = Decimal(PRICES[number])

    # what must hold

    @invariant()
    def at_most_one_effective_call(self) -> None:
        assert all(count <= 1 for count in self.desk.edge.posts.values()), self.desk.edge.posts

    @invariant()
    def the_budget_is_the_sum(self) -> None:
        self.desk.assert_budget_is_the_sum()

    @invariant()
    def the_log_has_no_gap(self) -> None:
        seqs = self.desk.seqs()
        assert seqs == list(range(1, len(seqs) + 1))

    @invariant()
    def nothing_unsettled_is_forgotten(self) -> None:
        armed = self.desk.jobs()
        for purchase in self.desk.purchases():
            if purchase.status in UNSETTLED:
                kind = "buy" if purchase.status is _S.QUEUED else "settle"
                assert f"{kind}:{purchase.id}" in armed, purchase

    @invariant()
    def states_follow_the_table(self) -> None:
        now = {p.id: p.status for p in self.desk.purchases()}
        for one, was in self.before.items():
            assert now[one] in REACHED[was]
        self.before = now

    @invariant()
    def bought_is_said_only_of_what_is_ours(self) -> None:
        assert {p.number for p in self.desk.purchases() if p.status in HELD} <= set(self.desk.edge.sold)

    def teardown(self) -> None:
        """All is healed, and time goes on: then all is over, and the rows say what the provider holds."""
        try:
            self._heal()
            self._judge()
        finally:
            self._opened.__exit__(None, None, None)
            self._database.__exit__(None, None, None)

    def _heal(self) -> None:
        self.desk.edge.silent, self.desk.rows.commits_left = False, None
        for seconds in (LEASE + 1, 200, 400, 1000, 1000, DAYS, 400, 1000):
            self.desk.shift(seconds)
            while self.desk.run_one():
                pass

    def _judge(self) -> None:
        kept = self.desk.purchases()
        assert not any(request.is_pending for request in self.desk.requests())
        assert {p.status for p in kept} <= ENDS
        assert sorted(p.number for p in kept if p.status in HELD) == sorted(self.desk.edge.sold)
        assert {key for key in self.desk.jobs() if not key.startswith(("cron:", "home:"))} == set()
        self.at_most_one_effective_call()
        self.the_budget_is_the_sum()
        self.the_log_has_no_gap()

    def _request(self, one: int) -> KeptRequest:
        kept = self.desk.requests()
        return kept[one % len(kept)]

    def _since(self, purchase: KeptPurchase) -> float:
        with self.desk.rows.read() as work:
            return (work.now - (purchase.call_at or work.now)).total_seconds()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Searching is not what is tested here: the provider answers it."""
        silent, self.desk.edge.silent = self.desk.edge.silent, False
        try:
            yield
        finally:
            self.desk.edge.silent = silent


def _run(make: Callable[[], AbstractContextManager[str]], examples: int, steps: int) -> None:
    machine = type("Machine", (Machine,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=not SOAK,
            database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.grows
@pytest.mark.timeout(1800)
def test_the_desk_on_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    template: Path = request.getfixturevalue("_sqlite_template")

    @contextmanager
    def make() -> Iterator[str]:
        file = tmp_path / f"{uuid4().hex}.db"
        shutil.copy(template, file)
        yield f"sqlite:///{file}"
        for one in tmp_path.glob(f"{file.name}*"):
            one.unlink()

    _run(make, 600 if SOAK else 45, 50)


@pytest.mark.grows
@pytest.mark.timeout(1800)
def test_the_desk_on_postgresql(request: pytest.FixtureRequest) -> None:
    if POSTGRES is None:
        pytest.skip("PostgreSQL is absent")
    reused: Reused = request.getfixturevalue("_postgres_reused")
    _run(lambda: nullcontext(reused.empty()), 150 if SOAK else 8, 40)
