"""Explain: which rule decides and why not the others, who could approve, and why one may not oneself."""

from dataclasses import dataclass
from decimal import Decimal

from bot.model import policy as rules
from bot.model.budget import Exceeded, Spent
from bot.model.number_list import country_of
from bot.model.offer import NumberType, Offer
from bot.model.policy import Verdict
from bot.model.request import Person
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import judge, learn
from bot.usecases.look_up import NotTheirs, RequestView, is_approver, named_view
from bot.usecases.preview import purse_of
from bot.usecases.provider import offer_of
from storage import budgets
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Explained:
    """What would happen if this person asked for this offer now."""

    offer: Offer
    verdict: Verdict
    approvers: tuple[str, ...]  #: who could approve, by name
    unknown_groups: tuple[str, ...]  #: whose members could not be looked up, by name
    exceeded: tuple[Exceeded, ...]  #: budgets into which it does not fit


@dataclass(frozen=True, slots=True)
class ExplainedRequest:
    """How a request stands with the policy by now, and with this person."""

    view: RequestView
    verdict: Verdict
    why_not: str | None  #: why this person may not approve it; None if they may


@dataclass(frozen=True, slots=True)
class NotOffered:
    """The provider does not offer this number, so there is no price to judge."""

    number: str


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
    approvers, _ = _approvers(desk, person)
    desk.directory.refresh(person.workspace, sorted(approvers)[:20])
    with desk.database.read() as work:
        listed = Listed(work, person.workspace)
        verdict = judge(desk, listed, (person.user,), offer)
        who = rules.who_may_decide(desk.policy, person.user, listed.members)
        return Explained(
            offer,
            verdict,
            tuple(listed.name(user) for user in sorted(who.users)),
            tuple(listed.name(group) for group in who.unknown_groups),
            _exceeded(work, desk, person, offer),
        )


def explain_request(desk: Desk, person: Person, request_id: str) -> ExplainedRequest | NotTheirs:
    """The same for a request, for those whose it is, and for approvers."""
    view = named_view(desk, request_id)
    if view is None or view.request.workspace != person.workspace:
        return NotTheirs()
    learn(desk, person.workspace, person.user, *view.request.parties)
    with desk.database.read() as work:
        if not (person.user in view.request.parties or is_approver(work, desk, person)):
            return NotTheirs()
        listed = Listed(work, person.workspace)
        verdict = judge(desk, listed, view.request.parties, view.purchases[0].offer)
        return ExplainedRequest(view, verdict, _why_not(desk, listed, person, view))


def _why_not(desk: Desk, listed: Listed, person: Person, view: RequestView) -> str | None:
    request = view.request
    if not request.is_pending:
        return f"It is {request.status} already."
    if any(d.approver == person.user and d.round == request.round for d in view.decisions):
        return "You have approved it already; one person counts once."
    allowed = rules.may_decide(
        desk.policy, person.user, request.requester, listed.members, on_behalf_of=request.on_behalf_of
    )
    return None if isinstance(allowed, rules.Allowed) else allowed.reason


def _approvers(desk: Desk, person: Person) -> tuple[frozenset[str], tuple[str, ...]]:
    with desk.database.read() as work:
        found = rules.who_may_decide(desk.policy, person.user, Listed(work, person.workspace).members)
    return found.users, found.unknown_groups


def _exceeded(work: UnitOfWork, desk: Desk, person: Person, offer: Offer) -> tuple[Exceeded, ...]:
    spent: tuple[Spent, Spent] = budgets.spent(work, purse_of(work, desk, person), desk.budgets)
    wanted = offer.setup + (offer.monthly or Decimal(0))
    return tuple(Exceeded(each, wanted) for each in spent if each.left is not None and each.left < wanted)
