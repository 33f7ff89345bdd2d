"""Home: what waits for a person, what they asked for, what they have and what is left of the month."""

from dataclasses import dataclass
from functools import cache

from bot.model.audit import LoggedEvent
from bot.model.audit_query import AuditQuery
from bot.model.budget import Spent, month_of
from bot.model.policy import Allowed, Members, may_decide, who_may_decide
from bot.model.request import Person
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn
from bot.usecases.look_up import RequestView, is_approver, view_of
from storage import audit, audit_search, budgets, homes, jobs, purchases, requests
from storage.budgets import Purse
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest, Wanted
from storage.unit_of_work import UnitOfWork

AT_MOST_EVERY = 2.0
"""Seconds between two drawings of one person's Home."""
WAITING, OPEN, RECENT, NUMBERS, EVENTS = 8, 8, 3, 10, 5
"""How many of each are shown; the rest is counted, and listed by `/number`."""
COUNTED = 200
"""So many are counted at most."""


@dataclass(frozen=True, slots=True)
class HomeSheet:
    """All that a person's Home shows, read in one transaction."""

    approver: bool
    waiting: tuple[RequestView, ...]  #: what this person may decide
    more_waiting: int  #: how many more there are, as far as they are counted
    open: tuple[RequestView, ...]  #: their own that wait
    more_open: int
    recent: tuple[RequestView, ...]  #: their own that ended, the newest
    numbers: tuple[KeptPurchase, ...]  #: bought for them, the newest first
    more_numbers: int
    month: str
    workspace: Spent
    mine: Spent
    events: tuple[LoggedEvent, ...]  #: the newest that concern them


def open_home(desk: Desk, person: Person) -> None:
    """Notes that this person looks at Home, and has it drawn."""
    with desk.database.write() as work:
        homes.opened(work, person.workspace, person.user)
        jobs.put(work, _key(person))


def touch_homes(desk: Desk, request_id: str) -> None:
    """Has the Home of everybody drawn whom a change of this request touches and who has it open.

    Asks Slack who is in a group. While that is not known every open Home is drawn: each shows only what its
    person may see.
    """
    with desk.database.read() as work:
        request = requests.get(work, request_id)
    if request is None:
        return
    learn(desk, request.workspace)
    with desk.database.write() as work:
        approvers = who_may_decide(desk.policy, "", Listed(work, request.workspace).members)
        touched = approvers.users | set(request.parties)
        for user, since in homes.open_ones(work, request.workspace).items():
            if user in touched or approvers.unknown_groups:
                # drawn in the future is drawn by a clock that was set back: it says nothing
                delay = min(AT_MOST_EVERY, max(0.0, AT_MOST_EVERY - since))
                jobs.put(work, _key(Person(request.workspace, user)), delay=delay, soonest=True)


def drawing(desk: Desk, person: Person) -> None:
    """Notes that this person's Home is drawn from now; a change after this has it drawn again."""
    with desk.database.write() as work:
        homes.published(work, person.workspace, person.user)


def home_sheet(desk: Desk, person: Person) -> HomeSheet:
    """What this person's Home shows now. Asks Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    with desk.database.read() as work:
        waiting = _waiting(work, desk, person)
        own_waiting = _own(work, person, open_only=True, limit=COUNTED)
        ended = [r for r in _own(work, person, open_only=False, limit=COUNTED) if not r.is_pending]
        held = purchases.held_for(work, person, limit=COUNTED)
        purse = Purse(person.workspace, desk.account, month_of(work.now), person.user)
        whole, own = budgets.spent(work, purse, desk.budgets)
        reader = audit.Reader(person.workspace, person.user)
        return HomeSheet(
            approver=is_approver(work, desk, person),
            waiting=tuple(view_of(work, desk, request) for request in waiting[:WAITING]),
            more_waiting=max(0, len(waiting) - WAITING),
            open=tuple(view_of(work, desk, request) for request in own_waiting[:OPEN]),
            more_open=max(0, len(own_waiting) - OPEN),
            recent=tuple(view_of(work, desk, request) for request in ended[:RECENT]),
            numbers=tuple(held[:NUMBERS]),
            more_numbers=max(0, len(held) - NUMBERS),
            month=purse.month,
            workspace=whole,
            mine=own,
            events=tuple(audit_search.page(work, reader, AuditQuery(), limit=EVENTS)),
        )


def _waiting(work: UnitOfWork, desk: Desk, person: Person) -> list[KeptRequest]:
    """The pending requests that this person may decide and has not spoken to, the newest first."""
    if not is_approver(work, desk, person):
        return []
    wanted = Wanted(workspace=person.workspace, open_only=True)
    members = cache(Listed(work, person.workspace).members)
    return [
        request
        for request in requests.newest(work, wanted, limit=COUNTED)
        if _may(desk, person, request, members) and not _has_spoken(work, person, request)
    ]


def _may(desk: Desk, person: Person, request: KeptRequest, members: Members) -> bool:
    may = may_decide(desk.policy, person.user, request.requester, members, on_behalf_of=request.on_behalf_of)
    return isinstance(may, Allowed)


def _has_spoken(work: UnitOfWork, person: Person, request: KeptRequest) -> bool:
    said = requests.decisions(work, request.id)
    return any(d.approver == person.user and d.round == request.round for d in said)


def _own(work: UnitOfWork, person: Person, *, open_only: bool, limit: int) -> list[KeptRequest]:
    """This person's requests, the newest first."""
    wanted = Wanted(workspace=person.workspace, party=person.user, open_only=open_only)
    return requests.newest(work, wanted, limit=limit)


def _key(person: Person) -> str:
    return f"home:{person.workspace}:{person.user}"
