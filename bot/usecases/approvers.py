"""Approvers: what only they may do besides deciding, whoever's request it is about."""

from bot.model import policy as rules
from bot.model.request import Person
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import NotLookedUp
from storage.unit_of_work import UnitOfWork

NOT_KNOWN = "Whether you are an approver could not be looked up. Please try again in a minute."


def no_approver(work: UnitOfWork, desk: Desk, person: Person, refusal: str) -> str | NotLookedUp | None:
    """Why this person may not do what only approvers may; None if they may.

    `NotLookedUp` if Slack has not been asked lately who is in their groups: asking may help.
    """
    listed = Listed(work, person.workspace)
    approvers = rules.who_may_decide(desk.policy, "", listed.members)
    if person.user in approvers.users:
        return None
    if approvers.unknown_groups and listed.untried(approvers.unknown_groups):
        return NotLookedUp(approvers.unknown_groups)
    return NOT_KNOWN if approvers.unknown_groups else refusal
