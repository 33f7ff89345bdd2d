"""Buying and settling: at most one POST, and every end is the true one."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.model.audit import Action, Actor, ActorType, Outcome
from bot.model.errors import NotSent
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import buy as module
from bot.usecases.buy import buy, load
from bot.usecases.decide import Approved, Say, decide
from bot.usecases.settle_by_hand import (
    MayNotSettle,
    MaySettle,
    NoSuchPurchase,
    NotOpen,
    Settled,
    TooEarly,
    consider_settling,
    settle_by_hand,
    settle_in_slack,
)
from tests.usecases.conftest import Bench, at_once

_S = PurchaseStatus


def test_it_is_bought_once_though_two_workers_try(bench: Bench) -> None:
    bench.ask()
    purchase = bench.purchase()
    at_once(*(lambda: buy(bench.desk, purchase.id) for _ in range(4)))
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(purchase.number) == 1


def test_a_number_that_is_ours_already_is_not_bought_again(bench: Bench) -> None:
    bench.ask()
    number = bench.purchase().number
    bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"ours": True})
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert bench.posts(number) == 0


def test_a_number_that_is_gone_is_refused(bench: Bench) -> None:
    bench.ask()
    number = bench.purchase().number
    bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"gone": True})
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert bench.posts(number) == 0
    assert "refused" in bench.told


def test_a_dearer_price_is_refused_where_nobody_was_asked(bench: Bench) -> None:
    bench.ask()
    number = bench.purchase().number
    bench.price(number, "1.50000")
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert "$0.80/month" in (bench.purchase().note or "")
    assert "$1.50/month" in (bench.purchase().note or "")
    assert bench.posts(number) == 0


def test_a_dearer_price_goes_back_to_the_approvers_once(bench: Bench) -> None:
    first = bench.offers().offers[0].offer.number
    bench.price(first, "5.00000")
    bench.ask(offer=next(o.id for o in bench.offers().offers if o.offer.number == first))
    _yes(bench, 1)
    bench.price(first, "6.00000")
    bench.work()
    assert (bench.request().status, bench.purchase().status) == (RequestStatus.PENDING, _S.WAITING)
    assert bench.posts(first) == 0
    _yes(bench, 2)
    bench.price(first, "7.00000")
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert bench.posts(first) == 0


def _yes(bench: Bench, round_seen: int) -> None:
    boss = bench.person("U0BOSS")
    say = Say(answer=Answer.APPROVE, round_seen=round_seen)
    outcome = decide(bench.desk, boss, bench.request().id, say)
    assert isinstance(outcome, Approved)


def test_too_fast_is_tried_again_five_times_and_then_given_up(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"status": 429, "body": {"error": "slow down"}})
    bench.ask()
    bench.work()
    assert bench.purchase().status is _S.QUEUED
    for _ in range(6):
        bench.later(400)
    assert bench.purchase().status is _S.REFUSED
    assert bench.posts(bench.purchase().number) == 6
    assert not bench.plivo.ours(bench.purchase().number)


UNCLEAR: list[dict[str, Any]] = [
    {"status": 500}, {"reset": "before"}, {"silent": "before"}, {"html": True}, {"status": 206},
]  # fmt: skip


@pytest.mark.parametrize("trouble", UNCLEAR)
def test_unclear_and_not_there_is_not_bought_after_the_window(bench: Bench, trouble: dict[str, Any]) -> None:
    bench.plivo.spoil("buy", trouble, times=1)
    bench.ask()
    bench.work()
    assert bench.purchase().status is _S.UNKNOWN
    for _ in range(5):
        bench.later(60)
        assert bench.purchase().status is _S.UNKNOWN
    bench.later(900)
    assert bench.purchase().status is _S.NOT_BOUGHT
    assert bench.posts(bench.purchase().number) == 1
    assert [e for e in bench.told if e in {"unknown", "not_bought"}] == ["unknown", "not_bought"]


@pytest.mark.parametrize(
    "trouble", [{"reset": "after"}, {"effect_then": {"status": 500}}, {"silent": "after"}]
)
def test_unclear_and_there_is_bought(bench: Bench, trouble: dict[str, Any]) -> None:
    bench.plivo.spoil("buy", trouble, times=1)
    bench.ask()
    bench.work()
    bench.later(2)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(bench.purchase().number) == 1


def _unclear_for_good(bench: Bench) -> str:
    """A purchase that nobody can clear up: the provider answers nothing about the number."""
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    bench.ask()
    bench.work()
    bench.plivo.spoil("rented", {"status": 500})
    bench.later(60)
    bench.later(1000)
    assert bench.purchase().status is _S.NEEDS_HUMAN
    return bench.purchase().id


def test_what_stays_unclear_needs_a_person(bench: Bench) -> None:
    purchase_id = _unclear_for_good(bench)
    rita, boss = bench.person(), bench.person("U0BOSS")
    assert isinstance(consider_settling(bench.desk, rita, purchase_id, _S.BOUGHT), MayNotSettle)
    assert bench.events()[-1] == ("purchase.settled", "denied")
    assert isinstance(consider_settling(bench.desk, boss, purchase_id, _S.NOT_BOUGHT), MaySettle)
    outcome = settle_in_slack(bench.desk, boss, purchase_id, _S.BOUGHT, reason="it is in the console")
    assert isinstance(outcome, Settled)
    assert bench.purchase().status is _S.BOUGHT
    again = settle_in_slack(bench.desk, boss, purchase_id, _S.NOT_BOUGHT, reason="no, wait")
    assert isinstance(again, NotOpen)
    assert consider_settling(bench.desk, rita, "PNONE") == NoSuchPurchase()
    assert settle_in_slack(bench.desk, rita, "PNONE", _S.BOUGHT, reason="x") == NoSuchPurchase()
    denied = [e.reason for e in bench.logged(Action.PURCHASE_SETTLED) if e.outcome is Outcome.DENIED]
    assert denied[1:] == ["already bought", "no such purchase", "no such purchase"]


def test_who_cannot_be_looked_up_settles_nothing_and_that_is_logged(bench: Bench) -> None:
    purchase_id = _unclear_for_good(bench)
    bench.forget()
    bench.slack.down = True
    assert isinstance(consider_settling(bench.desk, bench.person("U0A03"), purchase_id), MayNotSettle)
    assert bench.events()[-1] == ("purchase.settled", "denied")


def test_nobody_can_say_that_nothing_was_bought_while_the_providers_list_may_lag(bench: Bench) -> None:
    """A person looked at the console too early, said "not bought", and it was."""
    bench.plivo.spoil("buy", {"silent": "after"}, times=1)
    bench.ask()
    bench.work()
    assert bench.purchase().status is _S.UNKNOWN
    not_listed = {"status": 404, "body": {"error": "not found"}}
    bench.plivo.spoil("rented", not_listed, number=bench.purchase().number)
    bench.later(2)
    purchase, boss = bench.purchase(), bench.person("U0BOSS")
    early = consider_settling(bench.desk, boss, purchase.id, _S.NOT_BOUGHT)
    assert isinstance(early, TooEarly) and purchase.call_at is not None
    assert early.until == purchase.call_at + timedelta(seconds=bench.desk.timing.settle_window)
    said = settle_in_slack(bench.desk, boss, purchase.id, _S.NOT_BOUGHT, reason="not in the console")
    assert isinstance(said, TooEarly)
    assert bench.purchase().status is _S.UNKNOWN
    assert bench.events()[-2:] == [("purchase.settled", "denied")] * 2
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    bench.later(bench.desk.timing.settle_window - 60)
    assert bench.purchase().status is _S.BOUGHT, "the desk went on asking"


def test_that_it_was_bought_can_be_said_at_any_time(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"silent": "after"}, times=1)
    bench.ask()
    bench.work()
    boss, purchase_id = bench.person("U0BOSS"), bench.purchase().id
    assert isinstance(consider_settling(bench.desk, boss, purchase_id, _S.BOUGHT), MaySettle)
    assert isinstance(
        settle_in_slack(bench.desk, boss, purchase_id, _S.BOUGHT, reason="it is on the bill"), Settled
    )
    assert bench.purchase().status is _S.BOUGHT
    bench.assert_budget_is_the_sum()


def test_the_provider_may_still_answer_before_a_person_does(bench: Bench) -> None:
    purchase_id = _unclear_for_good(bench)
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"ours": True})
    bench.later(300)
    assert bench.purchase().status is _S.BOUGHT
    operator = Actor(ActorType.OPERATOR, "shell")
    late = settle_by_hand(bench.desk.database, operator, purchase_id, _S.NOT_BOUGHT, reason="late", window=0)
    assert isinstance(late, NotOpen)


def test_documents_that_are_missing_are_told(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"pending": True}, times=1)
    bench.ask()
    bench.work()
    assert bench.purchase().status is _S.AWAITING_DOCUMENTS


def test_each_step_leaves_one_event(bench: Bench) -> None:
    bench.ask()
    bench.work()
    assert bench.events() == [
        ("search.performed", "success"),
        ("request.submitted", "success"),
        ("purchase.started", "success"),
        ("purchase.bought", "success"),
    ]


def test_a_worker_that_comes_late_puts_nothing_off(bench: Bench) -> None:
    """Its lease ran out while it asked, another worker bought, and its own look fails at last."""
    bench.ask()
    seen = load(bench.desk.database, bench.purchase().id)
    assert seen
    bench.work()
    assert module._again(bench.desk, seen, NotSent()) is None
    assert (bench.purchase().status, bench.purchase().note) == (_S.BOUGHT, None)
    assert bench.events()[-1] == ("purchase.bought", "success")


@pytest.mark.parametrize(("times", "status"), [(1, _S.BOUGHT), (2, _S.BOUGHT), (3, _S.BUYING)])
def test_an_answer_is_written_again_where_the_database_undid_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, times: int, status: PurchaseStatus
) -> None:
    """A deadlock takes the one who has the provider's answer; what stays unwritten the watchdog finds."""
    undone = iter(range(times))
    conclude = module.conclude

    def conclude_or_not(*arguments: Any, **more: Any) -> bool:
        written = conclude(*arguments, **more)
        if next(undone, None) is not None:
            raise OperationalError("UPDATE", None, Exception("deadlock detected"))
        return written

    bench.ask()
    monkeypatch.setattr(module, "conclude", conclude_or_not)
    bench.work()
    assert bench.purchase().status is status
    monkeypatch.undo()
    for _ in range(2):
        bench.later(130)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(bench.purchase().number) == 1
    bench.assert_budget_is_the_sum()
