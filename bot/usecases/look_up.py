"""Look-ups: what a request or a purchase looks like now, for those who may see it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from bot.model import rules
from bot.model.audit import Action, LoggedEvent, Outcome
from bot.model.errors import Misread, NotUnderstood
from bot.model.policy import Approvals
from bot.model.request import REQUEST_ID, Person, RequestStatus
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.directory import A_GROUP, Listed
from bot.usecases.judge import able, learn, why_not_approver
from storage import audit, homes, purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import Card, KeptDecision, KeptRequest, Wanted
from storage.unit_of_work import Database, UnitOfWork

REQUESTS = 8
"""Requests in one message."""
MOST_NAMELESS = 12
"""People whose names are asked for at once."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """All that a card shows, read in one transaction."""

    request: KeptRequest
    purchases: tuple[KeptPurchase, ...]
    decisions: tuple[KeptDecision, ...]
    cards: dict[str, Card]
    may_still: tuple[str, ...] = ()  #: who may decide and has not yet; empty unless it is pending
    unknown_groups: tuple[str, ...] = ()  #: groups of approvers that could not be looked up
    names: dict[str, str] = field(default_factory=dict)  #: of people and groups, to show without a ping
    homes: bool = False  #: whether anybody has looked at their Home, where it may be shown as well

    @property
    def deciding(self) -> KeptDecision | None:
        """What the one said by whose word the request was decided; None if it ended otherwise."""
        by, now = self.request.decided_by, self.request.round
        return next((d for d in reversed(self.decisions) if d.approver == by and d.round == now), None)


class Which(StrEnum):
    """Which requests a person wants to see."""

    MINE = "mine"
    OPEN = "open"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """A page of requests, newest first; `may_see_all` is said of approvers."""

    which: Which
    views: tuple[RequestView, ...]
    older_than: str | None  #: the id to page on from, if there may be more
    may_see_all: bool
    not_known: bool = False  #: the reader may be an approver by a group that could not be looked up


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that happened to a request, in order."""

    view: RequestView
    events: tuple[LoggedEvent, ...]
    may_settle: bool = False  #: the reader may say by hand what became of an unclear purchase


@dataclass(frozen=True, slots=True)
class NotTheirs:
    """There is no such request, or it is none of this person's business."""

    not_known: bool = False  #: the reader may be an approver by a group that could not be looked up


@dataclass(frozen=True, slots=True)
class OneRequest:
    """Somebody asks for one request by its id."""

    id: str


def which_requests(text: str) -> Which | OneRequest:
    """What stands behind `/number requests`: mine if nothing does. Raises NotUnderstood."""
    word = text.strip()
    if word.lower() in set(Which):
        return Which(word.lower())
    if not word:
        return Which.MINE
    near = get_close_matches(word.lower(), list(Which), n=1, cutoff=0.5)
    if REQUEST_ID.fullmatch(word) and not near:
        return OneRequest(word.upper())
    problem = (
        f"“{word[:40]}” is no list of requests, and no request's id. Lists are mine, open and all; an id "
        "looks like R7K3M9QXZ2AB."
    )
    raise NotUnderstood((Misread(word[:40], problem, near[0] if near else Which.OPEN),))


def view(desk: Desk, request_id: str) -> RequestView | None:
    """The newest row of a request with all that belongs to it."""
    with desk.database.read() as work:
        request = requests.get(work, request_id)
        return view_of(work, desk, request) if request else None


def named_view(desk: Desk, request_id: str) -> RequestView | None:
    """The same, with the names of those who may decide; asks Slack for those that are not known yet."""
    seen = view(desk, request_id)
    nameless = [one for one, name in seen.names.items() if name in {one, A_GROUP}] if seen else []
    if seen is None or not nameless:
        return seen
    desk.directory.refresh(seen.request.workspace, nameless[:MOST_NAMELESS])
    return view(desk, request_id)


def requests_page(desk: Desk, person: Person, which: Which, *, older_than: str | None = None) -> RequestsPage:
    """A page of requests: one's own; for approvers those that wait, or all. Asks Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    with desk.database.read() as work:
        everything, not_known = _may_read(work, desk, person)
        wanted = Wanted(
            workspace=person.workspace,
            party=None if everything and which is not Which.MINE else person.user,
            open_only=which is Which.OPEN,
            older_than=older_than,
        )
        found = requests.newest(work, wanted, limit=REQUESTS + 1)
        views = tuple(view_of(work, desk, request) for request in found[:REQUESTS])
    more = views[-1].request.id if len(found) > REQUESTS else None
    return RequestsPage(which, views, more, everything, not_known)


def timeline(desk: Desk, person: Person, request_id: str) -> Timeline | NotTheirs:
    """What happened to a request, for those whose it is, and for approvers. Asks Slack who is in a group.

    It is a part of the log: that it was read is logged.
    """
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        request = requests.get(work, request_id, person.workspace)
        everything, not_known = _may_read(work, desk, person)
        if request is None or not (everything or person.user in request.parties):
            _log_reading(work, desk, person, request, Outcome.DENIED)
            return NotTheirs(not_known)
        _log_reading(work, desk, person, request)
        events = tuple(audit.of_request(work, request_id))
        return Timeline(view_of(work, desk, request), events, is_approver(work, desk, person))


def _log_reading(
    work: UnitOfWork,
    desk: Desk,
    person: Person,
    request: KeptRequest | None,
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    """Logs that somebody read what happened to a request; they did nothing for those whose it is."""
    request_id = request.id if request else None
    record.by_person(work, desk, person, Action.AUDIT_READ, outcome=outcome, request_id=request_id)


def is_approver(work: UnitOfWork, desk: Desk, person: Person) -> bool:
    """Whether this person is one of the approvers, as far as is known."""
    return reads_as_approver(work, desk, person)[0]


def reads_as_approver(work: UnitOfWork, desk: Desk, person: Person) -> tuple[bool, bool]:
    """Whether this person is an approver, and if not, whether that is because a group is not known.

    To read, an approver who is named need not be looked up: the log is wanted most when Slack is in trouble.
    """
    listed = Listed(work, person.workspace)
    may = rules.may_decide(desk.policy, person.user, "", listed.members)
    allowed = isinstance(may, rules.Allowed) and why_not_approver(desk, listed, person.user) is None
    return allowed, isinstance(may, rules.NotAllowed) and bool(may.unknown_groups)


def _may_read(work: UnitOfWork, desk: Desk, person: Person) -> tuple[bool, bool]:
    """The same for reading requests: who is told that nobody decides may see what it is about."""
    approver, not_known = reads_as_approver(work, desk, person)
    if approver or desk.policy is None:
        return approver, not_known
    told = rules.people(desk.policy.approvals.escalate_to or (), Listed(work, person.workspace).members)
    named = person.user in told.users
    return named, not named and (not_known or bool(told.unknown_groups))


def view_of(work: UnitOfWork, desk: Desk, request: KeptRequest) -> RequestView:
    """A request with all that belongs to it, within a transaction."""
    listed = Listed(work, request.workspace)
    decisions = requests.decisions(work, request.id)
    may_still, unknown = _may_still(desk, listed, request, decisions)
    approvals = desk.policy.approvals if desk.policy else Approvals()
    spoke = {d.approver for d in decisions} | ({request.decided_by} if request.decided_by else set())
    named = {*request.parties, *spoke, *may_still, *(approvals.approvers or ()), *approvals.pinged}
    return RequestView(
        request,
        purchases.of_request(work, request.id),
        decisions,
        requests.cards(work, request.id),
        may_still,
        unknown,
        _names(listed, named),
        homes.ever_opened(work, request.workspace),
    )


def _may_still(
    desk: Desk, listed: Listed, request: KeptRequest, decisions: Iterable[KeptDecision]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if request.status is not RequestStatus.PENDING:
        return (), ()
    approvers = able(desk, listed, request.parties)
    spoken = {d.approver for d in decisions if d.round == request.round}
    return tuple(sorted(approvers.users - spoken)), approvers.unknown_groups


def _names(listed: Listed, ids: Iterable[str]) -> dict[str, str]:
    return listed.all_shown(sorted(ids))


def open_purchases(database: Database) -> list[KeptPurchase]:
    """Purchases whose money may be moving or may have moved, oldest first."""
    with database.read() as work:
        return purchases.unsettled(work)


def keep_card(desk: Desk, drawn: Card) -> None:
    """Notes where a request's card is, or why it cannot be drawn."""
    with desk.database.write(alone=True) as work:
        requests.keep_card(work, drawn)


def keep_unposted(desk: Desk, request: KeptRequest, drawn: Card) -> None:
    """Notes that the approvers' card cannot be posted; whom it would have pinged is told directly."""
    learn(desk, request.workspace)
    with desk.database.write() as work:
        requests.keep_card(work, drawn)
        if request.is_pending:
            _tell_pinged(work, desk, request, "asked")


def tell_pinged(desk: Desk, request: KeptRequest, event: str) -> None:
    """Has everybody told directly who would have been pinged where the request is decided."""
    learn(desk, request.workspace)
    with desk.database.write() as work:
        _tell_pinged(work, desk, request, event)


def _tell_pinged(work: UnitOfWork, desk: Desk, request: KeptRequest, event: str) -> None:
    approvals = desk.policy.approvals if desk.policy else Approvals()
    # what others read in the thread by themselves, these would never hear
    pinged = approvals.called_for(event) or approvals.pinged
    people = rules.people(pinged, Listed(work, request.workspace).members)
    for user in sorted(people.users - set(request.parties)):
        record.tell_one(work, request, event, user)
