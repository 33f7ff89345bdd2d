"""Approvals: so many people as the policy asks for, each once, none for themselves, under today's policy."""

from collections import Counter
from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, RequestStatus
from bot.usecases import decide as module
from bot.usecases.decide import (
    AlreadyDecided,
    AlreadySpoken,
    Approved,
    Denied,
    MayDecide,
    MayNot,
    Mistyped,
    NoSuchRequest,
    consider,
)
from bot.usecases.judge import NotLookedUp
from tests.usecases.conftest import APPROVERS, Bench, MakeBench, at_once

TWELVE = sorted(APPROVERS)
DEAR = "25.00000"


def policy(**rest: Any) -> str:
    """One rule for everything."""
    said = "\n".join(f"{key} = {value}" for key, value in rest.items())
    return f"""
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "all"
{said}
"""


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_twelve_approvers_at_once_are_counted_up_to_the_quorum(make_bench: MakeBench, needed: int) -> None:
    """Two people approve in the same second and it runs twice; or both are counted and it runs never."""
    bench = make_bench(policy(approvals=needed))
    request = bench.asked()
    outcomes = at_once(*(lambda u=u: bench.click(u, Answer.APPROVE, request) for u in TWELVE))
    counted = [o for o in outcomes if isinstance(o, Approved)]
    assert (len(counted), [o.complete for o in counted].count(True)) == (needed, 1)
    others = [o for o in outcomes if o not in counted]
    assert all(isinstance(o, AlreadyDecided) and o.request.status is RequestStatus.APPROVED for o in others)
    last = bench.request()
    assert (last.approvals_given, last.approvals_needed) == (needed, needed)
    assert len(bench.logged(Action.REQUEST_APPROVED)) == 1
    assert Counter(e.outcome for e in bench.logged(Action.REQUEST_APPROVAL)) == {
        Outcome.SUCCESS: needed, Outcome.DENIED: 12 - needed,
    }  # fmt: skip
    bench.work()
    assert bench.posts(bench.purchase().number) == 1
    assert bench.sent.count("approved U0RITA") == 1


@pytest.mark.parametrize("needed", [2, 3])
def test_one_person_six_times_at_once_counts_once(make_bench: MakeBench, needed: int) -> None:
    bench = make_bench(policy(approvals=needed))
    request = bench.asked()
    outcomes = at_once(*(lambda: bench.click("U0BOSS", Answer.APPROVE, request) for _ in range(6)))
    assert Counter(type(o) for o in outcomes) == {Approved: 1, AlreadySpoken: 5}
    assert (bench.request().approvals_given, bench.request().status) == (1, RequestStatus.PENDING)


def test_of_six_yes_and_six_no_at_once_one_side_ends_it(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=1))
    request = bench.asked()
    outcomes = at_once(
        *(
            lambda u=u, i=i: bench.click(u, Answer.DENY if i % 2 else Answer.APPROVE, request)
            for i, u in enumerate(TWELVE)
        )
    )
    won = [o for o in outcomes if isinstance(o, Approved | Denied)]
    assert len(won) == 1
    end = bench.request()
    assert end.status is (RequestStatus.APPROVED if isinstance(won[0], Approved) else RequestStatus.DENIED)
    lost = [o for o in outcomes if o is not won[0]]
    assert all(isinstance(o, AlreadyDecided) and o.request.decided_by == end.decided_by for o in lost)
    bench.work()
    assert bench.posts(bench.purchase().number) == (end.status is RequestStatus.APPROVED)
    assert (bench.taken() == ("0.00", "0.00")) == (end.status is RequestStatus.DENIED)


def test_a_no_after_the_first_of_two_yeses_ends_it(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced(DEAR))
    assert bench.decide("U0A00") == Approved(bench.request(), complete=False)
    assert isinstance(bench.decide("U0A01", Answer.DENY, comment="too dear"), Denied)
    assert isinstance(bench.decide("U0A02"), AlreadyDecided)
    assert bench.purchase().status is PurchaseStatus.DROPPED
    assert bench.logged(Action.REQUEST_DENIED)[-1].reason == "too dear"
    assert bench.armed(request) == ["dm:denied:U0RITA", "note:denied"], "the other approvers hear of it"


def test_who_clicked_is_who_decided(bench: Bench) -> None:
    """ "Approved by" names the person who was meant to approve instead of the one who did."""
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.decide("U0A07")
    assert bench.request().decided_by == "U0A07"
    (event,) = bench.logged(Action.REQUEST_APPROVED)
    assert (event.actor.id, event.on_behalf_of, event.request_id) == ("U0A07", "U0RITA", request)


@pytest.mark.parametrize("answer", list(Answer))
def test_nobody_decides_their_own_request_nor_one_that_is_for_them(bench: Bench, answer: Answer) -> None:
    """A refused self-approval returns as if all were fine, and leaves no trace."""
    bench.asked("U0A01", bench.priced("5.00000"), on_behalf_of="U0A02")
    for user in ("U0A01", "U0A02"):
        assert isinstance(consider(bench.desk, bench.person(user), bench.request().id, answer), MayNot)
        outcome = bench.decide(user, answer)
        assert isinstance(outcome, MayNot) and "own request" in outcome.reason
        action = Action.REQUEST_APPROVAL if answer is Answer.APPROVE else Action.REQUEST_DENIED
        denied = [e for e in bench.logged(action) if e.actor.id == user]
        assert [e.outcome for e in denied] == [Outcome.DENIED] * 2
        assert denied[0].reason == outcome.reason
    assert bench.request().status is RequestStatus.PENDING
    assert isinstance(bench.decide("U0A03", answer), Approved | Denied)


def test_self_approval_can_be_allowed_and_still_counts_once(make_bench: MakeBench) -> None:
    allowed = policy(approvals=3).replace("[approvals]", "[approvals]\nallow_self_approval = true")
    bench = make_bench(allowed)
    bench.asked("U0A01", on_behalf_of="U0A02")
    assert isinstance(bench.decide("U0A01"), Approved)
    assert isinstance(bench.decide("U0A01"), AlreadySpoken)
    assert isinstance(bench.decide("U0A02"), Approved)
    assert isinstance(bench.decide("U0RITA"), MayNot), "it is no permission for who is no approver"
    assert bench.decide("U0A03").complete


def test_a_policy_that_asks_for_more_by_now_needs_more(make_bench: MakeBench) -> None:
    """A request that was made under another policy is approved under that one for ever."""
    bench = make_bench(policy(approvals=1))
    bench.asked()
    bench.rules(policy(approvals=3))
    completes = [bench.decide(user).complete for user in TWELVE[:3]]
    assert completes == [False, False, True]
    bench.work()
    assert bench.purchase().status is PurchaseStatus.BOUGHT


def test_a_policy_that_asks_for_less_by_now_changes_nothing(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=2))
    bench.asked()
    bench.rules(policy(approvals=1))
    assert not bench.decide("U0A00").complete
    assert bench.decide("U0A01").complete


@pytest.mark.parametrize(
    ("stricter", "why"),
    [
        (policy(deny='"Not this year."'), "Not this year."),
        (policy(approvals=1, countries='["CA"]'), "No rule of the policy allows this purchase."),
    ],
)
def test_a_policy_that_refuses_by_now_stops_the_yes_and_not_the_no(
    make_bench: MakeBench, stricter: str, why: str
) -> None:
    bench = make_bench(policy(approvals=1))
    bench.asked()
    bench.rules(stricter)
    considered = consider(bench.desk, bench.person("U0A00"), bench.request().id, Answer.APPROVE)
    assert considered == bench.decide("U0A00")
    assert isinstance(considered, MayNot) and why in considered.reason
    assert [e.outcome for e in bench.logged(Action.REQUEST_APPROVAL)] == [Outcome.DENIED] * 2
    assert bench.request().approvals_given == 0
    assert isinstance(bench.decide("U0A00", Answer.DENY), Denied)


@pytest.mark.parametrize(
    ("stricter", "why"),
    [
        (policy(approvals=2), "more approvals"),
        (policy(deny='"Not this year."'), "Not this year."),
        (policy(approvals=1, countries='["CA"]'), "No rule of the policy"),
        (policy(approvals=1, requesters='["U0ANA"]'), "No rule of the policy"),
    ],
)
def test_a_policy_that_is_stricter_before_the_buy_refuses_it_with_words(
    make_bench: MakeBench, stricter: str, why: str
) -> None:
    """What was approved under an old policy is carried out under it, whatever the new one says."""
    bench = make_bench(policy(approvals=1))
    bench.asked()
    assert bench.decide("U0A00").complete
    bench.rules(stricter)
    bench.work()
    ended = bench.purchase()
    assert ended.status is PurchaseStatus.REFUSED and why in (ended.note or "")
    assert bench.posts(ended.number) == 0
    assert bench.budget() == {}
    assert "refused U0RITA" in bench.sent
    (event,) = bench.logged(Action.PURCHASE_REFUSED)
    assert why in (event.reason or "")


def test_before_anything_was_learned_a_click_asks_to_learn_and_refuses_nobody(bench: Bench) -> None:
    """A click after a restart is lost, or is refused because nothing is known yet."""
    request = bench.asked(offer=bench.priced(DEAR))
    bench.forget()
    first = bench.click("U0A00", Answer.APPROVE, request)
    assert first == NotLookedUp(("S0PROCURE",))
    assert bench.click("U0BOSS", Answer.APPROVE, request) == NotLookedUp(("U0BOSS",)), "who is that?"
    bench.learn("U0BOSS")
    named = bench.click("U0BOSS", Answer.APPROVE, request)
    assert isinstance(named, NotLookedUp) and "U0RITA" in named.ids
    assert bench.logged(Action.REQUEST_APPROVAL) == []
    bench.learn("U0A00", "U0RITA")
    assert isinstance(bench.click("U0A00", Answer.APPROVE, request), Approved)


def test_a_restart_between_card_and_click_loses_nothing(bench: Bench) -> None:
    """Pending approvals live in the memory of a process: after a restart the buttons are dead."""
    request = bench.asked(offer=bench.priced(DEAR))
    bench.click("U0A00", Answer.APPROVE, request)
    again = bench.twin()
    assert isinstance(again.click("U0A00", Answer.APPROVE, request), AlreadySpoken)
    assert again.click("U0A01", Answer.APPROVE, request).complete


def test_a_group_that_cannot_be_looked_up_lets_nobody_in_and_says_so(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced(DEAR))
    bench.slack.down = True
    bench.shift(61)
    considered = consider(bench.desk, bench.person("U0A00"), request, Answer.APPROVE)
    clicked = bench.click("U0A00", Answer.APPROVE, request)
    assert isinstance(considered, MayNot) and isinstance(clicked, MayNot)
    assert "could not be looked up" in considered.reason and considered == clicked
    assert [e.reason for e in bench.logged(Action.REQUEST_APPROVAL)] == [clicked.reason] * 2
    bench.slack.down = False
    assert isinstance(bench.decide("U0A00"), Approved), "and it is open again as soon as Slack answers"


def test_who_is_named_decides_although_the_group_is_down(make_bench: MakeBench) -> None:
    """One approver who is gone, or one group that is, breaks every request."""
    bench = make_bench(policy(approvals=1))
    request = bench.asked()
    ask = bench.slack.ask

    def no_groups(workspace: str, slack_id: str) -> Any:
        if slack_id.startswith("S"):
            raise LookupError("the group is gone")
        return ask(workspace, slack_id)

    object.__setattr__(bench.desk.directory, "_ask", no_groups)
    bench.shift(61)
    assert isinstance(consider(bench.desk, bench.person("U0A00"), request, Answer.APPROVE), MayNot)
    assert isinstance(consider(bench.desk, bench.person("U0BOSS"), request, Answer.APPROVE), MayDecide)
    assert bench.click("U0BOSS", Answer.APPROVE, request).complete


@pytest.mark.parametrize("typed", [None, "", "0000", "right and more"])
def test_a_yes_without_the_right_digits_is_not_counted(make_bench: MakeBench, typed: str | None) -> None:
    bench = make_bench(policy(approvals=1, confirm_by_typing="true"))
    request = bench.asked()
    number = bench.purchase().number
    right = number[-4:]
    considered = consider(bench.desk, bench.person("U0A00"), request, Answer.APPROVE)
    assert isinstance(considered, MayDecide) and considered.confirm_by_typing
    wrong = f"{right}1" if typed == "right and more" else typed
    assert isinstance(bench.decide("U0A00", typed=wrong), Mistyped)
    assert bench.request().approvals_given == 0
    assert bench.logged(Action.REQUEST_APPROVAL)[-1].outcome is Outcome.DENIED
    assert bench.decide("U0A00", typed=right).complete


def test_a_no_needs_no_digits(make_bench: MakeBench) -> None:
    bench = make_bench(policy(approvals=1, confirm_by_typing="true"))
    bench.asked()
    assert isinstance(bench.decide("U0A00", Answer.DENY), Denied)


def test_an_error_in_the_middle_leaves_nothing_and_the_next_click_works(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard against a second click keeps the request locked when the first one fails half-way."""
    request = bench.asked(offer=bench.priced("5.00000"))
    with monkeypatch.context() as broken:
        broken.setattr(module.deadlines, "disarm", _breaks)
        with pytest.raises(OSError, match="disk"):
            bench.click("U0A00", Answer.APPROVE, request)
    assert (bench.request().approvals_given, bench.request().status) == (0, RequestStatus.PENDING)
    assert bench.logged(Action.REQUEST_APPROVAL) == [], "the log does not run ahead of the rows"
    assert bench.purchase().status is PurchaseStatus.WAITING
    assert bench.click("U0A00", Answer.APPROVE, request).complete


def _breaks(*_: object) -> None:
    raise OSError("the disk is full")


def test_nobody_is_told_that_it_is_bought_before_it_is(bench: Bench) -> None:
    """The message says "granted" before anything was granted."""
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.decide("U0A00")
    assert bench.armed(request) == ["dm:approved:U0RITA"]
    assert bench.purchase().status is PurchaseStatus.QUEUED
    bench.work()
    assert bench.sent == ["approved U0RITA", "bought U0RITA"]


def test_a_reason_with_colons_and_lines_stays_whole(bench: Bench) -> None:
    """The message is the database: a reason is cut at its first colon, in the log as well."""
    reason = "fix: bug 7\nApproved by: nobody"
    bench.asked(offer=bench.priced("5.00000"), reason=reason)
    bench.decide("U0A00", comment="ok: but once")
    assert bench.request().reason == reason
    assert bench.logged(Action.REQUEST_SUBMITTED)[-1].reason == reason
    assert bench.logged(Action.REQUEST_APPROVAL)[-1].reason == "ok: but once"


@pytest.mark.parametrize("answer", list(Answer))
def test_a_request_of_another_workspace_does_not_exist(bench: Bench, answer: Answer) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))
    stranger = module.Person("T0OTHER", "U0BOSS")
    assert isinstance(consider(bench.desk, stranger, request, answer), NoSuchRequest)
    say = module.Say(answer=answer, round_seen=1)
    assert isinstance(module.decide(bench.desk, stranger, request, say), NoSuchRequest)
    action = Action.REQUEST_APPROVAL if answer is Answer.APPROVE else Action.REQUEST_DENIED
    seen = [(e.workspace, e.request_id, e.on_behalf_of) for e in bench.logged(action)]
    assert seen == [("T0OTHER", None, None)] * 2, "and the log of theirs names nothing of it"
