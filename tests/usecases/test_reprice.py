"""The price is what the approver saw: a dearer one goes back to them, and nothing is bought at it before."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.model.audit import Action
from bot.model.errors import ProviderError
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import decide as decide_module
from bot.usecases.buy import buy, load
from bot.usecases.decide import AlreadyDecided, PriceChanged
from bot.usecases.reprice import Dearer, DearerThanAllowed, Gone, Moved, PriceLook, Same, look_again, reprice
from tests.usecases.conftest import Bench, MakeBench, at_once

_S = PurchaseStatus
POLICY = """
[approvals]
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "everyday"
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "dear"
max_monthly = "10.00"
channel = "C0DEAR"
approvals = 2

[[rules]]
name = "dearest"
max_monthly = "50.00"
channel = "C0DEAREST"
approvals = 3
confirm_by_typing = true

[[rules]]
name = "too dear"
deny = "Nobody needs that."

[budgets]
workspace = "45"
"""


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def _pending(bench: Bench, monthly: str = "5.00000") -> str:
    return bench.asked(offer=bench.priced(monthly))


def _dearer(bench: Bench, monthly: str) -> None:
    bench.price(bench.purchase().number, monthly)


def _look(bench: Bench) -> PriceLook:
    return look_again(bench.desk, bench.request(), bench.purchase())


def _rows(bench: Bench) -> tuple[object, ...]:
    return bench.request(), bench.purchase(), bench.budget(), bench.events(), sorted(bench.jobs())


@pytest.mark.parametrize("monthly", ["5.00000", "4.00000"])
def test_the_same_price_or_a_lower_one_changes_nothing(bench: Bench, monthly: str) -> None:
    _pending(bench)
    before = _rows(bench)
    _dearer(bench, monthly)
    assert _look(bench) == Same()
    assert _rows(bench) == before


def test_a_dearer_price_begins_a_round_in_which_nothing_is_approved_yet(bench: Bench) -> None:
    _pending(bench)
    bench.decide("U0A00")
    _dearer(bench, "6.00000")
    look = _look(bench)
    assert isinstance(look, Dearer) and not look.confirm_by_typing
    assert (look.view.request, look.view.purchases) == (bench.request(), (bench.purchase(),))
    now, priced = bench.request(), bench.purchase()
    assert (now.round, now.approvals_given, now.approvals_needed, now.rule) == (2, 0, 2, "dear")
    assert (priced.monthly, priced.monthly_before) == (Decimal(6), Decimal(5))
    assert not now.repriced, "that is said of a price that the buy met"
    assert isinstance(bench.decide("U0A00", round_seen=1), PriceChanged), "they looked at the old price"
    assert not bench.decide("U0A00", round_seen=2).complete, "who approved the old price may approve the new"
    assert bench.decide("U0A01", round_seen=2).complete
    (event,) = bench.logged(Action.REQUEST_REPRICED)
    assert "from $5.00/month" in (event.reason or "") and "to $6.00/month" in (event.reason or "")
    bench.work()
    assert bench.sent.count("repriced U0RITA") == bench.sent.count("repriced approvers") == 1
    assert bench.purchase().status is _S.BOUGHT
    assert bench.taken() == ("0.00", "6.00")


def test_a_dearer_price_is_judged_by_the_rule_for_it(bench: Bench) -> None:
    _pending(bench)
    _dearer(bench, "20.00000")
    assert isinstance(_look(bench), Dearer)
    now = bench.request()
    assert (now.rule, now.approvals_needed, now.approval_channel) == ("dearest", 3, "C0DEAREST")
    typed = bench.purchase().number[-4:]
    assert [bench.decide(u, round_seen=2, typed=typed).complete for u in ("U0A00", "U0A01", "U0A02")] == [
        False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("monthly", "why"), [("51.00000", "Nobody needs that."), ("46.00000", "$40.00 left")]
)
def test_what_is_not_allowed_any_more_changes_nothing(bench: Bench, monthly: str, why: str) -> None:
    _pending(bench)
    bench.decide("U0A00")
    before = _rows(bench)
    _dearer(bench, monthly)
    look = _look(bench)
    assert isinstance(look, DearerThanAllowed) and why in look.reason
    assert look.offer.monthly == Decimal(monthly)
    assert _rows(bench) == before


def test_a_number_that_is_gone_is_said(bench: Bench) -> None:
    _pending(bench)
    before = _rows(bench)
    bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"gone": True})
    assert _look(bench) == Gone()
    assert _rows(bench) == before


def test_a_provider_that_does_not_answer_changes_nothing(bench: Bench) -> None:
    _pending(bench)
    before = _rows(bench)
    bench.plivo.spoil("search", {"status": 500})
    with pytest.raises(ProviderError):
        _look(bench)
    assert _rows(bench) == before


def test_twelve_that_see_the_new_price_at_once_begin_one_round(bench: Bench) -> None:
    _pending(bench)
    _dearer(bench, "6.00000")
    seen, purchase = bench.request(), bench.purchase()
    looks = at_once(*(lambda: look_again(bench.desk, seen, purchase) for _ in range(12)))
    assert sum(isinstance(look, Dearer) for look in looks) == 1
    assert sum(isinstance(look, Moved) for look in looks) == 11
    assert bench.request().round == 2
    assert bench.taken() == ("6.00", "0.00")
    assert len(bench.logged(Action.REQUEST_REPRICED)) == 1


def test_the_last_yes_against_a_dearer_price(bench: Bench) -> None:
    """What was approved in the moment in which the price changed is bought at the other price."""
    request = _pending(bench)
    bench.decide("U0A00")
    _dearer(bench, "6.00000")
    seen, purchase = bench.request(), bench.purchase()
    yes, look = at_once(
        lambda: bench.click("U0A01", Answer.APPROVE, request, round_seen=1),
        lambda: look_again(bench.desk, seen, purchase),
    )
    if isinstance(look, Dearer):
        assert isinstance(yes, PriceChanged | AlreadyDecided)
        assert (bench.request().status, bench.request().round) == (RequestStatus.PENDING, 2)
    else:
        assert yes.complete and isinstance(look, Moved)
    bench.work()
    assert bench.posts(purchase.number) == 0, "either the buy sends it back, or it waits for a second round"
    assert bench.request().round == 2
    assert (bench.purchase().status, bench.purchase().monthly) == (_S.WAITING, Decimal(6))
    bench.assert_budget_is_the_sum()


def test_a_cheap_one_that_became_dear_is_posted_where_the_dear_are_decided(bench: Bench) -> None:
    """Approved without anybody, dearer at the buy: it must appear where somebody can say yes."""
    bench.asked(on_behalf_of="U0BEA")
    assert bench.request().approval_channel is None
    _dearer(bench, "5.00000")
    bench.work()
    now = bench.request()
    assert (now.status, now.approval_channel, now.approvals_needed) == (RequestStatus.PENDING, "C0DEAR", 2)


def test_at_the_buy_it_goes_back_once_and_is_refused_the_second_time(bench: Bench) -> None:
    _pending(bench)
    bench.decide("U0A00")
    bench.decide("U0A01")
    _dearer(bench, "6.00000")
    bench.work()
    back = bench.request()
    assert (back.status, back.round, back.repriced) == (RequestStatus.PENDING, 2, True)
    assert (back.approvals_given, back.decided_by, back.decided_at) == (0, None, None)
    assert bench.purchase().status is _S.WAITING
    assert bench.taken() == ("6.00", "0.00")
    assert not any(key.startswith("buy:") for key in bench.jobs())
    assert isinstance(bench.decide("U0A02", round_seen=1), PriceChanged)
    bench.decide("U0A00", round_seen=2)
    assert bench.decide("U0A01", round_seen=2).complete
    _dearer(bench, "7.00000")
    bench.work()
    ended = bench.purchase()
    assert ended.status is _S.REFUSED and "rose again" in (ended.note or "")
    assert "from $6.00/month" in (ended.note or "") and "to $7.00/month" in (ended.note or "")
    assert (bench.budget(), bench.posts(ended.number)) == ({}, 0)


def test_at_the_buy_a_price_that_the_policy_denies_is_refused_with_both_prices(bench: Bench) -> None:
    _pending(bench)
    bench.decide("U0A00")
    bench.decide("U0A01")
    _dearer(bench, "51.00000")
    bench.work()
    note = bench.purchase().note or ""
    assert bench.purchase().status is _S.REFUSED
    assert "$5.00/month" in note and "$51.00/month" in note and "Nobody needs that." in note
    assert bench.request().status is RequestStatus.APPROVED
    assert bench.budget() == {}


def test_a_worker_that_saw_the_old_price_is_not_overtaken_by_one_that_saw_the_new(bench: Bench) -> None:
    """Two workers hold one purchase: one is calling at the old price while the other asks the approvers."""
    _pending(bench)
    bench.decide("U0A00")
    bench.decide("U0A01")
    order = load(bench.desk.database, bench.purchase().id)
    assert order
    dearer = replace(order.purchase.offer, monthly=Decimal(6))
    before: list[object] = []

    def meanwhile() -> None:
        before.append((bench.request(), bench.purchase(), bench.budget(), bench.events(), bench.armed("R")))
        reprice(bench.desk, order, dearer)
        after = (bench.request(), bench.purchase(), bench.budget(), bench.events(), bench.armed("R"))
        assert before == [after]

    bench.frozen(meanwhile)
    buy(bench.desk, order.purchase.id)
    assert before
    assert (bench.purchase().status, bench.purchase().monthly) == (_S.BOUGHT, Decimal(5))
    assert bench.request().status is RequestStatus.APPROVED
    assert bench.taken() == ("0.00", "5.00")
    assert bench.posts(order.purchase.number) == 1


def test_two_workers_that_see_the_new_price_send_it_back_once(bench: Bench) -> None:
    _pending(bench)
    bench.decide("U0A00")
    bench.decide("U0A01")
    _dearer(bench, "6.00000")
    purchase = bench.purchase()
    at_once(*(lambda: buy(bench.desk, purchase.id) for _ in range(12)))
    assert (bench.request().status, bench.request().round) == (RequestStatus.PENDING, 2)
    assert (bench.purchase().status, bench.taken()) == (_S.WAITING, ("6.00", "0.00"))
    assert len(bench.logged(Action.REQUEST_REPRICED)) == 1
    assert bench.posts(purchase.number) == 0


@pytest.mark.parametrize(("monthly", "by_now"), [("5.00000", "6.00000"), ("8.00000", "20.00000")])
def test_a_yes_to_one_price_never_counts_for_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, monthly: str, by_now: str
) -> None:
    """Between an approver's row and the count, another approver's look writes a dearer price (PostgreSQL).

    SQLite lets nobody in between: there the look comes after, and finds that the request was decided.
    """
    request = bench.asked(offer=bench.priced(monthly))
    bench.learn("U0A00", "U0A01", "U0RITA")
    _dearer(bench, by_now)
    seen, purchase = bench.request(), bench.purchase()
    add, looks = decide_module.requests.add_decision, []
    between = bench.desk.database.engine.dialect.name == "postgresql"

    def add_and_look(*arguments: Any) -> bool:
        added = add(*arguments)
        if between and not looks:
            looks.extend(at_once(lambda: look_again(bench.desk, seen, purchase)))
        return added

    monkeypatch.setattr(decide_module.requests, "add_decision", add_and_look)
    first = bench.click("U0A00", Answer.APPROVE, request, round_seen=1)
    if between:
        assert isinstance(looks[0], Dearer) and isinstance(first, PriceChanged)
        assert (bench.request().round, bench.request().approvals_given) == (2, 0)
    bench.work()
    assert bench.posts(purchase.number) == 0
    bench.assert_budget_is_the_sum()
