"""A request: one person's wish to buy one or several offers, with a reason."""

import re
from dataclasses import dataclass
from enum import StrEnum

REQUEST_ID = re.compile(r"[Rr][A-Za-z0-9]{2,20}", re.ASCII)
"""A request's id as people copy it, in capitals or not."""


class RequestStatus(StrEnum):
    """`pending` moves once, to one of the others; a dearer price moves `approved` back, once."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What an approver says to a request."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a workspace, as Slack's signed payload names them."""

    workspace: str
    user: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the requester chose of the provider's options; None leaves the provider's default."""

    app_id: str | None = None
    subaccount: str | None = None
    cnam_lookup: str | None = None  #: enabled or disabled, US numbers only
    compliance_application_id: str | None = None
    alias: str | None = None  #: the name the number gets after the purchase, by a call of its own
