"""What the policy means: who may request what, who must approve, and up to which price.

`decide`, `outsider`, `who_may_decide` and `may_decide` are the one place that says it; they read nothing and
change nothing. Members of user groups are asked of `Members`, and what cannot be asked refuses: a failed
look-up never lets anything through that an answer would have stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.model.money import format_usd
from bot.model.offer import NumberType
from bot.model.people import NotListed, Profile
from bot.model.policy import Group, People, Policy, Rule, is_group

NO_POLICY = (
    "Nothing can be bought yet, because there is no policy file: whoever runs Numberdesk writes one that says"
    " who may buy what, and names it in POLICY_FILE."
)
NO_PRICE = "The provider names no monthly price for this number, so it cannot be bought here."
NO_RULE = "No rule of the policy allows this purchase."

Members = Callable[[Group], frozenset[str]]  #: a group's people by id; raises NotListed


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person wants to buy, as far as rules ask for it."""

    user: str  #: Slack's id
    country: str  #: ISO 3166-1 alpha-2
    type: NumberType
    monthly: Decimal | None  #: USD a month; None if the provider names none
    setup: Decimal  #: USD, once
    number: str  #: digits with the country code


@dataclass(frozen=True, slots=True)
class RuleLooked:
    """One rule that was looked at on the way to a verdict."""

    name: str
    matched: bool
    why_not: str | None  #: half a sentence, None if it matched


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says to a wish, and why."""

    allowed: bool
    rule: str | None = None  #: the rule that decided, or at which nothing could be decided
    approvals: int = 0  #: how many people other than the requester must say yes first
    deny_reason: str | None = None  #: a sentence, whenever it is not allowed
    confirm_by_typing: bool = False
    considered: tuple[RuleLooked, ...] = ()
    unknown_groups: tuple[Group, ...] = ()  #: not empty only if it is refused because of them
    channel: str | None = None  #: where its requests are posted
    unknown_people: tuple[str, ...] = ()  #: not empty only if it is refused because of them
    outsider: str | None = None  #: who may not have numbers at all, if it is refused because of them

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be looked up, if it is refused only for that."""
        return self.unknown_groups + self.unknown_people


def decide(policy: Policy | None, wish: Wish, members: Members) -> Verdict:
    """The first rule that matches the wish decides; if there is none, the wish is refused. Never raises.

    If whether a rule matches hangs on a group that cannot be looked up, the wish is refused: going on to the
    next rule could let through what this one would have denied or sent to an approver.
    """
    if policy is None:
        return Verdict(allowed=False, deny_reason=NO_POLICY)
    if wish.monthly is None or not wish.monthly.is_finite():
        return Verdict(allowed=False, deny_reason=NO_PRICE)
    considered: list[RuleLooked] = []
    for rule in policy.rules:
        why_not, unknown = _look(rule, wish, wish.monthly, members)
        considered.append(RuleLooked(rule.name, why_not is None, why_not))
        if unknown:
            return _stopped(rule, unknown, tuple(considered))
        if why_not is None:
            return _verdict(rule, policy.approvals.channel, tuple(considered))
    return Verdict(allowed=False, deny_reason=NO_RULE, considered=tuple(considered))


def _look(rule: Rule, wish: Wish, monthly: Decimal, members: Members) -> tuple[str | None, tuple[Group, ...]]:
    """Why the rule does not match, and the groups without which that is not known."""
    why_not = _other_number(rule, wish, monthly)
    if why_not is not None or rule.requesters is None:
        return why_not, ()
    is_listed, unknown = _listed(wish.user, rule.requesters, members)
    if is_listed:
        return None, ()
    return (_unknown_text(unknown) if unknown else "who asks is not one of its requesters"), unknown


def _other_number(rule: Rule, wish: Wish, monthly: Decimal) -> str | None:
    if rule.countries is not None and wish.country.upper() not in rule.countries:
        return f"it is for {', '.join(rule.countries)}"
    if rule.types is not None and wish.type not in rule.types:
        return f"it is for {', '.join(rule.types)} numbers"
    if rule.min_monthly is not None and monthly < rule.min_monthly:
        return f"it begins at {format_usd(rule.min_monthly)} a month"
    if rule.max_monthly is not None and monthly > rule.max_monthly:
        return f"it ends at {format_usd(rule.max_monthly)} a month"
    return None


def _verdict(rule: Rule, channel: str | None, considered: tuple[RuleLooked, ...]) -> Verdict:
    return Verdict(
        allowed=rule.deny is None,
        rule=rule.name,
        approvals=rule.approvals or 0,
        deny_reason=rule.deny,
        confirm_by_typing=rule.confirm_by_typing,
        considered=considered,
        channel=rule.channel or channel,
    )


def _stopped(rule: Rule, unknown: tuple[Group, ...], considered: tuple[RuleLooked, ...]) -> Verdict:
    why = f'The rule "{rule.name}" cannot be applied: {_unknown_text(unknown)}. Please try again later.'
    return Verdict(
        allowed=False, rule=rule.name, deny_reason=why, considered=considered, unknown_groups=unknown
    )


def outsider(policy: Policy | None, profile: Profile) -> str | None:
    """Why this person may not have numbers requested, by or for them; None if they may."""
    allowed = policy.people if policy else People()
    if profile.deactivated:
        return "This account is deactivated in Slack."
    if profile.bot:
        return "Apps cannot have numbers."
    if profile.foreign and not allowed.other_workspaces:
        return "The policy lets only people of this workspace request numbers, not those of other workspaces."
    if profile.guest and not allowed.guests:
        return "The policy does not let guests request numbers."
    return None


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who may decide a request, as far as the groups could be looked up."""

    users: frozenset[str]
    unknown_groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """This person may decide this request."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """This person may not decide this request; `reason` is a sentence to them."""

    reason: str
    unknown_groups: tuple[Group, ...] = ()
    unknown_people: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be looked up, if that is why."""
        return self.unknown_groups + self.unknown_people


def people(listed: Sequence[str], members: Members) -> Approvers:
    """The people of a list of people and groups."""
    return Approvers(*_people(listed, members))


def who_may_decide(
    policy: Policy | None, requester: str, members: Members, *, on_behalf_of: str | None = None
) -> Approvers:
    """Everybody who may decide this person's request; `may_decide` says yes to just these."""
    if policy is None:
        return Approvers(frozenset(), ())
    users, unknown = _people(policy.approvals.approvers or (), members)
    return Approvers(users - _parties(policy, requester, on_behalf_of), unknown)


def may_decide(
    policy: Policy | None, user: str, requester: str, members: Members, *, on_behalf_of: str | None = None
) -> Allowed | NotAllowed:
    """Whether the user may decide the requester's request, made for itself or `on_behalf_of` another."""
    if policy is None:
        return NotAllowed(NO_POLICY)
    if user in _parties(policy, requester, on_behalf_of):
        return NotAllowed("Nobody decides their own request, or one that was made for them.")
    is_listed, unknown = _listed(user, policy.approvals.approvers or (), members)
    if is_listed:
        return Allowed()
    if unknown:
        return NotAllowed(
            f"Whether you may decide is not known: {_unknown_text(unknown)}. Please try again later.", unknown
        )
    return NotAllowed("You are not one of the approvers.")


def outside_approver(policy: Policy | None, profile: Profile) -> str | None:
    """Why this person decides nothing though they are listed; None if they may."""
    if profile.deactivated:
        return "This account is deactivated in Slack, so it decides nothing."
    if profile.bot:
        return "Apps decide nothing."
    if profile.foreign:
        return "People of other workspaces decide nothing."
    if profile.guest and not (policy and policy.people.guests):
        return "Guests decide nothing, unless the policy lets guests in."
    return None


def _parties(policy: Policy, requester: str, on_behalf_of: str | None) -> frozenset[str]:
    """Those who may not decide because the request is theirs."""
    if policy.approvals.allow_self_approval:
        return frozenset()
    return frozenset({requester} if on_behalf_of is None else {requester, on_behalf_of})


def _listed(user: str, listed: Sequence[str], members: Members) -> tuple[bool, tuple[Group, ...]]:
    """Whether the user is on the list, by name or in a group; and the groups that could not be asked."""
    if user in listed:  # spares the look-ups, and lets a person in who is named while Slack is down
        return True, ()
    people, unknown = _people(listed, members)
    return user in people, unknown


def _people(listed: Sequence[str], members: Members) -> tuple[frozenset[str], tuple[Group, ...]]:
    people = {entry for entry in listed if not is_group(entry)}
    unknown: list[Group] = []
    for group in filter(is_group, dict.fromkeys(listed)):
        try:
            people |= members(group)
        except NotListed:
            unknown.append(group)
    return frozenset(people), tuple(unknown)


def _unknown_text(groups: tuple[Group, ...]) -> str:
    return f"the members of {', '.join(groups)} could not be looked up"
