"""A purchase: the one attempt to buy one number, and the states it may go through."""

from collections.abc import Mapping
from enum import StrEnum


class PurchaseStatus(StrEnum):
    """Where a purchase stands. `waiting` and `dropped` belong to requests nobody has said yes to."""

    WAITING = "waiting"  # the request is not approved yet; the number is spoken for
    DROPPED = "dropped"  # the request ended without a yes
    QUEUED = "queued"
    BUYING = "buying"
    BOUGHT = "bought"
    AWAITING_DOCUMENTS = "awaiting_documents"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_BOUGHT = "not_bought"
    NEEDS_HUMAN = "needs_human"


_S = PurchaseStatus

MOVES: Mapping[PurchaseStatus, frozenset[PurchaseStatus]] = {
    # refused while it waits: the late answer to another request's call shows that the number is ours already
    _S.WAITING: frozenset({_S.QUEUED, _S.DROPPED, _S.REFUSED}),
    _S.DROPPED: frozenset(),
    # back to waiting: the price rose and the approvers are asked again
    _S.QUEUED: frozenset({_S.BUYING, _S.REFUSED, _S.WAITING}),
    # back to queued: the call surely never left, or the provider asked us to slow down
    _S.BUYING: frozenset(
        {_S.BOUGHT, _S.AWAITING_DOCUMENTS, _S.REFUSED, _S.UNKNOWN, _S.QUEUED, _S.NOT_BOUGHT}
    ),
    _S.BOUGHT: frozenset(),
    _S.AWAITING_DOCUMENTS: frozenset({_S.BOUGHT}),
    _S.REFUSED: frozenset(),
    _S.UNKNOWN: frozenset({_S.BOUGHT, _S.AWAITING_DOCUMENTS, _S.NOT_BOUGHT, _S.NEEDS_HUMAN}),
    # a late answer, or a later look, may show that it was bought after all
    _S.NOT_BOUGHT: frozenset({_S.BOUGHT, _S.AWAITING_DOCUMENTS}),
    _S.NEEDS_HUMAN: frozenset({_S.BOUGHT, _S.AWAITING_DOCUMENTS, _S.NOT_BOUGHT}),
}
"""From each state, the states it may move to; storage refuses every other move."""

LIVE = frozenset(
    {_S.WAITING, _S.QUEUED, _S.BUYING, _S.UNKNOWN, _S.NEEDS_HUMAN, _S.AWAITING_DOCUMENTS, _S.BOUGHT}
)
"""While a purchase is in one of these, no second one of its number can exist in the same account."""

UNSETTLED = frozenset({_S.QUEUED, _S.BUYING, _S.UNKNOWN, _S.NEEDS_HUMAN})
"""Money may be moving, or may have moved: `python -m bot purchases` lists these."""

HELD = frozenset({_S.BOUGHT, _S.AWAITING_DOCUMENTS})
"""The account holds the number: its amount is committed."""

RESERVING = LIVE - HELD
"""Money may be spent for it: its amount is reserved."""
