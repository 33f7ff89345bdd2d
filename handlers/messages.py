"""The jobs that write to Slack. Slack is a view of the rows: every message is drawn from the newest one."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.model.purchase import PurchaseStatus
from bot.model.request import Person
from bot.usecases.desk import Desk
from bot.usecases.home import drawing, home_sheet, touch_homes
from bot.usecases.look_up import RequestView, keep_card, keep_unposted, named_view, tell_pinged, view
from handlers.parts import Parts
from handlers.post import Impossible, Posted, SlowDown, Unreachable, permalink, publish, redraw
from handlers.turns import Turns
from handlers.ui.blocks import Block
from handlers.ui.cards import card, moved_card
from handlers.ui.direct import direct
from handlers.ui.home import home_view
from handlers.ui.threads import thread
from handlers.ui.trouble import why_not
from storage.jobs import Job, Later
from storage.requests import Card

log = structlog.get_logger(__name__)

REQUEST, APPROVAL = "request", "approval"
DELETED = "message_not_found"
"""Slack's word for a message that somebody deleted."""
LATE = timedelta(minutes=5)
"""News older than this say when it happened: Slack, or this program, was away."""
NOT_POSTED_YET = 2.0
"""Seconds until a reply is tried again whose card is about to be posted."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a card belongs: its channel, and where it goes if the bot cannot post there."""

    kind: str
    channel: str
    otherwise: str | None


def render(parts: Parts, job: Job) -> Later | None:
    """Draws every card of a request; when to try again, and for what, or None when all is said.

    A card that cannot be drawn is noted and stops no other. Slack down: raises, and the worker tries
    again. Between a post and its note a crash may leave one message twice, never three times.
    """
    first = named_view(parts.desk, job.subject)
    if first is None:
        return None
    if first.homes:
        touch_homes(parts.desk, first.request)
    turns = Turns(parts, job)
    waits: list[float] = []
    drawn: list[str] = list(job.args.get("drawn", ()))
    news = False
    for number, place in enumerate(_places(parts.desk, first)):
        if place.kind in drawn and not news:
            continue  # it was drawn before another had to wait, and says what it said
        # read again for each further one: a card says what became of the one before
        seen = (number and view(parts.desk, job.subject)) or first
        try:
            _draw(parts, turns, seen, place)
        except SlowDown as problem:
            waits.append(problem.seconds)
        else:
            news = True
            drawn.append(place.kind)
    # the soonest: a channel that has to wait long keeps no other from its turn
    return turns.later(min(waits), drawn=sorted(set(drawn))) if waits else None


def _places(desk: Desk, seen: RequestView) -> Iterator[_Place]:
    request = seen.request
    channel = _approvals_channel(desk, seen)
    unclear = any(p.status is PurchaseStatus.NEEDS_HUMAN for p in seen.purchases)
    if channel and (request.approvals_needed or unclear or APPROVAL in seen.cards):
        yield _Place(APPROVAL, channel, None)
    yield _Place(REQUEST, request.channel, request.requester)


def _approvals_channel(desk: Desk, seen: RequestView) -> str | None:
    """Where approvers see the request: what its rule said, or the policy says; None if neither names one."""
    return seen.request.approval_channel or (desk.policy.approvals.channel if desk.policy else None)


def _draw(parts: Parts, turns: Turns, seen: RequestView, place: _Place) -> None:
    at = seen.cards.get(place.kind)
    if at is None:
        _keep(parts, seen, _first(parts, turns, seen, place))
    elif place.kind == APPROVAL and at.channel != place.channel and seen.request.is_pending:
        _move(parts, turns, seen, at, place)
    elif at.ts is not None:
        problem = _again(parts, seen, at)
        if problem == DELETED and _is_needed(seen, place.kind):
            _keep(parts, seen, _first(parts, turns, seen, place))
        elif problem != at.problem:
            keep_card(parts.desk, replace(at, problem=problem))


def _keep(parts: Parts, seen: RequestView, drawn: Card) -> None:
    if drawn.kind == APPROVAL and drawn.ts is None:
        keep_unposted(parts.desk, seen.request, drawn)
    else:
        keep_card(parts.desk, drawn)


def _move(parts: Parts, turns: Turns, seen: RequestView, old: Card, place: _Place) -> None:
    """The rule of a dearer price names another channel: the request is decided there from now on.

    The old card first: if Slack has no time for it, nothing was posted that the next try would post again.
    """
    if old.ts is not None:
        _point_on(parts, seen, Posted(old.channel, old.ts), None)
    new = _first(parts, turns, seen, place)
    _keep(parts, seen, new)
    if old.ts is not None and new.permalink:
        with suppress(SlowDown, Unreachable):  # only the link is missing
            _point_on(parts, seen, Posted(old.channel, old.ts), new.permalink)


def _point_on(parts: Parts, seen: RequestView, old: Posted, link: str | None) -> None:
    try:
        redraw(parts.slack, parts.redraws, old, moved_card(seen, link))
    except Impossible as problem:
        log.warning("a card that moved could not be redrawn", request=seen.request.id, why=problem.why)


def _is_needed(seen: RequestView, kind: str) -> bool:
    """Whether somebody still has to press a button of this card."""
    unclear = any(p.status is PurchaseStatus.NEEDS_HUMAN for p in seen.purchases)
    return kind == APPROVAL and (seen.request.is_pending or unclear)


def _first(parts: Parts, turns: Turns, seen: RequestView, place: _Place) -> Card:
    request_id = seen.request.id
    try:
        return _posted(parts, turns, seen, place, place.channel)
    except Impossible as problem:
        log.warning("a card could not be posted", request=request_id, card=place.kind, why=problem.why)
        why = problem.why
    if place.otherwise is not None:
        try:
            return _posted(parts, turns, seen, place, place.otherwise)
        except Impossible as problem:
            why = f"{why}; {problem.why}"
    return Card(request_id, place.kind, place.channel, None, why)


def _posted(parts: Parts, turns: Turns, seen: RequestView, place: _Place, channel: str) -> Card:
    posted = turns.post(channel, _message(parts, seen, place.kind, first=True))
    link = permalink(parts.slack, posted)
    return Card(seen.request.id, place.kind, posted.channel, posted.ts, None, link)


def _again(parts: Parts, seen: RequestView, at: Card) -> str | None:
    """Draws a card that is there; returns why that is not possible any more."""
    try:
        redraw(parts.slack, parts.redraws, Posted(at.channel, str(at.ts)), _message(parts, seen, at.kind))
    except Impossible as problem:
        log.warning("a card could not be redrawn", request=at.request_id, card=at.kind, why=problem.why)
        return problem.why
    return None


def _message(parts: Parts, seen: RequestView, kind: str, *, first: bool = False) -> Block:
    policy = parts.desk.policy
    # of a broken glass there is nothing to decide: the notice in the thread is the loud one
    asks = first and kind == APPROVAL and seen.request.is_pending
    pinged = policy.approvals.pinged if policy and asks else ()
    unposted = seen.cards.get(APPROVAL)
    problem = None
    if kind == REQUEST and unposted and unposted.ts is None:
        problem = (
            f"The approvers could not be asked in their channel: {why_not(unposted.problem)}. They were told "
            "directly. Tell whoever runs this app."
        )
    return card(seen, kind=kind, pinged=pinged, problem=problem)


def tell(parts: Parts, word: Job) -> Later | None:
    """Tells a person what happened to a request, in a direct message, after what happened before it."""
    request_id, event, user = word.words(3)
    seen = view(parts.desk, request_id)
    if seen is None:
        return None
    turns = Turns(parts, word, ordered=True)
    try:
        turns.post(user, direct(seen, event, user, late=_late(word)))
    except SlowDown as problem:
        return turns.later(problem.seconds)
    except Impossible as problem:
        log.warning("a person could not be told", request=request_id, told=event, why=problem.why)
    return None


def _late(word: Job) -> datetime | None:
    """When it happened, if that is so long ago that people have to know."""
    return word.put_at if word.waited >= LATE else None


def note(parts: Parts, word: Job) -> float | Later | None:
    """Tells the approvers what happened to a request, in the thread below its card, and in order.

    Where there is no card, those who would be pinged are told directly, each once.
    """
    request_id, event = word.words(2)
    seen = named_view(parts.desk, request_id)
    if seen is None or parts.desk.policy is None:
        return None
    at = seen.cards.get(APPROVAL)
    elsewhere = at and seen.request.is_pending and at.channel != (seen.request.approval_channel or at.channel)
    if at is None and not _approvals_channel(parts.desk, seen):
        tell_pinged(parts.desk, seen.request, event)
        return None
    if at is None or elsewhere:
        return NOT_POSTED_YET
    turns = Turns(parts, word, ordered=True)
    try:
        if at.ts is not None:
            said = thread(seen, event, parts.desk.policy.approvals, late=_late(word))
            turns.post(at.channel, said, thread_ts=at.ts)
            return None
        why = at.problem
    except SlowDown as problem:
        return turns.later(problem.seconds)
    except Impossible as problem:
        why = problem.why
    log.warning("the approvers could not be told in their channel", request=request_id, told=event, why=why)
    tell_pinged(parts.desk, seen.request, event)
    return None


def home(parts: Parts, person: Person) -> float | None:
    """Draws a person's Home from the newest rows; seconds until the next try, if Slack asks for it."""
    # first: a change that comes while it is drawn is not in it, and has it drawn again two seconds later
    drawing(parts.desk, person)
    sheet = home_sheet(parts.desk, person)
    try:
        publish(parts.slack, person.user, home_view(sheet))
    except SlowDown as problem:
        return problem.seconds
    except Impossible as problem:
        log.warning("a Home could not be drawn", user=person.user, why=problem.why)
    return None
