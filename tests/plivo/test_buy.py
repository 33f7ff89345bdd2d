"""The buy: one POST at most, and every answer means one of five things."""

import json
import socket

import pytest

from bot.model.errors import (
    CredentialsRefused,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Refused,
    Unclear,
)
from bot.model.provider import BuyOptions
from bot.plivo.client import PlivoClient
from tests.plivo.scripted import Script, answer, close, provider, reset

NUMBER = "14155550100"
TOKEN = "an-invented-token"


def _json(status: str, /, **body: object) -> Script:
    return answer(status, json.dumps({"api_id": "a-1", **body}).encode())


def _bought(status: str, number: str = NUMBER) -> Script:
    numbers = [{"number": number, "status": status}]
    return _json("201 CREATED", message="created", numbers=numbers, status="fulfilled")


def _client(url: str) -> PlivoClient:
    return PlivoClient(url, "MAINVENTED", TOKEN, buy_timeout=0.5, read_timeout=0.5, connect_timeout=0.5)


def _buy(url: str, options: BuyOptions | None = None) -> object:
    client = _client(url)
    try:
        return client.buy(NUMBER, options or BuyOptions())
    finally:
        client.close()


@pytest.mark.parametrize(("said", "means"), [("Success", "bought"), ("pending", "awaiting_documents")])
def test_a_clear_yes(said: str, means: str) -> None:
    with provider(_bought(said)) as plivo:
        got = _buy(plivo.url, BuyOptions(app_id="7", cnam_lookup="enabled"))
        assert (got.status, got.api_id, got.provider_status) == (means, "a-1", said)
        head, _, body = plivo.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/Account/MAINVENTED/PhoneNumber/14155550100/ HTTP/1.1")
        assert json.loads(body) == {"app_id": "7", "cnam_lookup": "enabled"}


UNCLEAR = {
    "hung up": close,
    "reset": reset,
    "500": _json("500 Oops", error="no"),
    "502": answer("502 Bad Gateway", b"<html>"),
    "503 empty": answer("503 Busy"),
    "206": _json("206 Partial", message="partial"),
    "301": answer("301 Moved", b"", "Location: /elsewhere/"),
    "307": answer("307 Moved", b"", "Location: /elsewhere/"),
    "html": answer("200 OK", b"<html>fine</html>"),
    "empty": answer("201 CREATED"),
    "other shape": _json("201 CREATED", numbers="yes"),
    "other number": _bought("Success", "14155550199"),
    "unknown status": _bought("maybe"),
    "404 of a gateway": answer("404 Not Found", b"<html>nothing here</html>"),
    "408": _json("408 Timeout", error="late"),
}


@pytest.mark.parametrize("script", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_whatever_is_not_clear_is_unclear_and_sent_once(script: Script) -> None:
    with provider(script) as plivo:
        with pytest.raises(Unclear):
            _buy(plivo.url)
        assert len(plivo.requests) == 1


@pytest.mark.parametrize("how", ["silent", "drip"])
def test_an_answer_that_takes_too_long_in_all_is_unclear(how: str) -> None:
    with provider(close) as plivo:
        plivo.play(getattr(plivo, how))
        with pytest.raises(Unclear):
            _buy(plivo.url)
        assert len(plivo.requests) == 1


def test_hung_up_before_reading_is_unclear() -> None:
    with provider(reset, reads=False) as plivo, pytest.raises(Unclear):
        _buy(plivo.url)


def test_nobody_there_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(NotSent):
        _buy(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (_json("400 Bad", error="compliance_application_id is required"), Refused),
        (_json("402 Pay", error="insufficient balance"), Refused),
        (_json("403 No", error="account not verified"), Refused),
        (_json("404 Not Found", error="not found"), NotFound),
        (answer("401 No", b"Could not verify your access level"), CredentialsRefused),
    ],
)
def test_a_clear_no_in_the_providers_words(script: Script, kind: type[Refused]) -> None:
    with provider(script) as plivo:
        with pytest.raises(kind) as caught:
            _buy(plivo.url)
        assert type(caught.value) is kind
        assert caught.value.http_status in {400, 401, 402, 403, 404}
        assert len(plivo.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"), [("Retry-After: 7", 7), ("Retry-After: 99999", 3600), ("X: y", None)]
)
def test_too_fast_is_told_with_the_time_to_wait(header: str, seconds: float | None) -> None:
    with provider(answer("429 Slow down", b"{}", header)) as plivo:
        with pytest.raises(RateLimited) as caught:
            _buy(plivo.url)
        assert caught.value.retry_after == seconds


def test_each_buy_has_a_connection_of_its_own() -> None:
    with provider(_bought("Success")) as plivo:
        client = _client(plivo.url)
        client.buy(NUMBER, BuyOptions())
        client.buy(NUMBER, BuyOptions())
        client.close()
        assert plivo.connections == 2


def test_no_error_holds_the_token() -> None:
    for script in UNCLEAR.values():
        with provider(script) as plivo:
            with pytest.raises(ProviderError) as caught:
                _buy(plivo.url)
            assert TOKEN not in repr(caught.value) + str(caught.value)
