"""Explain: which rule decides and why not the others, who could approve, and why one may not oneself."""

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.model import rules
from bot.model.budget import Exceeded, Spent, exceeded
from bot.model.number_list import country_of
from bot.model.offer import NumberType, Offer
from bot.model.policy import Policy
from bot.model.policy_groups import groups_named, people_named
from bot.model.purchase import RESERVING
from bot.model.request import Person
from bot.model.rules import Approvers, Verdict
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import able, judge, learn, may_decide, standing
from bot.usecases.look_up import NotTheirs, RequestView, named_view
from bot.usecases.preview import Taken, purse_of, taken_by
from bot.usecases.provider import offer_of
from storage import budgets, requests
from storage.unit_of_work import UnitOfWork

MOST_ASKED = 40
"""People and groups whose names are asked for at once."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What would happen if this person asked for this offer now."""

    offer: Offer
    verdict: Verdict
    approvers: tuple[str, ...]  #: who could approve, by name
    unknown_groups: tuple[str, ...]  #: whose members could not be looked up, by name
    budgets: tuple[Spent, Spent]  #: of the workspace and of this person, without what is asked for already
    taken: Taken | None = None  #: the request that speaks for the number by now
    raised_by: tuple[str, ...] = ()  #: who can raise a budget, by name

    @property
    def exceeded(self) -> tuple[Exceeded, ...]:
        """The budgets into which it does not fit."""
        return exceeded(self.budgets, self.offer.setup + (self.offer.monthly or Decimal(0)))


@dataclass(frozen=True, slots=True)
class ExplainedRequest:
    """How a request stands with the policy by now, and with this person."""

    view: RequestView
    verdict: Verdict
    why_not: str | None  #: why this person may not approve it; None if they may
    budgets: tuple[Spent, ...] = ()  #: the workspace's, and the requester's own where they are the reader
    theirs: bool = False  #: whether the reader asked for it


@dataclass(frozen=True, slots=True)
class NotOffered:
    """The provider does not offer this number, so there is no price to judge."""

    number: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole policy, and what the people and groups in it are called."""

    policy: Policy | None
    names: dict[str, str]


def rules_with_names(desk: Desk, person: Person) -> Rules:
    """The policy to read. Asks Slack what people and groups are called."""
    ids = sorted(groups_named(desk.policy) | people_named(desk.policy))
    desk.directory.refresh(person.workspace, ids[:MOST_ASKED])
    with desk.database.read() as work:
        listed = Listed(work, person.workspace)
        return Rules(desk.policy, {one: listed.shown(one) for one in ids})


def explain_number(desk: Desk, person: Person, number: str) -> Explained | NotOffered:
    """The same for a number that the provider is asked about. Raises ProviderError."""
    country = country_of(number)
    offer = offer_of(desk, number, country) if country else None
    return explain(desk, person, offer) if offer else NotOffered(number)


def explain_price(desk: Desk, person: Person, country: str, kind: NumberType, monthly: Decimal) -> Explained:
    """The same for any number of that country and type at that monthly price, without a set-up fee."""
    return explain(desk, person, Offer(number="", country=country, type=kind, monthly=monthly))


def explain(desk: Desk, person: Person, offer: Offer) -> Explained:
    """What the policy says of an offer for this person, and why. Asks Slack who people are."""
    learn(desk, person.workspace, person.user)
    raised_by = desk.budgets.raised_by or ()
    desk.directory.refresh(person.workspace, [*sorted(_approvers(desk, person))[:20], *raised_by])
    with desk.database.read() as work:
        listed = Listed(work, person.workspace)
        who = able(desk, listed, (person.user,))
        taken = taken_by(work, desk, offer.number) if offer.number else None
        return Explained(
            offer,
            judge(desk, listed, (person.user,), offer),
            tuple(listed.shown(user) for user in sorted(who.users)),
            tuple(listed.shown(group) for group in who.unknown_groups),
            _without(_spent(work, desk, person), taken),
            taken,
            tuple(listed.shown(one) for one in raised_by),
        )


def explain_by_file(policy: Policy, wish: rules.Wish, members: rules.Members) -> tuple[Verdict, Approvers]:
    """What a policy file says of a wish, and who could approve it, without a database or a workspace."""
    return rules.decide(policy, wish, members), rules.who_may_decide(policy, wish.user, members)


def explain_request(desk: Desk, person: Person, request_id: str) -> ExplainedRequest | NotTheirs:
    """The same for a request, for those whose it is, and for approvers."""
    with desk.database.read() as work:
        request = requests.get(work, request_id, person.workspace)
    learn(desk, person.workspace, person.user, *(request.parties if request else ()))
    view = named_view(desk, request_id) if request else None
    with desk.database.read() as work:
        listed = Listed(work, person.workspace)
        role = standing(desk, listed, person.user)
        if view is None or not (role.approver or person.user in view.request.parties):
            return NotTheirs(role.not_known)
        theirs = person.user == view.request.requester
        return ExplainedRequest(
            view,
            judge(desk, listed, view.request.parties, view.purchases[0].offer),
            _why_not(desk, listed, person, view),
            _spent(work, desk, person) if theirs else _spent(work, desk, person)[:1],
            theirs,
        )


def _why_not(desk: Desk, listed: Listed, person: Person, view: RequestView) -> str | None:
    request = view.request
    if not request.is_pending:
        return f"It is {request.status} already."
    if any(d.approver == person.user and d.round == request.round for d in view.decisions):
        return "You have approved it already; one person counts once."
    allowed = may_decide(desk, listed, person.user, request.requester, on_behalf_of=request.on_behalf_of)
    return None if isinstance(allowed, rules.Allowed) else allowed.reason


def _approvers(desk: Desk, person: Person) -> frozenset[str]:
    with desk.database.read() as work:
        return able(desk, Listed(work, person.workspace), (person.user,)).users


def _spent(work: UnitOfWork, desk: Desk, person: Person) -> tuple[Spent, Spent]:
    return budgets.spent(work, purse_of(work, desk, person), desk.budgets)


def _without(spent: tuple[Spent, Spent], taken: Taken | None) -> tuple[Spent, Spent]:
    """The budgets without the request that is explained: it does not stand in its own way."""
    if taken is None or taken.purchase.status not in RESERVING:
        return spent
    whole, own = spent
    amount = taken.purchase.amount
    if own.spender == taken.purchase.spender and own.reserved >= amount:
        own = replace(own, reserved=own.reserved - amount)
    return (replace(whole, reserved=whole.reserved - amount) if whole.reserved >= amount else whole), own
