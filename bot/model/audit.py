"""An audit event: one line of the log: who, did what, to what, with what outcome."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """Every action the log knows, as `subject.verb`. Names are for good: people query by them."""

    SEARCH_PERFORMED = "search.performed"
    SEARCH_SHARED = "search.shared"
    REQUEST_SUBMITTED = "request.submitted"
    REQUEST_BREAK_GLASS = "request.break_glass"  # bought without the approvals it would have needed
    REQUEST_REPEATED = "request.repeated"  # a form that came twice: it is one request
    REQUEST_APPROVAL = "request.approval"  # an approver said yes
    REQUEST_APPROVED = "request.approved"  # the request has all the approvals it needs
    REQUEST_DENIED = "request.denied"
    REQUEST_CANCELLED = "request.cancelled"
    REQUEST_REASON_CHANGED = "request.reason_changed"
    REQUEST_REMINDED = "request.reminded"
    REQUEST_ESCALATED = "request.escalated"
    REQUEST_EXTENDED = "request.extended"
    REQUEST_EXPIRED = "request.expired"
    REQUEST_REPRICED = "request.repriced"  # the price rose: back to the approvers
    PURCHASE_STARTED = "purchase.started"
    PURCHASE_POSTPONED = "purchase.postponed"  # the call surely did not leave: queued again
    PURCHASE_BOUGHT = "purchase.bought"
    PURCHASE_AWAITING_DOCUMENTS = "purchase.awaiting_documents"
    PURCHASE_REFUSED = "purchase.refused"
    PURCHASE_UNKNOWN = "purchase.unknown"
    PURCHASE_NOT_BOUGHT = "purchase.not_bought"
    PURCHASE_NEEDS_HUMAN = "purchase.needs_human"
    PURCHASE_SETTLED = "purchase.settled"  # a person settled it
    NUMBER_NAMED = "number.named"
    BUDGET_READ = "budget.read"
    SWEEP_FINISHED = "sweep.finished"  # the account's numbers against our purchases
    SWEEP_ADOPTED = "sweep.adopted"  # a number that nobody here had bought is ours from now on
    SWEEP_IGNORED = "sweep.ignored"
    SWEEP_REOPENED = "sweep.reopened"  # ignored no more
    SWEEP_RESOLVED = "sweep.resolved"  # a difference that is not there any more
    POLICY_LOADED = "policy.loaded"  # the policy file is another one than before
    WORKER_STARTED = "worker.started"
    WORKER_STOPPED = "worker.stopped"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_ERASED = "audit.erased"  # what somebody wrote was taken out
    AUDIT_ARCHIVED = "audit.archived"  # old events were moved to a file
    AUDIT_CHECKPOINT = "audit.checkpoint"  # where the log stood was told to the world outside
    AUDIT_VERIFIED = "audit.verified"
    AUDIT_PROVED = "audit.proved"  # one event was taken away with its proof


class Outcome(StrEnum):
    """How it ended, in the field's standard four words."""

    SUCCESS = "success"
    DENIED = "denied"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class ActorType(StrEnum):
    """Who acted: a person, the desk itself, or an operator in the shell."""

    USER = "user"
    SYSTEM = "system"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, by Slack's user id or the system's part."""

    type: ActorType
    id: str


SYSTEM = Actor(ActorType.SYSTEM, "worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """What is written, before the log gives it its number."""

    workspace: str
    account: str
    actor: Actor
    action: Action
    outcome: Outcome = Outcome.SUCCESS
    on_behalf_of: str | None = None  #: whose request it concerns, if the actor is somebody else
    request_id: str | None = None
    purchase_id: str | None = None
    number: str | None = None  #: digits
    country: str | None = None  #: of the number, ISO 3166-1 alpha-2
    cost: Decimal | None = None  #: set-up fee plus first month, USD
    reason: str | None = None  #: free text of people, or the provider's words
    changes: dict[str, Any] = field(default_factory=dict)  #: what changed, JSON values without floats
    context: dict[str, Any] = field(default_factory=dict)  #: door, policy hash, the provider's api_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """A line of the log as it is read back."""

    seq: int
    id: str
    at: datetime  #: UTC, microseconds, by the database's clock
    event: AuditEvent
    hash: str = ""
    erased: tuple[str, ...] = ()  #: the fields whose text was erased: it reads ERASED


ERASED = "(erased)"
"""What is read in the place of a text that was erased."""


@dataclass(frozen=True, slots=True)
class LogRules:
    """How the log is written: set once by the composition root."""

    strict: bool = True  #: a field that is not allowed is an error; else it is left out, with a warning
    checkpoint_every: int | None = None  #: events between two checkpoints
