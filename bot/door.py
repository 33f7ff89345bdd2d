"""The HTTP door: what Slack, a load balancer and Prometheus see of the program, as a WSGI callable.

It verifies and parses by itself and hands Bolt a parsed body, as Socket Mode does. Bolt's own parser takes a
slash command that says "payload" for an interaction, and fails with 500 on headers that are merely wrong.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from slack_bolt import App, BoltRequest, BoltResponse

from bot.signature import SlackSignature

log = structlog.get_logger(__name__)

Dispatch = Callable[[dict[str, Any]], BoltResponse]

LARGEST_BODY = 1_000_000
"""Bytes. A view that Slack sends back is 250 KB at most; the rest is room."""

APOLOGY = (
    "Something went wrong here, and it was not your fault. It has been logged; please try again in a minute."
)

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = field(default=_TEXT, kw_only=True)


class _Turned(Exception):
    """The request goes no further; `answer` is what its sender gets."""

    def __init__(self, status: int, text: str) -> None:
        self.answer = _Answer(status, text.encode())
        super().__init__(text)


class Door:
    """The WSGI callable; safe to be called by many threads at once.

    `ready` says whether the program can do its work, and one line for each check; `metrics` gives the page
    of metrics and its content type.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        signature: SlackSignature,
        *,
        ready: Callable[[], tuple[bool, dict[str, str]]],
        metrics: Callable[[], tuple[bytes, str]],
    ) -> None:
        self._dispatch = _never_failing(dispatch)
        self._signature = signature
        self._ready = ready
        self._metrics = metrics
        self._pages: dict[str, Callable[[], _Answer]] = {
            "/healthz": lambda: _Answer(200, b"ok"),
            "/readyz": self._readyz,
            "/metrics": self._metrics_page,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request, whatever it is."""
        try:
            answer = self._answer(environ)
        except _Turned as turned:
            answer = turned.answer
        except Exception:
            log.exception("a request failed", path=environ.get("PATH_INFO"))
            answer = _Answer(500)
        start_response(_status_line(answer.status), _headers(answer))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> _Answer:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if path == "/slack/events" and method == "POST":
            return self._events(environ)
        page = self._pages.get(path) if method in {"GET", "HEAD"} else None
        return page() if page else _Answer(404, b"not found")

    def _events(self, environ: WSGIEnvironment) -> _Answer:
        raw = _read(environ)
        if _is_ssl_check(raw):
            return _Answer(200)
        timestamp, signature = (environ.get(f"HTTP_X_SLACK_{n}") for n in ("REQUEST_TIMESTAMP", "SIGNATURE"))
        if not self._signature.accepts(raw, timestamp, signature):
            # Nothing of the body: it may hold what a person wrote, and it is not Slack's word.
            log.warning("a request was not signed by Slack: wrong signing secret, or this clock is off")
            return _Answer(401)
        body = _parse(raw, environ.get("CONTENT_TYPE", ""))
        if body.get("type") == "url_verification":
            return _Answer(200, str(body.get("challenge", "")).encode())
        return _from_bolt(self._dispatch(body))

    def _readyz(self) -> _Answer:
        fine, checks = self._ready()
        body = json.dumps({"ready": fine, "checks": checks}).encode()
        return _Answer(200 if fine else 503, body, kind=_JSON)

    def _metrics_page(self) -> _Answer:
        page, kind = self._metrics()
        return _Answer(200, page, kind=kind)


def dispatcher(app: App) -> Dispatch:
    """Makes what hands a parsed body to Bolt as Socket Mode does: checked once, parsed once.

    What no listener wanted is logged and answered 200, so that Slack shows no error for an old button. What
    fails is logged and answered 500, for which Slack shows a warning beside the button or form; a slash
    command gets an apology, for which Slack would show a cryptic "dispatch_failed".
    """

    def dispatch(body: dict[str, Any]) -> BoltResponse:
        response: BoltResponse = app.dispatch(BoltRequest(mode="socket_mode", body=body))
        if response.status != HTTPStatus.NOT_FOUND:
            return response
        log.warning("no listener answered a request of Slack", **_about(body))
        return response if "command" in body else BoltResponse(status=200, body="")

    return _never_failing(dispatch)


def _never_failing(dispatch: Dispatch) -> Dispatch:
    def guarded(body: dict[str, Any]) -> BoltResponse:
        try:
            response = dispatch(body)
        except Exception:
            log.exception("a request of Slack failed", **_about(body))
            response = BoltResponse(status=500, body="")
        if response.status >= HTTPStatus.BAD_REQUEST and "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": APOLOGY})
        return response

    return guarded


def _about(body: dict[str, Any]) -> dict[str, str]:
    """What may be logged of a body: what kind it is, never what it says."""
    actions, view, event = body.get("actions"), body.get("view"), body.get("event")
    action = actions[0] if isinstance(actions, list) and actions else body
    about = {
        "command": body.get("command"),
        "type": body.get("type"),
        "action": action.get("action_id") if isinstance(action, dict) else None,
        "view": view.get("callback_id") if isinstance(view, dict) else None,
        "slack_event": event.get("type") if isinstance(event, dict) else None,
    }
    return {key: str(value) for key, value in about.items() if value}


def _read(environ: WSGIEnvironment) -> bytes:
    """The body, LARGEST_BODY bytes at most."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length and not environ.get("wsgi.input_terminated"):
        raise _Turned(411, "Content-Length is missing")
    if length and not (length.isascii() and length.isdigit()):
        raise _Turned(400, "Content-Length is not a number")
    if len(length) > len(str(LARGEST_BODY)) or int(length or 0) > LARGEST_BODY:
        raise _Turned(413, "the body is too large")
    try:
        raw: bytes = environ["wsgi.input"].read(int(length) if length else LARGEST_BODY + 1)
    except OSError:  # the sender paused for too long, or is gone
        raise _Turned(408, "the body did not arrive in time") from None
    if len(raw) > LARGEST_BODY:
        raise _Turned(413, "the body is too large")
    if length and len(raw) < int(length):
        raise _Turned(400, "the body is shorter than Content-Length")
    return raw


def _is_ssl_check(raw: bytes) -> bool:
    """Slack asks like this, sometimes unsigned, whether the certificate is fine; nothing else is done."""
    return b"ssl_check=1" in raw.split(b"&", 8)[:8]


def _parse(raw: bytes, kind: str) -> dict[str, Any]:
    """The body as Bolt wants it: events and interactions as their JSON, a slash command as its form."""
    if "json" in kind.lower():
        return _json_object(raw, "type")
    form = _form(raw)
    if "payload" in form:
        return _json_object(form["payload"], "type")
    if "command" not in form:
        raise _Turned(400, "the form holds neither a command nor a payload")
    return dict(form)


def _form(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:  # also UnicodeDecodeError
        raise _Turned(400, "the body is not a form in UTF-8") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        # Which of the two is meant is a guess, and two programs guess differently.
        raise _Turned(400, "the form says something twice")
    return form


def _json_object(raw: bytes | str, needed: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):  # bad UTF-8 and numbers of 5,000 digits are ValueErrors, too
        raise _Turned(400, "the body is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get(needed), str):
        raise _Turned(400, f"the JSON is not an object with a {needed}")
    return value


def _from_bolt(response: BoltResponse) -> _Answer:
    headers = [(name.title(), value) for name, values in response.headers.items() for value in values]
    kind = next((value for name, value in headers if name == "Content-Type"), _TEXT)
    others = tuple(pair for pair in headers if pair[0] not in {"Content-Type", "Content-Length"})
    return _Answer(response.status, (response.body or "").encode(errors="replace"), others, kind=kind)


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


def _headers(answer: _Answer) -> list[tuple[str, str]]:
    return [
        ("Content-Type", answer.kind),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        *answer.headers,
    ]
