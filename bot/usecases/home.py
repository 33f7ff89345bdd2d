"""Home: what waits for a person, what they asked for, what they have and what is left of the month."""

from dataclasses import dataclass

from bot.model.audit import LoggedEvent
from bot.model.audit_query import AuditQuery
from bot.model.budget import Spent, month_of
from bot.model.policy import who_may_decide
from bot.model.request import Person
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn
from bot.usecases.look_up import RequestView, is_approver, view_of
from storage import audit, budgets, homes, jobs, purchases, requests
from storage.budgets import Purse
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest, Wanted
from storage.unit_of_work import UnitOfWork

AT_MOST_EVERY = 2.0
"""Seconds between two drawings of one person's Home."""
WAITING, OPEN, NUMBERS, EVENTS = 8, 8, 10, 5
"""How many of each are shown; the rest is counted, and listed by `/number`."""


@dataclass(frozen=True, slots=True)
class HomeSheet:
    """All that a person's Home shows, read in one transaction."""

    approver: bool
    waiting: tuple[RequestView, ...]  #: what this person may decide
    more_waiting: bool
    open: tuple[RequestView, ...]  #: their own that wait
    recent: tuple[RequestView, ...]  #: their own that ended, the newest
    numbers: tuple[KeptPurchase, ...]  #: bought for them, the newest first
    more_numbers: bool
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
    """Has the Home of everybody drawn whom a change of this request touches and who has it open."""
    with desk.database.write() as work:
        request = requests.get(work, request_id)
        if request is None:
            return
        listed = Listed(work, request.workspace)
        touched = who_may_decide(desk.policy, "", listed.members).users | set(request.parties)
        for user, since in homes.open_ones(work, request.workspace).items():
            if user in touched:
                # drawn in the future is drawn by a clock that was set back: it says nothing
                delay = min(AT_MOST_EVERY, max(0.0, AT_MOST_EVERY - since))
                jobs.put(work, _key(Person(request.workspace, user)), delay=delay, soonest=True)


def drawn(desk: Desk, person: Person) -> None:
    """Notes that this person's Home shows the newest rows."""
    with desk.database.write() as work:
        homes.published(work, person.workspace, person.user)


def home_sheet(desk: Desk, person: Person) -> HomeSheet:
    """What this person's Home shows now. Asks Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    with desk.database.read() as work:
        waiting = _waiting(work, desk, person)
        mine = _mine(work, person)
        held = purchases.held_for(work, person, limit=NUMBERS + 1)
        purse = Purse(person.workspace, desk.account, month_of(work.now), person.user)
        whole, own = budgets.spent(work, purse, desk.budgets)
        reader = audit.Reader(person.workspace, person.user)
        return HomeSheet(
            approver=is_approver(work, desk, person),
            waiting=tuple(view_of(work, desk, request) for request in waiting[:WAITING]),
            more_waiting=len(waiting) > WAITING,
            open=tuple(view_of(work, desk, r) for r in mine if r.is_pending),
            recent=tuple(view_of(work, desk, r) for r in mine if not r.is_pending)[:3],
            numbers=tuple(held[:NUMBERS]),
            more_numbers=len(held) > NUMBERS,
            month=purse.month,
            workspace=whole,
            mine=own,
            events=tuple(audit.newest(work, reader, AuditQuery(), limit=EVENTS)),
        )


def _waiting(work: UnitOfWork, desk: Desk, person: Person) -> list[KeptRequest]:
    """The pending requests that this person may decide and has not spoken to, the newest first."""
    if not is_approver(work, desk, person):
        return []
    wanted = Wanted(workspace=person.workspace, open_only=True)
    pending = requests.newest(work, wanted, limit=50)
    return [request for request in pending if person.user in view_of(work, desk, request).may_still]


def _mine(work: UnitOfWork, person: Person) -> list[KeptRequest]:
    """This person's requests that wait, then the newest of all."""
    waiting = Wanted(workspace=person.workspace, party=person.user, open_only=True)
    newest = Wanted(workspace=person.workspace, party=person.user)
    found = requests.newest(work, waiting, limit=OPEN) + requests.newest(work, newest, limit=OPEN)
    return list({request.id: request for request in found}.values())


def _key(person: Person) -> str:
    return f"home:{person.workspace}:{person.user}"
