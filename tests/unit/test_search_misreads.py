"""What people type that is no search, and what they are told."""

import time

import pytest

from bot.model.errors import Misread, NotUnderstood
from bot.model.search import parse_search


def not_understood(text: str) -> NotUnderstood:
    with pytest.raises(NotUnderstood) as caught:
        parse_search(text)
    return caught.value


def misreads(text: str) -> tuple[Misread, ...]:
    return not_understood(text).misreads


def seconds(text: str) -> float:
    """Of this processor's time, which other programs do not lengthen."""
    begun = time.process_time()
    misreads(text)
    return time.process_time() - begun


CASES = [
    ("", "needs a country", "US local 415"),
    ("local 212", "needs a country", "US local 212"),
    ("max:2", "needs a country", "US"),
    ("US GB", "two countries", "US"),
    ("US CA", "(Canada)", "US"),
    ("US Georgia", "“Georgia” (Georgia)", "US"),
    ("+1 local +44", "two countries", "US"),
    ("GB +1415", "“+1415” is no number in the United Kingdom", "+44"),
    ("+999 local", "calling code of “+999”", "+1"),
    ("US local mobile", "one type, not local and mobile", "local"),
    ("US 415 212", "“415” and “212”", "415212"),
    ("US 415 local 212", "“415” and “212”", "415212"),
    ("US 1", "only dialled before", "US"),
    ("US 1234567890123456", "more digits than a number", "415"),
    ("US *0100", "a star is no search word", "ends:0100"),
    ("US *555*", "a star is no search word", "contains:555"),
    ("US foo", "“foo” is no country, no type and no number", "city:foo"),
    ("Germny", "“Germny” is no country", "Germany"),
    ("US locl", "“locl” is no country", "local"),
    ("US landline", "“landline” is no country", "fixed"),
    ("US sms", "“sms” is no country", "services:sms"),
    ("US cheapest", "“cheapest” is no country", "sort:price"),
    ("US ends", "“ends” is no country", "ends:0100"),
    ("US city=Austin", "“city=Austin” is no country", "city:austin"),
    ("US 4l5", "“4l5” is no country", "415"),
    ("US city:San Francisco", "“Francisco” is no country", 'city:"San Francisco"'),
    ("US citty:Austin", "no filter “citty:”", "city:Austin"),
    ("US lataa:x", "no filter “lataa:”", "lata:722"),
    ("US https://example.com", "no filter “https:”", None),
    ("US city:", "`city:` needs a value", 'city:"San Francisco"'),
    ('US ends:""', "`ends:` needs a value", "ends:0100"),
    ("US city:A1 city:B2", "`city:` stands twice", None),
    ("US city:A<B", "no name of a place", 'city:"San Francisco"'),
    ('US city:"A &amp; B"', "“A &amp; B” is no name of a place", 'city:"San Francisco"'),
    ("US city:" + "a" * 61, "no name of a place", 'city:"San Francisco"'),
    ("US region:TX", "whole name of a region", "region:Texas"),
    ('US city:"San Fran', "is not closed", 'city:"San Fran"'),
    ("US city:'San", "is not closed", "city:San"),
    ("US npanxx:415", "six digits", "npanxx:415555"),
    ("US npanxx:115555", "six digits", "npanxx:415555"),
    ("US npanxx:415555 lca:maybe", "takes yes or no", "lca:yes"),
    ("US lata:abc", "three to five digits", "lata:722"),
    ("US services:fax", "no service “fax”", "services:voice,sms"),
    ("US services:voise", "no service “voise”", "services:voice"),
    ("US services:+", "no service", "services:voice,sms"),
    ("US eligible:maybe", "takes yes or no", "eligible:yes"),
    ("US contains:FLOWERS", "On a phone's keys it is 3569377", "contains:3569377"),
    ("US ends:?", "`ends:` needs a value", "ends:0100"),
    ("US ends:%", "takes digits", "ends:0100"),
    ("US max:1,50", "no amount in dollars", "max:1.50"),
    ("US max:cheap", "no amount in dollars", "max:1.50"),
    ("US max:-1", "no amount in dollars", "max:1.00"),
    ("US max:1e3", "no amount in dollars", "max:1.50"),
    ("US sort:cheapest", "The cheapest come first", "sort:price"),
    ("US sort:city", "sorts by price alone", "sort:price"),
    ("US <@U0ANA|ana>", "“@ana”: A person", None),
    ("US <@U0ANA>", "“@U0ANA”: A person", None),
    ("US @ana", "“@ana”: A person", None),
    ("US <!subteam^S0PROCURE|@procurement>", "“@procurement”: A person", None),
    ("US <#C0APPROVE|>", "“#C0APPROVE”: A channel", None),
    ("US <#C0APPROVE|approvals>", "“#approvals”: A channel", None),
    ("US <https://example.com|example.com>", "“example.com”: A link", None),
    ("US lca:yes", "`lca:` widens `npanxx:`", "npanxx:415555 lca:yes"),
    ("GB npanxx:415555", "for the United States and Canada, not for the United Kingdom", "US"),
    ("GB lata:722", "for the United States and Canada", "US"),
    ("GB rate-center:LONDON", "for the United States and Canada", "US"),
    ("US tollfree npanxx:415555", "for local and fixed numbers, not for toll-free ones", "local"),
    ("US tollfree city:Austin", "for local numbers, not for toll-free ones", "local"),
    ("US mobile region:Texas", "for local and fixed numbers, not for mobile ones", "local"),
    ("US 212 npanxx:415555", "starts with 212 and with 415555", "npanxx:415555"),
    ("x" * 501, "at most 500 characters", "US local 415"),
]


@pytest.mark.parametrize(("text", "problem", "nearest"), CASES)
def test_what_is_not_understood_is_named_with_the_nearest_thing_that_is(
    text: str, problem: str, nearest: str | None
) -> None:
    (only,) = misreads(text)
    assert problem in only.problem
    assert only.nearest == nearest


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("US locl 415", "US local 415"),
        ("locl 415 max:1,50", "US local 415 max:1.50"),
        ("", "US local 415"),
        ("max:2", "US max:2.00"),
        ("local 212 ends:7", "US local 212 ends:7"),
        ("US GB 415", "US 415"),
        ("GB +1415 local", "GB local 415"),
        ("in locl", "IN local"),
        ("+999 local", "US local"),
        ("US local mobile 415", "US local 415"),
        ("US 415 212", "US 415212"),
        ("US local 1", "US local"),
        ("US local city:San Francisco 415", 'US local 415 city:"San Francisco"'),
        ("US local city:Austin city:Dallas", "US local city:Austin"),
        ("US contains:FLOWERS services:voise", "US contains:3569377 services:voice"),
        ("US tollfree foo", "US tollfree"),
        ("US tollfree city:Austin", "US local city:Austin"),
        ("GB npanxx:415555", "US npanxx:415555"),
        ("US 212 npanxx:415555", "US npanxx:415555"),
        ("US 415 <@U0ANA|ana>", "US 415"),
        ("x" * 501, "US local 415"),
    ],
)
def test_the_nearest_whole_search_is_proposed_with_all_that_was_understood(text: str, proposal: str) -> None:
    assert not_understood(text).proposal == proposal


@pytest.mark.parametrize("text", [text for text, _, _ in CASES])
def test_every_proposal_is_understood(text: str) -> None:
    assert parse_search(str(not_understood(text).proposal))


@pytest.mark.parametrize("nearest", sorted({nearest for _, _, nearest in CASES if nearest}))
def test_what_is_proposed_is_understood(nearest: str) -> None:
    country = any(nearest.startswith(prefix) for prefix in ("US", "+", "Germany"))
    npanxx = "npanxx:415555 " if nearest.startswith("lca") else ""
    assert parse_search(nearest if country else f"US {npanxx}{nearest}")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = [m.word for m in misreads("US foo colour:red max:much local mobile")]
    assert found == ["foo", "colour:red", "much", "local and mobile"]


def test_no_more_than_five_problems_are_told() -> None:
    assert len(misreads(" ".join(f"word{chr(97 + i)}" for i in range(20)))) == 5


def test_the_same_mistake_is_told_once() -> None:
    assert len(misreads("US foo foo foo")) == 1


@pytest.mark.parametrize("rubbish", ["a ", "<@", '"', "city:", "&amp;", "+1 ", "(((", "\0", "United "])
def test_long_rubbish_is_refused_quickly(rubbish: str) -> None:
    misreads("warm up")
    for length in (500, 3000):
        text = (rubbish * length)[: length - 1] + "§"
        assert min(seconds(text) for _ in range(3)) < 0.05, length


def test_a_long_word_is_shortened_in_the_answer() -> None:
    (only,) = misreads("US " + "q" * 400)
    assert len(only.word) <= 40
    assert len(only.problem) <= 100
