"""A very late answer: the number is ours, and whoever asked for it meanwhile hears the truth."""

from collections import Counter

import pytest

from bot.model.audit import Action, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import RequestStatus
from bot.usecases.buy import load
from bot.usecases.conclude import Order, conclude
from bot.usecases.decide import AlreadyDecided
from storage import purchases, schema
from tests.usecases.conftest import Bench, MakeBench, at_once

_S = PurchaseStatus
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["U0BOSS"]
expires_after = "48h"
remind_after = "4h"

[[rules]]
name = "bea is asked"
requesters = ["U0BEA"]
approvals = 1

[[rules]]
name = "everybody else is not"
approvals = 0

[budgets]
workspace = "100"
"""


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def _given_up(bench: Bench) -> str:
    """A request of Rita's whose call got no answer until everybody gave up."""
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    request = bench.asked()
    bench.work()
    bench.later(901)
    assert bench.purchase(request).status is _S.NOT_BOUGHT
    bench.sent.clear()
    return request


def _again(bench: Bench, first: str, user: str) -> str:
    return bench.asked(user, bench.offer_of(bench.purchase(first).number), "V2")


def _order(bench: Bench, request: str) -> Order:
    order = load(bench.desk.database, bench.purchase(request).id)
    assert order
    return order


def _late(bench: Bench, request: str, to: PurchaseStatus = _S.BOUGHT) -> bool:
    order = _order(bench, request)
    with bench.desk.database.write() as work:
        return conclude(work, order, to, of_attempt=order.purchase.attempt, api_id="late-1")


@pytest.mark.parametrize("to", [_S.BOUGHT, _S.AWAITING_DOCUMENTS])
def test_a_late_answer_is_taken_in(bench: Bench, to: PurchaseStatus) -> None:
    request = _given_up(bench)
    assert bench.budget() == {}
    assert _late(bench, request, to)
    assert bench.purchase(request).status is to
    assert bench.taken() == ("0.00", "0.80")
    bench.work()
    assert bench.sent == [f"{to.value} U0RITA"]
    assert not _late(bench, request, to), "and that once"


@pytest.mark.parametrize(("user", "stands"), [("U0BEA", _S.WAITING), ("U0CARL", _S.QUEUED)])
def test_the_later_request_is_refused_with_words_and_the_late_one_is_bought(
    bench: Bench, user: str, stands: PurchaseStatus
) -> None:
    first = _given_up(bench)
    second = _again(bench, first, user)
    assert bench.purchase(second).status is stands
    assert _late(bench, first)
    mine, theirs = bench.purchase(first), bench.purchase(second)
    assert (mine.status, theirs.status) == (_S.BOUGHT, _S.REFUSED)
    assert theirs.note == f"Request {first} bought this number; its answer came late."
    assert [e.reason for e in bench.logged(Action.PURCHASE_REFUSED)] == [theirs.note]
    ended = RequestStatus.CANCELLED if stands is _S.WAITING else RequestStatus.APPROVED
    assert bench.request(second).status is ended
    told = ["overtaken approvers"] if stands is _S.WAITING else []
    assert bench.armed(second) == [f"dm:refused:{user}", *(["note:overtaken"] if told else [])], (
        "and nothing is due of it any more"
    )
    assert len(bench.logged(Action.REQUEST_CANCELLED)) == len(told), "an end that the log knows"
    bench.assert_budget_is_the_sum()
    bench.work()
    assert sorted(set(bench.sent)) == sorted(["bought U0RITA", f"refused {user}", *told])
    assert bench.posts(theirs.number) == 1
    if stands is _S.WAITING:
        assert isinstance(bench.decide("U0BOSS", request_id=second), AlreadyDecided)


@pytest.mark.parametrize("stands", [_S.BUYING, _S.UNKNOWN, _S.NEEDS_HUMAN, _S.BOUGHT])
def test_one_that_has_called_for_it_as_well_is_not_overwritten(bench: Bench, stands: PurchaseStatus) -> None:
    first = _given_up(bench)
    second = _again(bench, first, "U0CARL")
    steps = [_S.BUYING, *([] if stands in {_S.BUYING, _S.BOUGHT} else [_S.UNKNOWN]), stands]
    with bench.desk.database.write() as work:
        for step in dict.fromkeys(steps):
            here = set(PurchaseStatus) - {step}
            origins = [s for s in here if step in purchases.MOVES[s]]
            assert purchases.move(work, bench_purchase(work, second), origins, step)
    before = (bench.purchase(first), bench.purchase(second), bench.request(second), bench.budget())
    assert not _late(bench, first)
    assert (bench.purchase(first), bench.purchase(second), bench.request(second), bench.budget()) == before
    event = bench.logged(Action.PURCHASE_UNKNOWN)[-1]
    assert (event.outcome, event.request_id) == (Outcome.UNKNOWN, first)
    assert second in (event.reason or "")


def bench_purchase(work: purchases.UnitOfWork, request: str) -> str:
    (row,) = work.rows(schema.purchase.select().where(schema.purchase.c.request_id == request))
    return str(row["id"])


def test_a_late_answer_against_an_approval_in_the_same_moment(bench: Bench) -> None:
    first = _given_up(bench)
    second = _again(bench, first, "U0BEA")
    bench.learn("U0BOSS", "U0BEA")
    boss = [lambda: bench.decide("U0BOSS", request_id=second)] * 3
    late = [lambda: _late(bench, first)] * 3
    outcomes = at_once(*boss, *late)
    bench.work()
    assert outcomes[3:].count(True) == 1
    assert (bench.purchase(first).status, bench.purchase(second).status) == (_S.BOUGHT, _S.REFUSED)
    assert bench.posts(bench.purchase(first).number) == 1
    bench.assert_budget_is_the_sum()


def test_an_answer_of_another_call_moves_nothing(bench: Bench) -> None:
    request = _given_up(bench)
    with bench.desk.database.write() as work:
        assert not conclude(work, _order(bench, request), _S.BOUGHT, of_attempt="A0OTHER")
    assert bench.purchase(request).status is _S.NOT_BOUGHT


def test_a_number_bought_at_once_is_told_by_its_card_only(bench: Bench) -> None:
    bench.asked()
    bench.work()
    assert bench.sent == []
    assert bench.purchase().status is _S.BOUGHT


def test_a_number_for_somebody_else_is_told_to_both(bench: Bench) -> None:
    bench.asked("U0BEA", on_behalf_of="U0DAN")
    assert bench.decide("U0BOSS").complete
    bench.work()
    assert Counter(bench.sent) == Counter(
        f"{event} {user}" for event in ("approved", "bought") for user in ("U0BEA", "U0DAN")
    )
