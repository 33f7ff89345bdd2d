"""What people type, and the search it means."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.model.offer import NumberType
from bot.model.search import Search, describe, parse_search, to_text

US = Search("US")
LOCAL, TOLLFREE = NumberType.LOCAL, NumberType.TOLLFREE


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("US", "US"),
        ("us", "US"),
        ("United States", "US"),
        ("united   states", "US"),
        ('"United States"', "US"),
        ("the Netherlands", "NL"),
        ("+1", "US"),
        ("+44", "GB"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Northern Ireland", "GB"),
        ("Ireland", "IE"),
        ("CA", "CA"),
        ("IN", "IN"),
        ("in", "IN"),
        ("South Korea", "KR"),
        ("Bosnia & Herzegovina", "BA"),
        ("St. Lucia", "LC"),
        ("Côte d’Ivoire", "CI"),  # noqa: RUF001 - as a phone writes it
        ("country:US", "US"),
        ('country_iso:"United States"', "US"),
        ("US usa +1", "US"),
    ],
)
def test_a_country_goes_by_its_code_its_name_or_its_calling_code(text: str, country: str) -> None:
    assert parse_search(text) == Search(country)


@pytest.mark.parametrize(
    ("word", "kind"),
    [(kind.value, kind) for kind in NumberType]
    + [("LOCAL", LOCAL), ("toll-free", TOLLFREE), ("toll free", TOLLFREE), ("Toll—Free", TOLLFREE)]
    + [("type:mobile", NumberType.MOBILE), ("local,", LOCAL), ("local local", LOCAL)],
)
def test_a_type_goes_by_its_name(word: str, kind: NumberType) -> None:
    assert parse_search(f"US {word}") == replace(US, type=kind)


@pytest.mark.parametrize(
    ("text", "country", "pattern"),
    [
        ("US 415", "US", "415"),
        ("US 415*", "US", "415"),
        ("US (415)", "US", "415"),
        ("US 415-555", "US", "415555"),
        ("US (415) 555-01", "US", "41555501"),
        ("US pattern:415", "US", "415"),
        ("US 14155550100", "US", "4155550100"),
        ("+1415", "US", "415"),
        ("+1 415 555 0100", "US", "4155550100"),
        ("<tel:+14155550100|+1 415-555-0100>", "US", "4155550100"),
        ("+1416", "CA", "416"),
        ("US +1416", "US", "416"),
        ("CA +1 416", "CA", "416"),
        ("+44 (0)20 7946", "GB", "207946"),
        ("GB 020", "GB", "20"),
        ("IT 06", "IT", "06"),
        ("US 415 415", "US", "415"),
    ],
)
def test_digits_are_what_a_number_starts_with_after_its_country_code(
    text: str, country: str, pattern: str
) -> None:
    assert parse_search(text) == Search(country, pattern=pattern)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("city:Austin", {"city": "Austin"}),
        ("city: Austin", {"city": "Austin"}),
        ('City:"San  Francisco"', {"city": "San Francisco"}),
        ("city:'San Francisco'", {"city": "San Francisco"}),
        ("city:“San Francisco”", {"city": "San Francisco"}),
        ("city:‘San Francisco’", {"city": "San Francisco"}),  # noqa: RUF001 - as a phone writes it
        ('city: "San\N{NO-BREAK SPACE}Francisco"', {"city": "San Francisco"}),
        ("city:O'Fallon", {"city": "O'Fallon"}),
        ("city:“O’Fallon”", {"city": "O'Fallon"}),  # noqa: RUF001 - same
        ('city:"Dallas & Fort Worth"', {"city": "Dallas & Fort Worth"}),
        ("region:Texas", {"region": "Texas"}),
        ("region:東京都", {"region": "東京都"}),
        ("npanxx:415555", {"npanxx": "415555"}),
        ("npanxx:415-555 lca:yes", {"npanxx": "415555", "lca": True}),
        ("npanxx:415555 lca:no", {"npanxx": "415555", "lca": False}),
        ("npanxx:415555 local_calling_area:true", {"npanxx": "415555", "lca": True}),
        ("lata:722", {"lata": "722"}),
        ('rate-center:"SNFC CNTRL"', {"rate_center": "SNFC CNTRL"}),
        ('rate_center:"SNFC CNTRL"', {"rate_center": "SNFC CNTRL"}),
        ("services:voice", {"services": ("voice",)}),
        ("services:SMS,voice", {"services": ("voice", "sms")}),
        ('services:"mms, sms"', {"services": ("sms", "mms")}),
        ("eligible:yes", {"eligible": True}),
        ("eligible:no", {"eligible": False}),
        ("contains:555", {"contains": "555"}),
        ("ends:01-00", {"ends": "0100"}),
        ("max:1.50", {"max": Decimal("1.50")}),
        ("max:$1.5", {"max": Decimal("1.50")}),
        ("max:0.0085", {"max": Decimal("0.0085")}),
        ("max:20", {"max": Decimal(20)}),
        ("sort:price", {"sort": "price"}),
    ],
)
def test_a_filter_gives_its_value_in_its_own_type(text: str, changes: dict[str, object]) -> None:
    assert parse_search(f"US {text}") == replace(US, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["local in US", "local numbers in the US", "US local phone numbers"])
def test_a_small_in_beside_a_country_is_no_country(text: str) -> None:
    assert parse_search(text) == replace(US, type=LOCAL)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sort:price 415 us max:2 toll free", "US tollfree 415 max:2.00 sort:price"),
        ("ends:0100 city:“New York” United States local", 'US local city:"New York" ends:0100'),
        ("services:mms,voice GB", "GB services:voice,mms"),
        ("US city:'St. Louis'", 'US city:"St. Louis"'),
        ("US city:'Washington D.C.'", 'US city:"Washington D.C."'),
    ],
)
def test_every_search_has_one_spelling(text: str, canonical: str) -> None:
    assert to_text(parse_search(text)) == canonical


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("US", "numbers in the United States"),
        ("DE mobile", "mobile numbers in Germany"),
        (
            "US local 415 city:“San Francisco”",
            "local numbers in the United States that start with 415, in San Francisco",
        ),
        (
            "US tollfree 8 contains:55 ends:00 max:2 sort:price",
            (
                "toll-free numbers in the United States that start with 8, contain 55 and end in 00,"
                " at most $2.00 a month, the cheapest first"
            ),
        ),
        (
            "CA npanxx:416555 lca:yes services:voice,sms eligible:yes",
            (
                "numbers in Canada, in the exchange 416555 and its local calling area, with voice and SMS,"
                " that may be bought now"
            ),
        ),
        (
            "US region:Texas city:Austin lata:722 rate-center:AUSTIN eligible:no",
            (
                "numbers in the United States, in Austin, Texas, in the rate center AUSTIN, in LATA 722,"
                " also those that may not be bought now"
            ),
        ),
    ],
)
def test_a_search_reads_as_a_phrase(text: str, phrase: str) -> None:
    assert describe(parse_search(text)) == phrase
