"""Judge: what the policy says to a wish and to an approver, by what the directory knows of people."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.model import rules
from bot.model.offer import Offer
from bot.model.people import NotListed
from bot.model.policy_groups import groups_named
from bot.model.rules import Allowed, Approvers, NotAllowed, Verdict, Wish
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from storage.unit_of_work import UnitOfWork

NOT_FOUND = "could not be looked up in Slack, so nothing was done. Please try again later."


@dataclass(frozen=True, slots=True)
class NotLookedUp:
    """Slack has not been asked about these people and groups lately: ask, and come again."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody is one of the approvers; if not, `not_known` may be why."""

    approver: bool
    not_known: bool = False  #: they may be one by a group, or as a person, that could not be looked up


def learn(desk: Desk, workspace: str, *users: str) -> None:
    """Asks Slack who these people are, and who is in the policy's groups. Never inside of a transaction."""
    desk.directory.refresh(workspace, _whom(desk, users))


def _whom(desk: Desk, users: Iterable[str]) -> frozenset[str]:
    return groups_named(desk.policy) | set(users)


def judge_if_known(
    desk: Desk, work: UnitOfWork, workspace: str, parties: tuple[str, ...], offer: Offer
) -> Verdict | None:
    """What `judge` says, if nobody has to be asked about before; None: `learn` first."""
    listed = Listed(work, workspace)
    return None if listed.stale(_whom(desk, parties)) else judge(desk, listed, parties, offer)


def judge(desk: Desk, listed: Listed, parties: tuple[str, ...], offer: Offer) -> Verdict:
    """What the policy says of this offer for who asks, the first of `parties`, and for whom it is."""
    listed.look_up(_whom(desk, parties))
    wish = Wish(
        user=parties[0],
        country=offer.country,
        type=offer.type,
        monthly=offer.monthly,
        setup=offer.setup,
        number=offer.number,
    )
    outside = _outsiders(desk, listed, parties)
    return outside or _by_name(listed, rules.decide(desk.policy, wish, listed.members))


def not_looked_up(listed: Listed, verdict: Verdict) -> NotLookedUp | None:
    """If the wish was refused only because nobody has asked Slack lately: what to ask."""
    if not verdict.unknown or not listed.untried(verdict.unknown):
        return None
    return NotLookedUp(verdict.unknown)


def why_outside(desk: Desk, listed: Listed, user: str) -> str | None:
    """Why this person may not have numbers at all; None if they may, or it is not known."""
    try:
        return rules.outsider(desk.policy, listed.profile(user))
    except NotListed:
        return None


def may_decide(
    desk: Desk, listed: Listed, user: str, requester: str, *, on_behalf_of: str | None = None
) -> Allowed | NotAllowed:
    """Whether the user may decide that request; unlike the policy alone this knows who is a guest or gone."""
    may = rules.may_decide(desk.policy, user, requester, listed.members, on_behalf_of=on_behalf_of)
    if isinstance(may, NotAllowed):
        return replace(may, reason=_named(listed, may.reason, may.unknown_groups))
    try:
        reason = rules.outside_approver(desk.policy, listed.profile(user))
    except NotListed:
        return NotAllowed(f"Who you are {NOT_FOUND}", unknown_people=(user,))
    return NotAllowed(reason) if reason else may


def standing(desk: Desk, listed: Listed, user: str) -> Standing:
    """Whether this person is one of the approvers, as far as is known."""
    may = may_decide(desk, listed, user, "")
    return Standing(isinstance(may, Allowed), isinstance(may, NotAllowed) and bool(may.unknown))


def able(desk: Desk, listed: Listed, parties: tuple[str, ...]) -> Approvers:
    """Who may decide a request of these, the first of whom asks, without those known to decide nothing."""
    for_whom = parties[1] if len(parties) > 1 else None
    found = rules.who_may_decide(desk.policy, parties[0], listed.members, on_behalf_of=for_whom)
    listed.look_up(found.users)
    outside = {user for user in found.users if why_not_approver(desk, listed, user)}
    return replace(found, users=found.users - outside)


def why_not_approver(desk: Desk, listed: Listed, user: str) -> str | None:
    """Why a listed approver decides nothing; None if they may, or it is not known."""
    try:
        return rules.outside_approver(desk.policy, listed.profile(user))
    except NotListed:
        return None


def _outsiders(desk: Desk, listed: Listed, parties: tuple[str, ...]) -> Verdict | None:
    """The refusal of the first who may not have numbers at all; without a policy all are refused anyway."""
    for user in parties if desk.policy else ():
        try:
            reason = rules.outsider(desk.policy, listed.profile(user))
        except NotListed:
            whose = "Who asks" if user == parties[0] else "For whom it is"
            why = f"{whose} {NOT_FOUND}"
            return Verdict(allowed=False, deny_reason=why, unknown_people=(user,), outsider=user)
        if reason:
            return Verdict(allowed=False, deny_reason=reason, outsider=user)
    return None


def _by_name(listed: Listed, verdict: Verdict) -> Verdict:
    """The same verdict, whose sentences name groups as people know them."""
    groups = verdict.unknown_groups
    if not groups:
        return verdict
    looked = tuple(
        replace(one, why_not=one.why_not and _named(listed, one.why_not, groups))
        for one in verdict.considered
    )
    why = _named(listed, verdict.deny_reason or "", groups)
    return replace(verdict, deny_reason=why, considered=looked)


def _named(listed: Listed, sentence: str, groups: tuple[str, ...]) -> str:
    for group in sorted(groups, key=len, reverse=True):  # one id may begin another
        sentence = sentence.replace(group, listed.shown(group))
    return sentence
