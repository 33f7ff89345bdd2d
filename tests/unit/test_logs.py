"""Logs: no secret and no forged line gets through, by whatever way it comes."""

import base64
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote_plus

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import logs
from bot.door import dispatcher

SECRET = 'se"cr\\et/ö+1'
PAIR = "MAINVENTED:plivo-secret"
HOOK = "https://hooks.slack.com/commands/T0AAA1111/7412345678901/aBcDeFgHiJkLmNoPqRsTuVwX"

Log = Callable[..., io.StringIO]


@pytest.fixture
def configured() -> Iterator[Log]:
    """Configures the logs into a string, and puts everything back afterwards."""
    root, hooks = logging.root, (sys.excepthook, threading.excepthook)
    before = (root.handlers[:], root.level)

    def configure(format: str = "text", level: str = "INFO") -> io.StringIO:  # noqa: A002
        stream = io.StringIO()
        logs.configure(level, format, (SECRET, PAIR, "", "abc"), stream)  # type: ignore[arg-type]
        return stream

    yield configure
    root.handlers[:], level = before
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


def fail(text: str) -> None:
    raise ValueError(text)


def log_failure(text: str) -> None:
    try:
        fail(text)
    except ValueError:
        structlog.get_logger("bot.test").exception("failed")


BOTH = pytest.mark.parametrize("format", ["text", "json"])


def test_a_text_line_holds_time_level_logger_message_and_values(configured: Log) -> None:
    stream = configured()
    structlog.get_logger("bot.test").info("bought it", number="+14155550100", why="a b", count=2)
    time, rest = stream.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert rest == "INFO bot.test bought it number=+14155550100 why='a b' count=2\n"


def test_a_json_line_is_one_object(configured: Log) -> None:
    stream = configured("json")
    structlog.get_logger("bot.test").warning("bought it", count=2, odd=object)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["logger"], line["count"]) == (
        "bought it",
        "warning",
        "bot.test",
        2,
    )


@BOTH
def test_the_standard_librarys_events_take_the_same_way(configured: Log, format: str) -> None:  # noqa: A002
    stream = configured(format)
    with structlog.contextvars.bound_contextvars(request="R1"):
        logging.getLogger("alien").warning("hello %s", "you", extra={"more": "told"})
    assert "hello you" in stream.getvalue()
    assert "told" in stream.getvalue()
    assert "R1" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


@BOTH
@pytest.mark.parametrize(
    "hidden",
    [
        SECRET,
        repr(SECRET),
        json.dumps(SECRET),
        quote_plus(SECRET),
        f"-u {PAIR} ",
        base64.b64encode(PAIR.encode()).decode(),
        "xoxb-1234-abcd",
        "xoxe.xoxp-1-Mi0yLTA",
        "xapp-1-A0-77-ff",
        HOOK,
        quote_plus(HOOK),
        "Authorization: Bearer opaque-token",
        "{'Authorization': 'Basic opaque-token'}",
        '{"authorization": "opaque-token"}',
        "[(b'Authorization', b'Bearer opaque-token')]",
        "X-Slack-Signature: v0=" + "ab" * 32,
        "postgresql+psycopg://desk:opaque-token@db.example.com/desk",
    ],
)
def test_no_secret_gets_through_by_any_way(configured: Log, format: str, hidden: str) -> None:  # noqa: A002
    stream = configured(format)
    log = structlog.get_logger("bot.test")
    log.info("message %s", hidden)
    log.info("value", value=hidden, deep={"a": [hidden]})
    logging.getLogger("alien").warning("argument %s", hidden, extra={"more": hidden})
    log_failure(hidden)
    text = stream.getvalue()
    gone = (
        SECRET,
        hidden,
        "plivo-secret",
        "opaque-token",
        "1234-abcd",
        "Mi0yLTA",
        "aBcDeFgH",
        "abababab",
        "77-ff",
    )
    assert text.count(logs.REDACTED) >= 6
    assert not [piece for piece in gone if piece in text]


@BOTH
def test_harmless_text_is_left_alone(configured: Log, format: str) -> None:  # noqa: A002
    stream = configured(format)
    structlog.get_logger("bot.test").info("authorization failed for abc at https://slack.com/api/chat.update")
    assert "authorization failed for abc at https://slack.com/api/chat.update" in stream.getvalue()


def test_a_line_cannot_be_forged(configured: Log) -> None:
    stream = configured()
    forged = "x\n2026-01-01T00:00:00Z INFO bot all is well\r\x1b[2J\u2028\u202e"
    log = structlog.get_logger("bot.test")
    log.info(forged, value=forged, **{"a\nkey": 1})
    log_failure(forged)
    first, second, *trace = stream.getvalue().splitlines()
    assert "\\n2026" in first
    assert second.endswith("failed")
    assert all(line.startswith("    | ") for line in trace)
    assert "\x1b" not in stream.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text())
def test_any_text_becomes_one_line(configured: Log, text: str) -> None:
    for format in ("text", "json"):  # noqa: A001
        stream = configured(format)
        structlog.get_logger("bot.test").info(text, value=text)
        assert len(stream.getvalue().splitlines()) == 1


def test_libraries_are_quiet_even_those_that_set_their_own_level(configured: Log) -> None:
    stream = configured(level="DEBUG")
    for name in (
        "slack_bolt.App",
        "numberdesk:App",
        "slack_sdk.web.client",
        "urllib3.connectionpool",
        "alembic.runtime",
    ):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.info("small talk")
        logger.warning("worth it")
        logger.setLevel(logging.NOTSET)
    structlog.get_logger("bot.test").debug("ours")
    assert "small talk" not in stream.getvalue()
    assert stream.getvalue().count("worth it") == 5
    assert "ours" in stream.getvalue()


def test_bolt_does_not_quote_the_request_that_nobody_listens_to(configured: Log) -> None:
    stream = configured()
    app = App(
        name="numberdesk",
        client=WebClient(),
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-invented"),
        request_verification_enabled=False,
    )
    body = {"command": "/number", "text": "private words", "team_id": "T0AAA1111", "user_id": "U0ALICE01"}
    assert dispatcher(app)(body).status == 200
    assert "no listener answered a request of Slack command=/number" in stream.getvalue()
    assert "private words" not in stream.getvalue()


def test_a_level_is_a_threshold(configured: Log) -> None:
    stream = configured(level="WARNING")
    structlog.get_logger("bot.test").info("too quiet")
    logging.getLogger("alien").info("too quiet")
    structlog.get_logger("bot.test").error("loud")
    assert "too quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_a_line_that_cannot_be_written_is_told_without_its_arguments(
    configured: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = configured()
    logging.getLogger("alien").warning("%d", SECRET)
    assert stream.getvalue() == "a log line of alien could not be written: TypeError\n"
    assert SECRET not in capsys.readouterr().err


def test_an_uncaught_exception_is_redacted_as_well(
    configured: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = configured()
    thread = threading.Thread(target=fail, args=(f"token {SECRET}",), name="errand-0")
    thread.start()
    thread.join()
    try:
        fail(f"token {SECRET}")
    except ValueError:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    text = stream.getvalue()
    assert "ERROR bot a thread failed thread=errand-0" in text
    assert "CRITICAL bot the program failed" in text
    assert text.count(f"ValueError: token {logs.REDACTED}") == 2
    assert capsys.readouterr().err == ""


def test_control_c_is_no_failure(configured: Log, capsys: pytest.CaptureFixture[str]) -> None:
    stream = configured()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stream.getvalue() == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err
