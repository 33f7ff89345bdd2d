"""Errands: what a listener starts and does not wait for, and the answers a person gets meanwhile."""

from collections.abc import Callable
from threading import Lock

import structlog
from slack_bolt import Ack
from slack_sdk.errors import SlackApiError

from bot.model.errors import NumberdeskError
from handlers.parts import Body, Parts
from handlers.ui.blocks import Block, message, section
from handlers.ui.trouble import BUSY, LATE, TOO_LATE, trouble

log = structlog.get_logger(__name__)

_TRIGGER_GONE = ("trigger_id", "trigger_expired", "trigger_exchanged")


class Reply:
    """Where the answer to one command or click goes; it knows whether the person has heard anything yet."""

    def __init__(self, parts: Parts, url: str | None) -> None:
        """`url` is None where Slack gave no response_url: in modals and at Home."""
        self._parts = parts
        self._url = url
        self._lock = Lock()
        self._over = False

    def say(self, answer: Block, *, replace: bool = False, public: bool = False) -> None:
        """Posts an answer, seen by the one who asked alone unless `public`; `replace` redraws the message."""
        self.close()
        kind = "in_channel" if public else "ephemeral"
        if self._url:
            self._parts.responder.post(
                self._url, {**answer, "response_type": kind, "replace_original": replace}
            )

    def say_text(self, text: str) -> None:
        self.say(message(text, [section(text)]))

    def close(self) -> None:
        """Nothing has to be excused any more."""
        with self._lock:
            self._over = True

    def excuse(self) -> None:
        """Says that it takes longer, unless the answer was faster."""
        with self._lock:
            over = self._over
        if not over:
            # not on the timer's own thread: other people's excuses wait behind it
            self._parts.apologies.offer(self._post_excuse)

    def _post_excuse(self) -> None:
        if self._url:
            self._parts.responder.post(
                self._url, {"text": LATE, "response_type": "ephemeral", "replace_original": False}
            )


Work = Callable[[Reply], None]


def after_command(parts: Parts, ack: Ack, body: Body, work: Work) -> None:
    """Acks a command at once and does `work` outside of the ack; says so if there is no room for it."""
    if _start(parts, Reply(parts, body.get("response_url")), work):
        ack()
    else:
        ack(text=BUSY, response_type="ephemeral")


def after_click(parts: Parts, ack: Ack, body: Body, work: Work) -> None:
    """The same for a click, whose ack cannot say anything: being full is said through the response_url."""
    ack()
    reply = Reply(parts, body.get("response_url"))
    if not _start(parts, reply, work):
        parts.apologies.offer(lambda: reply.say_text(BUSY))


def aside(parts: Parts, work: Callable[[], object]) -> None:
    """Does something useful that nobody waits for, such as asking for a list again; best effort."""
    parts.errands.offer(lambda: _quietly(work))


def _start(parts: Parts, reply: Reply, work: Work) -> bool:
    started = parts.errands.offer(lambda: _run(reply, work))
    if started:
        # armed when the work is handed over, so that waiting for a thread counts as well
        parts.errands.later(parts.patience, reply.excuse)
    return started


def _run(reply: Reply, work: Work) -> None:
    try:
        work(reply)
    except Exception as problem:  # noqa: BLE001 - whatever it was, the person gets an answer
        _explain(reply, problem)
    finally:
        reply.close()


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
