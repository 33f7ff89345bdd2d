"""How the small model is played: its rules, what may happen in it, and the words for its states."""

from dataclasses import dataclass

from bot.model.purchase import PurchaseStatus
from tests.model.state import State

FINAL = frozenset({"dropped", "refused", "bought", "not_bought"})
ASKABLE = frozenset({"unknown", "needs_human"})
OPEN = ("waiting", "queued", "buying", "unknown", "needs_human")
PASSED = {status: OPEN[: OPEN.index(status) + 1] for status in OPEN} | {"dropped": OPEN[:1]}
"""Where a purchase may have stood before, if it ended in none of these: in any that is open."""
LATE_YES = frozenset({"buying", "unknown", "not_bought", "needs_human"})
UNMODELLED = frozenset({PurchaseStatus.AWAITING_DOCUMENTS})
"""Held like `bought`: the documents change nothing about the money."""
TRIES = 1
"""Times that a purchase which surely was not made is tried again; five in the program."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the protocol is played. The defaults are the program's; each other value is a planted mistake."""

    intent_takes_job: bool = True
    job_is_permission: bool = (
        False  #: whoever gets the job of a purchase that is `buying` goes on with its call
    )
    watchdog: bool = True
    rearm: bool = True
    timeout_is: str = "unknown"  #: or refused, or queued
    look_before: bool = True
    lease_is_permission: bool = False
    late_yes: bool = True
    intent_before_call: bool = True
    clock_before_question: bool = True
    window: bool = True  #: a number that is not listed is asked about again until the window has passed
    redraw_after_lost_lease: bool = True


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What may happen. More of it at once means more states, and nothing else."""

    workers: int = 2  #: none: the row moves as it may, by itself
    drawers: int = 0
    crashes: bool = True
    restore: bool = True
    human: bool = True
    market: bool = True  #: others take the number, its price rises
    frozen: bool = True  #: a worker sleeps between intent and call until the window has passed
    frozen_and_killed: bool = False  #: and is killed, or loses its answer, afterwards
    hasty_human: bool = False  #: a person says "not bought" before the window has passed


@dataclass(frozen=True)
class Step:
    """Something that may happen: in plain words, whether it is a fault, and what is the case then."""

    words: str
    after: State
    fault: bool = False
