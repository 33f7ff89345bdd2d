"""Reading from the provider: three kinds of none, odd items, and tries within bounds."""

import json
from collections.abc import Iterator
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.model.errors import CredentialsRefused, NotFound, RateLimited, Refused, Unclear
from bot.model.offer import NumberType
from bot.model.provider import BuyOptions
from bot.plivo import wire
from bot.plivo.client import PlivoClient
from bot.plivo.pace import Pace
from tests.plivo.scripted import Script, answer, close, provider
from tests.sandbox.plivo_client import AUTH, Client, stand_in


def _json(status: str, /, **body: Any) -> Script:
    return answer(status, json.dumps(body).encode())


def _client(url: str) -> PlivoClient:
    return PlivoClient(url, *AUTH, buy_timeout=1, read_timeout=1, connect_timeout=1)


@pytest.mark.parametrize(
    "script",
    [
        _json("200 OK", objects=[], meta={"total_count": 0}),
        _json("200 OK", error="no numbers found"),
        _json("404 Not Found", error="not found", api_id="a"),
    ],
)
def test_none_comes_in_three_forms(script: Script) -> None:
    with provider(script) as plivo:
        page = _client(plivo.url).search({"country_iso": "US"}, country="US")
        assert (page.offers, page.next_offset) == ((), None)


def test_only_the_number_is_needed_and_an_odd_item_hides_no_other() -> None:
    rows = [{"number": "14155550100"}, {"number": None}, {"number": "+14155550101", "lata": 722, "x": [1]}]
    with provider(_json("200 OK", objects=rows, meta={"total_count": 40})) as plivo:
        page = _client(plivo.url).search({"country_iso": "US", "type": "local"}, country="US")
    first, second = page.offers
    assert (first.number, first.monthly, first.type) == ("14155550100", None, NumberType.LOCAL)
    assert (second.number, second.lata) == ("14155550101", "722")
    assert (page.total, page.next_offset) == (40, 20)


def test_a_read_is_tried_again_and_then_given_up() -> None:
    fine = _json("200 OK", number="14155550100")
    with provider(_json("503 Busy"), close, fine) as plivo:
        held = _client(plivo.url).rented_number("14155550100")
        assert held is not None
        assert len(plivo.requests) == 3
    with provider(_json("500 Oops")) as plivo:
        with pytest.raises(Unclear):
            _client(plivo.url).rented_number("14155550100")
        assert len(plivo.requests) == 3


def test_ours_or_not_is_never_guessed() -> None:
    with provider(_json("404 Not Found", error="not found", api_id="a")) as plivo:
        assert _client(plivo.url).rented_number("14155550100") is None
    with provider(answer("404 Not Found", b"<html>")) as plivo, pytest.raises(Unclear):
        _client(plivo.url).rented_number("14155550100")
    with provider(_json("200 OK", number="14155550199")) as plivo, pytest.raises(Unclear):
        _client(plivo.url).rented_number("14155550100")


def test_a_redirect_is_not_followed() -> None:
    moved = answer("302 Found", b"", "Location: http://127.0.0.1:9/")
    with provider(moved) as plivo, pytest.raises(Unclear):
        _client(plivo.url).account()


@pytest.fixture(scope="module")
def plivo() -> Iterator[Client]:
    with stand_in(numbers=500) as one:
        yield one


def test_the_whole_life_of_a_number(plivo: Client) -> None:
    client = _client(plivo.url)
    offer = client.search({"country_iso": "US", "type": "local"}, country="US").offers[0]
    assert isinstance(offer.monthly, Decimal)
    assert client.rented_number(offer.number) is None
    assert client.buy(offer.number, BuyOptions()).status == "bought"
    client.set_alias(offer.number, "Hotline")
    held = client.rented_number(offer.number)
    assert held is not None
    assert held.alias == "Hotline"
    assert offer.number in {n.number for n in client.rented_numbers().numbers}
    with pytest.raises(NotFound):
        client.buy(offer.number, BuyOptions())
    client.release(offer.number)
    assert client.rented_number(offer.number) is None
    client.close()


def test_what_can_be_chosen(plivo: Client) -> None:
    client = _client(plivo.url)
    assert client.account().auth_id == AUTH[0]
    assert len(client.applications()) == 3
    assert {s.enabled for s in client.subaccounts()} == {True, False}
    assert {c.country for c in client.compliance_applications("DE", "local")} == {"DE"}
    client.close()


def test_refused_credentials_are_named(plivo: Client) -> None:
    client = PlivoClient(plivo.url, AUTH[0], "wrong")
    with pytest.raises(CredentialsRefused):
        client.account()
    client.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["objects", "meta", "error", "number", "lata", "setup_rate"]), JSON))
def test_no_json_breaks_the_models(document: dict[str, Any]) -> None:
    for model in (wire.OfferList, wire.NumberList, wire.WireNumber, wire.BuyReply, wire.WireAccount):
        try:
            model.model_validate(document)
        except ValidationError:
            continue


@given(st.lists(st.floats(0, 3), max_size=60))
def test_no_window_holds_more_than_the_limit(gaps: list[float]) -> None:
    now, starts = [0.0], []

    def wait(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(5, 5.0, lambda: now[0], wait)
    for gap in gaps:
        now[0] += gap
        pace.take()
        starts.append(now[0])
    for start in starts:
        assert len([s for s in starts if start <= s < start + 5.0 - 1e-6]) <= 5


def test_who_would_wait_too_long_is_told_at_once() -> None:
    waited: list[float] = []
    pace = Pace(2, 5.0, lambda: 0.0, waited.append, patience=4)
    refused: list[RateLimited] = []

    def take() -> None:
        try:
            pace.take()
        except RateLimited as problem:
            refused.append(problem)

    threads = [Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 18
    assert waited == []
    assert refused[0].retry_after == 5.0


def test_a_number_that_is_none_reaches_no_other_address(plivo: Client) -> None:
    client = _client(plivo.url)
    before = len(plivo.control("GET", "sandbox/log"))
    for odd in ("..", "", "1/../../", "+1 415-555-0100?x"):
        with pytest.raises(Refused, match="not a phone number"):
            client.release(odd)
    assert len(plivo.control("GET", "sandbox/log")) == before
    client.close()
