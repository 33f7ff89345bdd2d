"""Approvers: what only they may do besides deciding, whoever's request it is about."""

from bot.model.request import Person
from bot.model.rules import Allowed
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import NotLookedUp, may_decide
from storage.unit_of_work import UnitOfWork

NOT_KNOWN = "Whether you are an approver could not be looked up. Please try again in a minute."


def no_approver(work: UnitOfWork, desk: Desk, person: Person, refusal: str) -> str | NotLookedUp | None:
    """Why this person may not do what only approvers may; None if they may.

    `NotLookedUp` if Slack has not been asked lately who is in their groups: asking may help.
    """
    listed = Listed(work, person.workspace)
    may = may_decide(desk, listed, person.user, "")
    if isinstance(may, Allowed):
        return None
    if may.unknown and listed.untried(may.unknown):
        return NotLookedUp(may.unknown)
    return NOT_KNOWN if may.unknown else refusal
