"""What the provider may send: no JSON and no bytes break the client, and what is odd counts as missing."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.errors import CredentialsRefused, NotFound, ProviderError, RateLimited, Refused, Unclear
from bot.model.offer import NumberType, Offer
from bot.model.provider import BuyOptions
from bot.plivo import wire
from bot.plivo.buying import buy_answer
from bot.plivo.client import PlivoClient
from bot.plivo.errors import from_answer
from bot.plivo.http import Answer
from tests.plivo.scripted import Provider, answer, close, provider

NUMBER = "14155550100"
OFFER = {
    "number": NUMBER,
    "type": "fixed",
    "sub_type": "local",
    "lata": 722,
    "monthly_rental_rate": "0.80000",
    "setup_rate": "0.00000",
    "voice_enabled": True,
}
GOOD: dict[str, Any] = {
    "api_id": "a-1",
    "meta": {"limit": 20, "next": None, "offset": 0, "total_count": 1},
    "objects": [OFFER],
    "compliances": [{"compliance_id": "c-1", "status": "Accepted"}],
    "number": NUMBER,
    "numbers": [{"number": NUMBER, "status": "Success"}],
    "status": "fulfilled",
    "cash_credits": "4.88860",
    "error": None,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
CALLS: dict[str, Callable[[PlivoClient], object]] = {
    "search": lambda c: c.search({"country_iso": "US"}, country="US"),
    "rented_number": lambda c: c.rented_number(NUMBER),
    "rented_numbers": lambda c: c.rented_numbers(),
    "account": lambda c: c.account(),
    "applications": lambda c: c.applications(),
    "subaccounts": lambda c: c.subaccounts(),
    "compliance_applications": lambda c: c.compliance_applications("IN", "local"),
    "buy": lambda c: c.buy(NUMBER, BuyOptions()),
    "set_alias": lambda c: c.set_alias(NUMBER, "Hotline"),
}


@st.composite
def _spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A good answer with fields missing, odd or added, in it and in its first item."""
    row = _spoil(draw, OFFER)
    return _spoil(draw, GOOD | {"objects": [row, OFFER]})


def _spoil(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    missing = draw(st.sets(st.sampled_from(sorted(good)), max_size=3))
    odd = draw(st.dictionaries(st.sampled_from(sorted(good)) | st.text(max_size=8), JSON, max_size=3))
    return {key: value for key, value in good.items() if key not in missing} | odd


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Provider, PlivoClient]]:
    with provider(close) as plivo:
        client = PlivoClient(plivo.url, "MAINVENTED", "an-invented-token", wait=lambda _: None)
        yield plivo, client
        client.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=_spoilt())
def test_an_odd_answer_is_read_or_unclear_and_nothing_else(
    served: tuple[Provider, PlivoClient], document: dict[str, Any]
) -> None:
    plivo, client = served
    plivo.play(answer("200 OK", json.dumps(document).encode()))
    for call in CALLS.values():
        try:
            call(client)
        except ProviderError as problem:
            assert type(problem) is Unclear  # noqa: PT017 - most documents raise nothing


BODIES = st.binary(max_size=60) | JSON.map(lambda found: json.dumps(found).encode())
SAID = BODIES | JSON.map(lambda found: json.dumps({"error": found, "api_id": found}).encode())


@given(
    st.integers(100, 599), SAID, st.dictionaries(st.sampled_from(["Retry-After", "X-Request-ID"]), st.text())
)
def test_every_answer_stands_for_one_error_that_can_be_stored(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    error = from_answer(Answer(status, headers, body), now=0)
    text = f"{error}{error.api_id}"
    assert text.encode()
    assert "\n" not in text
    assert len(str(error)) < 400
    if not 400 <= status < 500:
        assert type(error) is Unclear
    if isinstance(error, RateLimited):
        assert error.retry_after is None or 0 <= error.retry_after <= 3600


@given(st.integers(100, 599), BODIES)
def test_only_a_yes_for_this_number_is_a_yes(status: int, body: bytes) -> None:
    assert buy_answer(Answer(status, {}, body), NUMBER) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": "not found"}, "not found"),
        ({"error": {"error": "deep"}}, "deep"),
        ({"error": {"message": "m", "code": 3}}, "m"),
        ({"error": {"alias": ["too long"]}}, "alias: too long"),
        ({"Error": "capital"}, "capital"),
        ({"error_code": 404, "message": "lookup"}, "lookup"),
        ({"error": "two\nlines\u202e\ud800 <b>"}, "two lines <b>"),
    ],
)
def test_the_words_are_found_in_every_shape_of_an_error(said: dict[str, Any], words: str) -> None:
    error = from_answer(Answer(400, {}, json.dumps({"api_id": "a"} | said).encode()), now=0)
    assert (type(error), str(error)) == (Refused, words)


def test_the_kind_of_an_error_is_its_status() -> None:
    said = b'{"api_id": "a", "error": "no"}'
    kinds = {
        401: CredentialsRefused,
        402: Refused,
        404: NotFound,
        408: Unclear,
        429: RateLimited,
        500: Unclear,
    }
    assert {status: type(from_answer(Answer(status, {}, said), now=0)) for status in kinds} == kinds


def _offer(**fields: object) -> Offer:
    return wire.WireOffer.model_validate(OFFER | fields).offer("US", "local")


@pytest.mark.parametrize("lata", [722, "722", " 722 "])
def test_lata_is_text_or_a_number(lata: object) -> None:
    assert _offer(lata=lata).lata == "722"


@pytest.mark.parametrize(
    "odd", [None, "", "free", "-1", -1, True, "NaN", "Infinity", [1], "1e7", "0.00000000001"]
)
def test_a_price_that_cannot_be_read_is_no_price(odd: object) -> None:
    assert _offer(monthly_rental_rate=odd).monthly is None


def test_a_missing_price_is_no_price_and_a_missing_fee_is_none() -> None:
    offer = wire.WireOffer.model_validate({"number": NUMBER}).offer("US", None)
    assert (offer.monthly, offer.setup, offer.due_today) == (None, Decimal(0), None)
    assert _offer(monthly_rental_rate="0.80000", setup_rate="1.50000").due_today == Decimal("2.3")


def test_a_fee_that_cannot_be_read_hides_the_price() -> None:
    assert _offer(setup_rate="ask us").monthly is None


@pytest.mark.parametrize(
    ("sub_type", "type_", "asked", "kind"),
    [
        ("local", "fixed", None, NumberType.LOCAL),
        (None, "fixed", "local", NumberType.LOCAL),
        (None, "tollfree", "local", NumberType.TOLLFREE),
        (None, "fixed", "mobile", NumberType.FIXED),
        ("toll-free", None, None, NumberType.TOLLFREE),
        ("satellite", None, "national", NumberType.NATIONAL),
        (None, None, None, NumberType.FIXED),
    ],
)
def test_the_most_exact_word_names_the_type(
    sub_type: str | None, type_: str | None, asked: str | None, kind: NumberType
) -> None:
    assert wire.number_type(sub_type, type_, asked) is kind


@pytest.mark.parametrize(
    ("said", "credit"), [("4.88860", "4.8886"), ("-2.5", "-2.5"), (-3, "-3"), (True, None), ("much", None)]
)
def test_credit_may_be_below_zero_but_is_never_guessed(said: object, credit: str | None) -> None:
    found = wire.WireAccount.model_validate({"cash_credits": said}).account("MAINVENTED").credit
    assert found == (None if credit is None else Decimal(credit))
