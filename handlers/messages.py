"""The jobs that write to Slack. Slack is a view of the rows: every message is drawn from the newest one."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from bot.model.purchase import PurchaseStatus
from bot.usecases.desk import Desk
from bot.usecases.look_up import RequestView, keep_card, view
from handlers.parts import Parts
from handlers.post import Impossible, Posted, SlowDown, post, redraw
from handlers.ui.cards import card
from handlers.ui.direct import direct
from storage.requests import Card

log = structlog.get_logger(__name__)

REQUEST, APPROVAL = "request", "approval"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a card belongs: its channel, and where it goes if the bot cannot post there."""

    kind: str
    channel: str
    otherwise: str | None


def render(parts: Parts, request_id: str) -> float | None:
    """Draws every card of a request; seconds until the next try, or None when all is said.

    A card that cannot be drawn is noted and stops no other. Slack down: raises, and the worker tries
    again. Between a post and its note a crash may leave one message twice, never three times.
    """
    first = view(parts.desk, request_id)
    wait: float | None = None
    if first is None:
        return None
    for place in _places(parts.desk, first):
        # read again for each: the one card says what became of the other
        seen = view(parts.desk, request_id) or first
        try:
            _draw(parts, seen, place)
        except SlowDown as problem:
            wait = max(wait or 0, problem.seconds)
    return wait


def _places(desk: Desk, seen: RequestView) -> Iterator[_Place]:
    request = seen.request
    channel = desk.policy and desk.policy.approvals.channel
    unclear = any(p.status is PurchaseStatus.NEEDS_HUMAN for p in seen.purchases)
    if channel and (request.approvals_needed or unclear or APPROVAL in seen.cards):
        yield _Place(APPROVAL, channel, None)
    yield _Place(REQUEST, request.channel, request.requester)


def _draw(parts: Parts, seen: RequestView, place: _Place) -> None:
    at = seen.cards.get(place.kind)
    if at is None:
        keep_card(parts.desk, _first(parts, seen, place))
    elif at.ts is not None:
        problem = _again(parts, seen, at)
        if problem != at.problem:
            keep_card(parts.desk, Card(at.request_id, at.kind, at.channel, at.ts, problem))


def _first(parts: Parts, seen: RequestView, place: _Place) -> Card:
    message = _message(parts, seen, place.kind)
    request_id = seen.request.id
    try:
        posted = post(parts.slack, place.channel, message)
    except Impossible as problem:
        log.warning("a card could not be posted", request=request_id, card=place.kind, why=problem.why)
        if place.otherwise is None:
            return Card(request_id, place.kind, place.channel, None, problem.why)
        return _directly(parts, seen, place, problem.why)
    return Card(request_id, place.kind, posted.channel, posted.ts, None)


def _directly(parts: Parts, seen: RequestView, place: _Place, why: str) -> Card:
    message = _message(parts, seen, place.kind)
    try:
        posted = post(parts.slack, str(place.otherwise), message)
    except Impossible as problem:
        return Card(seen.request.id, place.kind, place.channel, None, f"{why}; {problem.why}")
    return Card(seen.request.id, place.kind, posted.channel, posted.ts, None)


def _again(parts: Parts, seen: RequestView, at: Card) -> str | None:
    """Draws a card that is there; returns why that is not possible any more."""
    try:
        redraw(parts.slack, Posted(at.channel, str(at.ts)), _message(parts, seen, at.kind))
    except Impossible as problem:
        log.warning("a card could not be redrawn", request=at.request_id, card=at.kind, why=problem.why)
        return problem.why
    return None


def _message(parts: Parts, seen: RequestView, kind: str) -> dict[str, object]:
    policy = parts.desk.policy
    approvers = (policy and policy.approvals.approvers) or ()
    unposted = seen.cards.get(APPROVAL)
    problem = None
    if kind == REQUEST and unposted and unposted.ts is None:
        why = f"The approvers could not be asked in their channel ({unposted.problem})."
        problem = f"{why} Tell whoever runs this app."
    return card(seen, kind=kind, approvers=approvers, problem=problem)


def tell(parts: Parts, request_id: str, event: str) -> float | None:
    """Tells the requester what happened, in a direct message."""
    seen = view(parts.desk, request_id)
    if seen is None:
        return None
    try:
        post(parts.slack, seen.request.requester, direct(seen, event))
    except SlowDown as problem:
        return problem.seconds
    except Impossible as problem:
        log.warning("a person could not be told", request=request_id, told=event, why=problem.why)
    return None
