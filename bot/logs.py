"""Logs: one line an event on stderr, as text or JSON, with every secret taken out at the very end.

Redaction works on the finished text and not on its parts, so that a secret is found wherever it hides: in a
message, an argument, an extra value or the last line of somebody else's traceback.
"""

import base64
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

_SHORTEST = 4
"""Shorter secrets are not looked for: they would take every other word out of the log."""

_QUIET = ("slack_sdk", "urllib3", "alembic", "httpcore", "httpx", "asyncio")
"""Libraries that tell too much, beside Bolt, which logs the body of a request that it refuses at INFO."""

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Slack's tokens of every kind, also the rotating ones (xoxe.xoxb-1-…).
        r"()(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[\w-]+",
        # A header and its value, in HTTP, JSON, a dict's repr or a list of pairs.
        r"(authorization[\"'\\]*\s*[:=,]\s*(?:b?[\"'\\]+)?)(?:(?:basic|bearer|digest)\s+)?[^\s\"'\\,;})\]]+",
        # Whoever holds a response_url can post into the conversation; also as it stands in a form.
        r"(https?(?::|%3a)(?:/|%2f){2}hooks\.slack(?:-gov)?\.com(?:/|%2f))[^\s\"'\\<>&,;})\]]+",
        r"()v0=[0-9a-f]{16,}",
        r"(x-slack-request-timestamp[\"'\\]*\s*[:=,]\s*(?:b?[\"'\\]+)?)\d+",
        r"([a-z][a-z0-9+.-]*://[^\s/:@\"']*:)[^\s/@\"']+(?=@)",
    )
)


def configure(
    level: str,
    format: Literal["text", "json"],  # noqa: A002 - LOG_FORMAT is the word the operator knows
    secrets: Iterable[str],
    stream: TextIO | None = None,
) -> None:
    """Sends structlog's and the standard library's events through one redacting handler to `stream` (stderr).

    May be called again: the newest call counts. Uncaught exceptions of all threads are logged as well,
    because Python would print them as they are.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Formatter(format, _redactor(secrets)))
    handler.addFilter(_worth_a_line)
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _shared() -> tuple[Processor, ...]:
    """What is added to every event, whoever logs it."""
    return (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    )


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """A line that cannot be written is told without its arguments, which logging itself would print."""
        error = sys.exc_info()[1]
        line = f"a log line of {record.name} could not be written: {type(error).__name__}\n"
        try:
            self.stream.write(line)
        except (OSError, ValueError):
            return  # the stream itself is gone: there is nobody left to tell


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, format: Literal["text", "json"], redact: Callable[[str], str]) -> None:  # noqa: A002
        render = _text if format == "text" else structlog.processors.JSONRenderer(default=repr)
        super().__init__(
            processors=[self.remove_processors_meta, structlog.processors.format_exc_info, render],
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder()],
        )
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Drops the small talk of libraries; here, because Bolt gives its loggers a level of their own."""
    bolt = record.name.startswith("slack_bolt") or ":" in record.name  # its app's are "name:App"
    if bolt and str(record.msg).startswith("Unhandled request"):
        return False  # it quotes all that a person wrote; the door logs the same without
    return record.levelno >= logging.WARNING or not (bolt or record.name.split(".")[0] in _QUIET)


def _text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line for people: time, level, logger, message, then key=value; a traceback is set in below it."""
    trace = "\n".join(str(event.pop(key)) for key in ("stack", "exception") if key in event)
    head = [str(event.pop(key, "-")) for key in ("timestamp", "level", "logger", "event")]
    head[1] = head[1].upper()
    line = " ".join(_one_line(part) for part in (*head, *(f"{k}={_value(v)}" for k, v in event.items())))
    return line + "".join(f"\n    | {_one_line(row)}" for row in trace.splitlines())


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text and not re.search(r"[\s\"'=]", text) else repr(text)


def _one_line(text: str) -> str:
    """The text with line breaks, terminal codes and the like spelled out: nobody can forge a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Makes what takes these secrets, in every form they travel in, and all that looks like one, out."""
    forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    # The longest first: a secret may be part of another one.
    known = "|".join("".join(map(_as_written, form)) for form in sorted(forms, key=len, reverse=True))
    pattern = re.compile(known) if known else None

    def redact(text: str) -> str:
        text = pattern.sub(REDACTED, text) if pattern else text
        for guess in _PATTERNS:
            text = guess.sub(rf"\1{REDACTED}", text)
        return text

    return redact


def _forms(secret: str) -> set[str]:
    coded = base64.b64encode(secret.encode()).decode()
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), coded, coded.rstrip("=")}


def _as_written(char: str) -> str:
    """The pattern of one character, however often repr and JSON have escaped it on its way to the log."""
    if char == "\\":
        return r"\\+"
    plain = re.escape(char)
    if char in "\"'":
        return rf"\\*{plain}"
    return plain if char.isascii() else rf"(?:{plain}|\\+(?:x|u00|u){ord(char):x})"


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("bot").critical("the program failed", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    trace = (args.exc_type, args.exc_value, args.exc_traceback)
    structlog.get_logger("bot").error("a thread failed", thread=name, exc_info=trace)
