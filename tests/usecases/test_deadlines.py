"""Deadlines: reminded, escalated and ended once each, however many workers run; nothing after the end."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import deadlines
from bot.usecases import extend as module
from bot.usecases.cancel import Cancelled, cancel
from bot.usecases.decide import AlreadyDecided, Approved, Denied, MayNot, NoSuchRequest, consider
from bot.usecases.extend import Extended, ExtendedBefore, extend
from bot.usecases.submit import Submitted
from tests.usecases.conftest import APPROVERS, Bench, MakeBench, at_once

TWELVE = sorted(APPROVERS)
HOUR = 3600.0
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]
expires_after = "48h"
remind_after = "4h"
escalate_after = "24h"
escalate_to = ["U0CFO"]

[[rules]]
name = "all"
approvals = 1

[budgets]
workspace = "100"
"""
WAITS = ("request.reminded", "request.escalated", "request.expired")


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def six_workers(bench: Bench, seconds: float) -> None:
    bench.shift(seconds)
    at_once(*(bench.work for _ in range(6)))


def waited(bench: Bench) -> list[str]:
    return [action.removeprefix("request.") for action, _ in bench.events() if action in WAITS]


def test_each_comes_once_although_six_workers_run(bench: Bench) -> None:
    request = bench.asked()
    six_workers(bench, 4 * HOUR - 60)
    assert waited(bench) == []
    six_workers(bench, 70)
    assert (waited(bench), bench.noted) == (["reminded"], ["reminder-1"])
    six_workers(bench, 8 * HOUR - 60)
    assert bench.noted == ["reminder-1"], "the second comes after twice as long"
    six_workers(bench, 80)
    assert bench.noted == ["reminder-1", "reminder-2"]
    six_workers(bench, 12 * HOUR)
    assert bench.noted == ["reminder-1", "reminder-2", "escalated"]
    assert bench.logged(Action.REQUEST_ESCALATED)[0].changes == {"to": ["U0CFO"]}
    six_workers(bench, 4 * HOUR)
    assert bench.noted[-1] == "reminder-3"
    six_workers(bench, 20 * HOUR)
    assert waited(bench) == ["reminded", "reminded", "escalated", "reminded", "expired"]
    assert bench.noted[-1] == "expired" and bench.told == ["expired"]
    assert bench.armed(request) == []
    assert bench.request().status is RequestStatus.EXPIRED
    assert (bench.request().reminders, bench.request().decided_by) == (3, None)
    six_workers(bench, 1000 * HOUR)
    assert len(waited(bench)) == 5


def test_twelve_that_find_the_same_thing_due_do_it_once(bench: Bench) -> None:
    """A lease protects no job whose runner was frozen: the row has to say no."""
    request = bench.asked()
    at_once(*(lambda: deadlines.remind(bench.desk, request, 1) for _ in range(12)))
    at_once(*(lambda: deadlines.escalate(bench.desk, request) for _ in range(12)))
    bench.shift(49 * HOUR)
    at_once(*(lambda: deadlines.expire(bench.desk, request) for _ in range(12)))
    assert waited(bench) == ["reminded", "escalated", "expired"]
    bench.assert_budget_is_the_sum()
    assert bench.budget() == {}


def _approve(bench: Bench, request: str) -> None:
    assert bench.decide("U0BOSS", request_id=request).complete


def _deny(bench: Bench, request: str) -> None:
    assert isinstance(bench.decide("U0BOSS", Answer.DENY, request_id=request), Denied)


def _cancel(bench: Bench, request: str) -> None:
    assert isinstance(cancel(bench.desk, bench.person(), request), Cancelled)


@pytest.mark.parametrize("end", [_approve, _deny, _cancel])
@pytest.mark.parametrize("reminded", [False, True])
def test_nothing_is_due_after_the_end(
    bench: Bench, end: Callable[[Bench, str], None], reminded: bool
) -> None:
    """Decided elsewhere, and the reminders go on."""
    request = bench.asked()
    if reminded:
        bench.later(5 * HOUR)
    end(bench, request)
    bench.work()
    assert bench.armed(request) == []
    before = bench.events()
    bench.later(100 * HOUR)
    assert bench.events() == before


def test_a_job_that_runs_when_it_is_decided_says_nothing_more(bench: Bench) -> None:
    request = bench.asked()
    _approve(bench, request)
    deadlines.remind(bench.desk, request, 1)
    deadlines.escalate(bench.desk, request)
    assert deadlines.expire(bench.desk, request) is None
    assert waited(bench) == [] and bench.request().status is RequestStatus.APPROVED


def test_an_expired_request_lets_go_of_its_number_and_its_budget(bench: Bench) -> None:
    request = bench.asked()
    bench.later(48 * HOUR + 1)
    assert bench.purchase(request).status is PurchaseStatus.DROPPED
    assert bench.budget() == {}
    assert isinstance(bench.ask("U0BEA", key="V2"), Submitted)
    assert bench.sent.count("expired U0RITA") == bench.sent.count("expired approvers") == 1


@pytest.mark.parametrize("answer", list(Answer))
def test_a_decision_after_the_end_is_refused_although_no_worker_ran(bench: Bench, answer: Answer) -> None:
    """A zombie: a request that should have ended can be approved later, under another policy."""
    request = bench.asked()
    bench.shift(48 * HOUR + 1)
    bench.learn("U0BOSS", "U0RITA")
    outcome = bench.click("U0BOSS", answer, request)
    assert isinstance(outcome, AlreadyDecided) and outcome.request.status is RequestStatus.EXPIRED
    assert [a for a, o in bench.events()[-2:]] == [
        "request.expired", "request.approval" if answer is Answer.APPROVE else "request.denied",
    ]  # fmt: skip
    assert (bench.purchase().status, bench.budget()) == (PurchaseStatus.DROPPED, {})
    bench.work()
    assert bench.sent == ["expired U0RITA", "expired approvers"]


def test_a_form_does_not_open_after_the_end_although_no_worker_ran(bench: Bench) -> None:
    request = bench.asked()
    bench.shift(48 * HOUR + 1)
    seen = consider(bench.desk, bench.person("U0BOSS"), request, Answer.APPROVE)
    assert isinstance(seen, AlreadyDecided) and seen.request.status is RequestStatus.EXPIRED


def truth(bench: Bench, outcome: Any) -> bool:
    """Whether what somebody was told is what is the case."""
    now = bench.request()
    match outcome:
        case Approved():
            return now.status is RequestStatus.APPROVED
        case Cancelled():
            return now.status is RequestStatus.CANCELLED
        case AlreadyDecided(request):
            return request.status is now.status and request.decided_by == now.decided_by
        case None:
            return now.status is not RequestStatus.PENDING
        case _:
            return False


def _one_end(bench: Bench, outcomes: list[Any]) -> None:
    assert all(truth(bench, outcome) for outcome in outcomes), outcomes
    ends = Counter(
        action
        for action, outcome in bench.events()
        if outcome == "success"
        and action in {"request.approved", "request.cancelled", "request.expired", "request.denied"}
    )
    assert ends == {f"request.{bench.request().status}": 1}
    bench.assert_budget_is_the_sum()
    bench.work()
    assert bench.posts(bench.purchase().number) == (bench.request().status is RequestStatus.APPROVED)


def test_decisions_against_expiry(bench: Bench) -> None:
    request = bench.asked()
    bench.learn("U0RITA")
    bench.shift(48 * HOUR)
    bench.learn("U0RITA")
    with bench.desk.database.read() as work:
        left = deadlines.requests.time_left(work, request)
    assert left is not None and left < timedelta(0)
    clicks = [lambda u=u: bench.click(u, Answer.APPROVE, request) for u in TWELVE[:6]]
    _one_end(bench, at_once(*clicks, *([lambda: deadlines.expire(bench.desk, request)] * 6)))
    assert bench.request().status is RequestStatus.EXPIRED


def test_decisions_against_cancelling(bench: Bench) -> None:
    request = bench.asked()
    clicks = [lambda u=u: bench.click(u, Answer.APPROVE, request) for u in TWELVE[:6]]
    takes = [lambda: cancel(bench.desk, bench.person(), request)] * 6
    _one_end(bench, at_once(*clicks, *takes))
    assert bench.request().status in {RequestStatus.APPROVED, RequestStatus.CANCELLED}


def test_cancelling_against_expiry(bench: Bench) -> None:
    request = bench.asked()
    bench.shift(48 * HOUR + 1)
    takes = [lambda: cancel(bench.desk, bench.person(), request)] * 6
    _one_end(bench, at_once(*takes, *([lambda: deadlines.expire(bench.desk, request)] * 6)))


def test_extending_against_expiry(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told "somebody extended it before" of a request that has just ended."""
    request = bench.asked()
    bench.shift(48 * HOUR + 1)
    bench.learn(*TWELVE)
    # as if its time ended just after they looked
    monkeypatch.setattr(module.deadlines, "expire", lambda *_: None)
    expire = deadlines.requests.expire

    def ends() -> None:
        with bench.desk.database.write() as work:
            if ended := expire(work, request):
                deadlines.let_go(work, ended)

    extends = [lambda u=u: extend(bench.desk, bench.person(u), request) for u in TWELVE[:6]]
    outcomes = at_once(*extends, *[ends] * 6)[:6]
    now = bench.request()
    if now.is_pending:
        assert Counter(type(o) for o in outcomes) == {Extended: 1, ExtendedBefore: 5}
        assert {o.request.extended_by for o in outcomes} == {now.extended_by}
    else:
        assert all(isinstance(o, AlreadyDecided) and o.request == now for o in outcomes)


def test_who_extends_in_the_moment_of_its_end_hears_that_it_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told "somebody extended it before" of a request that was decided in that moment."""
    request = bench.asked()
    before = bench.request()
    _approve(bench, request)
    obstacle = module._obstacle
    monkeypatch.setattr(module, "_obstacle", lambda work, desk, who, _: obstacle(work, desk, who, before))
    outcome = extend(bench.desk, bench.person("U0A00"), request)
    assert isinstance(outcome, AlreadyDecided) and outcome.request == bench.request()
    (event,) = bench.logged(Action.REQUEST_EXTENDED)
    assert (event.outcome, event.reason) == (Outcome.DENIED, "already approved")


def test_it_is_extended_once_and_by_approvers_only(bench: Bench) -> None:
    request = bench.asked()
    before = bench.request().expires_at
    rita = extend(bench.desk, bench.person(), request)
    assert isinstance(rita, MayNot) and "Only approvers" in rita.reason
    bench.learn(*TWELVE)
    outcomes = at_once(*(lambda u=u: extend(bench.desk, bench.person(u), request) for u in TWELVE))
    assert Counter(type(o) for o in outcomes) == {Extended: 1, ExtendedBefore: 11}
    now = bench.request()
    assert before and now.expires_at == before + timedelta(hours=48)
    assert {o.request.extended_by for o in outcomes} == {now.extended_by}
    reasons = Counter(e.reason for e in bench.logged(Action.REQUEST_EXTENDED) if e.outcome is Outcome.DENIED)
    assert reasons == {rita.reason: 1, f"extended before by {now.extended_by}": 11}
    stranger = extend(bench.desk, type(bench.person())("T0OTHER", "U0BOSS"), request)
    assert isinstance(stranger, NoSuchRequest)


def test_an_extended_request_ends_later_and_once(bench: Bench) -> None:
    request = bench.asked()
    bench.shift(47 * HOUR)
    assert isinstance(extend(bench.desk, bench.person("U0BOSS"), request), Extended)
    six_workers(bench, 2 * HOUR)
    assert bench.request().is_pending and "expired" not in waited(bench)
    six_workers(bench, 46 * HOUR)
    assert bench.request().is_pending
    six_workers(bench, 2 * HOUR)
    assert waited(bench).count("expired") == 1
    assert isinstance(extend(bench.desk, bench.person("U0BOSS"), request), AlreadyDecided)


def test_a_job_for_the_old_end_waits_for_the_new_one(bench: Bench) -> None:
    request = bench.asked()
    extend(bench.desk, bench.person("U0BOSS"), request)
    bench.shift(48 * HOUR + 1)
    left = deadlines.expire(bench.desk, request)
    assert left is not None and 47.9 * HOUR < left < 48 * HOUR


def test_a_group_that_is_down_extends_nothing_and_says_so(bench: Bench) -> None:
    request = bench.asked()
    bench.slack.down = True
    bench.shift(61)
    outcome = extend(bench.desk, bench.person("U0A00"), request)
    assert isinstance(outcome, MayNot) and "could not be looked up" in outcome.reason
    assert bench.logged(Action.REQUEST_EXTENDED)[-1].outcome is Outcome.DENIED


def test_without_an_end_there_is_nothing_to_extend(make_bench: MakeBench) -> None:
    bench = make_bench(POLICY.replace('expires_after = "48h"\n', ""))
    request = bench.asked()
    assert not any(key.startswith("expire:") for key in bench.jobs())
    outcome = extend(bench.desk, bench.person("U0BOSS"), request)
    assert isinstance(outcome, MayNot) and "does not expire" in outcome.reason
    bench.later(1000 * HOUR)
    assert bench.request().is_pending


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_set_wrong_for_a_while_hurts_nothing(bench: Bench, days: int) -> None:
    request = bench.asked()
    bench.shift(HOUR)
    bench.later(days * 24 * HOUR)
    bench.later(-days * 24 * HOUR)
    assert bench.request().is_pending, "a day is less than its time"
    assert Counter(waited(bench)).most_common(1)[0][1] == 1 if waited(bench) else True
    assert bench.decide("U0BOSS", request_id=request).complete
    bench.work()
    assert bench.purchase().status is PurchaseStatus.BOUGHT
    bench.assert_budget_is_the_sum()


def test_a_clock_that_is_set_back_still_ends_it_in_the_end(bench: Bench) -> None:
    bench.asked()
    bench.later(-24 * HOUR)
    bench.later(72 * HOUR + 2)
    assert bench.request().status is RequestStatus.EXPIRED
    assert waited(bench).count("expired") == 1


def test_after_a_long_pause_what_has_ended_is_not_reminded_of_first(bench: Bench) -> None:
    bench.asked()
    bench.later(30 * 24 * HOUR)
    assert waited(bench) == ["expired"]
    assert bench.noted == ["expired"]


def test_after_a_pause_what_still_waits_is_reminded_of_once(bench: Bench) -> None:
    bench.asked()
    bench.later(40 * HOUR)
    assert sorted(waited(bench)) == ["escalated", "reminded"]
    bench.later(1)
    assert len(waited(bench)) == 2


def test_a_second_round_has_its_own_deadlines(bench: Bench) -> None:
    request = bench.asked()
    bench.later(5 * HOUR)
    bench.later(20 * HOUR)
    assert Counter(waited(bench)) == {"reminded": 2, "escalated": 1}
    extend(bench.desk, bench.person("U0BOSS"), request)
    _approve(bench, request)
    bench.price(bench.purchase().number, "3.00000")
    bench.work()
    again = bench.request()
    assert (again.status, again.round, again.reminders) == (RequestStatus.PENDING, 2, 0)
    assert (again.escalated_at, again.extended_by) == (None, None)
    with bench.desk.database.read() as work:
        assert again.expires_at and abs(again.expires_at - work.now - timedelta(hours=48)) < timedelta(
            minutes=1
        )
    assert bench.armed(request) == ["escalate", "expire", "remind:1"]
    bench.later(5 * HOUR)
    assert waited(bench).count("reminded") == 3
    assert bench.noted.count("reminder-1") == 2
    assert isinstance(extend(bench.desk, bench.person("U0BOSS"), request), Extended)
    bench.later(96 * HOUR)
    assert bench.request().status is RequestStatus.EXPIRED
    assert bench.budget() == {}
