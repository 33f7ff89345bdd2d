"""What the policy says to a wish, and who may decide."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.offer import NumberType
from bot.model.people import NotListed
from bot.model.policy import Approvals, Policy, Rule
from bot.model.rules import (
    NO_POLICY,
    NO_PRICE,
    NO_RULE,
    Allowed,
    Members,
    NotAllowed,
    RuleLooked,
    Wish,
    decide,
    may_decide,
    who_may_decide,
)

ANA, BO, CY, DI = "U0ANA", "U0BO", "U0CY", "U0DI"
SUPPORT, PROCURE, GONE = "S0SUPPORT", "S0PROCURE", "S0GONE"
WISH = Wish(ANA, "US", NumberType.LOCAL, Decimal("0.80"), Decimal(0), "14155550100")
YES = Rule(name="yes", approvals=0)
ASK = Rule(name="ask", approvals=1)
NO = Rule(name="no", deny="We do not buy there.")


def knows(**groups: set[str]) -> Members:
    """A look-up that knows these groups and fails for every other."""

    def members(group: str) -> frozenset[str]:
        if group not in groups:
            raise NotListed(group)
        return frozenset(groups[group])

    return members


def never(group: str) -> frozenset[str]:
    raise AssertionError(f"{group} was asked for")


def policy(*rules: Rule, approvers: tuple[str, ...] = (BO, CY), self_approval: bool = False) -> Policy:
    approvals = Approvals(channel="C0APPROVE", approvers=approvers, allow_self_approval=self_approval)
    return Policy(approvals=approvals, rules=rules)


def test_without_a_policy_nothing_is_bought_and_nobody_decides() -> None:
    assert decide(None, WISH, never).deny_reason == NO_POLICY
    assert not decide(None, WISH, never).allowed
    assert may_decide(None, BO, ANA, never) == NotAllowed(NO_POLICY)
    assert who_may_decide(None, ANA, never).users == frozenset()


@pytest.mark.parametrize("monthly", [None, Decimal("NaN"), Decimal("Infinity")])
def test_a_number_without_a_price_is_refused_whatever_the_rules_say(monthly: Decimal | None) -> None:
    verdict = decide(policy(YES), replace(WISH, monthly=monthly), never)
    assert (verdict.allowed, verdict.deny_reason, verdict.rule) == (False, NO_PRICE, None)


def test_without_rules_every_wish_is_refused() -> None:
    verdict = decide(policy(), WISH, never)
    assert (verdict.allowed, verdict.deny_reason, verdict.considered) == (False, NO_RULE, ())


def test_the_first_rule_that_matches_decides() -> None:
    assert decide(policy(NO, YES), WISH, never).rule == "no"
    assert decide(policy(YES, NO), WISH, never).rule == "yes"


def test_a_rule_that_denies_gives_its_own_words() -> None:
    verdict = decide(policy(NO), WISH, never)
    assert (verdict.allowed, verdict.deny_reason) == (False, "We do not buy there.")


def test_a_verdict_carries_what_the_rule_asks_for() -> None:
    verdict = decide(policy(Rule(name="big", approvals=2, confirm_by_typing=True)), WISH, never)
    assert (verdict.allowed, verdict.approvals, verdict.confirm_by_typing) == (True, 2, True)
    assert verdict.deny_reason is None


@pytest.mark.parametrize(
    ("keys", "why_not"),
    [
        ({}, None),
        ({"countries": ("US", "CA")}, None),
        ({"countries": ("CA", "GB")}, "it is for CA, GB"),
        ({"types": ("local", "mobile")}, None),
        ({"types": ("mobile", "tollfree")}, "it is for mobile, tollfree numbers"),
        ({"min_monthly": "0.80"}, None),
        ({"min_monthly": "0.81"}, "it begins at $0.81 a month"),
        ({"max_monthly": "0.80"}, None),
        ({"max_monthly": "0.79"}, "it ends at $0.79 a month"),
        ({"requesters": (ANA,)}, None),
        ({"requesters": (BO, SUPPORT)}, None),
        ({"requesters": (BO,)}, "who asks is not one of its requesters"),
        ({"requesters": (PROCURE,)}, "who asks is not one of its requesters"),
        ({"countries": ("US",), "requesters": (BO,)}, "who asks is not one of its requesters"),
    ],
)
def test_a_rule_matches_if_each_of_its_keys_does(keys: dict[str, object], why_not: str | None) -> None:
    rule = Rule.model_validate({"name": "tested", "approvals": 0} | keys)
    members = knows(S0SUPPORT={ANA}, S0PROCURE={CY})
    verdict = decide(policy(rule), WISH, members)
    assert verdict.considered == (RuleLooked("tested", why_not is None, why_not),)
    assert verdict.allowed is (why_not is None)


def test_a_country_in_small_letters_is_the_same_country() -> None:
    rule = Rule(name="no us", countries=("US",), deny="No.")
    assert not decide(policy(rule, YES), replace(WISH, country="us"), never).allowed


def test_every_rule_looked_at_is_told_and_none_after_the_verdict() -> None:
    abroad = Rule(name="abroad", countries=("GB",), approvals=0)
    verdict = decide(policy(abroad, ASK, YES), WISH, never)
    assert [(rule.name, rule.matched) for rule in verdict.considered] == [("abroad", False), ("ask", True)]


def test_groups_are_asked_only_if_the_rest_of_the_rule_matches() -> None:
    abroad = Rule(name="abroad", countries=("GB",), requesters=(GONE,), approvals=0)
    assert decide(policy(abroad, YES), WISH, never).rule == "yes"


def test_a_person_who_is_named_needs_no_group() -> None:
    rule = Rule(name="named", requesters=(GONE, ANA), approvals=0)
    assert decide(policy(rule), WISH, never).allowed


def test_a_group_that_is_known_lets_in_beside_one_that_is_not() -> None:
    rule = Rule(name="either", requesters=(GONE, SUPPORT), approvals=0)
    assert decide(policy(rule), WISH, knows(S0SUPPORT={ANA})).allowed


def test_a_group_that_cannot_be_looked_up_stops_before_a_milder_rule() -> None:
    strict = Rule(name="strict", requesters=(GONE, SUPPORT), deny="Not for them.")
    verdict = decide(policy(strict, YES), WISH, knows(S0SUPPORT={BO}))
    assert (verdict.allowed, verdict.rule, verdict.unknown_groups) == (False, "strict", (GONE,))
    assert verdict.deny_reason == (
        'The rule "strict" cannot be applied: the members of S0GONE could not be looked up.'
        " Please try again later."
    )
    assert [rule.matched for rule in verdict.considered] == [False]


def test_an_approver_may_decide_and_others_may_not() -> None:
    members = knows(S0PROCURE={CY})
    rules = policy(ASK, approvers=(BO, PROCURE))
    assert may_decide(rules, BO, ANA, members) == Allowed()
    assert may_decide(rules, CY, ANA, members) == Allowed()
    assert may_decide(rules, DI, ANA, members) == NotAllowed("You are not one of the approvers.")
    assert who_may_decide(rules, ANA, members).users == {BO, CY}


def test_nobody_decides_their_own_request_or_one_made_for_them() -> None:
    rules = policy(ASK, approvers=(ANA, BO, CY))
    assert isinstance(may_decide(rules, ANA, ANA, never), NotAllowed)
    assert isinstance(may_decide(rules, ANA, BO, never, on_behalf_of=ANA), NotAllowed)
    assert isinstance(may_decide(rules, BO, BO, never, on_behalf_of=ANA), NotAllowed)
    assert may_decide(rules, CY, BO, never, on_behalf_of=ANA) == Allowed()
    assert who_may_decide(rules, BO, never, on_behalf_of=ANA).users == {CY}


def test_self_approval_lets_only_approvers_decide_their_own() -> None:
    rules = policy(ASK, approvers=(ANA,), self_approval=True)
    assert may_decide(rules, ANA, ANA, never) == Allowed()
    assert isinstance(may_decide(rules, DI, DI, never), NotAllowed)


def test_a_group_that_cannot_be_looked_up_makes_nobody_an_approver() -> None:
    rules = policy(ASK, approvers=(BO, GONE))
    answer = may_decide(rules, DI, ANA, knows())
    assert isinstance(answer, NotAllowed)
    assert answer.unknown_groups == (GONE,)
    assert "could not be looked up" in answer.reason
    assert may_decide(rules, BO, ANA, knows()) == Allowed()
    assert who_may_decide(rules, ANA, knows()) == replace(
        who_may_decide(rules, ANA, knows(S0GONE=set())), unknown_groups=(GONE,)
    )


def test_a_group_that_stands_twice_is_asked_once() -> None:
    asked: list[str] = []

    def members(group: str) -> frozenset[str]:
        asked.append(group)
        return frozenset()

    who_may_decide(policy(ASK, approvers=(PROCURE, PROCURE, BO)), ANA, members)
    assert asked == [PROCURE]


PEOPLE = st.sampled_from([ANA, BO, CY])
GROUPS = st.sampled_from([SUPPORT, PROCURE, GONE])
PRICES = st.sampled_from(["0.50", "0.80", "2.00", "20.00"])
LISTS = st.lists(st.one_of(PEOPLE, GROUPS), min_size=1, max_size=3).map(tuple)
MEMBERS = st.dictionaries(GROUPS, st.frozensets(PEOPLE))
WISHES = st.builds(
    Wish,
    user=PEOPLE,
    country=st.sampled_from(["US", "GB", "KP"]),
    type=st.sampled_from([NumberType.LOCAL, NumberType.MOBILE]),
    monthly=PRICES.map(Decimal),
    setup=st.just(Decimal(0)),
    number=st.just("14155550100"),
)


@st.composite
def rule_tables(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Up to five rules with any of the keys; prices that leave no room are turned round."""
    return tuple(draw(_rules(index)) for index in range(draw(st.integers(0, 5))))


@st.composite
def _rules(draw: st.DrawFn, index: int) -> Rule:
    least, most = sorted(draw(st.tuples(PRICES, PRICES)), key=Decimal)
    keys: dict[str, object] = {
        "countries": draw(st.lists(st.sampled_from(["US", "GB", "KP"]), min_size=1, max_size=2)),
        "types": draw(st.lists(st.sampled_from(["local", "mobile"]), min_size=1, max_size=2)),
        "min_monthly": least,
        "max_monthly": most,
        "requesters": draw(LISTS),
    }
    chosen = {key: value for key, value in keys.items() if draw(st.booleans())}
    answer: dict[str, object] = draw(st.sampled_from([{"deny": "No."}, {"approvals": 0}, {"approvals": 2}]))
    return Rule.model_validate({"name": f"rule {index}"} | chosen | answer)


def matches(rule: Rule, wish: Wish, groups: dict[str, frozenset[str]]) -> bool:
    """What docs/policy.md says of a rule, as plainly as it can be put; every group is known."""
    assert wish.monthly is not None
    listed = rule.requesters or (wish.user,)
    people = {person for entry in listed for person in groups.get(entry, {entry})}
    return (
        wish.country in (rule.countries or (wish.country,))
        and wish.type in (rule.types or (wish.type,))
        and (rule.min_monthly or 0) <= wish.monthly <= (rule.max_monthly or wish.monthly)
        and wish.user in people
    )


def answers(groups: dict[str, frozenset[str]]) -> Callable[[str], frozenset[str]]:
    return knows(**{name: set(people) for name, people in groups.items()})


@given(rule_tables(), WISHES, MEMBERS)
def test_the_verdict_is_that_of_the_first_rule_that_matches(
    rules: tuple[Rule, ...], wish: Wish, groups: dict[str, frozenset[str]]
) -> None:
    known = dict.fromkeys([SUPPORT, PROCURE, GONE], frozenset[str]()) | groups
    first = next((rule for rule in rules if matches(rule, wish, known)), None)
    verdict = decide(policy(*rules), wish, answers(known))
    assert verdict.rule == (first.name if first else None)
    assert verdict.allowed is bool(first and first.deny is None)
    assert verdict.approvals == (first.approvals or 0 if first else 0)
    assert verdict.unknown_groups == ()


@given(rule_tables(), WISHES, MEMBERS, MEMBERS)
def test_a_failed_look_up_lets_nothing_through_that_an_answer_would_have_stopped(
    rules: tuple[Rule, ...],
    wish: Wish,
    groups: dict[str, frozenset[str]],
    silent: dict[str, frozenset[str]],
) -> None:
    truth = dict.fromkeys([SUPPORT, PROCURE, GONE], frozenset[str]()) | groups
    heard = {name: people for name, people in truth.items() if name not in silent}
    full, partial = (decide(policy(*rules), wish, answers(known)) for known in (truth, heard))
    if partial.allowed:
        assert (partial.rule, partial.approvals) == (full.rule, full.approvals)
        assert full.allowed
    elif full.allowed:
        assert partial.unknown_groups


@given(LISTS, st.tuples(PEOPLE, PEOPLE, st.one_of(st.none(), PEOPLE)), MEMBERS, st.booleans())
def test_those_who_may_decide_are_those_who_are_told_yes(
    approvers: tuple[str, ...],
    people: tuple[str, str, str | None],
    groups: dict[str, frozenset[str]],
    self_approval: bool,
) -> None:
    user, requester, on_behalf_of = people
    rules = policy(approvers=approvers, self_approval=self_approval)
    members = answers(groups)
    everybody = who_may_decide(rules, requester, members, on_behalf_of=on_behalf_of)
    answer = may_decide(rules, user, requester, members, on_behalf_of=on_behalf_of)
    assert (answer == Allowed()) is (user in everybody.users)
    if not self_approval:
        assert not everybody.users & {requester, on_behalf_of}
