"""Reads are tried up to three times, with pauses that stay within bounds."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.model.errors import (
    CredentialsRefused,
    NotSent,
    ProviderError,
    RateLimited,
    Refused,
    Unclear,
)
from bot.plivo.client import PlivoClient
from bot.plivo.pace import Pace
from tests.plivo.scripted import Script, answer, close, nobody, provider, raw, reset, told

NUMBER = "14155550100"
FINE = told("200 OK", number=NUMBER)
TOO_LONG_A_WISH = answer("429 Slow down", b"{}", "Retry-After: 3600")
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


@contextmanager
def _patient(url: str, waits: list[float], pace: Pace | None = None) -> Iterator[PlivoClient]:
    client = PlivoClient(
        url, "MAINVENTED", "an-invented-token", pace=pace, wait=waits.append, now=lambda: 1445412477.0
    )
    yield client
    client.close()


def _pauses(script: Script, requests: int) -> tuple[list[float], ProviderError]:
    """The pauses between the tries of a read that always meets this script, and how it ends."""
    waits: list[float] = []
    with provider(script) as plivo, _patient(plivo.url, waits) as client:
        with pytest.raises(ProviderError) as caught:
            client.rented_number(NUMBER)
        assert len(plivo.requests) == requests
    return waits, caught.value


@pytest.mark.parametrize("script", [close, reset, told("500 Oops"), answer("502 Bad"), answer("504 Late")])
def test_what_fails_for_the_moment_is_tried_three_times(script: Script) -> None:
    waits, error = _pauses(script, requests=3)
    assert waits == [0.2, 0.8]
    assert type(error) is Unclear


@pytest.mark.parametrize(
    ("wish", "pauses"),
    [("Retry-After: 3", [3.0, 3.0]), ("Retry-After: 0", [0.2, 0.8]), (f"Retry-After: {DATE}", [3.0, 3.0])],
)
def test_the_provider_may_ask_for_a_pause(wish: str, pauses: list[float]) -> None:
    waits, error = _pauses(answer("429 Slow down", b"{}", wish), requests=3)
    assert waits == pauses
    assert isinstance(error, RateLimited)


def test_nobody_waits_an_hour_for_a_search() -> None:
    waits, error = _pauses(TOO_LONG_A_WISH, requests=1)
    assert waits == []
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3600


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (told("400 Bad", error="limit is wrong"), Refused),
        (told("401 No", error="who are you"), CredentialsRefused),
        (answer("200 OK", b"<html>"), Unclear),
        (answer("302 Found", b"", "Location: http://127.0.0.1:9/"), Unclear),
    ],
)
def test_a_clear_answer_is_not_asked_for_again(script: Script, kind: type[ProviderError]) -> None:
    waits, error = _pauses(script, requests=1)
    assert waits == []
    assert type(error) is kind


def test_the_third_try_may_be_the_one() -> None:
    half = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")
    waits: list[float] = []
    with provider(half, answer("503 Busy"), FINE) as plivo, _patient(plivo.url, waits) as client:
        held = client.rented_number(NUMBER)
        assert held is not None
        assert len(plivo.requests) == 3


def test_a_kept_connection_that_the_provider_closed_does_no_harm() -> None:
    with provider(FINE, close, FINE) as plivo, _patient(plivo.url, []) as client:
        assert client.rented_number(NUMBER) == client.rented_number(NUMBER)
        assert plivo.connections == 2


def test_nobody_there_is_tried_three_times_and_not_sent() -> None:
    waits: list[float] = []
    with _patient(nobody(), waits) as client, pytest.raises(NotSent):
        client.account()
    assert waits == [0.2, 0.8]


def test_every_try_takes_a_place_of_the_pace() -> None:
    pace = Pace(2, 60, lambda: 0.0, patience=1)
    with provider(answer("503 Busy")) as plivo, _patient(plivo.url, [], pace) as client:
        with pytest.raises(RateLimited):
            client.account()
        assert len(plivo.requests) == 2


def test_all_tries_together_take_no_longer_than_twice_the_time_of_one() -> None:
    with provider(close) as plivo:
        plivo.play(plivo.silent)
        now, waits = [0.0], list[float]()

        def clock() -> float:
            now[0] += 0.02
            return now[0]

        client = PlivoClient(plivo.url, "MAINVENTED", "x", read_timeout=0.2, clock=clock, wait=waits.append)
        with pytest.raises(Unclear):
            client.account()
        client.close()
        assert len(plivo.requests) < 3
