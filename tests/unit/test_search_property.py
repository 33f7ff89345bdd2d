"""What holds for every text and every search."""

import re
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.model import countries
from bot.model.errors import NotUnderstood
from bot.model.offer import NumberType
from bot.model.search import (
    SERVICES,
    Search,
    conditions,
    describe,
    parse_search,
    provider_params,
    to_text,
    without,
)
from bot.model.search_clean import clean
from handlers.parts import unescape
from handlers.ui import help as help_

PIECES = st.sampled_from(
    [
        *("US", "in", "United", "States", "+1", "+44", "local", "toll", "free", "415", "(415)", "*", "0"),
        *("city:", "city:O'", "region:", "npanxx:415555", "lca:yes", "lata:722", "services:", "voice,sms"),
        *("max:1.50", "sort:price", "ends:", "contains:", "<@U0ANA|ana>", "<tel:+1415|x>", "&amp;", "&lt;"),
        *('"', "“", "”", "'", "<", ">", ":", ",", "ß", "\0", "\ud800", "\N{RIGHT SINGLE QUOTATION MARK}"),
        *("\N{FULLWIDTH DIGIT ZERO}", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}"),
        *("\N{COMBINING ACUTE ACCENT}", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=3000),
    st.lists(st.one_of(PIECES, PIECES, st.text(max_size=5)), max_size=40).map(" ".join),
    st.lists(PIECES, max_size=30).map("".join),
)
LETTERS = st.sampled_from("abcXYZéß東'-.,&() ")
PLACES = st.one_of(st.none(), st.text(LETTERS, min_size=3, max_size=60).map(clean).filter(
    lambda text: sum(map(str.isalpha, text)) > 2 and len(text) <= 60
))  # fmt: skip
DIGITS = st.one_of(st.none(), st.from_regex(r"[2-9][0-9]{0,14}", fullmatch=True))
TRUTH = st.sampled_from([None, True, False])
COUNTRIES = st.sampled_from(["US", "CA", "GB", "DE", "IN", "IT", "BA", "CI", "NO", "TO", "ME"])


def read(text: str) -> Search | NotUnderstood:
    try:
        return parse_search(text)
    except NotUnderstood as problem:
        return problem


@st.composite
def searches(draw: st.DrawFn) -> Search:
    """Searches that make sense: what North America alone has is left out elsewhere."""
    country = draw(COUNTRIES)
    american = country in ("US", "CA")
    npanxx = draw(st.sampled_from([None, "415555", "212200"])) if american else None
    return Search(
        country=country,
        type=draw(st.sampled_from([None, NumberType.LOCAL])),
        pattern=npanxx[:3] if npanxx else draw(DIGITS),
        city=draw(PLACES),
        region=draw(PLACES),
        npanxx=npanxx,
        lca=draw(TRUTH) if npanxx else None,
        lata=draw(st.sampled_from([None, "722", "10000"])) if american else None,
        rate_center=draw(PLACES) if american else None,
        services=draw(st.sets(st.sampled_from(SERVICES)).map(lambda s: tuple(x for x in SERVICES if x in s))),
        eligible=draw(TRUTH),
        contains=draw(DIGITS),
        ends=draw(DIGITS),
        max=draw(st.one_of(st.none(), st.decimals(0, 999_999, places=4))),
        sort=draw(st.sampled_from([None, "price"])),
    )


@given(TEXTS)
def test_any_text_is_refused_with_reasons_or_has_one_spelling(text: str) -> None:
    search = read(text)
    if isinstance(search, Search):
        assert parse_search(to_text(search)) == search
        assert to_text(parse_search(to_text(search))) == to_text(search)
    else:
        assert 1 <= len(search.misreads) <= 5
        assert all(0 < len(misread.problem) < 300 for misread in search.misreads)
        assert to_text(parse_search(str(search.proposal))) == search.proposal


@given(searches())
def test_a_search_survives_being_written_and_read(search: Search) -> None:
    assert parse_search(to_text(search)) == search


@given(searches())
def test_a_search_survives_the_ways_of_slack(search: Search) -> None:
    text = to_text(search).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for straight, curly in (('"', "”"), ("'", "’"), ("-", "–"), (" ", "\N{NO-BREAK SPACE}")):  # noqa: RUF001
        text = text.replace(straight, curly)
    if len(text) <= 500:
        assert parse_search(unescape(text)) == search


@given(searches(), st.sampled_from(["locl", "<@U0ANA>", "4l5", "max:", "colour:red", '"', "GB DE", "lca:x"]))
def test_what_is_proposed_can_be_typed_as_it_stands_in_the_answer(search: Search, wrong: str) -> None:
    problem = read(f"{to_text(search)} {wrong}")
    assume(isinstance(problem, NotUnderstood))
    (line,) = re.findall(
        "^Try `/number search (.*)`\\.$", help_.not_understood(problem, "search")["text"], re.MULTILINE
    )
    assert read(unescape(line)) == parse_search(str(problem.proposal))


@given(searches())
def test_every_condition_can_be_dropped_until_none_is_left(search: Search) -> None:
    while conditions(search):
        search = without(search, conditions(search)[0][0])
        assert parse_search(to_text(search)) == search
    assert set(provider_params(search)) <= {"country_iso", "eligible"}


@given(searches())
def test_the_provider_is_sent_nothing_empty(search: Search) -> None:
    assert all(provider_params(search).values())
    assert countries.name(search.country) in describe(search)


@pytest.mark.parametrize(
    "order", list(permutations(["United States", "local", "415", 'city:"San Francisco"', "max:1.50"]))
)
def test_the_order_of_the_words_does_not_matter(order: tuple[str, ...]) -> None:
    asked = Search("US", NumberType.LOCAL, "415", city="San Francisco", max=Decimal("1.50"))
    assert parse_search(" ".join(order)) == asked
