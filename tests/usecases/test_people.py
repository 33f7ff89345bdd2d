"""Who may have numbers: members; others only if the policy says so; nobody who cannot be looked up."""

from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.people import Profile
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.usecases.decide import Approved, Denied, MayNot, consider
from bot.usecases.extend import Extended, extend
from bot.usecases.judge import NotLookedUp
from bot.usecases.preview import NotAllowed, Preview, preview
from bot.usecases.submit import NotForThem, Submitted
from tests.usecases.conftest import POLICY, Bench, MakeBench

OUTSIDERS = {
    "guest": (Profile("Gus", guest=True), "guests"),
    "gone": (Profile("Gone", deactivated=True), "deactivated"),
    "bot": (Profile("Robot", bot=True), "Apps"),
    "foreign": (Profile("Fay", foreign=True), "other workspaces"),
}
ALLOWED = {"guest": "guests = true", "foreign": "other_workspaces = true"}


@pytest.fixture(params=list(OUTSIDERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_outsiders_are_refused_at_every_step_and_it_is_logged(bench: Bench, kind: str) -> None:
    profile, word = OUTSIDERS[kind]
    bench.slack.profiles["U0OUT"] = profile
    offer = bench.priced("5.00000")
    seen = preview(bench.desk, bench.person("U0OUT"), offer)
    asked = bench.ask("U0OUT", offer, "V1")
    for_them = bench.ask("U0RITA", offer, "V2", on_behalf_of="U0OUT")
    assert isinstance(for_them, NotForThem) and for_them.name == profile.name
    for outcome in (seen, asked, for_them):
        assert isinstance(outcome, NotAllowed | NotForThem) and word in (outcome.verdict.deny_reason or "")
    denied = [
        (e.actor.id, e.outcome, word in (e.reason or "")) for e in bench.logged(Action.REQUEST_SUBMITTED)
    ]
    assert denied == [(user, Outcome.DENIED, True) for user in ("U0OUT", "U0OUT", "U0RITA")]
    assert bench.budget() == {}


@pytest.mark.parametrize("party", ["requester", "for whom"])
def test_who_became_an_outsider_meanwhile_is_refused_at_the_decision(
    bench: Bench, kind: str, party: str
) -> None:
    more = {"on_behalf_of": "U0OUT"} if party == "for whom" else {}
    request = bench.asked("U0RITA" if more else "U0OUT", bench.priced("5.00000"), **more)
    bench.slack.profiles["U0OUT"], word = OUTSIDERS[kind]
    bench.shift(61)
    seen = consider(bench.desk, bench.person("U0BOSS"), request, Answer.APPROVE)
    assert isinstance(seen, MayNot) and word in seen.reason
    assert bench.click("U0BOSS", Answer.APPROVE, request) == seen
    assert isinstance(bench.click("U0BOSS", Answer.DENY, request), Denied), "a no is always possible"


def test_who_became_an_outsider_meanwhile_is_refused_at_the_buy(bench: Bench, kind: str) -> None:
    bench.asked("U0OUT")
    bench.slack.profiles["U0OUT"], word = OUTSIDERS[kind]
    bench.later(61)
    ended = bench.purchase()
    assert ended.status is PurchaseStatus.REFUSED and word in (ended.note or "")
    assert (bench.posts(ended.number), bench.budget()) == (0, {})


@pytest.mark.parametrize("kind", list(ALLOWED))
def test_the_policy_may_let_them_in(make_bench: MakeBench, kind: str) -> None:
    bench = make_bench(f"{POLICY}\n[people]\n{ALLOWED[kind]}\n")
    bench.slack.profiles["U0OUT"] = OUTSIDERS[kind][0]
    assert isinstance(preview(bench.desk, bench.person("U0OUT"), bench.offers().offers[0].id), Preview)
    bench.asked("U0OUT")
    bench.work()
    assert bench.purchase().status is PurchaseStatus.BOUGHT


@pytest.mark.parametrize("kind", ["gone", "bot"])
def test_no_policy_lets_apps_in_or_those_who_are_gone(make_bench: MakeBench, kind: str) -> None:
    bench = make_bench(f"{POLICY}\n[people]\nguests = true\nother_workspaces = true\n")
    bench.slack.profiles["U0OUT"] = OUTSIDERS[kind][0]
    assert isinstance(bench.ask("U0OUT"), NotAllowed)


def test_nobody_is_let_in_who_cannot_be_looked_up(bench: Bench) -> None:
    offer = bench.priced("5.00000")
    bench.slack.down = True
    seen = preview(bench.desk, bench.person(), offer)
    asked = bench.ask(offer=offer)
    for outcome in (seen, asked):
        assert isinstance(outcome, NotAllowed)
        assert "could not be looked up" in (outcome.verdict.deny_reason or "")
    assert [e.outcome for e in bench.logged(Action.REQUEST_SUBMITTED)] == [Outcome.DENIED] * 2
    bench.slack.down = False
    assert isinstance(bench.ask(offer=offer), Submitted)


def test_at_submit_and_decision_who_was_never_asked_about_is_asked_about_first(bench: Bench) -> None:
    offer = bench.priced("5.00000")
    request = bench.asked("U0RITA", offer, on_behalf_of="U0BEA")
    bench.forget()
    bench.learn("U0BOSS")
    clicked = bench.click("U0BOSS", Answer.APPROVE, request)
    assert clicked == NotLookedUp(("U0RITA",))
    assert bench.logged(Action.REQUEST_APPROVAL) == []


def test_at_the_buy_it_waits_for_slack(bench: Bench) -> None:
    bench.asked()
    bench.slack.down = True
    bench.later(61)
    assert bench.purchase().status is PurchaseStatus.QUEUED
    assert "could not be looked up" in (bench.purchase().note or "")
    bench.slack.down = False
    bench.later(17)
    assert bench.purchase().status is PurchaseStatus.BOUGHT


def test_at_the_buy_it_is_refused_if_slack_stays_away_for_a_day(bench: Bench) -> None:
    bench.asked()
    bench.slack.down = True
    for _ in range(20):
        bench.later(3600)
    seen = bench.purchase()
    assert (seen.status, seen.tries) == (PurchaseStatus.QUEUED, 0), "Slack's hours are not the number's fault"
    assert len(bench.logged(Action.PURCHASE_POSTPONED)) == 1
    bench.shift(4 * 3600)
    for _ in range(8):
        bench.later(400)
    assert bench.purchase().status is PurchaseStatus.REFUSED
    assert (bench.posts(bench.purchase().number), bench.budget()) == (0, {})


def test_what_one_process_learned_another_relies_on(bench: Bench) -> None:
    """A form that comes back to another process, or after a restart, is dead."""
    request = bench.asked(offer=bench.priced("5.00000"))
    consider(bench.desk, bench.person("U0A00"), request, Answer.APPROVE)
    asked = list(bench.slack.asked)
    other = bench.twin()
    assert other.click("U0A00", Answer.APPROVE, request).complete
    other.learn("U0A00", "U0RITA")
    assert bench.slack.asked == asked, "Slack is asked once in a minute, whoever asks"


def test_one_approver_who_is_gone_stops_nobody_else(bench: Bench) -> None:
    """One approver left the workspace, and every request fails from then on."""
    ask = bench.slack.ask

    def without_boss(workspace: str, slack_id: str) -> Any:
        if slack_id == "U0BOSS":
            raise LookupError("user_not_found")
        return ask(workspace, slack_id)

    bench.desk.directory._ask = without_boss
    request = bench.asked(offer=bench.priced("5.00000"))
    assert bench.decide("U0A00", request_id=request).complete


WHY_NOT = {"guest": "Guests decide", "gone": "deactivated", "bot": "Apps", "foreign": "other workspaces"}


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize("user", ["U0BOSS", "U0A01"], ids=["named", "by group"])
def test_outsiders_among_the_approvers_decide_nothing(
    bench: Bench, kind: str, user: str, answer: Answer
) -> None:
    """Whoever was in the group could approve: guests, and people of another company."""
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.slack.profiles[user] = OUTSIDERS[kind][0]
    bench.shift(61)
    seen = consider(bench.desk, bench.person(user), request, answer)
    assert isinstance(seen, MayNot) and WHY_NOT[kind] in seen.reason
    assert bench.click(user, answer, request) == seen
    action = Action.REQUEST_APPROVAL if answer is Answer.APPROVE else Action.REQUEST_DENIED
    assert {e.outcome for e in bench.logged(action)} == {Outcome.DENIED}
    assert bench.request().approvals_given == 0 and bench.request().is_pending


@pytest.mark.parametrize("kind", list(ALLOWED))
def test_a_guest_approves_only_where_the_policy_lets_guests_in(make_bench: MakeBench, kind: str) -> None:
    """Strangers never: `other_workspaces` is about asking."""
    bench = make_bench(f"{POLICY}\n[people]\n{ALLOWED[kind]}\n")
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.slack.profiles["U0BOSS"] = OUTSIDERS[kind][0]
    bench.shift(61)
    outcome = bench.decide("U0BOSS", request_id=request)
    assert isinstance(outcome, Approved if kind == "guest" else MayNot)


def test_an_approver_whom_slack_does_not_know_now_decides_nothing(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.forget()
    assert isinstance(bench.click("U0BOSS", Answer.DENY, request), NotLookedUp), "ask, and come again"
    bench.slack.down = True
    outcome = bench.decide("U0BOSS", Answer.DENY, request)
    assert isinstance(outcome, MayNot) and outcome.reason.startswith("Who you are could not be looked up")


def test_a_guest_among_the_approvers_gives_no_more_time(make_bench: MakeBench) -> None:
    bench = make_bench(POLICY.replace("[approvals]", '[approvals]\nexpires_after = "48h"'))
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.slack.profiles["U0BOSS"] = Profile("Boss", guest=True)
    bench.shift(61)
    assert isinstance(extend(bench.desk, bench.person("U0BOSS"), request), MayNot)
    assert isinstance(extend(bench.desk, bench.person("U0A01"), request), Extended)
