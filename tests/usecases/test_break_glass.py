"""Breaking the glass: without approval, never without the rules, the budget, a trace and a loud word."""

from decimal import Decimal

import pytest

from bot.model.audit import Action, Outcome
from bot.model.people import Profile
from bot.model.purchase import PurchaseStatus
from bot.model.request import RequestStatus
from bot.usecases.preview import NotAllowed, Preview, preview
from bot.usecases.submit import OverBudget, Repeated, Submitted
from tests.usecases.conftest import Bench, MakeBench, at_once

_S = PurchaseStatus
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
remind_after = "4h"

[[rules]]
name = "cheap"
max_monthly = "0.50"
approvals = 0

[[rules]]
name = "never"
min_monthly = "40.00"
deny = "Nobody needs that."

[[rules]]
name = "rest"
approvals = 2

[budgets]
workspace = "30.00"
"""
GLASS = (
    POLICY
    + """
[break_glass]
users = ["U0ONCALL"]
"""
)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(GLASS)


def test_it_is_bought_at_once_and_everybody_hears_of_it(bench: Bench) -> None:
    request = bench.asked("U0ONCALL", break_glass=True, reason="The hotline is down")
    made = bench.request()
    assert (made.status, made.break_glass, made.approvals_needed) == (RequestStatus.APPROVED, True, 2)
    assert bench.armed(request) == ["note:break_glass"], "and no reminder: there is nothing to decide"
    (event,) = bench.logged(Action.REQUEST_BREAK_GLASS)
    assert (event.outcome, event.reason, event.actor.id) == (
        Outcome.SUCCESS, "The hotline is down", "U0ONCALL",
    )  # fmt: skip
    assert bench.logged(Action.REQUEST_SUBMITTED) == []
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert bench.sent == ["break_glass approvers", "bought U0ONCALL"]


def test_who_is_not_named_may_not(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    seen = preview(bench.desk, bench.person(), offer)
    assert isinstance(seen, Preview) and not seen.may_break_glass
    for user in ("U0RITA", "U0BOSS"):
        outcome = bench.ask(user, offer, break_glass=True)
        assert isinstance(outcome, NotAllowed)
        assert outcome.verdict.deny_reason == "The policy does not let you buy without approval."
        event = bench.logged(Action.REQUEST_SUBMITTED)[-1]
        assert (event.outcome, event.reason) == (Outcome.DENIED, outcome.verdict.deny_reason)
    assert bench.budget() == {}
    named = preview(bench.desk, bench.person("U0ONCALL"), offer)
    assert isinstance(named, Preview) and named.may_break_glass


def test_without_such_a_table_nobody_may(make_bench: MakeBench) -> None:
    bench = make_bench(POLICY)
    assert isinstance(bench.ask("U0ONCALL", break_glass=True), NotAllowed)


def test_what_is_denied_stays_denied(bench: Bench) -> None:
    outcome = bench.ask("U0ONCALL", bench.priced("41.00000"), break_glass=True)
    assert isinstance(outcome, NotAllowed) and outcome.verdict.deny_reason == "Nobody needs that."


def test_guests_stay_out(bench: Bench) -> None:
    bench.slack.profiles["U0ONCALL"] = Profile("Guest", guest=True)
    assert isinstance(bench.ask("U0ONCALL", break_glass=True), NotAllowed)


def test_the_budget_holds(bench: Bench) -> None:
    assert isinstance(bench.ask("U0ONCALL", bench.priced("31.00000"), break_glass=True), OverBudget)
    assert bench.budget() == {}


def test_where_nobody_has_to_approve_no_glass_is_broken(bench: Bench) -> None:
    request = bench.asked("U0ONCALL", bench.priced("0.40000"), break_glass=True)
    assert not bench.request().break_glass
    assert bench.armed(request) == []
    assert bench.logged(Action.REQUEST_BREAK_GLASS) == []


def test_twelve_times_the_same_form_is_one_request(bench: Bench) -> None:
    offer = bench.offers().offers[0].id
    outcomes = at_once(*(lambda: bench.ask("U0ONCALL", offer, break_glass=True) for _ in range(12)))
    assert sum(isinstance(o, Submitted) for o in outcomes) == 1
    assert sum(isinstance(o, Repeated) for o in outcomes) == 11
    bench.work()
    assert bench.posts(bench.purchase().number) == 1
    assert bench.noted == ["break_glass"]


def test_a_dearer_price_goes_to_the_approvers_after_all(bench: Bench) -> None:
    bench.asked("U0ONCALL", break_glass=True)
    number = bench.purchase().number
    bench.price(number, "5.00000")
    bench.work()
    back = bench.request()
    assert (back.status, back.approvals_needed, back.approvals_given) == (RequestStatus.PENDING, 2, 0)
    assert (bench.purchase().status, bench.posts(number)) == (_S.WAITING, 0)
    assert bench.purchase().monthly == Decimal(5)
    assert not bench.decide("U0A00", round_seen=2).complete
    assert bench.decide("U0A01", round_seen=2).complete
    bench.work()
    assert bench.purchase().status is _S.BOUGHT


def test_a_glass_that_was_put_back_before_the_buy_is_not_broken(bench: Bench) -> None:
    """A permission that was taken away between asking and buying still buys."""
    bench.asked("U0ONCALL", break_glass=True)
    bench.rules(POLICY)
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert "more approvals" in (bench.purchase().note or "")
    assert (bench.posts(bench.purchase().number), bench.budget()) == (0, {})
