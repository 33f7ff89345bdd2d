"""Settling: asked at the right moments, for as long as it may still appear; the answer is the truth."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.model.audit import Action, Actor, ActorType
from bot.model.purchase import PurchaseStatus
from bot.plivo.client import PlivoClient
from bot.usecases.buy import buy, load
from bot.usecases.settle import _admit, settle
from bot.usecases.settle_by_hand import settle_by_hand
from tests.usecases.conftest import Bench

_S = PurchaseStatus
DELAYS = (1, 5, 15, 60, 120, 120, 120, 120, 120, 120, 99)
"""Seconds between the questions: together the 900 after which a number counts as not bought."""


def _unclear(bench: Bench) -> str:
    bench.plivo.spoil("buy", {"status": 500}, times=1)
    bench.asked()
    bench.work()
    assert bench.purchase().status is _S.UNKNOWN
    return f"settle:{bench.purchase().id}"


def _asked(bench: Bench) -> int:
    """How often the provider was asked whether it is ours; once before the call."""
    return len(bench.plivo.control("GET", "sandbox/log?kind=rented")) - 1


def test_the_provider_is_asked_at_growing_distances_until_the_window_is_over(bench: Bench) -> None:
    job = _unclear(bench)
    for number, delay in enumerate(DELAYS):
        assert bench.jobs()[job] == pytest.approx(delay, abs=3)
        assert (bench.purchase().status, bench.purchase().looks) == (_S.UNKNOWN, number)
        bench.later(bench.jobs()[job] + 0.01)
    assert (bench.purchase().status, bench.purchase().looks) == (_S.NOT_BOUGHT, len(DELAYS))
    assert job not in bench.jobs()
    assert "not_bought U0RITA" in bench.sent
    assert bench.posts(bench.purchase().number) == 1


def test_a_call_that_nobody_answered_for_is_asked_about_by_the_watchdog(bench: Bench) -> None:
    """Buy first and record later: a crash in between loses the purchase."""
    bench.asked()
    seen: list[object] = []

    def dies() -> None:
        seen.append(bench.jobs()[f"settle:{bench.purchase().id}"])
        raise SystemExit

    bench.frozen(dies)
    with pytest.raises(SystemExit):
        buy(bench.desk, bench.purchase().id)
    assert seen == [pytest.approx(120, abs=3)]
    assert bench.purchase().status is _S.BUYING
    assert not any(key.startswith("buy:") for key in bench.jobs()), "nothing can deliver it again"
    bench.later(121)
    assert bench.purchase().status is _S.UNKNOWN
    assert bench.jobs()[f"settle:{bench.purchase().id}"] == pytest.approx(5, abs=3)
    bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"ours": True})
    bench.later(6)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(bench.purchase().number) == 0


def _becomes_ours(bench: Bench) -> None:
    bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"ours": True})


def _is_not_answered(bench: Bench) -> None:
    bench.plivo.spoil("rented", {"status": 500})


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [(_becomes_ours, _S.BOUGHT), (lambda _: None, _S.UNKNOWN), (_is_not_answered, _S.UNKNOWN)],
)
def test_a_404_to_a_buy_is_asked_about(
    bench: Bench, meanwhile: Callable[[Bench], None], status: PurchaseStatus
) -> None:
    """ "Somebody else took it" and "we have it already" are said in the same words."""
    bench.plivo.spoil("buy", {"status": 404, "body": {"error": "not found"}}, times=1)
    bench.asked()
    bench.frozen(lambda: meanwhile(bench))
    bench.work()
    assert bench.purchase().status is status
    assert bench.posts(bench.purchase().number) == 1


def test_a_404_to_a_buy_that_took_effect_is_bought_although_the_list_lags(bench: Bench) -> None:
    """A gateway may repeat the call: the first buys, the second hears "not found", and the list is behind."""
    bench.plivo.spoil("buy", {"effect_then": {"status": 404, "body": {"error": "not found"}}}, times=1)
    bench.asked()
    number = bench.purchase().number
    bench.plivo.spoil("rented", {"status": 404, "body": {"error": "not found"}}, times=3, number=number)
    bench.work()
    assert bench.purchase().status is _S.UNKNOWN
    assert "probably somebody else took it" in (bench.purchase().note or "")
    for _ in range(2):
        bench.later(70)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(number) == 1
    bench.assert_budget_is_the_sum()


def test_a_404_to_a_buy_is_not_bought_once_the_window_is_over(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"status": 404, "body": {"error": "not found"}}, times=1)
    bench.asked()
    bench.work()
    bench.later(1000)
    assert bench.purchase().status is _S.NOT_BOUGHT
    assert bench.taken() == ("0.00", "0.00")


def test_a_number_in_a_subaccount_is_found_in_that_ones_list(bench: Bench) -> None:
    subaccount = next(s.id for s in bench.desk.provider.subaccounts() if s.enabled)
    bench.asked(subaccount=subaccount)
    number = bench.purchase().number
    bench.plivo.spoil("buy", {"reset": "after"}, times=1)
    bench.plivo.spoil("rented", {"status": 404, "body": {"error": "not found"}}, number=number)
    bench.work()
    bench.later(2)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.posts(number) == 1


def test_the_answer_to_a_call_that_was_frozen_until_everybody_gave_up_is_taken_in(bench: Bench) -> None:
    bench.asked()

    def sleeps() -> None:
        bench.later(121)
        bench.later(900)
        assert bench.purchase().status is _S.NOT_BOUGHT

    bench.frozen(sleeps)
    buy(bench.desk, bench.purchase().id)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.taken() == ("0.00", "0.80")
    bench.work()
    assert [s for s in bench.sent if "bought" in s] == ["not_bought U0RITA", "bought U0RITA"]
    assert bench.plivo.ours(bench.purchase().number)


def test_a_late_no_changes_nothing_that_was_found_out_meanwhile(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"status": 400, "body": {"error": "no"}}, times=1)
    bench.asked()

    def sleeps() -> None:
        bench.plivo.control("PUT", f"sandbox/numbers/{bench.purchase().number}", json={"ours": True})
        bench.later(121)
        assert bench.purchase().status is _S.BOUGHT

    bench.frozen(sleeps)
    buy(bench.desk, bench.purchase().id)
    assert bench.purchase().status is _S.BOUGHT
    assert bench.taken() == ("0.00", "0.80")


def test_a_person_is_asked_when_the_provider_does_not_answer_and_asking_goes_on(bench: Bench) -> None:
    job = _unclear(bench)
    bench.plivo.spoil("rented", {"status": 500})
    bench.later(1000)
    assert bench.purchase().status is _S.NEEDS_HUMAN
    assert job in bench.jobs()
    bench.later(121)
    assert len(bench.logged(Action.PURCHASE_NEEDS_HUMAN)) == 1
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    bench.later(121)
    assert bench.purchase().status is _S.NOT_BOUGHT


def test_what_waits_for_documents_is_held(bench: Bench) -> None:
    _unclear(bench)
    number = bench.purchase().number
    bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"ours": True, "active": False})
    bench.later(2)
    assert bench.purchase().status is _S.AWAITING_DOCUMENTS
    assert bench.taken() == ("0.00", "0.80")


def test_no_worker_asks_about_what_is_settled(bench: Bench) -> None:
    bench.asked()
    bench.work()
    before = _asked(bench)
    bench.later(10_000)
    assert (_asked(bench), bench.purchase().status) == (before, _S.BOUGHT)


def test_an_answer_from_within_the_window_settles_nothing_after_it(bench: Bench) -> None:
    """The machine slept between the provider's answer and its record: the list had lagged only then."""
    job = _unclear(bench)
    number, client = bench.purchase().number, bench.desk.provider

    class Sleepy:
        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def rented_number(self, wanted: str, **more: Any) -> Any:
            found = client.rented_number(wanted, **more)
            bench.shift(1000)
            return found

    bench.desk = replace(bench.desk, provider=cast("PlivoClient", Sleepy()))
    bench.later(2)
    assert bench.purchase().status is _S.UNKNOWN
    assert job in bench.jobs()
    bench.plivo.control("PUT", f"sandbox/numbers/{number}", json={"ours": True})
    bench.later(121)
    assert bench.purchase().status is _S.BOUGHT


def test_the_watchdog_of_an_earlier_call_does_not_speak_for_the_call_of_now(bench: Bench) -> None:
    """It was claimed, then its call turned out not to be sent; it woke while the next one was under way."""
    bench.asked()
    looks: list[PurchaseStatus] = []

    def wakes() -> None:
        assert settle(bench.desk, bench.purchase().id) == pytest.approx(120, abs=3)
        looks.append(bench.purchase().status)

    bench.frozen(wakes)
    bench.work()
    assert looks == [_S.BUYING]
    assert bench.purchase().status is _S.BOUGHT
    assert "unknown" not in bench.told


def test_a_watchdog_whose_clock_is_a_moment_behind_does_not_speak_for_the_call_either(bench: Bench) -> None:
    """Processes count PostgreSQL's clock on, each by itself: to one the call of another lies just ahead."""
    bench.asked()

    def wakes() -> None:
        bench.desk.database.shift -= timedelta(seconds=1)
        assert settle(bench.desk, bench.purchase().id) == pytest.approx(121, abs=3)
        bench.desk.database.shift += timedelta(seconds=1)
        assert bench.purchase().status is _S.BUYING

    bench.frozen(wakes)
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert "unknown" not in bench.told


def test_a_watchdog_that_read_of_an_earlier_call_writes_nothing_about_the_call_of_now(bench: Bench) -> None:
    bench.asked()
    bench.frozen(lambda: _a_watchdog_wakes(bench))
    bench.work()
    assert bench.purchase().status is _S.BOUGHT
    assert "unknown" not in bench.told


def _a_watchdog_wakes(bench: Bench) -> None:
    order = load(bench.desk.database, bench.purchase().id)
    assert order is not None
    earlier = replace(order, purchase=replace(order.purchase, attempt="A-EARLIER"))
    _admit(bench.desk, earlier)
    assert bench.purchase().status is _S.BUYING


class _Slow:
    """A provider whose answer to a look arrives after something else has happened."""

    def __init__(self, client: Any, meanwhile: Callable[[], object]) -> None:
        self._client = client
        self._meanwhile = iter([meanwhile])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def rented_number(self, number: str, **more: Any) -> Any:
        found = self._client.rented_number(number, **more)
        next(self._meanwhile, lambda: None)()
        return found


def test_a_yes_of_the_provider_counts_though_a_person_said_no_meanwhile(bench: Bench) -> None:
    """It was dropped, and stayed wrong until the next sweep."""
    _unclear(bench)
    purchase = bench.purchase()
    bench.shift(1000)
    bench.plivo.control("PUT", f"sandbox/numbers/{purchase.number}", json={"ours": True})
    shell = Actor(ActorType.OPERATOR, "shell")

    def person() -> None:
        settle_by_hand(bench.desk.database, shell, purchase.id, _S.NOT_BOUGHT, reason="no", window=900)

    settle(replace(bench.desk, provider=_Slow(bench.desk.provider, person)), purchase.id)
    assert bench.purchase().status is _S.BOUGHT
    bench.work()
    assert bench.told[-1] == "bought"
    bench.assert_budget_is_the_sum()
