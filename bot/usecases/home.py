"""Home: what waits for a person, what they asked for, what they have and what is left of the month."""

from dataclasses import dataclass

from bot.model.audit import LoggedEvent
from bot.model.audit_query import AuditQuery
from bot.model.budget import Spent, month_of
from bot.model.request import Person
from bot.model.rules import who_may_decide
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn, standing, why_outside
from bot.usecases.look_up import RequestView, view_of
from storage import audit, audit_search, budgets, homes, jobs, purchases
from storage import waiting as rows
from storage.budgets import Purse
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork

AT_MOST_EVERY = 2.0
"""Seconds between two drawings of one person's Home."""
WAITING, OPEN, RECENT, NUMBERS, EVENTS = 8, 8, 3, 10, 5
"""How many of each are shown; the rest is counted, and listed by `/number`."""


@dataclass(frozen=True, slots=True)
class HomeSheet:
    """All that a person's Home shows, read in one transaction."""

    approver: bool
    waiting: tuple[RequestView, ...]  #: what this person may decide
    more_waiting: int  #: how many more there are
    open: tuple[RequestView, ...]  #: their own that wait
    more_open: int
    recent: tuple[RequestView, ...]  #: their own that ended, the newest
    numbers: tuple[KeptPurchase, ...]  #: bought for them, the newest first
    more_numbers: int
    month: str
    workspace: Spent
    mine: Spent
    events: tuple[LoggedEvent, ...]  #: the newest that concern them
    not_known: bool = False  #: they may be an approver by a group that could not be looked up
    why_not: str | None = None  #: why they may not have numbers at all


def open_home(desk: Desk, person: Person) -> None:
    """Notes that this person looks at Home, and has it drawn."""
    with desk.database.write() as work:
        homes.opened(work, person.workspace, person.user)
        jobs.put(work, _key(person))


def touch_homes(desk: Desk, request: KeptRequest) -> None:
    """Has the Home of everybody drawn whom a change of this request touches and who has it open.

    Asks Slack who is in a group. While that is not known every open Home is drawn: each shows only what its
    person may see.
    """
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
        listed = Listed(work, person.workspace)
        role = standing(desk, listed, person.user)
        waiting, all_waiting = _waiting(work, desk, person) if role.approver else ([], 0)
        own_waiting, all_open = rows.of_person(work, person, ended=False, limit=OPEN)
        ended, _ = rows.of_person(work, person, ended=True, limit=RECENT)
        held = purchases.held_for(work, person, limit=NUMBERS)
        purse = Purse(person.workspace, desk.account, month_of(work.now), person.user)
        whole, own = budgets.spent(work, purse, desk.budgets)
        reader = audit.Reader(person.workspace, person.user)
        return HomeSheet(
            approver=role.approver,
            not_known=role.not_known,
            why_not=why_outside(desk, listed, person.user),
            waiting=tuple(view_of(work, desk, request) for request in waiting),
            more_waiting=all_waiting - len(waiting),
            open=tuple(view_of(work, desk, request) for request in own_waiting),
            more_open=all_open - len(own_waiting),
            recent=tuple(view_of(work, desk, request) for request in ended),
            numbers=tuple(held),
            more_numbers=rows.count_held(work, person) - len(held),
            month=purse.month,
            workspace=whole,
            mine=own,
            events=tuple(audit_search.page(work, reader, AuditQuery(), limit=EVENTS)),
        )


def _waiting(work: UnitOfWork, desk: Desk, person: Person) -> tuple[list[KeptRequest], int]:
    """The newest pending requests that an approver may decide and has not spoken to, and how many in all."""
    own = desk.policy is not None and desk.policy.approvals.allow_self_approval
    return rows.for_decision(work, person, own=own, limit=WAITING)


def _key(person: Person) -> str:
    return f"home:{person.workspace}:{person.user}"
