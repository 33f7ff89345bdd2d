"""Answers on their way to one person: tried again aside, then another way, and logged if all fail."""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from handlers.parts import Parts
from handlers.post import Impossible, SlowDown, Unreachable

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 30.0
"""Seconds that Slack may ask to wait; where it asks for more, another way is sooner there."""

Way = Callable[[], object]
"""Posts the answer. Raises SlowDown, Unreachable or Impossible."""


def deliver(parts: Parts, ways: Sequence[Way], pauses: Sequence[float]) -> None:
    """Goes the ways in turn until one of them takes the answer, each again after each of the `pauses`.

    Only what needs no pause is waited for. Where Slack's own answer is lost, the person may see ours twice.
    """
    _go(parts, ways, pauses, pauses)


def _go(parts: Parts, ways: Sequence[Way], pauses: Sequence[float], left: Sequence[float]) -> None:
    problem = _try(ways[0])
    if problem is None:
        return
    pause = _pause(problem, left)
    if pause is not None:
        again = partial(_go, parts, ways, pauses, left[1:])
        parts.apologies.later(pause, again, on_lost=partial(_nobody, problem))
    elif ways[1:]:
        _go(parts, ways[1:], pauses, pauses)
    else:
        _nobody(problem)


def _try(way: Way) -> SlowDown | Unreachable | Impossible | None:
    try:
        way()
    except (SlowDown, Unreachable, Impossible) as problem:
        return problem
    return None


def _pause(problem: Exception, left: Sequence[float]) -> float | None:
    """Seconds until this way is tried again; None if it is not."""
    if isinstance(problem, Impossible) or not left:
        return None
    asked = problem.seconds if isinstance(problem, SlowDown) else 0.0
    return max(asked, left[0]) if asked <= LONGEST_PAUSE else None


def _nobody(problem: Exception) -> None:
    log.warning("an answer reached nobody", problem=str(problem))
