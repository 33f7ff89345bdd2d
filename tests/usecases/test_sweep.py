"""The daily sweep: what differs is found once, proven by asking, settled where it is certain, and told."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.model.audit import Action, Outcome
from bot.model.provider import RentedNumber, RentedPage
from bot.model.purchase import PurchaseStatus
from bot.model.sweep import DifferenceState, Kind
from bot.plivo.client import PlivoClient
from bot.usecases.check import check
from bot.usecases.settle_by_hand import settle_in_slack
from bot.usecases.sweep import AGAIN_AFTER, DAILY, FIRST_AFTER, seed, sweep
from bot.worker import Worker
from storage import differences, jobs, schema
from storage.differences import Difference
from tests.sandbox.plivo_client import AUTH
from tests.usecases.conftest import Bench, at_once

_S, _D = PurchaseStatus, DifferenceState
BEFORE = 3
"""Numbers that the stand-in's account holds from the start, bought by nobody here."""
LATER = 1000
"""Seconds after which a purchase is surely in the provider's list."""


def swept(bench: Bench) -> float:
    return sweep(bench.desk, "T0DEMO")


def found(bench: Bench, *states: DifferenceState) -> list[Difference]:
    table = schema.difference
    with bench.desk.database.read() as work:
        ids = [row["id"] for row in work.rows(select(table.c.id).order_by(table.c.number))]
        rows = [each for one in ids if (each := differences.get(work, one))]
    return [each for each in rows if not states or each.state in states]


def reports(bench: Bench) -> list[str]:
    with bench.desk.database.read() as work:
        return [row["id"] for row in work.rows(select(schema.report.c.id).order_by(schema.report.c.at))]


def finished(bench: Bench) -> dict[str, Any]:
    return bench.logged(Action.SWEEP_FINISHED)[-1].changes


def bought(bench: Bench, key: str = "V1") -> str:
    """A number that was bought long enough ago to be in the list."""
    request_id = bench.asked(key=key)
    bench.work()
    assert bench.purchase(request_id).status is _S.BOUGHT
    bench.shift(LATER)
    return bench.purchase(request_id).number


def test_an_account_with_numbers_from_before_is_one_report(bench: Bench) -> None:
    numbers = bench.outside(60, added_on="2025-02-14")
    assert swept(bench) == DAILY
    new = found(bench, _D.OPEN)
    assert (len(new), {each.kind for each in new}) == (60 + BEFORE, {Kind.UNRECORDED})
    assert set(numbers) < {each.number for each in new}
    (report_id,) = reports(bench)
    assert [key for key in bench.jobs() if key.startswith("report:")] == [f"report:{report_id}"]
    assert finished(bench) | {"numbers": []} == {
        "held": 63, "settled": 0, "resolved": 0, "found": 63, "new": 63, "numbers": [],
    }  # fmt: skip
    assert len(finished(bench)["numbers"]) == 50, "the log keeps no ten thousand numbers in one line"
    assert bench.events() == [("sweep.finished", "success")]


def test_a_difference_is_news_once(bench: Bench) -> None:
    swept(bench)
    bench.later(DAILY)
    swept(bench)
    assert (len(found(bench)), len(reports(bench))) == (BEFORE, 1)
    assert (finished(bench)["new"], finished(bench)["found"]) == (0, BEFORE)
    bench.outside(1)
    swept(bench)
    assert len(reports(bench)) == 2
    assert finished(bench)["new"] == 1


def test_a_purchase_of_ours_is_no_difference(bench: Bench) -> None:
    number = bought(bench)
    swept(bench)
    assert number not in {each.number for each in found(bench)}


def test_a_number_that_is_gone_at_the_provider_is_found_and_is_over_when_it_comes_back(bench: Bench) -> None:
    number = bought(bench)
    bench.at_provider(number, ours=False)
    swept(bench)
    (gone,) = [each for each in found(bench) if each.kind is Kind.GONE]
    assert (gone.number, gone.purchase_id, gone.state) == (number, bench.purchase().id, _D.OPEN)
    assert bench.purchase().status is _S.BOUGHT, "the row stays what it is: people decide"
    bench.at_provider(number, ours=True)
    swept(bench)
    (over,) = [each for each in found(bench) if each.kind is Kind.GONE]
    assert over.state is _D.RESOLVED
    (event,) = bench.logged(Action.SWEEP_RESOLVED)
    assert (event.number, event.changes) == (number, {"difference": gone.id, "kind": "gone"})
    assert f"report:{gone.report_id}" in bench.jobs(), "its message says so"


def test_a_difference_that_comes_back_is_news_again(bench: Bench) -> None:
    (number,) = bench.outside(1)
    swept(bench)
    bench.at_provider(number, ours=False)
    swept(bench)
    assert [each.state for each in found(bench) if each.number == number] == [_D.RESOLVED]
    bench.at_provider(number, ours=True)
    swept(bench)
    assert sorted(each.state for each in found(bench) if each.number == number) == [_D.OPEN, _D.RESOLVED]


def test_a_number_bought_in_this_minute_is_not_missed_although_the_list_lags(bench: Bench) -> None:
    bench.asked()
    bench.work()
    bench.at_provider(bench.purchase().number, ours=False)
    swept(bench)
    assert [each for each in found(bench) if each.kind is Kind.GONE] == []


def test_a_number_that_the_list_leaves_out_while_it_is_paged_is_asked_about(bench: Bench) -> None:
    """Somebody releases a number of the first page: one of the second slips past."""
    number = bought(bench)
    bench.outside(40)
    page = bench.desk.provider.rented_numbers

    def slipping(**asked: Any) -> Any:
        seen = page(**asked)
        return replace(seen, numbers=tuple(n for n in seen.numbers if n.number != number))

    desk = replace(bench.desk, provider=_With(bench.desk.provider, rented_numbers=slipping))  # type: ignore[arg-type]
    sweep(desk, "T0DEMO")
    assert [each for each in found(bench) if each.kind is Kind.GONE] == []


def test_a_known_difference_that_the_list_leaves_out_is_not_over(bench: Bench) -> None:
    (number,) = bench.outside(1)
    swept(bench)
    page = bench.desk.provider.rented_numbers

    def slipping(**asked: Any) -> Any:
        seen = page(**asked)
        return replace(seen, numbers=tuple(n for n in seen.numbers if n.number != number))

    desk = replace(bench.desk, provider=_With(bench.desk.provider, rented_numbers=slipping))  # type: ignore[arg-type]
    sweep(desk, "T0DEMO")
    assert [each.state for each in found(bench) if each.number == number] == [_D.OPEN]


class _With:
    """The provider's client with some of its answers replaced."""

    def __init__(self, client: PlivoClient, **answers: Callable[..., Any]) -> None:
        self._client, self._answers = client, answers

    def __getattr__(self, name: str) -> Any:
        return self._answers.get(name) or getattr(self._client, name)


def _no_page(bench: Bench) -> None:
    bench.plivo.spoil("list", {"status": 500})


def _no_second_page(bench: Bench) -> None:
    """The first is fine, and what follows breaks."""
    bench.outside(40)
    answered = bench.desk.provider.rented_numbers

    def breaks(**asked: Any) -> Any:
        if asked["offset"] == 20:
            bench.plivo.spoil("list", {"html": True})
        return answered(**asked)

    bench.desk = replace(bench.desk, provider=_With(bench.desk.provider, rented_numbers=breaks))  # type: ignore[arg-type]


def _no_subaccounts(bench: Bench) -> None:
    bench.plivo.spoil("subaccounts", {"status": 503})


def _no_answer_about_one(bench: Bench) -> None:
    bench.at_provider(bench.purchase().number, ours=False)
    bench.plivo.spoil("rented", {"status": 500})


def _the_same_page_for_ever(bench: Bench) -> None:
    bench.outside(40)
    first = bench.desk.provider.rented_numbers()
    desk = bench.desk
    bench.desk = replace(desk, provider=_With(desk.provider, rented_numbers=lambda **_: first))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "trouble",
    [_no_page, _no_second_page, _no_subaccounts, _no_answer_about_one, _the_same_page_for_ever],
)
def test_half_a_list_says_nothing(bench: Bench, trouble: Callable[[Bench], None]) -> None:
    """Never "all gone": a list that breaks in the middle leads to no result, and is read again."""
    bought(bench)
    trouble(bench)
    assert swept(bench) == AGAIN_AFTER
    assert (found(bench), reports(bench)) == ([], [])
    (event,) = bench.logged(Action.SWEEP_FINISHED)
    assert event.outcome is Outcome.FAILURE
    assert event.reason


def test_numbers_of_subaccounts_are_both_sides(bench: Bench) -> None:
    subaccount = next(s.id for s in bench.desk.provider.subaccounts() if s.enabled)
    request_id = bench.asked(subaccount=subaccount)
    bench.work()
    bench.shift(LATER)
    (other,) = bench.outside(1)
    bench.at_provider(other, subaccount=subaccount)
    own = bench.desk.provider.rented_numbers

    def without(**asked: Any) -> Any:
        """An account that does not list what its subaccounts hold."""
        seen = own(**asked)
        mine = tuple(n for n in seen.numbers if asked.get("subaccount") or n.subaccount is None)
        return replace(seen, numbers=mine)

    bench.desk = replace(bench.desk, provider=_With(bench.desk.provider, rented_numbers=without))  # type: ignore[arg-type]
    swept(bench)
    numbers = {each.number: each for each in found(bench)}
    assert bench.purchase(request_id).number not in numbers
    rented = numbers[other].rented
    assert rented and rented.subaccount == subaccount


# --- what the list proves ---


def _given_up(bench: Bench) -> str:
    """A purchase that took effect, and that the provider did not list for as long as it was asked."""
    bench.plivo.spoil("buy", {"effect_then": {"status": 500}}, times=1)
    bench.asked()
    number = bench.purchase().number
    bench.plivo.spoil("rented", {"status": 404, "body": {"error": "not found"}}, number=number)
    bench.work()
    for _ in range(15):
        bench.later(120)
    assert bench.purchase().status is _S.NOT_BOUGHT
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    return number


def test_a_purchase_that_was_given_up_is_bought_when_the_sweep_shows_it(bench: Bench) -> None:
    number = _given_up(bench)
    swept(bench)
    purchase = bench.purchase()
    assert (purchase.status, purchase.number) == (_S.BOUGHT, number)
    assert "bought after all" in (purchase.note or "")
    assert number not in {each.number for each in found(bench)}
    assert finished(bench)["settled"] == 1
    bench.work()
    assert [s for s in bench.sent if "bought" in s] == ["not_bought U0RITA", "bought U0RITA"]
    assert bench.taken() == ("0.00", "0.80")
    bench.assert_budget_is_the_sum()
    assert bench.posts(number) == 1


def test_a_number_that_somebody_else_bought_a_month_later_is_not_taken_for_ours(bench: Bench) -> None:
    number = _given_up(bench)
    bench.at_provider(number, added_on=f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
    swept(bench)
    assert bench.purchase().status is _S.NOT_BOUGHT
    (one,) = [each for each in found(bench) if each.number == number]
    assert one.purchase_id == bench.purchase().id, "the message names the purchase that was given up"


def test_the_sweep_ends_a_later_request_for_a_number_that_is_ours(bench: Bench) -> None:
    """Given up, asked for again, and then the list shows it: the second would buy what we have."""
    number = _given_up(bench)
    first = bench.purchase().request_id
    bench.at_provider(number, ours=False)
    bench.price(number, "5.00000")  # which waits for an approval
    again = bench.asked(user="U0BEA", offer=bench.offer_of(number), key="V2")
    bench.at_provider(number, ours=True)
    swept(bench)
    assert bench.purchase(first).status is _S.BOUGHT
    assert bench.purchase(again).status is _S.REFUSED
    assert f"Request {first} bought this number" in (bench.purchase(again).note or "")
    bench.assert_budget_is_the_sum()


def _unclear(bench: Bench, *, took_effect: bool) -> str:
    """A purchase whose answer says nothing, and the provider cannot be asked about it."""
    nothing_clear = {"status": 500}
    bench.plivo.spoil("buy", {"effect_then": nothing_clear} if took_effect else nothing_clear, times=1)
    bench.asked()
    bench.frozen(lambda: bench.plivo.spoil("rented", {"status": 500}))
    bench.work()
    assert bench.purchase().status is _S.UNKNOWN
    return bench.purchase().number


def test_a_settlement_by_hand_that_was_wrong_is_corrected_and_people_are_told(bench: Bench) -> None:
    _unclear(bench, took_effect=True)
    bench.later(LATER)
    assert bench.purchase().status is _S.NEEDS_HUMAN
    boss, purchase_id = bench.person("U0BOSS"), bench.purchase().id
    bench.learn("U0BOSS")
    settle_in_slack(bench.desk, boss, purchase_id, _S.NOT_BOUGHT, reason="not in the console")
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    swept(bench)
    assert bench.purchase().status is _S.BOUGHT
    bench.work()
    assert bench.told[-2:] == ["not_bought", "bought"]
    assert bench.events()[-4:] == [
        ("purchase.not_bought", "failure"), ("purchase.settled", "success"),
        ("purchase.bought", "success"), ("sweep.finished", "success"),
    ]  # fmt: skip
    bench.assert_budget_is_the_sum()


def test_a_settlement_by_hand_that_says_bought_and_was_not_is_found(bench: Bench) -> None:
    _unclear(bench, took_effect=False)
    bench.later(LATER)
    boss, purchase_id = bench.person("U0BOSS"), bench.purchase().id
    bench.learn("U0BOSS")
    settle_in_slack(bench.desk, boss, purchase_id, _S.BOUGHT, reason="I believe I saw it")
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    bench.shift(LATER)
    swept(bench)
    (gone,) = [each for each in found(bench) if each.kind is Kind.GONE]
    assert gone.purchase_id == purchase_id


@pytest.mark.parametrize("status", [_S.UNKNOWN, _S.NEEDS_HUMAN])
def test_what_is_unclear_is_settled_by_the_list(bench: Bench, status: PurchaseStatus) -> None:
    number = _unclear(bench, took_effect=True)
    if status is _S.NEEDS_HUMAN:
        bench.later(LATER)
    assert bench.purchase().status is status
    swept(bench)
    assert bench.purchase().status is _S.BOUGHT
    assert f"settle:{bench.purchase().id}" not in bench.jobs()
    assert bench.posts(number) == 1
    bench.assert_budget_is_the_sum()


def test_a_purchase_whose_call_is_under_way_is_left_alone(bench: Bench) -> None:
    bench.asked()

    def meanwhile() -> None:
        bench.at_provider(bench.purchase().number, ours=True)
        swept(bench)
        assert bench.purchase().status is _S.BUYING

    number = bench.purchase().number
    bench.frozen(meanwhile)
    bench.work()
    assert number not in {each.number for each in found(bench)}


def test_documents_that_were_accepted_weeks_later_are_noticed(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"pending": True}, times=1)
    bench.asked()
    bench.work()
    assert bench.purchase().status is _S.AWAITING_DOCUMENTS
    bench.shift(14 * DAILY)
    swept(bench)
    assert bench.purchase().status is _S.AWAITING_DOCUMENTS
    bench.at_provider(bench.purchase().number, active=True)
    swept(bench)
    assert bench.purchase().status is _S.BOUGHT
    bench.work()
    assert bench.told[-1] == "bought"
    assert bench.taken() == ("0.00", "0.80")


# --- the job ---


def test_the_job_is_begun_once_and_goes_on_every_day(bench: Bench) -> None:
    for _ in range(3):
        seed(bench.desk.database, AUTH[0])
    (key,) = bench.jobs()
    assert (key, bench.jobs()[key]) == (f"cron:sweep:{AUTH[0]}", pytest.approx(FIRST_AFTER, abs=3))
    bench.work()
    assert bench.events() == []
    bench.later(FIRST_AFTER)
    assert len(bench.logged(Action.SWEEP_FINISHED)) == 1
    seed(bench.desk.database, AUTH[0])
    assert bench.jobs()[key] == pytest.approx(DAILY, abs=3), "a restart does not bring it forward"
    bench.later(DAILY)
    assert len(bench.logged(Action.SWEEP_FINISHED)) == 2


def test_a_sweep_without_a_result_is_tried_again_soon(bench: Bench) -> None:
    seed(bench.desk.database, AUTH[0])
    bench.plivo.spoil("list", {"status": 500})
    bench.later(FIRST_AFTER)
    (key,) = bench.jobs()
    assert bench.jobs()[key] == pytest.approx(AGAIN_AFTER, abs=3)
    bench.plivo.control("DELETE", "sandbox/faults", 204)
    bench.later(AGAIN_AFTER)
    assert [e.outcome for e in bench.logged(Action.SWEEP_FINISHED)] == [Outcome.FAILURE, Outcome.SUCCESS]


def test_of_several_workers_one_sweeps(bench: Bench) -> None:
    seed(bench.desk.database, AUTH[0])
    bench.shift(FIRST_AFTER)
    at_once(*[bench.work] * 6)
    assert len(bench.logged(Action.SWEEP_FINISHED)) == 1


def test_a_sweep_that_takes_longer_than_its_lease_keeps_it(bench: Bench) -> None:
    """Else the next worker begins again in the middle of it, and none ever comes to an end."""
    seed(bench.desk.database, AUTH[0])
    bench.shift(FIRST_AFTER)
    bench.outside(60)
    own = bench.desk.provider.rented_numbers
    clock = [0.0]
    others: list[bool] = []

    def slow(**asked: Any) -> Any:
        clock[0] += 40
        bench.shift(40)  # a page takes 40 s, a lease holds for 60
        idle = Worker(bench.desk.database, {"cron": lambda _: pytest.fail("taken over")}, lease=60)
        others.append(idle.run_one())
        return own(**asked)

    bench.desk = replace(
        bench.desk, uptime=lambda: clock[0], provider=_With(bench.desk.provider, rented_numbers=slow)
    )  # type: ignore[arg-type]
    bench.work()
    assert len(others) >= 4
    assert not any(others)
    assert len(bench.logged(Action.SWEEP_FINISHED)) == 1


def test_a_sweep_that_was_paused_until_another_took_over_writes_nothing(bench: Bench) -> None:
    seed(bench.desk.database, AUTH[0])
    bench.shift(FIRST_AFTER)
    own = bench.desk.provider.rented_numbers
    clock = [0.0]

    def paused(**asked: Any) -> Any:
        if not clock[0]:
            clock[0] = 100.0
            bench.shift(100)
            Worker(bench.desk.database, {"cron": lambda _: DAILY}, lease=60).run_one()
        return own(**asked)

    bench.desk = replace(
        bench.desk, uptime=lambda: clock[0], provider=_With(bench.desk.provider, rented_numbers=paused)
    )  # type: ignore[arg-type]
    bench.work()
    assert (found(bench), bench.logged(Action.SWEEP_FINISHED)) == ([], [])
    (due,) = bench.jobs().values()
    assert due == pytest.approx(DAILY, abs=5), "the other one's word about the next time stands"


def test_two_sweeps_in_one_moment_note_each_difference_once(bench: Bench) -> None:
    at_once(*[lambda: swept(bench)] * 4)
    assert len(found(bench)) == BEFORE
    with bench.desk.database.read() as work:
        empty = work.rows(
            select(schema.report.c.id).where(schema.report.c.id.not_in(select(schema.difference.c.report_id)))
        )
    assert empty == []


# --- several workspaces, the shell, and much ---


def test_what_another_workspace_bought_is_no_difference_and_is_not_missed_here(bench: Bench) -> None:
    number = bought(bench)
    with bench.desk.database.write() as work:
        for table in (schema.purchase, schema.request):
            work.execute(update(table).values(workspace="T0OTHER"))
    swept(bench)
    assert number not in {each.number for each in found(bench)}
    bench.at_provider(number, ours=False)
    swept(bench)
    assert number not in {each.number for each in found(bench)}
    sweep(bench.desk, "T0OTHER")
    (gone,) = [each for each in found(bench) if each.kind is Kind.GONE]
    assert (gone.workspace, gone.number) == ("T0OTHER", number)


def test_the_check_only_reads(bench: Bench) -> None:
    number = bought(bench)
    bench.at_provider(number, ours=False)
    before = bench.events()
    checked = check(bench.desk)
    assert (checked[0].kind, checked[0].number) == ("gone", number)
    assert [c.kind for c in checked].count("unrecorded") == BEFORE
    assert (found(bench), bench.events(), bench.jobs()) == ([], before, {})


def test_the_check_names_what_the_next_sweep_settles(bench: Bench) -> None:
    number = _given_up(bench)
    checked = check(bench.desk)
    assert ("unsettled", number) in [(c.kind, c.number) for c in checked]
    assert bench.purchase().status is _S.NOT_BOUGHT
    swept(bench)
    assert number not in [c.number for c in check(bench.desk)]


class _Large:
    """A provider whose account holds ten thousand numbers, and another while somebody looks."""

    def __init__(self, client: PlivoClient) -> None:
        self._client = client
        self.pages = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def subaccounts(self) -> tuple[()]:
        return ()

    def rented_numbers(self, *, offset: int, **_: Any) -> RentedPage:
        self.pages += 1
        end = min(offset + 20, 10_000)
        numbers = [RentedNumber(f"1415{each:07}", monthly=Decimal("0.8")) for each in range(offset, end)]
        return RentedPage(tuple(numbers), 10_000, end if end < 10_000 else None)


def test_ten_thousand_numbers_are_one_report_in_little_memory(bench: Bench) -> None:
    provider = _Large(bench.desk.provider)
    bench.desk = replace(bench.desk, provider=provider)  # type: ignore[arg-type]
    tracemalloc.start()
    assert swept(bench) == DAILY
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert provider.pages == 500
    assert finished(bench)["new"] == 10_000
    assert len(reports(bench)) == 1
    assert peak < 60_000_000, peak
    assert swept(bench) == DAILY
    assert (finished(bench)["new"], finished(bench)["found"]) == (0, 10_000)


def test_a_seed_never_moves_a_job(bench: Bench) -> None:
    with bench.desk.database.write() as work:
        jobs.put(work, "cron:sweep:X", delay=5)
        jobs.seed(work, "cron:sweep:X", delay=500)
    assert bench.jobs()["cron:sweep:X"] == pytest.approx(5, abs=2)


def test_all_pages_are_read_in_order(bench: Bench) -> None:
    bench.outside(50)
    asked: list[int] = []
    own = bench.desk.provider.rented_numbers
    look = lambda **more: asked.append(more["offset"]) or own(**more)  # noqa: E731
    bench.desk = replace(bench.desk, provider=_With(bench.desk.provider, rented_numbers=look))  # type: ignore[arg-type]
    swept(bench)
    of_account = asked[:3]
    assert of_account == [0, 20, 40]
    assert all(before < after for before, after in pairwise(of_account))
