"""What is said of a policy that is valid and may not be meant."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from bot.model.policy import Policy, Rule
from bot.model.policy_check import warnings
from bot.model.policy_groups import groups_named, people_named
from bot.model.rules import Wish, decide
from tests.unit.test_policy_rules import WISHES, rule_tables

APPROVALS = {"channel": "C0APPROVE", "approvers": ["S0PROCURE"]}


def policy(*rules: dict[str, object], **tables: object) -> Policy:
    named = [{"name": f"rule {index}"} | rule for index, rule in enumerate(rules)]
    return Policy.model_validate({"approvals": APPROVALS, "rules": named} | tables)


def nobody(_group: str) -> frozenset[str]:
    return frozenset()


def everybody(_group: str) -> frozenset[str]:
    return frozenset({"U0ANA", "U0BO", "U0CY"})


def about(*rules: dict[str, object]) -> tuple[str, ...]:
    return warnings(policy(*rules))


def test_a_sensible_policy_gives_no_warning() -> None:
    assert about({"countries": ["US"], "max_monthly": "2.00", "approvals": 0}, {"approvals": 1}) == ()


def test_a_policy_without_rules_buys_nothing() -> None:
    assert about() == ("rules: there are none, so every purchase is refused",)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({}, {}),
        ({}, {"countries": ["US"], "types": ["local"], "requesters": ["U0ANA"], "min_monthly": "1"}),
        ({"countries": ["US", "CA"]}, {"countries": ["CA"]}),
        ({"types": ["local", "mobile"]}, {"types": ["mobile"]}),
        ({"requesters": ["S0SUPPORT"]}, {"requesters": ["S0SUPPORT"]}),
        ({"min_monthly": "1"}, {"min_monthly": "1"}),
        ({"min_monthly": "0"}, {}),
        ({"max_monthly": "2"}, {"max_monthly": "2"}),
        ({"min_monthly": "1", "max_monthly": "9"}, {"min_monthly": "2", "max_monthly": "3"}),
    ],
)
def test_a_rule_behind_a_wider_one_is_never_reached(
    earlier: dict[str, object], later: dict[str, object]
) -> None:
    (warning,) = about(earlier | {"approvals": 0}, later | {"deny": "No."})
    assert warning == 'rules[1] "rule 1": is never reached: "rule 0" decides before it'


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"countries": ["US"]}, {}),
        ({"countries": ["US"]}, {"countries": ["US", "CA"]}),
        ({"types": ["local"]}, {"types": ["mobile"]}),
        ({"requesters": ["S0SUPPORT"]}, {"requesters": ["U0ANA"]}),
        ({"min_monthly": "1"}, {}),
        ({"max_monthly": "2"}, {"max_monthly": "3"}),
        ({"max_monthly": "2"}, {}),
    ],
)
def test_a_rule_that_matches_more_than_those_before_it_is_reached(
    earlier: dict[str, object], later: dict[str, object]
) -> None:
    assert about(earlier | {"approvals": 0}, later | {"deny": "No."}) == ()


@given(rule_tables(), WISHES)
def test_a_rule_that_is_said_never_to_be_reached_never_decides(rules: tuple[Rule, ...], wish: Wish) -> None:
    tested = Policy(approvals=policy().approvals, rules=rules)
    told = [warning for warning in warnings(tested) if "is never reached" in warning]
    for members in (nobody, everybody):
        decided = decide(tested, wish, members).rule
        assert not any(f'"{decided}": is never' in warning for warning in told)


@pytest.mark.parametrize("answer", [{"approvals": 0}, {"deny": "No."}])
def test_typing_needs_somebody_who_approves(answer: dict[str, object]) -> None:
    (warning,) = about({"confirm_by_typing": True} | answer)
    assert warning == 'rules[0] "rule 0": confirm_by_typing needs an approver who types'


def test_an_escalation_to_nobody_is_told() -> None:
    approvals = APPROVALS | {"escalate_after": "1h"}
    assert warnings(policy({"approvals": 1}, approvals=approvals)) == (
        "approvals.escalate_after: nobody is named in escalate_to",
    )


@pytest.mark.parametrize("key", ["remind_after", "escalate_after"])
@pytest.mark.parametrize(("after", "late"), [("2h", True), ("48h", True), ("119m", False)])
def test_what_comes_after_the_end_is_told(key: str, after: str, late: bool) -> None:
    times = {"expires_after": "2h", "escalate_after": "1m", "escalate_to": ["U0CFO"]} | {key: after}
    found = warnings(policy({"approvals": 1}, approvals=APPROVALS | times))
    assert found == ((f"approvals.{key}: comes too late, a request has expired by then",) if late else ())


@pytest.mark.parametrize(
    ("approvers", "self_approval", "told"),
    [
        (["U0ANA", "U0BO"], False, True),
        (["U0ANA", "U0BO", "U0BO"], False, True),
        (["U0ANA", "U0BO", "U0CY"], False, False),
        (["U0ANA", "U0BO"], True, False),
        (["U0ANA", "S0PROCURE"], False, False),
    ],
)
def test_approvers_who_can_never_ask_themselves_are_told(
    approvers: list[str], self_approval: bool, told: bool
) -> None:
    approvals = APPROVALS | {"approvers": approvers, "allow_self_approval": self_approval}
    found = warnings(policy({"approvals": 2}, approvals=approvals))
    assert bool(found) is told
    assert all("asks for all 2 approvers" in warning for warning in found)


def test_a_log_that_nobody_can_read_is_said() -> None:
    rule = {"approvals": 0}
    (warning,) = warnings(policy(rule, approvals={}))
    assert warning.startswith("audit.auditors: nobody is named")
    assert warnings(policy(rule, approvals={}, audit={"auditors": ["U0FIN"]})) == ()


@pytest.mark.parametrize("auditors", [[], ["@ann"], ["C0APPROVE"], "U0FIN"])
def test_who_reads_the_log_is_named_by_id(auditors: object) -> None:
    with pytest.raises(ValidationError, match=r"audit\.auditors"):
        policy({"approvals": 0}, audit={"auditors": auditors})


def test_groups_of_auditors_are_asked_about() -> None:
    made = policy({"approvals": 0}, audit={"auditors": ["U0FIN", "S0FINANCE"]})
    assert groups_named(made) == {"S0PROCURE", "S0FINANCE"}
    assert "U0FIN" in people_named(made)
