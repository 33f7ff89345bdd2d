"""Slack's signature: what is accepted, and that nothing malformed is more than a no."""

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.signature import SlackSignature

NOW = 1_800_000_000
SECRET, OLD_SECRET = "8f742231b10e8888abcd99yyyzzz85a5", "0ld0ld0ld0ld0ld0ld0ld0ld0ld0ld0l"
BODY = b"command=%2Fnumber&text=search+US"


def sign(body: bytes = BODY, timestamp: str = str(NOW), secret: str = SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, sha256).hexdigest()


def make(*secrets: str) -> SlackSignature:
    return SlackSignature(secrets or (SECRET,), lambda: NOW)


def test_the_example_of_slacks_documentation_is_accepted() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
        b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    slack = SlackSignature(("8f742231b10e8888abcd99yyyzzz85a5",), lambda: 1_531_420_618)
    assert slack.accepts(body, "1531420618", signature)


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_five_minutes_of_clock_error_are_tolerated(age: int) -> None:
    stamp = str(NOW - age)
    assert make().accepts(BODY, stamp, sign(timestamp=stamp))


@pytest.mark.parametrize("age", [-301, 301, NOW])
def test_an_old_request_and_one_from_the_future_are_refused(age: int) -> None:
    stamp = str(NOW - age)
    assert not make().accepts(BODY, stamp, sign(timestamp=stamp))


def test_both_secrets_are_accepted_while_they_are_rotated_and_no_other() -> None:
    slack = make(SECRET, OLD_SECRET)
    assert slack.accepts(BODY, str(NOW), sign())
    assert slack.accepts(BODY, str(NOW), sign(secret=OLD_SECRET))
    assert not slack.accepts(BODY, str(NOW), sign(secret="neither of them"))
    assert not make().accepts(BODY, str(NOW), sign(secret=OLD_SECRET))


def test_a_changed_byte_is_refused() -> None:
    assert not make().accepts(BODY + b" ", str(NOW), sign())
    assert not make().accepts(BODY, str(NOW + 1), sign())


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        "",
        "now",
        "-1",
        "1e9",
        f"{NOW}.0",
        f" {NOW}",
        f"{NOW}\n",
        "9" * 5000,
        "١٨٠٠٠٠٠٠٠٠",
        "²",
        f"{NOW},{NOW}",
    ],
)
def test_a_malformed_timestamp_is_a_no(stamp: str | None) -> None:
    assert not make().accepts(BODY, stamp, sign(timestamp=stamp or ""))


@pytest.mark.parametrize(
    "signature", [None, "", "v0=", "v1=abc", "v0=é", "v0=\udcff", sign()[3:], sign().upper()]
)
def test_a_malformed_signature_is_a_no(signature: str | None) -> None:
    assert not make().accepts(BODY, str(NOW), signature)


@given(st.binary(), st.text(), st.text())
def test_noise_is_a_no_and_never_an_error(body: bytes, stamp: str, signature: str) -> None:
    assert not make().accepts(body, stamp, signature)
    assert not make().accepts(body, str(NOW), signature)


@given(st.binary())
def test_any_body_can_be_signed(body: bytes) -> None:
    assert make().accepts(body, str(NOW), sign(body))


@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_an_empty_secret_is_no_secret(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        SlackSignature(secrets, lambda: NOW)
