"""Countries by what people call them."""

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import countries

ALL = sorted(country.alpha_2 for country in pycountry.countries)


@pytest.mark.parametrize(
    ("word", "iso2"),
    [
        ("US", "US"),
        ("gb", "GB"),
        (" de ", "DE"),
        ("UK", "GB"),
        ("uk", "GB"),
        ("Scotland", "GB"),
        ("DEU", "DE"),
        ("USA", "US"),
        ("usa", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("GERMANY", "DE"),
        ("Federal Republic of Germany", "DE"),
        ("Deutschland", "DE"),
        ("Turkey", "TR"),
        ("türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Russia", "RU"),
        ("South Korea", "KR"),
        ("Korea", "KR"),
        ("Congo", "CG"),
        ("Democratic Republic of the Congo", "CD"),
        ("The Gambia", "GM"),
        ("Trinidad & Tobago", "TT"),
        ("guinea bissau", "GW"),
        ("St Lucia", "LC"),
        ("Georgia", "GE"),
        ("British Virgin Islands", "VG"),
        ("+1", "US"),
        ("+44", "GB"),
        ("+353", "IE"),
    ],
)
def test_a_country_is_found_by_what_people_call_it(word: str, iso2: str) -> None:
    assert countries.find(word) == iso2


@pytest.mark.parametrize(
    "word",
    ["", " ", "XX", "and", "per", "EU", "Europe", "+", "+0", "+999", "+800", "+٤٤", "44", "?!", "a" * 999],
)
def test_what_is_no_country_finds_none(word: str) -> None:
    assert countries.find(word) is None


@pytest.mark.parametrize("iso2", ALL)
def test_the_name_of_every_country_finds_it(iso2: str) -> None:
    assert countries.find(countries.name(iso2)) == iso2
    assert countries.find(iso2.lower()) == iso2


@pytest.mark.parametrize(
    ("iso2", "name", "in_sentence"),
    [
        ("US", "United States", "the United States"),
        ("us", "United States", "the United States"),
        ("DE", "Germany", "Germany"),
        ("NL", "Netherlands", "the Netherlands"),
        ("KR", "South Korea", "South Korea"),
        ("TW", "Taiwan", "Taiwan"),
        ("KY", "Cayman Islands", "the Cayman Islands"),
        ("XX", "XX", "XX"),
    ],
)
def test_a_country_has_a_plain_name(iso2: str, name: str, in_sentence: str) -> None:
    assert countries.name(iso2) == name
    assert countries.name_in_sentence(iso2) == in_sentence


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("Germny", "Germany"),
        ("United Sates", "United States"),
        ("swizerland", "Switzerland"),
        ("Grate Britain", "United Kingdom"),
        ("Atlantis", None),
        ("qq", None),
        ("", None),
    ],
)
def test_a_mistyped_name_is_near_to_one(word: str, near: str | None) -> None:
    assert countries.nearest(word) == near


@pytest.mark.parametrize(
    ("digits", "split"),
    [
        ("1", ("US", "")),
        ("1415", ("US", "415")),
        ("14165550100", ("CA", "4165550100")),
        ("1809555", ("DO", "809555")),
        ("1800", ("US", "800")),
        ("1999", ("US", "999")),
        ("442079460018", ("GB", "2079460018")),
        ("35312", ("IE", "12")),
        ("7", ("RU", "")),
        ("999", None),
        ("0", None),
        ("", None),
        ("abc", None),
    ],
)
def test_a_number_is_split_behind_its_calling_code(digits: str, split: tuple[str, str] | None) -> None:
    assert countries.split_calling_code(digits) == split


def test_a_calling_code_is_known_for_a_country_that_has_one() -> None:
    assert [countries.calling_code(iso2) for iso2 in ("US", "ca", "GB", "AQ", "XX")] == [
        "1",
        "1",
        "44",
        "",
        "",
    ]


@given(st.text(max_size=100))
def test_any_word_finds_a_country_or_none(word: str) -> None:
    assert countries.find(word) in (None, *ALL)
    near = countries.nearest(word)
    assert near is None or countries.find(near)


@given(st.text("0123456789", max_size=16))
def test_a_split_number_joins_again(digits: str) -> None:
    split = countries.split_calling_code(digits)
    assert split is None or countries.calling_code(split[0]) + split[1] == digits
