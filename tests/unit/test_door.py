"""The door: every request gets the right answer, and Bolt only sees what Slack signed."""

import hmac
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from structlog.testing import capture_logs

from bot.door import APOLOGY, LARGEST_BODY, Door, dispatcher
from bot.signature import SlackSignature

DATA = Path(__file__).parents[1] / "handlers" / "data"
NOW = 1_800_000_000
SECRET = "an invented signing secret"
FORM = "application/x-www-form-urlencoded"

Answer = tuple[int, dict[str, str], bytes]
Body = dict[str, Any]


def data(name: str) -> bytes:
    return (DATA / name).read_bytes().strip()


def sign(body: bytes) -> dict[str, str]:
    mac = hmac.new(SECRET.encode(), f"v0:{NOW}:".encode() + body, sha256).hexdigest()
    return {"HTTP_X_SLACK_REQUEST_TIMESTAMP": str(NOW), "HTTP_X_SLACK_SIGNATURE": f"v0={mac}"}


def ask(door: Door, **environ: Any) -> Answer:
    """One request through the standard library's checker of WSGI callables."""
    environ = {"QUERY_STRING": "", "SCRIPT_NAME": "", **environ}
    setup_testing_defaults(environ)
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _: None

    result = validator(door)(environ, start)
    body = b"".join(result)
    result.close()  # type: ignore[attr-defined]
    ((status, headers),) = started
    return int(status.split()[0]), dict(headers), body


def post(door: Door, body: bytes, kind: str = FORM, **environ: Any) -> Answer:
    """A POST of Slack's, signed."""
    known = {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body)}
    return ask(
        door, **{"REQUEST_METHOD": "POST", "PATH_INFO": "/slack/events", **known, **sign(body), **environ}
    )


def make(dispatch: Callable[[Body], BoltResponse], **parts: Any) -> Door:
    known: Any = {
        "ready": lambda: (True, {"database": "fine"}),
        "metrics": lambda: (b"up 1\n", "text/x-metrics"),
    }
    return Door(dispatch, SlackSignature((SECRET,), lambda: NOW), **(known | parts))


def listening() -> tuple[Door, list[Body]]:
    """A door and the list of what it hands on."""
    seen: list[Body] = []

    def dispatch(body: Body) -> BoltResponse:
        seen.append(body)
        return BoltResponse(status=200, body="")

    return make(dispatch), seen


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


def test_a_slash_command_arrives_as_its_form() -> None:
    door, seen = listening()
    assert post(door, data("slash_command.form.txt"))[0] == 200
    assert (seen[0]["command"], seen[0]["text"]) == ("/number", "search US local 415")
    assert seen[0]["trigger_id"]


def test_an_interaction_arrives_as_its_payload() -> None:
    door, seen = listening()
    payload = data("block_actions_message.json").decode()
    assert post(door, form(payload=payload))[0] == 200
    assert seen == [json.loads(payload)]


def test_an_event_arrives_as_its_json() -> None:
    door, seen = listening()
    assert post(door, data("event_app_home_opened.json"), "application/json; charset=utf-8")[0] == 200
    assert seen[0]["event"]["type"] == "app_home_opened"


@pytest.mark.parametrize(
    "text", ["search payload", "payload={}", "search US “415” —limit 5", "näme & <b> 100%", ""]
)
def test_a_command_may_say_anything(text: str) -> None:
    door, seen = listening()
    assert post(door, form(command="/number", text=text))[0] == 200
    assert seen[0]["text"] == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_text_survives_the_form(text: str) -> None:
    door, seen = listening()
    assert post(door, form(command="/number", text=text))[0] == 200
    assert seen[0]["text"] == text


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_SLACK_SIGNATURE": "v0=00"},
        {"HTTP_X_SLACK_SIGNATURE": "v0=é"},
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "soon"},
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": str(NOW - 301)},
    ],
)
def test_what_slack_did_not_sign_is_401_and_nothing_else(headers: dict[str, str]) -> None:
    door, seen = listening()
    with capture_logs() as lines:
        status, _, body = post(door, form(command="/number", text="private words"), **headers)
    assert (status, body, seen) == (401, b"", [])
    assert "private" not in repr(lines)


@pytest.mark.parametrize("signed", [True, False])
def test_slacks_certificate_check_is_answered_signed_or_not(signed: bool) -> None:
    door, seen = listening()
    headers = {} if signed else {"HTTP_X_SLACK_SIGNATURE": ""}
    assert post(door, data("ssl_check.form.txt"), **headers)[0] == 200
    assert seen == []


def test_the_text_of_a_command_is_no_certificate_check() -> None:
    door, seen = listening()
    assert post(door, form(command="/number", text="ssl_check=1"))[0] == 200
    assert len(seen) == 1


def test_the_address_check_answers_its_challenge() -> None:
    door, seen = listening()
    body = data("event_url_verification.json")
    status, headers, answer = post(door, body, "application/json")
    assert (status, answer.decode(), seen) == (200, json.loads(body)["challenge"], [])
    assert headers["Content-Type"].startswith("text/plain")


def test_an_unsigned_address_check_is_refused() -> None:
    body = data("event_url_verification.json")
    assert post(listening()[0], body, "application/json", HTTP_X_SLACK_SIGNATURE="v0=00")[0] == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"a=b", FORM),
        (b"command=a&command=b", FORM),
        (b"command=%2Fnumber&text=%ff%fe", FORM),
        (b"command=\xff", FORM),
        (b"payload=", FORM),
        (b"payload=[1]", FORM),
        (b"payload=" + b"[" * 100_000, FORM),
        (b"&".join(b"f%d=1" % n for n in range(1000)), FORM),
        (b"", "application/json"),
        (b"{", "application/json"),
        (b'{"type": 1}', "application/json"),
        (b'"text"', "application/json"),
        (b"null", "application/json"),
        (b'{"type": "\xff"}', "application/json"),
        (b'{"type": ' + b"9" * 5000 + b"}", "application/json"),
        (b"{}", FORM),
    ],
)
def test_a_body_that_says_nothing_is_400(body: bytes, kind: str) -> None:
    door, seen = listening()
    assert post(door, body, kind)[0] == 400
    assert seen == []


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (str(LARGEST_BODY + 1), 413),
        ("9" * 5000, 413),
        ("50", 400),
        ("+5", 400),
        ("-1", 400),
        ("ten", 400),
        ("²", 400),
        ("", 411),
    ],
)
def test_a_wrong_length_is_answered_and_not_believed(length: str, status: int) -> None:
    door = listening()[0]
    environ: Any = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/slack/events",
        "CONTENT_LENGTH": length,
        "wsgi.input": io.BytesIO(b"command=a"),
    }
    answers: list[str] = []
    list(door(environ, lambda line, *_: answers.append(line)))  # type: ignore[arg-type,return-value]
    assert int(answers[0].split()[0]) == status


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY - 13, 200), (LARGEST_BODY - 12, 413)])
def test_a_body_without_length_is_read_up_to_the_limit(size: int, status: int) -> None:
    body = b"command=/numb" + b"x" * size
    environ = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert post(listening()[0], body, **environ)[0] == status


def test_a_sender_that_stops_halfway_gets_408() -> None:
    class Stalled(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise TimeoutError

    assert post(listening()[0], b"command=a", **{"wsgi.input": Stalled()})[0] == 408


def test_bolts_answer_goes_out_as_it_is() -> None:
    made = make(lambda _: BoltResponse(status=200, body={"text": "grüezi"}, headers={"X-One": ["1"]}))
    status, headers, body = post(made, form(command="/number"))
    assert (status, json.loads(body)) == (200, {"text": "grüezi"})
    assert headers["Content-Type"].startswith("application/json")
    assert headers["X-One"] == "1"
    assert headers["Content-Length"] == str(len(body))


def fail(_: Body) -> BoltResponse:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "dispatch", [fail, lambda _: BoltResponse(status=500), lambda _: BoltResponse(status=404)]
)
def test_a_command_that_fails_gets_an_apology_only_the_person_sees(
    dispatch: Callable[[Body], BoltResponse],
) -> None:
    status, headers, body = post(make(dispatch), form(command="/number"))
    assert (status, json.loads(body)) == (200, {"response_type": "ephemeral", "text": APOLOGY})
    assert headers["Content-Type"].startswith("application/json")


def test_an_interaction_that_fails_is_500_so_that_slack_warns() -> None:
    with capture_logs() as lines:
        assert post(make(fail), form(payload=data("view_submission.json").decode()))[::2] == (500, b"")
    (line,) = lines
    assert (line["event"], line["type"]) == ("a request of Slack failed", "view_submission")


def test_health_says_that_the_process_is_up() -> None:
    assert ask(listening()[0], PATH_INFO="/healthz")[::2] == (200, b"ok")


@pytest.mark.parametrize(("fine", "status"), [(True, 200), (False, 503)])
def test_readiness_names_each_check(fine: bool, status: int) -> None:
    made = make(fail, ready=lambda: (fine, {"database": "?"}))
    got, headers, body = ask(made, PATH_INFO="/readyz")
    assert (got, json.loads(body)) == (status, {"ready": fine, "checks": {"database": "?"}})
    assert headers["Content-Type"] == "application/json"


def test_metrics_come_with_their_own_content_type() -> None:
    status, headers, body = ask(listening()[0], PATH_INFO="/metrics")
    assert (status, headers["Content-Type"], body) == (200, "text/x-metrics", b"up 1\n")


@pytest.mark.parametrize("part", ["ready", "metrics"])
def test_a_check_that_fails_is_logged_and_500(part: str) -> None:
    with capture_logs() as lines:
        path = {"ready": "/readyz", "metrics": "/metrics"}[part]
        assert ask(make(fail, **{part: lambda: 1 / 0}), PATH_INFO=path)[0] == 500
    assert [line["path"] for line in lines] == [path]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_head_is_get_without_the_body(path: str) -> None:
    door = listening()[0]
    shown, asked = ask(door, PATH_INFO=path), ask(door, PATH_INFO=path, REQUEST_METHOD="HEAD")
    assert asked == (*shown[:2], b"")


@pytest.mark.parametrize(
    "path", ["/", "/slack", "/slack/events/", "/slack/install", "/healthz/x", "/../metrics"]
)
def test_anything_else_is_404(path: str) -> None:
    assert ask(listening()[0], PATH_INFO=path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/slack/events"), ("PUT", "/slack/events"), ("HEAD", "/slack/events"), ("POST", "/healthz")],
)
def test_a_wrong_method_is_anything_else(method: str, path: str) -> None:
    status, headers, body = ask(listening()[0], PATH_INFO=path, REQUEST_METHOD=method)
    assert (status, body) == (404, b"" if method == "HEAD" else b"not found")
    assert "Allow" not in headers


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/slack/events"])
def test_no_answer_is_kept_or_guessed_at(path: str) -> None:
    headers = ask(listening()[0], PATH_INFO=path)[1]
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


@given(st.binary(max_size=300), st.sampled_from([FORM, "application/json", "", "text/plain"]))
def test_no_signed_body_whatsoever_fails(body: bytes, kind: str) -> None:
    assert post(listening()[0], body, kind)[0] in {200, 400}


@pytest.fixture
def app() -> App:
    """A real Bolt app, as the program makes it, with three listeners."""
    made = App(
        name="test",
        client=WebClient("xoxb-invented"),
        authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-invented"),
        process_before_response=True,
        request_verification_enabled=False,
    )
    made.command("/number")(lambda ack, command: ack(f"heard {command['text']}"))
    made.view("number_order")(lambda ack: ack(response_action="clear"))
    made.command("/silent")(lambda: None)
    return made


@pytest.mark.parametrize("text", ["search payload", "help"])
def test_bolt_answers_a_command_that_says_payload(app: App, text: str) -> None:
    fields = json.loads(data("slash_command_smart_punctuation.json")) | {"text": text}
    status, _, body = post(make(dispatcher(app)), form(**fields))
    assert (status, body.decode()) == (200, f"heard {text}")


def test_bolt_hears_smart_punctuation_unchanged(app: App) -> None:
    fields = json.loads(data("slash_command_smart_punctuation.json"))
    assert post(make(dispatcher(app)), form(**fields))[2].decode() == "heard " + fields["text"]


def test_bolt_answers_a_modal(app: App) -> None:
    payload = json.loads(data("view_submission.json"))
    payload["view"]["callback_id"] = "number_order"
    answer = post(make(dispatcher(app)), form(payload=json.dumps(payload)))
    assert json.loads(answer[2]) == {"response_action": "clear"}


def test_an_old_button_is_logged_and_slack_shows_no_error(app: App) -> None:
    payload = data("block_actions_message.json").decode()
    with capture_logs() as lines:
        assert post(make(dispatcher(app)), form(payload=payload))[::2] == (200, b"")
    (line,) = lines
    assert line["action"] == json.loads(payload)["actions"][0]["action_id"]


@pytest.mark.parametrize("command", ["/silent", "/elsewhere"])
def test_a_command_that_nobody_answers_gets_an_apology(app: App, command: str) -> None:
    fields = json.loads(data("slash_command_smart_punctuation.json")) | {"command": command}
    status, _, body = post(make(dispatcher(app)), form(**fields))
    assert (status, json.loads(body)["text"]) == (200, APOLOGY)


def test_a_listener_that_fails_is_an_apology_as_well(app: App) -> None:
    app.command("/broken")(lambda: 1 / 0)
    fields = json.loads(data("slash_command_smart_punctuation.json")) | {"command": "/broken"}
    assert json.loads(post(make(dispatcher(app)), form(**fields))[2])["text"] == APOLOGY
