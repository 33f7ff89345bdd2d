"""Look-ups: what a request, a purchase or the log looks like now, for those who may see it."""

from dataclasses import dataclass

from bot.model import policy as rules
from bot.model.audit import Action, LoggedEvent
from bot.model.audit_query import AuditQuery, parse_audit_query
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.desk import Desk
from storage import audit, purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import Card, KeptDecision, KeptRequest
from storage.unit_of_work import Database

EVENTS = 10
"""Events in one message."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """All that a card shows, read in one transaction."""

    request: KeptRequest
    purchases: tuple[KeptPurchase, ...]
    decisions: tuple[KeptDecision, ...]
    cards: dict[str, Card]


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, newest first."""

    text: str  #: the query as it was typed
    events: tuple[LoggedEvent, ...]
    older: int | None  #: the number to page back from, if there may be more
    all_of_it: bool  #: False: only what concerns the reader
    not_known: bool = False  #: the reader may be an approver by a group that could not be looked up


def view(desk: Desk, request_id: str) -> RequestView | None:
    """The newest row of a request with all that belongs to it."""
    with desk.database.read() as work:
        request = requests.get(work, request_id)
        if request is None:
            return None
        return RequestView(
            request,
            purchases.of_request(work, request_id),
            requests.decisions(work, request_id),
            requests.cards(work, request_id),
        )


def requests_of(desk: Desk, person: Person, *, limit: int = 10) -> list[RequestView]:
    """A person's newest requests."""
    with desk.database.read() as work:
        mine = requests.of_person(work, person, limit=limit)
        return [
            RequestView(r, purchases.of_request(work, r.id), requests.decisions(work, r.id), {}) for r in mine
        ]


def read_log(desk: Desk, person: Person, text: str, *, before: int | None = None) -> LogPage:
    """A page of the log for a person: all of it for approvers, what concerns them for others.

    Reading is logged too. Raises NotUnderstood. May ask Slack who is in a group.
    """
    may = rules.may_decide(desk.policy, person.user, "", desk.groups.asked(person.workspace))
    everything = isinstance(may, rules.Allowed)
    not_known = isinstance(may, rules.NotAllowed) and bool(may.unknown_groups)
    with desk.database.write() as work:
        query = parse_audit_query(text, work.now)
        reader = audit.Reader(person.workspace, None if everything else person.user)
        events = audit.newest(work, reader, query, limit=EVENTS + 1, before=before)
        record.by_person(work, desk, person, Action.AUDIT_READ, changes={"query": text})
    shown = tuple(events[:EVENTS])
    older = shown[-1].seq if len(events) > EVENTS else None
    return LogPage(text, shown, older, everything, not_known)


def open_purchases(database: Database) -> list[KeptPurchase]:
    """Purchases whose money may be moving or may have moved, oldest first."""
    with database.read() as work:
        return purchases.unsettled(work)


def query_log(database: Database, query: AuditQuery, *, limit: int) -> list[LoggedEvent]:
    """The newest events of every workspace: for an operator, who has the database anyway."""
    with database.read() as work:
        return audit.newest(work, audit.Reader(None), query, limit=limit)


def keep_card(desk: Desk, drawn: Card) -> None:
    """Notes where a request's card is, or why it cannot be drawn."""
    with desk.database.write() as work:
        requests.keep_card(work, drawn)
