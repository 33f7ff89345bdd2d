"""Which rule decides, why not the others, who could approve, and why one may not oneself."""

from decimal import Decimal

import pytest

from bot.model.offer import NumberType
from bot.model.people import Profile
from bot.model.request import Answer
from bot.usecases.explain import (
    Explained,
    ExplainedRequest,
    NotOffered,
    explain_number,
    explain_price,
    explain_request,
    rules_with_names,
)
from bot.usecases.look_up import NotTheirs
from handlers.ui.policy import explanation, request_explanation
from handlers.ui.policy import policy as policy_page
from tests.usecases.conftest import Bench, MakeBench

POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["S0PROCURE", "U0BOSS"]

[[rules]]
name = "no premium countries"
countries = ["KP"]
deny = "We do not buy there."

[[rules]]
name = "cheap"
max_monthly = "2.00"
approvals = 0

[[rules]]
name = "rest"
approvals = 2

[budgets]
per_user = "10.00"
"""


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench(POLICY)


def _price(bench: Bench, monthly: str, country: str = "US") -> Explained:
    return explain_price(bench.desk, bench.person(), country, NumberType.LOCAL, Decimal(monthly))


def test_the_rule_that_decides_and_why_not_those_before_it(bench: Bench) -> None:
    found = _price(bench, "5.00")
    assert (found.verdict.rule, found.verdict.approvals) == ("rest", 2)
    assert [(r.name, r.matched, r.why_not) for r in found.verdict.considered] == [
        ("no premium countries", False, "it is for KP"),
        ("cheap", False, "it ends at $2.00 a month"),
        ("rest", True, None),
    ]
    assert "Boss" in found.approvers and len(found.approvers) == 13
    assert found.exceeded == ()
    assert _price(bench, "0.80", "KP").verdict.deny_reason == "We do not buy there."


def test_nobody_could_approve_their_own_and_a_group_that_is_down_is_named(bench: Bench) -> None:
    mine = explain_price(bench.desk, bench.person("U0BOSS"), "US", NumberType.LOCAL, Decimal(5))
    assert "Boss" not in mine.approvers
    bench.slack.down = True
    bench.shift(61)
    found = _price(bench, "5.00")
    assert found.verdict.unknown_people == ("U0RITA",), "who asks is not known either"
    assert (found.approvers, found.unknown_groups) == (("U0BOSS",), ("a user group",))


def test_a_budget_that_does_not_suffice_and_a_guest_are_said(bench: Bench) -> None:
    (exceeded,) = _price(bench, "12.00").exceeded
    assert (exceeded.over_by, exceeded.spent.spender) == (Decimal("2.00"), "U0RITA")
    bench.slack.profiles["U0RITA"] = Profile("Rita", guest=True)
    bench.shift(61)
    assert "guests" in (_price(bench, "5.00").verdict.deny_reason or "")


def test_a_number_is_judged_by_what_the_provider_offers(bench: Bench) -> None:
    offer = bench.offers().offers[0].offer
    found = explain_number(bench.desk, bench.person(), offer.number)
    assert isinstance(found, Explained)
    assert (found.offer.number, found.verdict.rule) == (offer.number, "cheap")
    assert explain_number(bench.desk, bench.person(), "14155550199") == NotOffered("14155550199")


def test_a_request_says_why_one_may_not_approve_it(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))

    def why(user: str) -> str | None:
        found = explain_request(bench.desk, bench.person(user), request)
        assert isinstance(found, ExplainedRequest)
        return found.why_not

    assert "Nobody decides their own request" in (why("U0RITA") or "")
    assert why("U0BOSS") is None
    bench.decide("U0BOSS", request_id=request)
    assert "one person counts once" in (why("U0BOSS") or "")
    bench.decide("U0A01", Answer.DENY, request_id=request)
    assert why("U0A02") == "It is denied already."
    assert explain_request(bench.desk, bench.person("U0NOBODY"), request) == NotTheirs()
    assert explain_request(bench.desk, bench.person("U0BOSS"), "R0NOTHERE") == NotTheirs()


def test_ones_own_open_request_does_not_stand_in_its_own_way(bench: Bench) -> None:
    """It counted its own reservation, and said that nothing was bought."""
    offer = bench.priced("6.00000")
    request = bench.asked(offer=offer)
    found = explain_number(bench.desk, bench.person(), bench.purchase().number)
    assert isinstance(found, Explained) and found.taken is not None
    assert (found.exceeded, found.taken.request.id) == ((), request)
    assert [spent.left for spent in found.budgets] == [None, Decimal("10.00")]
    shown = str(explanation(found))
    assert f"Request {request} speaks for this number already: it waits for approval" in shown
    assert "Your budget this month (UTC): $10.00 of $10.00 left" in shown
    over = str(explanation(_price(bench, "12.00")))
    assert "too much." in over and "Whoever keeps the policy file can raise it." in over
    assert "Nothing was bought" not in over


def test_a_request_shows_what_is_left_and_speaks_of_its_requester(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.rules(POLICY.replace("approvals = 2", "approvals = 0"))

    def shown(user: str) -> str:
        return str(request_explanation(explain_request(bench.desk, bench.person(user), request)))

    assert "Your own confirmation is enough" in shown("U0RITA")
    assert "Your budget this month (UTC): $5.00 of $10.00 left, this request counted" in shown("U0RITA")
    assert "The requester's confirmation is enough" in shown("U0BOSS")
    assert "Your budget" not in shown("U0BOSS") and "The workspace's budget" in shown("U0BOSS")


def test_a_group_that_is_down_is_no_reason_to_say_it_is_nobodys_business(bench: Bench) -> None:
    request = bench.asked(offer=bench.priced("5.00000"))
    bench.slack.down = True
    bench.shift(61)
    found = explain_request(bench.desk, bench.person("U0A01"), request)
    assert found == NotTheirs(not_known=True)
    assert "could not be looked up in Slack: try again later" in str(request_explanation(found))


def test_the_rules_name_people_and_ping_nobody(bench: Bench) -> None:
    """Mentions would ping; and who is escalated to, or can raise a budget, stood nowhere."""
    more = 'raised_by = ["U0CARA", "S0MONEY"]\n\n[break_glass]\nusers = ["U0ANA"]\n'
    escalating = '[approvals]\nescalate_after = "1d"\nescalate_to = ["U0CARA"]'
    bench.rules(POLICY.replace("[approvals]", escalating) + more)
    shown = str(policy_page(rules_with_names(bench.desk, bench.person())))
    assert "Approvers: @procurement, Boss" in shown
    assert "when it is escalated: Cara" in shown and "Can raise a budget: Cara, @procurement" in shown
    assert "in an emergency: Ana" in shown
    assert "<@" not in shown and "<!subteam" not in shown
    bench.forget()
    bench.slack.down = True
    assert "Approvers: a user group, U0BOSS" in str(policy_page(rules_with_names(bench.desk, bench.person())))
