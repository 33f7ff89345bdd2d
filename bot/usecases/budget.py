"""Budget: what is left of this month's, for everybody their own, for approvers everybody's."""

from dataclasses import dataclass

from bot.model.audit import Action
from bot.model.budget import Spent, month_of
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import learn, standing, why_outside
from storage import budgets
from storage.budgets import Purse


@dataclass(frozen=True, slots=True)
class BudgetSheet:
    """A calendar month (UTC), in USD."""

    month: str  #: such as `2026-11`
    workspace: Spent
    mine: Spent
    people: tuple[
        Spent, ...
    ]  #: everybody who has spent something, the most first; empty for those who may not see it
    sees_people: bool
    raised_by: tuple[str, ...]  #: who can be asked for more
    names: dict[str, str]  #: of all people and groups in it, to show without a ping
    not_known: bool = False  #: the reader may be an approver by a group that could not be looked up
    why_not: str | None = None  #: why the reader may not have numbers at all


def budget_sheet(desk: Desk, person: Person) -> BudgetSheet:
    """What was committed and reserved this month. Asks Slack who is in a group.

    Reading what others spent is logged.
    """
    raised_by = desk.budgets.raised_by or ()
    learn(desk, person.workspace, person.user, *raised_by)
    with desk.database.write() as work:
        purse = Purse(person.workspace, desk.account, month_of(work.now), person.user)
        whole, mine = budgets.spent(work, purse, desk.budgets)
        listed = Listed(work, person.workspace)
        role = standing(desk, listed, person.user)
        sees_people = role.approver
        people = tuple(budgets.by_person(work, purse, desk.budgets)) if sees_people else ()
        names = {one: listed.shown(one) for one in (*(spent.spender for spent in people), *raised_by)}
        if sees_people:
            record.by_person(work, desk, person, Action.BUDGET_READ, changes={"month": purse.month})
        why_not = why_outside(desk, listed, person.user)
    return BudgetSheet(
        purse.month, whole, mine, people, sees_people, raised_by, names, role.not_known, why_not
    )
