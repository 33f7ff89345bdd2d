"""Judge: what the policy says to a wish, by what the directory knows of people and groups."""

from dataclasses import dataclass

from bot.model import policy as rules
from bot.model.offer import Offer
from bot.model.people import NotListed
from bot.model.policy import Verdict, Wish
from bot.model.policy_groups import groups_named
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed


@dataclass(frozen=True, slots=True)
class NotLookedUp:
    """Slack has not been asked about these people and groups lately: ask, and come again."""

    ids: tuple[str, ...]


def learn(desk: Desk, workspace: str, *users: str) -> None:
    """Asks Slack who these people are, and who is in the policy's groups. Never inside of a transaction."""
    desk.directory.refresh(workspace, groups_named(desk.policy) | set(users))


def judge(desk: Desk, listed: Listed, parties: tuple[str, ...], offer: Offer) -> Verdict:
    """What the policy says of this offer for who asks, the first of `parties`, and for whom it is."""
    wish = Wish(
        user=parties[0],
        country=offer.country,
        type=offer.type,
        monthly=offer.monthly,
        setup=offer.setup,
        number=offer.number,
    )
    return _outsiders(desk, listed, parties) or rules.decide(desk.policy, wish, listed.members)


def not_looked_up(listed: Listed, verdict: Verdict) -> NotLookedUp | None:
    """If the wish was refused only because nobody has asked Slack lately: what to ask."""
    if not verdict.unknown or not listed.untried(verdict.unknown):
        return None
    return NotLookedUp(verdict.unknown)


def _outsiders(desk: Desk, listed: Listed, parties: tuple[str, ...]) -> Verdict | None:
    """The refusal of the first who may not have numbers at all; without a policy all are refused anyway."""
    for user in parties if desk.policy else ():
        try:
            reason = rules.outsider(desk.policy, listed.profile(user))
        except NotListed:
            whose = "Who asks" if user == parties[0] else "For whom it is"
            why = f"{whose} could not be looked up in Slack, so nothing was done. Please try again later."
            return Verdict(allowed=False, deny_reason=why, unknown_people=(user,))
        if reason:
            return Verdict(allowed=False, deny_reason=reason)
    return None
