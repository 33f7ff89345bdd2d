"""Errands: what a listener starts and does not wait for, and the answers a person gets meanwhile."""

from collections.abc import Callable
from functools import partial
from threading import Lock

import structlog
from slack_bolt import Ack
from slack_sdk.errors import SlackApiError

from bot.model.errors import NumberdeskError
from handlers.delivery import Way, deliver
from handlers.parts import Body, Parts, Recipient, who_asked
from handlers.post import post, show
from handlers.ui.blocks import Block, message, section
from handlers.ui.trouble import BUSY, LATE, RESTARTING, TOO_LATE, UNSHARED, trouble

log = structlog.get_logger(__name__)

_TRIGGER_GONE = ("trigger_id", "trigger_expired", "trigger_exchanged")


class Reply:
    """The answer to one command, click or form; it knows whether the person has heard anything yet."""

    def __init__(self, parts: Parts, to: Recipient) -> None:
        self._parts = parts
        self._to = to
        self._lock = Lock()
        self._over = False

    def say(self, answer: Block, *, replace: bool = False, public: bool = False) -> None:
        """Posts an answer, seen by the one who asked alone unless `public`; `replace` redraws the message."""
        self.close()
        deliver(self._parts, self._ways(answer, replace=replace, public=public), self._parts.pauses)

    def say_text(self, text: str) -> None:
        self.say(_words(text))

    def close(self) -> None:
        """Nothing has to be excused any more."""
        with self._lock:
            self._over = True

    def excuse(self) -> None:
        """Says that it takes longer, unless the answer was faster."""
        if self._is_awaited():
            # not on the timer's own thread: other people's excuses wait behind it
            self._parts.apologies.offer(self._post_excuse)

    def lost(self) -> None:
        """Says that the program stops before the work was done, unless the answer was faster."""
        if self._is_awaited():
            self._parts.apologies.offer(lambda: self.say_text(RESTARTING))

    def _is_awaited(self) -> bool:
        with self._lock:
            return not self._over

    def _post_excuse(self) -> None:
        if self._is_awaited():
            # once each way: an excuse that comes late is none
            deliver(self._parts, self._ways(_words(LATE)), ())

    def _ways(self, answer: Block, *, replace: bool = False, public: bool = False) -> list[Way]:
        """By the response_url where there is one, in the channel, and at last directly."""
        slack, to = self._parts.slack, self._to
        if public:
            ways: list[Way] = [
                lambda: post(slack, to.channel, answer),
                lambda: post(slack, to.user, _words(UNSHARED)),
            ]
        else:
            ways = [lambda: show(slack, to.channel, to.user, answer), lambda: post(slack, to.user, answer)]
        url = to.url
        if url:
            kind = "in_channel" if public else "ephemeral"
            posted = {**answer, "response_type": kind, "replace_original": replace}
            ways.insert(0, lambda: self._parts.responder.post(url, posted))
        return ways


def _words(text: str) -> Block:
    return message(text, [section(text)])


Work = Callable[[Reply], None]


def after_command(parts: Parts, ack: Ack, body: Body, work: Work) -> None:
    """Acks a command at once and does `work` outside of the ack; says so if there is no room for it."""
    if start(parts, Reply(parts, who_asked(body)), work):
        ack()
    else:
        ack(text=BUSY, response_type="ephemeral")


def after_click(parts: Parts, ack: Ack, body: Body, work: Work) -> None:
    """The same for a click, whose ack cannot say anything: being full is said where the answer would be."""
    ack()
    reply = Reply(parts, who_asked(body))
    if not start(parts, reply, work):
        parts.apologies.offer(lambda: reply.say_text(BUSY))


def aside(parts: Parts, work: Callable[[], object]) -> None:
    """Does something useful that nobody waits for, such as asking for a list again; best effort."""
    parts.errands.offer(lambda: _quietly(work))


def start(parts: Parts, reply: Reply, work: Work) -> bool:
    """Does `work` outside of the ack, and excuses it where it takes longer; False if there is no room."""
    # armed before the work is handed over, so that waiting for a thread counts as well
    calm = parts.errands.later(parts.patience, reply.excuse)
    started = parts.errands.offer(partial(_run, reply, work, calm), on_lost=reply.lost)
    if not started:
        calm()
    return started


def _run(reply: Reply, work: Work, calm: Callable[[], None]) -> None:
    try:
        work(reply)
    except Exception as problem:  # noqa: BLE001 - whatever it was, the person gets an answer
        _explain(reply, problem)
    finally:
        reply.close()
        calm()


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except (NumberdeskError, SlackApiError) as problem:
        log.info("something that nobody waits for failed", problem=str(problem))


def _explain(reply: Reply, problem: Exception) -> None:
    if isinstance(problem, SlackApiError) and _is_late(problem):
        reply.say_text(TOO_LATE)
        return
    if not isinstance(problem, NumberdeskError):
        log.error("an errand failed", exc_info=problem)
    reply.say(trouble(problem))


def _is_late(problem: SlackApiError) -> bool:
    """Whether a modal could not be opened because its trigger was used or too old.

    Slack has spelled that in several ways over the years, so any word of a trigger counts.
    """
    return any(word in str(problem.response) for word in _TRIGGER_GONE)
