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
from bot.model.provider import BuyAnswer, BuyOptions
from bot.plivo.client import PlivoClient
from tests.plivo.scripted import Script, answer, close, nobody, provider, raw, reset, told

NUMBER = "14155550100"
TOKEN = "an-invented-token"
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
BEFORE_DATE = 1445412470.0  # ten seconds


def _bought(status: str, number: str = NUMBER) -> Script:
    numbers = [{"number": number, "status": status}]
    return told("201 CREATED", message="created", numbers=numbers, status="fulfilled")


def _client(url: str, buy_timeout: float = 10) -> PlivoClient:
    return PlivoClient(
        url,
        "MAINVENTED",
        TOKEN,
        buy_timeout=buy_timeout,
        now=lambda: BEFORE_DATE,
    )


def _buy(url: str, options: BuyOptions | None = None, buy_timeout: float = 10) -> BuyAnswer:
    client = _client(url, buy_timeout)
    try:
        return client.buy(NUMBER, options or BuyOptions())
    finally:
        client.close()


@pytest.mark.parametrize(
    ("said", "means"), [("Success", "bought"), ("success", "bought"), ("pending", "awaiting_documents")]
)
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
    "half a head": raw(b"HTTP/1.1 201 CREA"),
    "half a body": raw(b'HTTP/1.1 201 CREATED\r\nContent-Length: 400\r\n\r\n{"numbers":[]}'),
    "not HTTP": raw(b"220 mail.example.com ESMTP\r\n"),
    "500": told("500 Oops", error="no"),
    "502": answer("502 Bad Gateway", b"<html>"),
    "503 empty": answer("503 Busy"),
    "206": told("206 Partial", numbers=[{"number": NUMBER, "status": "Success"}], status="fulfilled"),
    "204": answer("204 No Content"),
    "301": answer("301 Moved", b"", "Location: /elsewhere/"),
    "307": answer("307 Moved", b"", "Location: /elsewhere/"),
    "html": answer("200 OK", b"<html>fine</html>"),
    "empty": answer("201 CREATED"),
    "a list": answer("201 CREATED", b"[1]"),
    "no decimal": answer("201 CREATED", b'{"x": 1e99999999999999999999}'),
    "other shape": told("201 CREATED", numbers="yes"),
    "no numbers": told("201 CREATED", numbers=[], status="fulfilled"),
    "other number": _bought("Success", "14155550199"),
    "unknown status": _bought("maybe"),
    "async": told("201 CREATED", message="async api spawned"),
    "yes and an error": told(
        "201 CREATED", numbers=[{"number": NUMBER, "status": "Success"}], status="fulfilled", error="but"
    ),
    "404 of a gateway": answer("404 Not Found", b"<html>nothing here</html>"),
    "403 of a gateway": answer("403 Forbidden", b'{"message": "Forbidden"}'),
    "429 of a gateway": answer("429 Slow down", b"<html>slow down</html>"),
    "408": told("408 Timeout", error="late"),
}


@pytest.mark.parametrize("script", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_whatever_is_not_clear_is_unclear_and_sent_once(script: Script) -> None:
    with provider(script) as plivo:
        with pytest.raises(Unclear) as caught:
            _buy(plivo.url)
        assert len(plivo.requests) == plivo.connections == 1
    assert TOKEN not in repr(caught.value) + str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("how", ["silent", "drip", "drip_body"])
def test_an_answer_that_takes_too_long_in_all_is_unclear(how: str) -> None:
    with provider(close) as plivo:
        plivo.play(getattr(plivo, how))
        with pytest.raises(Unclear, match="in time"):
            _buy(plivo.url, buy_timeout=0.4)
        assert len(plivo.requests) == 1


@pytest.mark.parametrize("script", [close, reset], ids=["closed", "reset"])
def test_hung_up_before_reading_is_unclear_and_tried_once(script: Script) -> None:
    with provider(script, reads=False) as plivo:
        with pytest.raises((NotSent, Unclear)):
            _buy(plivo.url)
        assert plivo.connections == 1


def test_nobody_there_is_not_sent() -> None:
    with pytest.raises(NotSent):
        _buy(nobody())


def test_a_name_that_nobody_knows_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="NameResolutionError") as caught:
        _buy("http://plivo.example.com")
    assert "MAINVENTED" not in str(caught.value)


def test_a_failed_handshake_is_not_sent() -> None:
    with provider(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False) as plivo, pytest.raises(NotSent):
        _buy(plivo.url.replace("http:", "https:"))


def test_a_connection_that_took_too_long_to_make_is_not_used() -> None:
    ticks = iter(range(0, 10_000, 100))
    with provider(_bought("Success")) as plivo:
        client = PlivoClient(plivo.url, "MAINVENTED", TOKEN, clock=lambda: next(ticks))
        with pytest.raises(NotSent):
            client.buy(NUMBER, BuyOptions())
        client.close()
        assert plivo.requests == []


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        (
            told("400 Bad", error="compliance_application_id is required"),
            Refused,
            "compliance_application_id",
        ),
        (told("400 Bad", error={"app_id": ["does not exist"]}), Refused, "app_id: does not exist"),
        (told("402 Pay", error="insufficient balance"), Refused, "insufficient balance"),
        (told("403 No", error="account not verified"), Refused, "account not verified"),
        (told("401 No", error="who are you"), CredentialsRefused, "who are you"),
        (told("404 Not Found", error="not found"), NotFound, "not found"),
    ],
)
def test_a_clear_no_comes_in_the_providers_words(script: Script, kind: type[Refused], words: str) -> None:
    with provider(script) as plivo:
        with pytest.raises(kind, match=words) as caught:
            _buy(plivo.url)
        assert type(caught.value) is kind
        assert caught.value.api_id == "a-1"
        assert caught.value.http_status in {400, 401, 402, 403, 404}
        assert len(plivo.requests) == 1


def test_refused_credentials_need_no_json() -> None:
    with provider(answer("401 No", b"Could not verify your access level", "X-Request-ID: r-9")) as plivo:
        with pytest.raises(CredentialsRefused) as caught:
            _buy(plivo.url)
        assert caught.value.api_id == "r-9"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7),
        ("Retry-After: 99999", 3600),
        (f"retry-after: {DATE}", 10),
        ("Retry-After: soon", None),
        ("X: y", None),
    ],
)
def test_too_fast_is_told_with_the_time_to_wait(header: str, seconds: float | None) -> None:
    with provider(answer("429 Slow down", b"{}", header)) as plivo:
        with pytest.raises(RateLimited) as caught:
            _buy(plivo.url)
        assert caught.value.retry_after == seconds
        assert len(plivo.requests) == 1


def test_each_buy_has_a_connection_of_its_own_even_after_a_read() -> None:
    held = told("200 OK", number=NUMBER)
    with provider(held, held, _bought("Success")) as plivo:
        client = _client(plivo.url)
        client.rented_number(NUMBER)
        client.rented_number(NUMBER)
        assert plivo.connections == 1
        client.buy(NUMBER, BuyOptions())
        client.buy(NUMBER, BuyOptions())
        client.close()
        assert plivo.connections == 3


@pytest.mark.parametrize("script", [close, answer("503 Busy"), told("429 Slow down", error="slow")])
def test_a_release_and_a_new_name_leave_once_too(script: Script) -> None:
    with provider(script) as plivo:
        client = _client(plivo.url)
        with pytest.raises((Unclear, RateLimited)):
            client.release(NUMBER)
        with pytest.raises((Unclear, RateLimited)):
            client.set_alias(NUMBER, "Hotline")
        client.close()
        methods = [request.split(b" ")[0] for request in plivo.requests]
        assert methods == [b"DELETE", b"POST"]


@pytest.mark.parametrize(
    "script", [answer("200 OK", b"<html>"), answer("202 CHANGED"), told("202 CHANGED", error="but")]
)
def test_a_release_is_done_only_if_the_provider_says_so(script: Script) -> None:
    with provider(script) as plivo, pytest.raises(Unclear):
        _client(plivo.url).release(NUMBER)


def test_the_client_shows_no_token() -> None:
    client = PlivoClient("http://127.0.0.1:9", "MAINVENTED", TOKEN)
    client.close()
    assert TOKEN not in repr(client)
    assert TOKEN not in f"{ProviderError()!r} {vars(client)!r}"
