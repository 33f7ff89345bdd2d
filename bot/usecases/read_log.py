"""The log read in Slack: a page of it, one event with everything, counts. Each reading is logged."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from bot.model import rules
from bot.model.audit import Action, LoggedEvent, Outcome
from bot.model.audit_query import AuditQuery
from bot.model.audit_query_reader import parse_audit_query
from bot.model.audit_words import By
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn, why_not_approver
from bot.usecases.look_up import reads_as_approver
from storage import audit_search, directory
from storage.audit import Reader
from storage.audit_search import Counted
from storage.unit_of_work import Database, UnitOfWork

EVENTS = 10
"""Events in one message."""
LONGEST_ID = 40
"""Characters of an event's id that are logged where there is none: it is whatever was sent."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """From where to page on: events older than a number, or newer than it."""

    newer: bool
    seq: int

    def token(self) -> str:
        """What a button carries: nothing for people to read or to build on."""
        return urlsafe_b64encode(f"{int(self.newer)}{self.seq}".encode()).decode()


def cursor(token: str) -> Cursor | None:
    """The cursor of a token; None, the first page, for what never was one."""
    try:
        text = urlsafe_b64decode(token.encode()).decode("ascii")
    except ValueError:
        return None
    return Cursor(text[0] == "1", int(text[1:])) if text.isdecimal() and len(text) > 1 else None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, newest first."""

    text: str  #: the query as it was typed
    events: tuple[LoggedEvent, ...]
    older: Cursor | None  #: None: there is nothing older
    all_of_it: bool  #: False: only what concerns the reader
    not_known: bool = False  #: the reader may see all of it by a group that could not be looked up
    newer: Cursor | None = None  #: None: this is where it begins


@dataclass(frozen=True, slots=True)
class EventView:
    """One event with everything."""

    logged: LoggedEvent
    previous_hash: str


@dataclass(frozen=True, slots=True)
class NoSuchEvent:
    """There is no such event, or it is none of this person's business."""

    not_known: bool = False


@dataclass(frozen=True, slots=True)
class LogCounts:
    """How many events a query finds, and what was bought by them, by one thing."""

    text: str
    by: By
    counted: tuple[Counted, ...]
    names: dict[str, str]  #: of people, to show without a ping
    all_of_it: bool
    not_known: bool = False


def may_read_all(work: UnitOfWork, desk: Desk, person: Person) -> tuple[bool, bool]:
    """Whether this person reads all of the log: the policy's auditors, or the approvers where it names none.

    If not, also whether that is because a group is not known. Who is named need not be looked up.
    """
    auditors = desk.policy.audit.auditors if desk.policy else None
    if auditors is None:
        return reads_as_approver(work, desk, person)
    listed = Listed(work, person.workspace)
    if why_not_approver(desk, listed, person.user):  # who has left, and apps, are no auditors either
        return False, False
    if person.user in auditors:
        return True, False
    found = rules.people(auditors, listed.members)
    named = person.user in found.users
    return named, not named and bool(found.unknown_groups)


def reader(work: UnitOfWork, desk: Desk, person: Person) -> tuple[Reader, bool]:
    """What this person may see of the log, and whether more of it hangs on a group that is not known."""
    everything, not_known = may_read_all(work, desk, person)
    return Reader(person.workspace, None if everything else person.user), not_known


def understood(work: UnitOfWork, workspace: str | None, text: str) -> AuditQuery:
    """The query, whose names are those that the directory knows. Raises NotUnderstood."""
    return parse_audit_query(text, work.now, lambda name: directory.called(work, workspace, name))


def read_log(desk: Desk, person: Person, text: str, *, at: Cursor | None = None) -> LogPage:
    """A page of the log for a person: all of it for auditors, what concerns them for others.

    Raises NotUnderstood. May ask Slack who is in a group.
    """
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        who, not_known = reader(work, desk, person)
        query = understood(work, person.workspace, text)
        found = audit_search.page(work, who, query, limit=EVENTS + 1, **_bounds(at))
        record.by_person(work, desk, person, Action.AUDIT_READ, changes={"query": text})
    return _page(text, found, at, who, not_known=not_known)


def _bounds(at: Cursor | None) -> dict[str, Any]:
    return {} if at is None else {"after": at.seq} if at.newer else {"before": at.seq}


def _page(text: str, found: list[LoggedEvent], at: Cursor | None, who: Reader, *, not_known: bool) -> LogPage:
    """The page, and what lies beyond it: the one event too many is on the side to which one pages."""
    up, more = at is not None and at.newer, len(found) > EVENTS
    shown = tuple(found[-EVENTS:] if up else found[:EVENTS])
    older = newer = None
    if at is not None and not shown:
        older, newer = (Cursor(False, at.seq + 1), None) if up else (None, Cursor(True, at.seq - 1))  # noqa: FBT003
    elif shown:
        older = Cursor(newer=False, seq=shown[-1].seq) if up or more else None
        newer = Cursor(newer=True, seq=shown[0].seq) if (more if up else at is not None) else None
    return LogPage(text, shown, older, who.user is None, not_known, newer)


def read_event(desk: Desk, person: Person, event_id: str) -> EventView | NoSuchEvent:
    """One event with everything that stands in it. May ask Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        who, not_known = reader(work, desk, person)
        found = audit_search.one(work, who, event_id)
        if found is None:
            _log_no_event(work, desk, person, event_id)
            return NoSuchEvent(not_known)
        record.by_person(work, desk, person, Action.AUDIT_READ, changes={"event": found.id})
        return EventView(found, audit_search.previous_hash(work, found))


def _log_no_event(work: UnitOfWork, desk: Desk, person: Person, event_id: str) -> None:
    """Whether there is one that is not theirs is not said, neither to them nor here."""
    record.by_person(
        work, desk, person, Action.AUDIT_READ, outcome=Outcome.DENIED,
        reason="no such event, or none that concerns them", changes={"event": event_id[:LONGEST_ID]},
    )  # fmt: skip


def count_log(desk: Desk, person: Person, text: str, by: By) -> LogCounts:
    """What a query finds, counted. Raises NotUnderstood. May ask Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        who, not_known = reader(work, desk, person)
        query = understood(work, person.workspace, text)
        counted = tuple(audit_search.counts(work, who, query, by))
        listed = Listed(work, person.workspace)
        people = [one.name for one in counted if one.name] if by is By.PERSON else []
        names = {user: listed.shown(user) for user in people}
        record.by_person(work, desk, person, Action.AUDIT_READ, changes={"query": text, "by": by.value})
    return LogCounts(text, by, counted, names, who.user is None, not_known)


def query_log(
    database: Database, query: AuditQuery, *, limit: int, after: int | None = None
) -> list[LoggedEvent]:
    """The newest events of every workspace: for an operator, who has the database anyway."""
    with database.read() as work:
        return audit_search.page(work, Reader(None), query, limit=limit, after=after)


def log_reading(database: Database, account: str, text: str, **found: Any) -> None:
    """Logs that an operator read the log, in every workspace's: they saw all of them.

    `found`: how many events, what they were counted by, or that they are followed.
    """
    with database.write() as work:
        record.everywhere(work, account, Action.AUDIT_READ, changes={"query": text, **found})
