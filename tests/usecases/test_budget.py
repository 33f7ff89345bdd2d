"""Budgets: reserved when it is asked for, committed when it is bought, given back otherwise; never over."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.audit import Action, Actor, ActorType, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import submit as module
from bot.usecases.budget import budget_sheet
from bot.usecases.buy import load
from bot.usecases.cancel import Cancelled, cancel
from bot.usecases.conclude import conclude
from bot.usecases.preview import Preview, preview
from bot.usecases.reprice import Dearer, DearerThanAllowed, look_again
from bot.usecases.settle_by_hand import settle_by_hand
from bot.usecases.submit import OverBudget, Submitted
from storage import schema
from tests.storage.tamper import unguarded
from tests.usecases.conftest import Bench, MakeBench, at_once

_S = PurchaseStatus
NOTHING = ("0.00", "0.00")
ONE = "0.80"


def policy(approvals: int = 1, **budgets: str) -> str:
    limits = "\n".join(f'{key} = "{value}"' for key, value in budgets.items())
    return f"""
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
expires_after = "48h"

[[rules]]
name = "all"
approvals = {approvals}

[budgets]
{limits}
"""


@pytest.mark.parametrize(
    ("limits", "one_person"),
    [
        ({"workspace": "2.50"}, False),
        ({"per_user": "2.50"}, True),
        ({"workspace": "2.50", "per_user": "4.00"}, True),
        ({"workspace": "4.00", "per_user": "2.50"}, True),
        ({"workspace": "2.40"}, False),
    ],
)
def test_twelve_ask_at_once_where_three_fit(
    make_bench: MakeBench, limits: dict[str, str], one_person: bool
) -> None:
    bench = make_bench(policy(**limits))
    people = ["U0RITA" if one_person else f"U0R{i:02}" for i in range(12)]
    offers = bench.twelve()
    bench.learn(*people)
    asks = [lambda i=i: bench.ask(people[i], offers[i], f"V{i}") for i in range(12)]
    outcomes = at_once(*asks)
    assert Counter(type(o) for o in outcomes) == {Submitted: 3, OverBudget: 9}
    whole = next(o for o in outcomes if isinstance(o, OverBudget)).exceeded[0]
    assert (whole.spent.reserved, whole.over_by) == (
        Decimal("2.40"),
        Decimal("3.20") - (whole.spent.limit or 0),
    )
    assert bench.taken() == ("2.40", "0.00")
    bench.assert_budget_is_the_sum()
    assert Counter(e.outcome for e in bench.logged(Action.REQUEST_SUBMITTED)) == {
        Outcome.SUCCESS: 3, Outcome.DENIED: 9,
    }  # fmt: skip
    with bench.desk.database.read() as work:
        assert len(work.rows(schema.request.select())) == 3, "who did not fit left no request"


def test_two_people_do_not_share_what_each_may_spend(make_bench: MakeBench) -> None:
    bench = make_bench(policy(per_user="1.00"))
    offers = bench.twelve()
    assert isinstance(bench.ask("U0RITA", offers[0], "V0"), Submitted)
    over = bench.ask("U0RITA", offers[1], "V1")
    assert isinstance(over, OverBudget) and over.exceeded[0].spent.spender == "U0RITA"
    assert isinstance(bench.ask("U0BEA", offers[1], "V2"), Submitted)
    assert bench.taken() == ("1.60", "0.00")


def test_who_asks_for_somebody_else_pays_from_their_own(make_bench: MakeBench) -> None:
    bench = make_bench(policy(per_user="1.00"))
    bench.asked("U0RITA", on_behalf_of="U0BEA")
    assert (bench.taken("U0RITA"), bench.taken("U0BEA")) == ((ONE, "0.00"), NOTHING)


def test_an_amount_above_the_whole_limit_is_refused(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="0.50", per_user="100"))
    over = bench.ask()
    assert isinstance(over, OverBudget)
    assert (over.exceeded[0].spent.left, over.exceeded[0].over_by) == (Decimal("0.50"), Decimal("0.30"))
    assert bench.budget() == {}


def test_it_is_reserved_when_asked_for_and_committed_when_bought(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="10", per_user="5"))
    bench.asked()
    assert bench.taken() == bench.taken("U0RITA") == (ONE, "0.00")
    bench.decide("U0BOSS")
    assert bench.taken() == (ONE, "0.00")
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert bench.taken() == bench.taken("U0RITA") == ("0.00", ONE)


def test_it_is_committed_while_documents_are_missing(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=0, workspace="10"))
    bench.plivo.spoil("buy", {"pending": True}, times=1)
    bench.asked()
    bench.work()
    assert bench.purchase().status is _S.AWAITING_DOCUMENTS
    assert bench.taken() == ("0.00", ONE)


def _deny(bench: Bench, _: str) -> None:
    bench.decide("U0BOSS", Answer.DENY)


def _cancel(bench: Bench, request: str) -> None:
    assert isinstance(cancel(bench.desk, bench.person(), request), Cancelled)


def _expire(bench: Bench, _: str) -> None:
    bench.later(49 * 3600)


def _refuse(bench: Bench, _: str) -> None:
    bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"gone": True})
    bench.decide("U0BOSS")
    bench.work()


def _not_buy(bench: Bench, _: str) -> None:
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    bench.decide("U0BOSS")
    bench.work()
    assert (bench.purchase().status, bench.taken()) == (_S.UNKNOWN, (ONE, "0.00"))
    bench.later(901)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (_deny, _S.DROPPED), (_cancel, _S.DROPPED), (_expire, _S.DROPPED),
        (_refuse, _S.REFUSED), (_not_buy, _S.NOT_BOUGHT),
    ],
)  # fmt: skip
def test_what_is_not_bought_is_given_back_and_the_number_is_free(
    make_bench: MakeBench, end: Callable[[Bench, str], None], status: _S
) -> None:
    bench = make_bench(policy(workspace="1.00", per_user="1.00"))
    request = bench.asked()
    number = bench.purchase().number
    assert isinstance(bench.ask("U0BEA", bench.twelve()[1], "V2"), OverBudget)
    end(bench, request)
    assert bench.purchase(request).status is status
    assert bench.budget() == {}
    bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"gone": False})
    again = next(o.id for o in bench.offers().offers if o.offer.number == number)
    assert isinstance(bench.ask("U0BEA", again, "V3"), Submitted)
    bench.assert_budget_is_the_sum()


def test_what_is_unclear_stays_reserved_until_it_is_clear(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=0, workspace="1.00"))
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    bench.asked()
    bench.work()
    bench.plivo.spoil("rented", {"status": 500})
    bench.later(60)
    assert (bench.purchase().status, bench.taken()) == (_S.UNKNOWN, (ONE, "0.00"))
    bench.later(1000)
    assert (bench.purchase().status, bench.taken()) == (_S.NEEDS_HUMAN, (ONE, "0.00"))
    assert isinstance(bench.ask("U0BEA", bench.twelve()[1], "V2"), OverBudget)
    operator = Actor(ActorType.OPERATOR, "shell")
    settle_by_hand(
        bench.desk.database, operator, bench.purchase().id, _S.NOT_BOUGHT, reason="looked", window=0
    )
    assert bench.budget() == {}


def test_what_turns_out_to_be_bought_counts_although_it_is_over_the_limit(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=0, workspace="1.00", per_user="1.00"))
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    late = bench.asked()
    bench.work()
    bench.later(901)
    assert bench.purchase().status is _S.NOT_BOUGHT
    second = bench.asked("U0RITA", bench.twelve()[1], "V2")
    bench.work()
    assert bench.purchase(second).status is _S.BOUGHT
    order = load(bench.desk.database, bench.purchase(late).id)
    assert order
    with bench.desk.database.write() as work:
        assert conclude(work, order, _S.BOUGHT, of_attempt=order.purchase.attempt)
    assert bench.taken() == bench.taken("U0RITA") == ("0.00", "1.60")
    shown = preview(bench.desk, bench.person(), bench.twelve()[5])
    assert isinstance(shown, Preview)
    assert [spent.left for spent in shown.budgets] == [Decimal("-0.60")] * 2
    bench.assert_budget_is_the_sum()


def test_a_limit_that_was_lowered_stops_the_next_and_nothing_that_is_there(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="10.00"))
    first = bench.asked()
    bench.rules(policy(workspace="0.50"))
    over = bench.ask("U0RITA", bench.twelve()[1], "V2")
    assert isinstance(over, OverBudget)
    assert (over.exceeded[0].spent.left, over.exceeded[0].over_by) == (Decimal("-0.30"), Decimal("1.10"))
    bench.decide("U0BOSS", request_id=first)
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert bench.taken() == ("0.00", ONE)


def test_a_dearer_price_reserves_the_difference(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="2.00", per_user="2.00"))
    bench.asked()
    bench.price(bench.purchase().number, "1.90000")
    assert isinstance(look_again(bench.desk, bench.request(), bench.purchase()), Dearer)
    assert bench.taken() == bench.taken("U0RITA") == ("1.90", "0.00")
    bench.decide("U0BOSS", round_seen=2)
    bench.work()
    assert bench.taken() == bench.taken("U0RITA") == ("0.00", "1.90")


@pytest.mark.parametrize("whose", ["workspace", "per_user"])
def test_a_dearer_price_that_does_not_fit_changes_nothing(make_bench: MakeBench, whose: str) -> None:
    bench = make_bench(policy(**{"workspace": "9.00", "per_user": "9.00", whose: "2.00"}))
    bench.asked()
    before = (bench.request(), bench.purchase(), bench.budget(), bench.events(), bench.jobs().keys())
    bench.price(bench.purchase().number, "2.10000")
    look = look_again(bench.desk, bench.request(), bench.purchase())
    assert isinstance(look, DearerThanAllowed) and "$1.20 left" in look.reason
    assert (bench.request(), bench.purchase(), bench.budget(), bench.events(), bench.jobs().keys()) == before


def test_a_dearer_price_at_the_buy_that_does_not_fit_is_refused_and_given_back(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="2.00"))
    bench.asked()
    bench.decide("U0BOSS")
    bench.price(bench.purchase().number, "2.10000")
    bench.work()
    ended = bench.purchase()
    assert ended.status is _S.REFUSED and "budget" in (ended.note or "")
    assert (ended.monthly, bench.request().status) == (Decimal("0.80"), RequestStatus.APPROVED)
    assert bench.budget() == {}


def test_it_counts_in_the_month_in_which_it_was_asked_for(make_bench: MakeBench) -> None:
    bench = make_bench(policy(workspace="1.00", per_user="1.00"))
    offers = bench.twelve()
    bench.clock(datetime(2031, 1, 31, 23, 59, 20, tzinfo=UTC))
    offers = bench.twelve()
    january = bench.asked("U0RITA", offers[0], "V0")
    assert isinstance(bench.ask("U0RITA", offers[1], "V1"), OverBudget)
    bench.clock(datetime(2031, 2, 1, 0, 0, 1, tzinfo=UTC))
    february = bench.asked("U0RITA", offers[1], "V2")
    bench.decide("U0BOSS", request_id=january)
    bench.decide("U0BOSS", request_id=february)
    bench.work()
    assert bench.budget() == {
        (month, spender): ("0.00", ONE) for month in ("2031-01", "2031-02") for spender in ("", "U0RITA")
    }
    sheet = budget_sheet(bench.desk, bench.person("U0BOSS"))
    assert (sheet.month, sheet.workspace.committed, [p.spender for p in sheet.people]) == (
        "2031-02", Decimal("0.80"), ["U0RITA"],
    )  # fmt: skip


def test_a_dearer_price_in_the_next_month_is_taken_from_the_month_of_the_request(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(policy(workspace="2.00"))
    bench.clock(datetime(2031, 1, 31, 23, 59, 20, tzinfo=UTC))
    bench.asked()
    bench.clock(datetime(2031, 2, 1, 0, 0, 1, tzinfo=UTC))
    bench.price(bench.purchase().number, "1.90000")
    assert isinstance(look_again(bench.desk, bench.request(), bench.purchase()), Dearer)
    assert bench.budget()["2031-01", ""] == ("1.90", "0.00")
    assert ("2031-02", "") not in bench.budget()


def test_who_sees_what_others_spent(make_bench: MakeBench) -> None:
    bench = make_bench(
        policy(workspace="9", per_user="2").replace("[budgets]", '[budgets]\nraised_by = ["U0CFO"]')
    )
    offers = bench.twelve()
    bench.asked("U0RITA", offers[0], "V0")
    bench.asked("U0BEA", offers[1], "V1")
    bench.asked("U0BEA", offers[2], "V2")
    mine = budget_sheet(bench.desk, bench.person())
    assert (mine.sees_people, mine.people, mine.names, mine.raised_by) == (
        False, (), {"U0CFO": "Cfo"}, ("U0CFO",),
    )  # fmt: skip
    assert (mine.mine.reserved, mine.mine.left, mine.workspace.taken) == (
        Decimal("0.80"), Decimal("1.20"), Decimal("2.40"),
    )  # fmt: skip
    assert bench.logged(Action.BUDGET_READ) == []
    boss = budget_sheet(bench.desk, bench.person("U0A01"))
    assert [(p.spender, p.taken) for p in boss.people] == [
        ("U0BEA", Decimal("1.60")), ("U0RITA", Decimal("0.80")),
    ]  # fmt: skip
    assert boss.names == {"U0BEA": "Bea", "U0RITA": "Rita", "U0CFO": "Cfo"}
    assert [e.actor.id for e in bench.logged(Action.BUDGET_READ)] == ["U0A01"]


def test_who_lost_a_race_and_then_does_not_fit_hears_of_the_budget(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench(policy(workspace="0.50"))
    add, lost = module.purchases.add, []

    def lose_once(*arguments: Any) -> Any:
        if lost:
            return add(*arguments)
        lost.append(True)
        return None

    monkeypatch.setattr(module.purchases, "add", lose_once)
    assert isinstance(bench.ask(), OverBudget)
    assert bench.budget() == {}


STEPS = ("ask", "yes", "no", "cancel", "work", "later", "dearer", "look", "gone", "trouble", "late", "limit")


@settings(
    max_examples=12, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), min_size=8, max_size=20))
def test_after_any_steps_the_budget_is_the_sum_over_the_purchases(
    make_bench: MakeBench, steps: list[tuple[str, int]]
) -> None:
    bench = make_bench(policy(workspace="6.00", per_user="4.00"))
    bench.plivo.control("POST", "sandbox/reset", 204)
    with unguarded(bench.desk.database) as work:
        for table in reversed(schema.metadata.sorted_tables):
            work.execute(table.delete())
    walk = Walk(bench)
    for step, which in steps:
        getattr(walk, step)(which)
        bench.assert_budget_is_the_sum()


class Walk:
    """One step of somebody's at a time, on one of four numbers."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.offers = bench.twelve()[:4]
        self.made = 0
        self.ids: list[str] = []

    def _each(self, which: int) -> list[str]:
        return self.ids[which::4]

    def ask(self, which: int) -> None:
        self.made += 1
        outcome = self.bench.ask(f"U0R{which % 2}", self.offers[which], f"V{self.made}")
        if isinstance(outcome, Submitted):
            self.ids.append(outcome.request.id)

    def yes(self, which: int) -> None:
        for one in self._each(which):
            now = self.bench.request(one)
            self.bench.decide("U0BOSS", request_id=one, round_seen=now.round)

    def no(self, which: int) -> None:
        for one in self._each(which):
            now = self.bench.request(one)
            self.bench.decide("U0BOSS", Answer.DENY, request_id=one, round_seen=now.round)

    def cancel(self, which: int) -> None:
        for one in self._each(which):
            cancel(self.bench.desk, self.bench.person(self.bench.request(one).requester), one)

    def work(self, _: int) -> None:
        self.bench.work()

    def later(self, which: int) -> None:
        self.bench.later((5, 400, 1000, 50 * 3600)[which])
        self.offers = self.bench.twelve()[:4]

    def dearer(self, which: int) -> None:
        for one in self._each(which):
            price = self.bench.purchase(one).monthly + Decimal("0.50")
            self.bench.price(self.bench.purchase(one).number, str(price))

    def look(self, which: int) -> None:
        for one in self._each(which):
            look_again(self.bench.desk, self.bench.request(one), self.bench.purchase(one))

    def gone(self, which: int) -> None:
        for one in self._each(which)[:1]:
            number = self.bench.purchase(one).number
            self.bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"gone": True})

    def trouble(self, which: int) -> None:
        kinds: list[dict[str, Any]] = [
            {"status": 500}, {"status": 429}, {"effect_then": {"status": 500}}, {"pending": True},
        ]  # fmt: skip
        self.bench.plivo.spoil("buy", kinds[which], times=1)

    def late(self, which: int) -> None:
        for one in self._each(which):
            order = load(self.bench.desk.database, self.bench.purchase(one).id)
            if order and order.purchase.attempt:
                with self.bench.desk.database.write() as work:
                    conclude(work, order, _S.BOUGHT, of_attempt=order.purchase.attempt)

    def limit(self, which: int) -> None:
        self.bench.rules(policy(workspace=str(which * 2)))
