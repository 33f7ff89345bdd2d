"""What is explored: the protocol as it is, each mistake that is planted into it, and its known limits."""

from collections.abc import Mapping

from tests.model.protocol import Protocol
from tests.model.rules import Rules, Scope

MONEY = Scope()
"""Two workers, the settler, a person, a restore, and every fault."""
MESSAGES = Scope(workers=0, drawers=2, restore=False, human=False, market=False)
"""Two threads that draw one card, while the row does all that it may."""

RIGHT: Mapping[str, Protocol] = {
    "the purchase": Protocol(scope=MONEY),
    "the card": Protocol(scope=MESSAGES),
}
"""In these nothing may be found."""

SPARED: Mapping[str, Protocol] = {
    "the intent leaves the buy job, and the row's state is asked": Protocol(
        rules=Rules(intent_takes_job=False), scope=Scope(restore=False, human=False, market=False)
    ),
}
"""Mistakes that one protection bears because another still stands."""

PLANTED: Mapping[str, tuple[Protocol, str]] = {
    "the buy job is not consumed with the intent": (
        Protocol(rules=Rules(intent_takes_job=False, job_is_permission=True)),
        "bought twice",
    ),
    "a worker that finds a purchase being bought goes on with the call": (
        Protocol(rules=Rules(job_is_permission=True)),
        "bought twice",
    ),
    "no watchdog": (Protocol(rules=Rules(watchdog=False)), "the row says buying"),
    "no re-arming of the message": (Protocol(rules=Rules(rearm=False), scope=MESSAGES), "the card shows"),
    "a time-out is a failure": (Protocol(rules=Rules(timeout_is="refused")), "the row says refused"),
    "a time-out is tried again": (
        Protocol(rules=Rules(timeout_is="queued"), scope=Scope(crashes=False, restore=False)),
        "the row says refused",  # the next look finds it ours already
    ),
    "the number is not looked up before the intent": (
        Protocol(rules=Rules(look_before=False)),
        "bought twice",
    ),
    "a lease is trusted for money": (Protocol(rules=Rules(lease_is_permission=True)), "bought twice"),
    "a late yes is not accepted": (Protocol(rules=Rules(late_yes=False)), "the row says not_bought"),
    "the intent is committed after the call": (
        Protocol(rules=Rules(intent_before_call=False)),
        "the provider holds it for us",
    ),
    "the window is measured after the question": (
        Protocol(rules=Rules(clock_before_question=False)),
        "the row says not_bought",
    ),
    "one look at a list that lags is enough": (
        Protocol(rules=Rules(window=False)),
        "the row says not_bought",
    ),
    "who lost its lease does not have the card drawn again": (
        Protocol(rules=Rules(redraw_after_lost_lease=False), scope=MESSAGES),
        "the card shows",
    ),
}
"""Mistakes, and what has to be found."""

LIMITS: Mapping[str, tuple[Protocol, str]] = {
    "asleep between intent and call for the whole window, and then killed or not answered": (
        Protocol(scope=Scope(frozen_and_killed=True)),
        "the row says not_bought",
    ),
    "a person says not bought while the provider's list may still lag": (
        Protocol(scope=Scope(hasty_human=True)),
        "the row says not_bought",
    ),
}
"""What the protocol does not bear: see docs/model-check.md."""
