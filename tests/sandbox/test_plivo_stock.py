"""The seeded stock, and stocks from files."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.plivo.geography import COUNTRIES
from sandbox.plivo.stock import DEFAULT_COUNT, StockNumber, load, seeded
from tests.sandbox.plivo_client import stand_in

PRICES = ("monthly", "setup", "voice_rate", "sms_rate", "mms_rate")


def test_the_stock_holds_over_twenty_thousand_different_numbers_of_eight_countries():
    stock = seeded()
    assert len(stock) >= 20_000
    assert len({number.number for number in stock}) == len(stock)
    assert {number.country_iso for number in stock} == {"US", "CA", "GB", "DE", "FR", "AU", "BR", "IN"}
    assert min(Counter(number.country_iso for number in stock).values()) > 1_000


def test_the_same_seed_gives_the_same_stock_and_another_seed_another_one():
    fresh = seeded.__wrapped__
    assert fresh(500, 7) == fresh(500, 7)
    assert fresh(500, 7) != fresh(500, 8)


def test_every_price_is_a_string_of_five_decimals():
    for number in seeded():
        for field in PRICES:
            text = getattr(number, field)
            assert text == f"{Decimal(text):.5f}"


def test_every_number_could_be_dialled_in_its_country():
    for number in seeded()[::11]:
        parsed = phonenumbers.parse(f"+{number.number}")
        assert phonenumbers.is_possible_number(parsed), number
        assert str(parsed.country_code) == COUNTRIES[number.country_iso].calling_code


def test_every_type_of_number_is_in_stock_and_says_what_it_can_do():
    kinds = Counter(number.sub_type for number in seeded())
    assert kinds.keys() >= {"local", "tollfree", "mobile", "national"}
    assert {number.services for number in seeded()} == {
        ("voice",),
        ("voice", "sms"),
        ("voice", "sms", "mms"),
    }


def test_restrictions_come_with_words_and_without_a_restriction_there_are_none():
    seen = {number.restriction for number in seeded()}
    assert seen == {None, "city-address", "country-address", "terms-and-conditions"}
    assert all(bool(number.restriction) == bool(number.restriction_text) for number in seeded())


def test_north_american_numbers_know_their_rate_center_and_lata():
    local = [number for number in seeded() if number.sub_type == "local"]
    for number in local:
        inside = number.country_iso in {"US", "CA"}
        assert (isinstance(number.lata, int) and bool(number.rate_center)) is inside


@pytest.mark.parametrize("numbers", [500, 2_000, DEFAULT_COUNT])
def test_san_francisco_has_exactly_two_dear_numbers_on_its_first_page(numbers: int):
    area = [number for number in seeded(numbers) if number.number.startswith("1415")]
    dear = [place for place, number in enumerate(area, 1) if number.monthly == "25.00000"]
    assert dear == [4, 8, 34, 48]
    assert sum(number.monthly == "0.80000" for number in area) >= 60
    assert all(len(set(area[place - 1].number[-4:])) == 1 for place in dear)


def test_a_stock_from_a_file_replaces_the_seeded_one(tmp_path):
    file = tmp_path / "stock.json"
    rows = [
        {
            "number": "14155550101",
            "country_iso": "US",
            "city": "SAN FRANCISCO",
            "monthly_rental_rate": "9.99000",
        },
        {"number": "498999998123", "country_iso": "DE", "sub_type": "local", "region": "Munich, GERMANY"},
    ]
    file.write_text(json.dumps(rows))
    with stand_in(stock=file) as plivo:
        (only,) = plivo.found()
        assert only["number"] == "14155550101"
        assert only["monthly_rental_rate"] == "9.99000"
        (munich,) = plivo.found(country_iso="DE", region="Munich")
        assert munich["restriction"] == "city-address"


@pytest.mark.parametrize(
    "text",
    ['{"number": "1"}', "[3]", '[{"number": "14155550101"}]', '[{"number": "1", "country_iso": "XX"}]', "no"],
)
def test_a_file_that_is_no_stock_is_refused(tmp_path, text):
    file = tmp_path / "stock.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"stock|Expecting"):
        load(file)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.from_regex(r"1[2-9]\d{9}", fullmatch=True), min_size=1, max_size=5, unique=True))
def test_every_number_of_a_file_is_read_as_written(tmp_path_factory, digits):
    file = tmp_path_factory.mktemp("stock") / "stock.json"
    file.write_text(json.dumps([{"number": number, "country_iso": "US"} for number in digits]))
    stock = load(file)
    assert [number.number for number in stock] == digits
    assert all(isinstance(number, StockNumber) and number.prefix == number.number[1:4] for number in stock)
