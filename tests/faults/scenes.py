"""The ways from a confirmation to a settled purchase; each can be played while the program dies once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.stage import WATCHDOG, Stage
from tests.world import APPROVE


@dataclass(frozen=True)
class Played:
    """What a scene was about."""

    number: str
    request: str


def bought_at_once(stage: Stage, arm: Callable[[], None]) -> Played:
    """Rita's own confirmation is enough; the number gets a name."""
    number = stage.confirm(dear=False, alias="Hotline")
    arm()
    return Played(number, stage.submit(number))


def approved(stage: Stage, arm: Callable[[], None]) -> Played:
    """Otto says yes."""
    played = _asked(stage, arm)
    stage.decide(stage.otto, played.request, "request_approve")
    return played


def denied(stage: Stage, arm: Callable[[], None]) -> Played:
    """Otto says no."""
    played = _asked(stage, arm)
    stage.decide(stage.otto, played.request, "request_deny", comment="We have one already")
    return played


def answer_lost(stage: Stage, arm: Callable[[], None]) -> Played:
    """The provider sells the number, and its answer never arrives."""
    return _spoiled(stage, arm, {"silent": "after"})


def call_lost(stage: Stage, arm: Callable[[], None]) -> Played:
    """The connection breaks, and the provider sold nothing."""
    return _spoiled(stage, arm, {"reset": "before"})


def told_to_wait(stage: Stage, arm: Callable[[], None]) -> Played:
    """The provider takes no more calls for a moment."""
    return _spoiled(
        stage, arm, {"status": 429, "body": {"error": "too many"}, "headers": {"Retry-After": "1"}}
    )


def refused(stage: Stage, arm: Callable[[], None]) -> Played:
    """The provider says no."""
    return _spoiled(stage, arm, {"status": 400, "body": {"error": "this number is not for sale"}})


def gone(stage: Stage, arm: Callable[[], None]) -> Played:
    """Somebody else takes the number between the confirmation and the call."""
    number = stage.confirm(dear=False)
    stage.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"gone": True})
    arm()
    return Played(number, stage.submit(number))


def asked_later(stage: Stage, arm: Callable[[], None]) -> Played:
    """The provider is down when it is asked whether the number is ours."""
    number = stage.confirm(dear=False)
    stage.desk.plivo.spoil("rented", {"status": 503}, times=3, number=number)
    arm()
    return Played(number, stage.submit(number))


def strangers(stage: Stage, arm: Callable[[], None]) -> Played:
    """Nobody has been looked up in Slack yet."""
    number = stage.confirm(dear=True)
    stage.forget_people()
    arm()
    request = stage.submit(number)
    stage.decide(stage.otto, request, "request_deny", comment="We have one already")
    return Played(number, request)


def dearer(stage: Stage, arm: Callable[[], None]) -> Played:
    """The price rises after Rita's confirmation; Otto says yes to the new one."""
    number = stage.confirm(dear=False)
    stage.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "21.00"})
    arm()
    request = stage.submit(number)
    stage.decide(stage.otto, request, "request_approve")
    return Played(number, request)


def dearer_at_the_look(stage: Stage, arm: Callable[[], None]) -> Played:
    """The price rises before Otto looks; he says yes to the new one."""
    number = stage.confirm(dear=True)
    arm()
    request = stage.submit(number)
    stage.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "41.00"})
    stage.decide(stage.otto, request, "request_approve")
    return Played(number, request)


def too_dear(stage: Stage, arm: Callable[[], None]) -> Played:
    """The price rises above what the budget has left."""
    number = stage.confirm(dear=False)
    stage.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "95000.00"})
    arm()
    request = stage.submit(number)
    stage.hurry_until_judged(request)
    stage.desk.plivo.control("PUT", f"sandbox/numbers/{number}", json={"monthly": "0.80"})
    return Played(number, request)


def taken_back(stage: Stage, arm: Callable[[], None]) -> Played:
    """Rita gives a better reason, Ana gives the request more time, and Rita takes it back."""
    played = _asked(stage, arm)
    stage.change(
        stage.rita, played.request, "request_reason", "reason_changed_at IS NOT NULL", reason="A better one"
    )
    stage.press(stage.ana, played.request, "request_extend", "r.extended_by IS NOT NULL")
    stage.press(stage.rita, played.request, "request_cancel", "r.status = 'cancelled'")
    return played


def unposted(stage: Stage, arm: Callable[[], None]) -> Played:
    """The approvers' channel is archived: they are told directly, and Rita takes it back."""
    number = stage.confirm(dear=True)
    stage.desk.control.channel(APPROVE, archived=True)
    arm()
    request = stage.submit(number)
    stage.press(stage.rita, request, "request_cancel", "r.status = 'cancelled'")
    stage.settled()
    stage.desk.control.channel(APPROVE, archived=False)
    return Played(number, request)


def nobody_decided(stage: Stage, arm: Callable[[], None]) -> Played:
    """Reminders, the escalation and the end come and go."""
    return _asked(stage, arm)


def settled_by_hand(stage: Stage, arm: Callable[[], None]) -> Played:
    """Nobody can be asked what became of the call, until Otto has looked at the provider's console."""
    number = stage.confirm(dear=False)
    stage.desk.plivo.spoil("buy", {"silent": "after"}, times=1, number=number)
    arm()
    request = stage.submit(number)
    stage.until_called(number)
    stage.desk.plivo.spoil("rented", {"status": 500}, number=number)
    stage.desk.pass_time(WATCHDOG)  # nobody has written down an answer by then
    stage.hurry_until_judged(request)
    settled = "p.status <> 'needs_human'"
    stage.change(stage.otto, request, "settle:bought", settled, reason="It is there")
    stage.desk.plivo.control("DELETE", "sandbox/faults", 204)
    return Played(number, request)


def _asked(stage: Stage, arm: Callable[[], None]) -> Played:
    number = stage.confirm(dear=True)
    arm()
    return Played(number, stage.submit(number))


def _spoiled(stage: Stage, arm: Callable[[], None], trouble: dict[str, Any]) -> Played:
    number = stage.confirm(dear=False)
    stage.desk.plivo.spoil("buy", trouble, times=1, number=number)
    arm()
    return Played(number, stage.submit(number))


Scene = Callable[[Stage, Callable[[], None]], Played]
_ALL: tuple[Scene, ...] = (
    bought_at_once, approved, denied, answer_lost, call_lost, told_to_wait, refused, gone, asked_later,
    dearer, dearer_at_the_look, too_dear, taken_back, unposted, nobody_decided, settled_by_hand, strangers,
)  # fmt: skip
SCENES: Mapping[str, Scene] = {scene.__name__: scene for scene in _ALL}
