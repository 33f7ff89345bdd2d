"""A quorum that cannot be reached is said before anybody is asked; what is not known refuses nobody."""

from typing import Any

import pytest

from bot.model.audit import Action, Outcome
from bot.model.people import Profile
from bot.usecases.preview import Preview, preview
from bot.usecases.submit import OutOfReach, OverBudget, Submitted
from tests.usecases.conftest import Bench, MakeBench

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE"]

[[rules]]
name = "all"
approvals = 2
"""
GLASS = POLICY + '[break_glass]\nusers = ["U0ANA"]\n'


def made(make_bench: MakeBench, policy: str = POLICY, *members: str) -> Bench:
    bench = make_bench(policy)
    bench.slack.members = frozenset(members or ("U0ANA", "U0OTTO"))
    return bench


def seen(bench: Bench, user: str) -> Preview:
    found = preview(bench.desk, bench.person(user), bench.offers().offers[0].id)
    assert isinstance(found, Preview)
    return found


def reasons(bench: Bench) -> list[str | None]:
    return [e.reason for e in bench.logged(Action.REQUEST_SUBMITTED) if e.outcome is Outcome.DENIED]


def test_for_one_of_two_approvers_two_approvals_cannot_be_had(make_bench: MakeBench) -> None:
    bench = made(make_bench)
    assert seen(bench, "U0RITA").unreachable is None and seen(bench, "U0RITA").all_are_needed
    outcome = bench.ask(on_behalf_of="U0ANA")
    assert isinstance(outcome, OutOfReach)
    why = outcome.why
    assert (why.needed, why.able, why.own, why.outside) == (2, ("U0OTTO",), ("U0ANA",), ())
    assert why.chosen, "for herself Rita could ask"
    assert reasons(bench) == ["needs 2 approvals, and only 1 of the approvers can give one"]
    assert bench.budget() == {} and isinstance(bench.ask(), Submitted)


def test_an_approver_sees_it_when_the_form_opens(make_bench: MakeBench) -> None:
    bench = made(make_bench)
    why = seen(bench, "U0ANA").unreachable
    assert why is not None and (why.able, why.own, why.chosen) == (("U0OTTO",), ("U0ANA",), False)
    assert len(reasons(bench)) == 1
    assert isinstance(bench.ask("U0ANA"), OutOfReach)


@pytest.mark.parametrize("who", [{}, {"on_behalf_of": "U0ANA"}])
def test_where_self_approval_is_allowed_both_count(make_bench: MakeBench, who: dict[str, Any]) -> None:
    allowed = POLICY.replace("[approvals]", "[approvals]\nallow_self_approval = true")
    bench = made(make_bench, allowed)
    assert seen(bench, "U0ANA").unreachable is None and not seen(bench, "U0ANA").all_are_needed
    assert isinstance(bench.ask("U0OTTO", **who), Submitted)


def test_a_guest_among_the_approvers_does_not_count(make_bench: MakeBench) -> None:
    bench = made(make_bench, POLICY, "U0ANA", "U0OTTO", "U0GUS")
    bench.slack.profiles["U0GUS"] = Profile("Gus", guest=True)
    bench.learn("U0GUS")
    outcome = bench.ask(on_behalf_of="U0ANA")
    assert isinstance(outcome, OutOfReach)
    assert (outcome.why.able, outcome.why.outside) == (("U0OTTO",), ("U0GUS",))


def test_a_group_that_is_not_known_is_no_reason_to_refuse(make_bench: MakeBench) -> None:
    bench = made(make_bench)
    offer = bench.offers().offers[0].id
    bench.slack.members = frozenset()
    bench.learn("U0RITA", "U0ANA")
    assert isinstance(bench.ask(offer=offer, key="V0", on_behalf_of="U0ANA"), OutOfReach)
    real = bench.slack.ask

    def without_groups(workspace: str, slack_id: str) -> Any:
        if slack_id.startswith("S"):
            raise ConnectionError("no groups now")
        return real(workspace, slack_id)

    bench.desk.directory._ask = without_groups  # half of Slack is down
    bench.shift(61)
    assert isinstance(bench.ask(offer=offer, on_behalf_of="U0ANA"), Submitted)


def test_a_broken_glass_needs_no_quorum(make_bench: MakeBench) -> None:
    bench = made(make_bench, GLASS)
    found = seen(bench, "U0ANA")
    assert found.unreachable and found.may_break_glass and reasons(bench) == []
    assert isinstance(bench.ask("U0ANA", break_glass=True), Submitted)


def test_both_budgets_are_named_in_dollars_and_cents(make_bench: MakeBench) -> None:
    """One of two was named, as "16.0000 USD"."""
    bench = made(make_bench, POLICY + '[budgets]\nworkspace = "5.00"\nper_user = "4.00"\n')
    offer = bench.priced("20.00000")
    found = preview(bench.desk, bench.person(), offer)
    assert isinstance(found, Preview)
    outcome = bench.ask(offer=offer)
    assert isinstance(outcome, OverBudget)
    assert [(f"{e.over_by:.2f}", e.spent.spender) for e in outcome.exceeded] == [
        ("15.00", ""), ("16.00", "U0RITA"),
    ]  # fmt: skip
    assert outcome.exceeded == found.exceeded
    said = "over the workspace's budget of $5.00 by $15.00 and over the person's budget of $4.00 by $16.00"
    assert reasons(bench) == [said, said]
