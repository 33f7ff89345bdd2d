"""What people say to a difference: adopt, ignore, take up again; once, by approvers, and in the log."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_mock import MockerFixture

from bot.model.audit import Action, Actor, ActorType, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import RequestStatus
from bot.model.sweep import DifferenceState, Kind
from bot.usecases import adopt as adopting
from bot.usecases.adopt import (
    Adopted,
    Ignored,
    IgnoredAll,
    MayIgnore,
    MayNotTouch,
    NoSuchDifference,
    Over,
    Reopened,
    adopt,
    adopt_all,
    consider_ignoring,
    ignore,
    ignore_all,
    reopen,
)
from bot.usecases.check import check
from bot.usecases.judge import NotLookedUp
from bot.usecases.preview import Taken
from bot.usecases.report import ENDED, SHOWN, places, view_report
from bot.usecases.sweep import sweep
from storage import purchases
from storage.purchases import KeptPurchase
from tests.usecases.conftest import Bench, at_once
from tests.usecases.test_sweep import BEFORE, LATER, bought, found, reports, swept

_S, _D = PurchaseStatus, DifferenceState
BOSS, RITA = "U0BOSS", "U0RITA"
SHELL = Actor(ActorType.OPERATOR, "shell")


def one(bench: Bench, **more: object) -> str:
    """The id of a difference about a number that somebody rented past the desk."""
    (number,) = bench.outside(1, **more)
    swept(bench)
    return next(each.id for each in found(bench) if each.number == number)


def state(bench: Bench, difference_id: str) -> DifferenceState:
    return next(each.state for each in found(bench) if each.id == difference_id)


def held(bench: Bench, difference_id: str) -> KeptPurchase:
    """The purchase that speaks for the number of a difference."""
    number = next(each.number for each in found(bench) if each.id == difference_id)
    with bench.desk.database.read() as work:
        kept = purchases.live(work, bench.desk.account, number)
    assert kept
    return kept


def denied(bench: Bench) -> list[str]:
    """Why people were refused to adopt or to ignore, as the log has it."""
    tried = bench.logged(Action.SWEEP_ADOPTED) + bench.logged(Action.SWEEP_IGNORED)
    return sorted(str(event.reason) for event in tried if event.outcome is Outcome.DENIED)


def test_an_adopted_number_is_ours_and_no_difference_any_more(bench: Bench) -> None:
    difference_id = one(bench, added_on="2025-02-14")
    assert isinstance(adopt(bench.desk, bench.person(BOSS), difference_id), Adopted)
    purchase = held(bench, difference_id)
    request = bench.request(purchase.request_id)
    assert (purchase.status, purchase.monthly, purchase.attempt) == (_S.BOUGHT, Decimal("0.80"), None)
    assert (request.status, request.requester, request.on_behalf_of) == (RequestStatus.APPROVED, BOSS, None)
    assert request.is_adopted
    assert state(bench, difference_id) is _D.ADOPTED
    (event,) = bench.logged(Action.SWEEP_ADOPTED)
    assert (event.actor.id, event.request_id, event.number) == (BOSS, request.id, purchase.number)
    swept(bench)
    bench.shift(LATER)
    swept(bench)
    assert purchase.number not in {c.number for c in check(bench.desk)}
    assert not any(key.startswith(("dm:", "render:")) for key in bench.jobs()), "no message for each of 300"


def test_a_number_that_waits_for_documents_is_adopted_as_that(bench: Bench) -> None:
    (number,) = bench.outside(1)
    bench.at_provider(number, active=False)
    swept(bench)
    difference_id = next(each.id for each in found(bench) if each.number == number)
    adopt(bench.desk, bench.person(BOSS), difference_id)
    assert held(bench, difference_id).status is _S.AWAITING_DOCUMENTS


def test_what_was_paid_long_ago_takes_nothing_from_this_months_budget(bench: Bench) -> None:
    difference_id = one(bench, added_on="2025-02-14")
    adopt(bench.desk, bench.person(BOSS), difference_id)
    assert bench.budget() == {("2025-02", ""): ("0.00", "0.80"), ("2025-02", "adopted"): ("0.00", "0.80")}
    bench.assert_budget_is_the_sum()


def test_what_was_paid_this_month_counts_for_the_workspace_and_for_no_person(bench: Bench) -> None:
    difference_id = one(bench)
    adopt(bench.desk, bench.person(BOSS), difference_id)
    month = f"{datetime.now(UTC):%Y-%m}"
    assert bench.budget() == {(month, ""): ("0.00", "0.80"), (month, "adopted"): ("0.00", "0.80")}
    bench.assert_budget_is_the_sum()


def test_it_is_committed_although_the_budget_is_exceeded(bench: Bench) -> None:
    """The money is spent: a limit cannot change that, and the next request meets the truth."""
    difference_id = one(bench)
    bench.rules(
        '[approvals]\napprovers = ["U0BOSS"]\n[[rules]]\nname = "all"\napprovals = 0\n'
        '[budgets]\nworkspace = "0.50"\n'
    )
    assert isinstance(adopt(bench.desk, bench.person(BOSS), difference_id), Adopted)
    assert bench.taken() == ("0.00", "0.80")


def test_two_approvers_in_one_moment_adopt_once(bench: Bench) -> None:
    difference_id = one(bench)
    bench.learn(BOSS, "U0A01")
    people = [bench.person(BOSS), bench.person("U0A01")] * 3
    outcomes = at_once(*[lambda p=p: adopt(bench.desk, p, difference_id) for p in people])
    assert [isinstance(each, Adopted) for each in outcomes].count(True) == 1
    assert all(isinstance(each, Adopted | Over) for each in outcomes)
    assert len([e for e in bench.logged(Action.SWEEP_ADOPTED) if e.outcome is Outcome.SUCCESS]) == 1
    bench.assert_budget_is_the_sum()


def test_who_comes_between_two_looks_of_another_is_told_who_adopted_it(
    bench: Bench, mocker: MockerFixture
) -> None:
    """It was called taken, although the very same click of somebody else had taken it."""
    difference_id = one(bench)
    bench.learn(BOSS, "U0A01")
    original, done = adopting.taken_by, list[object]()

    def after_another(*args: Any) -> object:
        if not done:
            done.append(None)
            done[0] = adopt(bench.desk, bench.person("U0A01"), difference_id)
        return original(*args)

    if bench.desk.database.engine.dialect.name == "postgresql":  # SQLite lets nobody in between
        mocker.patch.object(adopting, "taken_by", after_another)
    else:
        done.append(adopt(bench.desk, bench.person("U0A01"), difference_id))
    late = adopt(bench.desk, bench.person(BOSS), difference_id)
    assert isinstance(done[0], Adopted)
    assert isinstance(late, Over) and late.difference.ended_by == "U0A01"
    assert [e.reason for e in bench.logged(Action.SWEEP_ADOPTED) if e.outcome is Outcome.DENIED] == [
        "already adopted"
    ]


def test_adopting_and_ignoring_in_one_moment_has_one_outcome(bench: Bench) -> None:
    difference_id = one(bench)
    bench.learn(BOSS)
    boss = bench.person(BOSS)
    both = at_once(
        lambda: adopt(bench.desk, boss, difference_id),
        lambda: ignore(bench.desk, boss, difference_id, reason="of the other team"),
    )
    assert [isinstance(each, Over) for each in both].count(True) == 1
    expected = _D.ADOPTED if isinstance(both[0], Adopted) else _D.IGNORED
    assert state(bench, difference_id) is expected


def test_a_late_click_hears_who_was_faster(bench: Bench) -> None:
    difference_id = one(bench)
    adopt(bench.desk, bench.person(BOSS), difference_id)
    late = adopt(bench.desk, bench.person("U0A01"), difference_id)
    assert isinstance(late, Over)
    assert (late.difference.state, late.difference.ended_by) == (_D.ADOPTED, BOSS)
    assert late.difference.ended_at is not None
    refused = bench.logged(Action.SWEEP_ADOPTED)[-1]
    assert (refused.outcome, refused.reason) == (Outcome.DENIED, "already adopted")


def test_only_approvers_may(bench: Bench) -> None:
    difference_id, rita = one(bench), bench.person(RITA)
    assert isinstance(adopt(bench.desk, rita, difference_id), MayNotTouch)
    assert isinstance(adopt_all(bench.desk, rita, reports(bench)[0]), MayNotTouch)
    assert isinstance(consider_ignoring(bench.desk, rita, difference_id), MayNotTouch)
    assert isinstance(ignore(bench.desk, rita, difference_id, reason="no"), MayNotTouch)
    assert isinstance(ignore_all(bench.desk, rita, reports(bench)[0], reason="no"), MayNotTouch)
    assert state(bench, difference_id) is _D.OPEN
    denied = bench.logged(Action.SWEEP_ADOPTED) + bench.logged(Action.SWEEP_IGNORED)
    assert len(denied) == 5
    assert {(e.actor.id, e.outcome) for e in denied} == {(RITA, Outcome.DENIED)}


def test_a_group_that_cannot_be_looked_up_lets_nobody_in(bench: Bench) -> None:
    difference_id = one(bench)
    bench.slack.down = True
    outcome = adopt(bench.desk, bench.person("U0A01"), difference_id)
    assert isinstance(outcome, MayNotTouch)
    assert "could not be looked up" in outcome.reason
    bench.forget()
    assert isinstance(ignore(bench.desk, bench.person("U0A01"), difference_id, reason="x"), NotLookedUp)
    assert state(bench, difference_id) is _D.OPEN


def test_another_workspaces_difference_is_not_known_here(bench: Bench) -> None:
    swept(bench)
    sweep(bench.desk, "T0OTHER")
    theirs = next(each.id for each in found(bench) if each.workspace == "T0OTHER")
    boss = bench.person(BOSS)
    assert isinstance(adopt(bench.desk, boss, theirs), NoSuchDifference)
    assert isinstance(ignore(bench.desk, boss, theirs, reason="x"), NoSuchDifference)
    assert isinstance(adopt(bench.desk, boss, "DNONE"), NoSuchDifference)
    report_id = next(each.report_id for each in found(bench) if each.workspace == "T0OTHER")
    assert adopt_all(bench.desk, boss, report_id) == Adopted((), 0)
    assert denied(bench) == ["no such difference"] * 3 + ["no such report"]


def test_one_of_two_workspaces_adopts_and_the_other_hears_that_it_is_over(bench: Bench) -> None:
    swept(bench)
    sweep(bench.desk, "T0OTHER")
    mine = next(each for each in found(bench) if each.workspace == "T0DEMO")
    adopt(bench.desk, bench.person(BOSS), mine.id)
    sweep(bench.desk, "T0OTHER")
    theirs = next(e for e in found(bench) if e.workspace == "T0OTHER" and e.number == mine.number)
    assert theirs.state is _D.RESOLVED


def test_a_number_that_a_request_speaks_for_is_not_adopted_over_it(bench: Bench) -> None:
    request_id = bench.asked(offer=bench.priced("5.00000"))
    number = bench.purchase(request_id).number
    bench.at_provider(number, ours=True)
    swept(bench)
    difference_id = next(each.id for each in found(bench) if each.number == number)
    outcome = adopt(bench.desk, bench.person(BOSS), difference_id)
    assert isinstance(outcome, Taken)
    assert outcome.request.id == request_id
    assert state(bench, difference_id) is _D.OPEN
    assert bench.purchase(request_id).status is _S.WAITING


def test_a_number_that_is_gone_cannot_be_adopted(bench: Bench) -> None:
    number = bought(bench)
    bench.at_provider(number, ours=False)
    swept(bench)
    gone = next(each.id for each in found(bench) if each.kind is Kind.GONE)
    assert isinstance(adopt(bench.desk, bench.person(BOSS), gone), NoSuchDifference)
    assert denied(bench) == ["there is nothing to adopt"]
    assert isinstance(ignore(bench.desk, bench.person(BOSS), gone, reason="released by hand"), Ignored)


# --- many at once ---


def test_three_hundred_numbers_are_adopted_at_once(bench: Bench) -> None:
    request_id = bench.asked(offer=bench.priced("5.00000"))
    bench.at_provider(bench.purchase(request_id).number, ours=True)
    bench.outside(300, added_on="2025-02-14")
    swept(bench)
    (report_id,) = reports(bench)
    outcome = adopt_all(bench.desk, bench.person(BOSS), report_id)
    assert isinstance(outcome, Adopted)
    assert (len(outcome.numbers), outcome.left) == (300 + BEFORE, 1)
    assert [each.state for each in found(bench)].count(_D.ADOPTED) == 303
    assert len(bench.logged(Action.SWEEP_ADOPTED)) == 303
    bench.assert_budget_is_the_sum()
    assert [key.partition(":")[0] for key in bench.jobs()].count("dm") == 0


def test_two_who_adopt_all_in_one_moment_adopt_each_once(bench: Bench) -> None:
    bench.outside(30)
    swept(bench)
    (report_id,) = reports(bench)
    bench.learn(BOSS, "U0A01")
    people = [bench.person(BOSS), bench.person("U0A01")]
    outcomes = at_once(*[lambda p=p: adopt_all(bench.desk, p, report_id) for p in people])
    assert sum(len(each.numbers) for each in outcomes) == 30 + BEFORE
    assert len([e for e in bench.logged(Action.SWEEP_ADOPTED) if e.outcome is Outcome.SUCCESS]) == 33
    bench.assert_budget_is_the_sum()


def test_all_are_ignored_with_one_reason(bench: Bench) -> None:
    bench.outside(20)
    swept(bench)
    (report_id,) = reports(bench)
    outcome = ignore_all(bench.desk, bench.person(BOSS), report_id, reason="of the old system")
    assert outcome == IgnoredAll(20 + BEFORE)
    assert {(each.state, each.reason) for each in found(bench)} == {(_D.IGNORED, "of the old system")}
    assert len(bench.logged(Action.SWEEP_IGNORED)) == 23


# --- ignoring ---


def test_what_is_ignored_is_not_told_again_and_stays_known_to_the_check(bench: Bench) -> None:
    difference_id, boss = one(bench), bench.person(BOSS)
    assert isinstance(consider_ignoring(bench.desk, boss, difference_id), MayIgnore)
    outcome = ignore(bench.desk, boss, difference_id, reason="the fax of the other office")
    assert isinstance(outcome, Ignored)
    (event,) = bench.logged(Action.SWEEP_IGNORED)
    assert (event.actor.id, event.reason) == (BOSS, "the fax of the other office")
    swept(bench)
    assert len(reports(bench)) == 1
    (checked,) = [c for c in check(bench.desk) if c.difference_id == difference_id]
    assert (checked.ignored, checked.remark) == (True, "the fax of the other office")


def test_what_is_ignored_can_be_taken_up_again(bench: Bench) -> None:
    difference_id = one(bench)
    bench.learn(BOSS)
    ignore(bench.desk, bench.person(BOSS), difference_id, reason="by mistake")
    assert isinstance(reopen(bench.desk.database, SHELL, difference_id), Reopened)
    again = next(each for each in found(bench) if each.id == difference_id)
    assert (again.state, again.reason, again.ended_by) == (_D.OPEN, None, None)
    assert f"report:{again.report_id}" in bench.jobs()
    (event,) = bench.logged(Action.SWEEP_REOPENED)
    assert (event.actor, event.number) == (SHELL, again.number)
    assert isinstance(reopen(bench.desk.database, SHELL, difference_id), Over)
    late = bench.logged(Action.SWEEP_REOPENED)[-1]
    assert (late.actor, late.outcome, late.reason) == (SHELL, Outcome.DENIED, "it is open")
    assert isinstance(reopen(bench.desk.database, SHELL, "DNONE"), NoSuchDifference)
    assert isinstance(adopt(bench.desk, bench.person(BOSS), difference_id), Adopted)


def test_what_is_ignored_and_disappears_is_over_and_keeps_its_reason(bench: Bench) -> None:
    difference_id = one(bench)
    bench.learn(BOSS)
    ignore(bench.desk, bench.person(BOSS), difference_id, reason="given back on Friday")
    number = next(each.number for each in found(bench) if each.id == difference_id)
    bench.at_provider(number, ours=False)
    swept(bench)
    over = next(each for each in found(bench) if each.id == difference_id)
    assert (over.state, over.reason) == (_D.RESOLVED, "given back on Friday")


# --- after an older database was restored ---


def test_what_was_queued_in_the_older_database_is_not_bought_again_and_is_found(bench: Bench) -> None:
    """The purchase that the older rows hold as queued was made since: the account has the number."""
    request_id = bench.asked()
    number = bench.purchase().number
    bench.at_provider(number, ours=True)  # as it is after the restored moment
    bench.work()
    assert bench.purchase().status is _S.REFUSED
    assert bench.posts(number) == 0
    swept(bench)
    difference_id = next(each.id for each in found(bench) if each.number == number)
    adopt(bench.desk, bench.person(BOSS), difference_id)
    purchase = held(bench, difference_id)
    request = bench.request(purchase.request_id)
    assert (request.requester, request.on_behalf_of) == (BOSS, RITA), "it is hers, as it was"
    assert request_id in request.reason
    assert purchase.spender == RITA
    assert bench.taken(RITA) == ("0.00", "0.80")
    bench.assert_budget_is_the_sum()


def test_an_old_refusal_is_not_taken_for_the_purchase_of_today(bench: Bench) -> None:
    bench.plivo.spoil("buy", {"status": 400, "body": {"error": "no"}}, times=1)
    bench.asked()
    bench.work()
    number = bench.purchase().number
    bench.at_provider(number, ours=True)
    bench.at_provider(number, added_on="2031-01-01")
    swept(bench)
    difference_id = next(each.id for each in found(bench) if each.number == number)
    adopt(bench.desk, bench.person(BOSS), difference_id)
    assert held(bench, difference_id).spender == adopting.NOBODY


# --- what there is to see ---


def test_a_report_shows_the_first_and_the_next_move_up(bench: Bench) -> None:
    number = bought(bench)
    bench.outside(SHOWN + 5)
    bench.at_provider(number, ours=False)
    swept(bench)
    (report_id,) = reports(bench)
    view = view_report(bench.desk, report_id)
    assert view
    assert (len(view.open), view.count(_D.OPEN)) == (SHOWN, SHOWN + 5 + BEFORE + 1)
    assert view.open[0].kind is Kind.GONE, "what may be lost comes first"
    assert view.orders[str(view.open[0].purchase_id)].purchase.number == number
    second = view.open[1]
    for each in view.open[1 : ENDED + 3]:
        bench.learn(BOSS)
        ignore(bench.desk, bench.person(BOSS), each.id, reason="ok")
    after = view_report(bench.desk, report_id)
    assert after
    assert second.id not in {each.id for each in after.open}
    assert (len(after.open), len(after.ended)) == (SHOWN, ENDED)
    assert view_report(bench.desk, "WNONE") is None


@pytest.mark.parametrize(
    ("approvals", "expected"),
    [
        ('channel = "C0APPROVE"\napprovers = ["U0BOSS"]', ("C0APPROVE", "U0BOSS")),
        ('approvers = ["U0BOSS"]\nnotify = ["U0CARA"]', ("U0CARA",)),
        ('approvers = ["S0PROCURE"]', ()),
    ],
)
def test_a_report_goes_to_the_channel_or_to_people(
    bench: Bench, approvals: str, expected: tuple[str, ...]
) -> None:
    swept(bench)
    view = view_report(bench.desk, reports(bench)[0])
    assert view
    bench.rules(f'[approvals]\n{approvals}\n[[rules]]\nname = "all"\napprovals = 0\n')
    assert places(bench.desk, view.report) == expected
