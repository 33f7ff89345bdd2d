"""Taking back and saying better: by those whose request it is, while nobody has decided."""

from collections import Counter

import pytest

from bot.model.audit import Action, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, Person, RequestStatus
from bot.usecases.cancel import Cancelled, cancel
from bot.usecases.change_reason import (
    APPROVED_BEFORE,
    Changed,
    ChangedMeanwhile,
    MayChange,
    change_reason,
    consider_changing,
)
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest, ReasonChanged
from bot.usecases.submit import Submitted
from storage import requests
from tests.usecases.conftest import Bench, MakeBench, at_once

TWO = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]

[[rules]]
name = "all"
approvals = 2
"""


@pytest.fixture
def request_id(bench: Bench) -> str:
    """Rita's, for Bea."""
    return bench.asked(offer=bench.priced("5.00000"), on_behalf_of="U0BEA")


@pytest.mark.parametrize("user", ["U0RITA", "U0BEA"])
def test_those_whose_it_is_take_it_back(bench: Bench, request_id: str, user: str) -> None:
    assert isinstance(cancel(bench.desk, bench.person(user), request_id), Cancelled)
    ended = bench.request()
    assert (ended.status, ended.decided_by) == (RequestStatus.CANCELLED, user)
    assert (bench.purchase().status, bench.budget()) == (PurchaseStatus.DROPPED, {})
    assert bench.armed(request_id) == ["dm:cancelled:U0BEA", "dm:cancelled:U0RITA", "note:cancelled"]
    assert isinstance(bench.ask("U0CARL", bench.offer_of(bench.purchase().number), "V2"), Submitted)


def test_who_takes_back_their_own_is_not_told_of_it(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))
    cancel(bench.desk, bench.person(), request)
    assert bench.armed(request) == ["note:cancelled"]


@pytest.mark.parametrize("user", ["U0CARL", "U0BOSS"])
def test_nobody_else_takes_it_back(bench: Bench, request_id: str, user: str) -> None:
    """Anybody may discard a request, and nothing says who was refused."""
    outcome = cancel(bench.desk, bench.person(user), request_id)
    assert isinstance(outcome, MayNot)
    assert bench.request().is_pending
    (event,) = bench.logged(Action.REQUEST_CANCELLED)
    assert (event.actor.id, event.outcome, event.reason) == (user, Outcome.DENIED, outcome.reason)
    assert (event.request_id, event.on_behalf_of) == (request_id, "U0RITA")


def test_after_the_decision_it_is_too_late_and_that_is_said(bench: Bench, request_id: str) -> None:
    bench.decide("U0BOSS")
    outcome = cancel(bench.desk, bench.person(), request_id)
    assert isinstance(outcome, AlreadyDecided) and outcome.request.decided_by == "U0BOSS"
    assert bench.logged(Action.REQUEST_CANCELLED)[-1].reason == "already approved"
    assert isinstance(cancel(bench.desk, Person("T0OTHER", "U0RITA"), request_id), NoSuchRequest)


def test_twelve_clicks_take_it_back_once(bench: Bench, request_id: str) -> None:
    outcomes = at_once(*(lambda: cancel(bench.desk, bench.person(), request_id) for _ in range(12)))
    assert Counter(type(o) for o in outcomes) == {Cancelled: 1, AlreadyDecided: 11}
    assert bench.logged(Action.REQUEST_CANCELLED)[0].outcome is Outcome.SUCCESS
    bench.assert_budget_is_the_sum()


def test_the_reason_is_said_better_and_the_log_knows_both(bench: Bench, request_id: str) -> None:
    assert consider_changing(bench.desk, bench.person("U0BEA"), request_id) == MayChange(bench.request())
    outcome = change_reason(bench.desk, bench.person("U0BEA"), request_id, "because", seen="why")
    assert isinstance(outcome, Changed)
    now = bench.request()
    assert now.reason == "because" and now.reason_changed_at
    (event,) = bench.logged(Action.REQUEST_REASON_CHANGED)
    assert (event.actor.id, event.reason, event.changes) == ("U0BEA", "because", {"from": "why"})
    assert f"render:{request_id}" in bench.jobs()


def test_of_twelve_new_reasons_one_is_written(bench: Bench, request_id: str) -> None:
    outcomes = at_once(
        *(
            lambda i=i: change_reason(bench.desk, bench.person(), request_id, f"reason {i}", seen="why")
            for i in range(12)
        )
    )
    assert Counter(type(o) for o in outcomes) == {Changed: 1, ChangedMeanwhile: 11}
    now = bench.request()
    assert now.reason == f"reason {[isinstance(o, Changed) for o in outcomes].index(True)}"
    assert all(o.request == now for o in outcomes if isinstance(o, ChangedMeanwhile))


def test_a_reason_of_somebody_else_or_of_the_past_stays(bench: Bench, request_id: str) -> None:
    other = change_reason(bench.desk, bench.person("U0BOSS"), request_id, "mine", seen="why")
    assert isinstance(other, MayNot)
    assert consider_changing(bench.desk, bench.person("U0BOSS"), request_id) == other
    bench.decide("U0BOSS", Answer.DENY)
    late = change_reason(bench.desk, bench.person(), request_id, "because", seen="why")
    assert isinstance(late, AlreadyDecided) and late.request.status is RequestStatus.DENIED
    assert bench.request().reason == "why"
    reasons = [(e.outcome, e.reason) for e in bench.logged(Action.REQUEST_REASON_CHANGED)]
    assert reasons == [(Outcome.DENIED, other.reason)] * 2 + [(Outcome.DENIED, "already denied")]
    assert isinstance(
        change_reason(bench.desk, bench.person(), "R0NOTHERE", "because", seen="why"), NoSuchRequest
    )


def test_a_reason_against_a_decision_is_before_it_or_not_at_all(bench: Bench, request_id: str) -> None:
    decided, changed = at_once(
        lambda: bench.click("U0BOSS", Answer.APPROVE, request_id, reason_seen=None),
        lambda: change_reason(bench.desk, bench.person(), request_id, "because", seen="why"),
    )
    was_first = isinstance(changed, Changed)
    assert (bench.request().reason == "because") == was_first
    if was_first:
        assert isinstance(decided, ReasonChanged), "a yes to a reason that nobody gives any more"
        assert bench.request().is_pending
    else:
        assert decided.complete
        assert changed.request.status is RequestStatus.APPROVED


def test_a_yes_counts_only_for_the_reason_that_was_read(bench: Bench, request_id: str) -> None:
    """A request was approved for one reason and bought for another."""
    change_reason(bench.desk, bench.person(), request_id, "because", seen="why")
    assert f"note:{request_id}:reason" in bench.jobs(), "the approvers hear of it"
    late = bench.click("U0BOSS", Answer.APPROVE, request_id, reason_seen=None)
    assert late == ReasonChanged(bench.request())
    refused = bench.logged(Action.REQUEST_APPROVAL)[-1]
    assert (refused.outcome, refused.reason) == (Outcome.DENIED, "looked at an older reason")
    assert bench.decide("U0BOSS").complete


def test_a_reason_that_somebody_has_approved_stays(make_bench: MakeBench) -> None:
    bench = make_bench(TWO)
    request = bench.asked()
    bench.decide("U0A00")
    for outcome in (
        consider_changing(bench.desk, bench.person(), request),
        change_reason(bench.desk, bench.person(), request, "because", seen="why"),
    ):
        assert outcome == MayNot(APPROVED_BEFORE)
    assert bench.request().reason == "why"
    with bench.desk.database.write() as work:
        assert not requests.change_reason(work, bench.request(), "because"), "nor in a race"
