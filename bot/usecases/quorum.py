"""Quorum: whether so many people as a rule asks for can approve a request at all."""

from dataclasses import dataclass

from bot.model import rules
from bot.model.rules import Verdict
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import able, why_not_approver


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Fewer people can approve it than must: it could only wait until it expires."""

    rule: str
    needed: int
    able: tuple[str, ...]  #: who could approve it
    own: tuple[str, ...]  #: approvers whose own request it is, so that they do not count
    outside: tuple[str, ...]  #: approvers who decide nothing: guests, accounts that are deactivated
    chosen: bool  #: without the one for whom it is, it could be reached

    @property
    def short(self) -> str:
        """The same for the log, without anybody's name."""
        return f"needs {self.needed} approvals, and only {len(self.able)} of the approvers can give one"


def unreachable(desk: Desk, listed: Listed, parties: tuple[str, ...], verdict: Verdict) -> Unreachable | None:
    """Why the quorum cannot be reached; None if it can, or if who is in a group is not known."""
    can = able(desk, listed, parties)
    if not verdict.allowed or can.unknown_groups or len(can.users) >= verdict.approvals:
        return None
    named = rules.people(desk.policy.approvals.approvers or () if desk.policy else (), listed.members).users
    outside = tuple(sorted(user for user in named if why_not_approver(desk, listed, user)))
    own = tuple(sorted(named - can.users - set(outside)))
    alone = able(desk, listed, parties[:1])
    return Unreachable(
        rule=verdict.rule or "",
        needed=verdict.approvals,
        able=tuple(sorted(can.users)),
        own=own,
        outside=outside,
        chosen=len(parties) > 1 and len(alone.users) >= verdict.approvals,
    )


def all_are_needed(desk: Desk, listed: Listed, requester: str, verdict: Verdict) -> bool:
    """Whether every approver who is left must say yes, so that it cannot be for one of them."""
    can = able(desk, listed, (requester,))
    own = desk.policy is not None and desk.policy.approvals.allow_self_approval
    return (
        bool(verdict.approvals) and not own and not can.unknown_groups and len(can.users) == verdict.approvals
    )
