"""Posting to Slack: what went wrong is told apart by what can be done about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.model.errors import NumberdeskError
from handlers.ui.blocks import Block
from storage.clock import uptime
from storage.pace import LONGEST_HOLD

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
TRANSIENT = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_access_not_granted"}
)
CREDENTIALS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
VIEW_GONE = frozenset({"not_found", "view_not_found", "hash_conflict"})
_LATER = 30.0
"""Seconds to wait where Slack names none."""
_LONGEST = LONGEST_HOLD.total_seconds()


class SlowDown(NumberdeskError):
    """Slack asks to come back later."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"Slack asks to come back in {seconds:g} seconds.")


class Unreachable(NumberdeskError):
    """Slack did not take the message, and may take it later."""


class Impossible(NumberdeskError):
    """Slack will not take this message, however often it is sent."""

    def __init__(self, why: str) -> None:
        self.why = why  #: Slack's own word, such as `channel_not_found`
        super().__init__(f"Slack refused the message: {why}.")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: Slack names the channel of a direct message itself."""

    channel: str
    ts: str


class Pause:
    """A pause that Slack asked for with one of its methods, known to this process alone; safe for threads."""

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._clock = clock
        self._until = clock()
        self._lock = Lock()

    def left(self) -> float:
        """Seconds until it is over; 0 if it is."""
        return max(0.0, self._until - self._clock())

    def ask(self, seconds: float) -> None:
        """Slack asks to wait for so long from now on; a longer one that is under way goes on."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)


def post(slack: WebClient, channel: str, message: Block, *, thread_ts: str | None = None) -> Posted:
    """Posts a message, or a reply in a thread; `channel` may be a person's id.

    Raises SlowDown, Unreachable or Impossible.
    """
    answer = call(slack.chat_postMessage, channel=channel, thread_ts=thread_ts, **message)
    return Posted(str(answer["channel"]), str(answer["ts"]))


def permalink(slack: WebClient, at: Posted) -> str | None:
    """A link to a message; None if Slack gives none now: lists do without."""
    try:
        answer = call(slack.chat_getPermalink, channel=at.channel, message_ts=at.ts)
    except NumberdeskError:
        return None
    return str(answer["permalink"])


def publish(slack: WebClient, user: str, view: Block) -> None:
    """Draws a person's Home. Raises SlowDown, Unreachable or Impossible."""
    call(slack.views_publish, user_id=user, view=view)


def redraw(slack: WebClient, pause: Pause, at: Posted, message: Block) -> None:
    """Draws a message anew, and without a call raises SlowDown in a pause that Slack asked for.

    Raises SlowDown, Unreachable or Impossible.
    """
    if left := pause.left():
        raise SlowDown(left)
    shown = {key: message[key] for key in ("text", "blocks")}
    try:
        call(slack.chat_update, channel=at.channel, ts=at.ts, **shown)
    except SlowDown as problem:
        pause.ask(problem.seconds)
        raise


def show(slack: WebClient, channel: str, user: str, message: Block) -> None:
    """Shows a message to one person in a channel. Raises SlowDown, Unreachable or Impossible."""
    shown = {key: message[key] for key in ("text", "blocks")}
    call(slack.chat_postEphemeral, channel=channel, user=user, **shown)


def redraw_view(slack: WebClient, opened: Mapping[str, Any], view: Block) -> None:
    """Draws a modal anew; one that was closed or drawn anew meanwhile stays as it is.

    Raises SlowDown, Unreachable or Impossible.
    """
    try:
        call(slack.views_update, view_id=opened["id"], hash=opened["hash"], view=view)
    except Impossible as problem:
        if problem.why not in VIEW_GONE:
            raise


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that Slack asks to wait: 30 where it does not say, half an hour at most, then it is asked."""
    asked = str(headers.get("Retry-After", ""))
    return min(float(asked), _LONGEST) if asked.isascii() and asked.isdecimal() else _LATER


def call(method: Callable[..., Any], **arguments: Any) -> Any:
    """One call of Slack's Web API. Raises SlowDown, Unreachable or Impossible."""
    try:
        return method(**arguments)
    except SlackApiError as problem:
        raise _sorted(problem) from problem
    except OSError as problem:  # URLError, time-outs and resets
        raise Unreachable(f"Slack could not be reached: {type(problem).__name__}") from problem


def _sorted(problem: SlackApiError) -> NumberdeskError:
    response = problem.response
    status = getattr(response, "status_code", 200)
    error = str(response.get("error", "")) if hasattr(response, "get") else ""
    if status == 429 or error in RATE_LIMITED:  # noqa: PLR2004 - HTTP's own number
        return SlowDown(retry_after(response.headers))
    if status >= 500 or error in TRANSIENT | CREDENTIALS or not error:  # noqa: PLR2004
        # a refused token is an operator's to mend: nothing is lost meanwhile
        return Unreachable(f"Slack answered {error or status}")
    return Impossible(error)
