"""What of a search goes to the provider, what is filtered here, and what can be dropped to find more."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.model.offer import NumberType, Offer
from bot.model.search import (
    Search,
    conditions,
    describe,
    keeps,
    needs_filtering,
    parse_search,
    provider_params,
    sort_offers,
    without,
)

OFFER = Offer(
    "14155550100", "US", NumberType.LOCAL, Decimal("0.80"), voice=True, sms=True, city="SAN FRANCISCO"
)
EVERYTHING = parse_search(
    'US local 415 city:"San Francisco" region:California npanxx:415555 lca:yes lata:722'
    ' rate-center:"SNFC CNTRL" services:voice,sms eligible:yes contains:555 ends:0100 max:1.50 sort:price'
)


def test_the_provider_is_asked_in_its_own_words() -> None:
    assert provider_params(EVERYTHING) == {
        "country_iso": "US",
        "type": "local",
        "pattern": "415",
        "city": "San Francisco",
        "region": "California",
        "npanxx": "415555",
        "local_calling_area": "true",
        "lata": "722",
        "rate_center": "SNFC CNTRL",
        "services": "voice,sms",
        "eligible": "true",
    }


def test_what_was_not_asked_is_not_sent() -> None:
    assert provider_params(parse_search("gb")) == {"country_iso": "GB"}


def test_a_no_is_sent_as_a_no() -> None:
    params = provider_params(parse_search("US npanxx:415555 lca:no eligible:no"))
    assert (params["local_calling_area"], params["eligible"]) == ("false", "false")


@pytest.mark.parametrize(
    ("services", "sent", "ours"),
    [
        ("voice", "voice", False),
        ("sms", "sms", False),
        ("mms", "mms", False),
        ("voice,sms", "voice,sms", False),
        ("voice,sms,mms", "voice,sms,mms", False),
        ("sms,mms", "mms", True),
        ("voice,mms", "mms", True),
    ],
)
def test_services_the_provider_cannot_combine_are_filtered_here(
    services: str, sent: str, *, ours: bool
) -> None:
    search = parse_search(f"US services:{services}")
    assert provider_params(search)["services"] == sent
    assert needs_filtering(search) is ours


@pytest.mark.parametrize("text", ["contains:5", "ends:5", "max:1", "max:0"])
def test_what_the_provider_lacks_needs_filtering(text: str) -> None:
    assert needs_filtering(parse_search(f"US {text}"))


@pytest.mark.parametrize("text", ["415", "city:Austin", "sort:price", "eligible:yes"])
def test_what_the_provider_does_needs_no_filtering(text: str) -> None:
    assert not needs_filtering(parse_search(f"US {text}"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("US", True),
        ("US contains:555", True),
        ("US contains:556", False),
        ("US contains:4155550100", True),
        ("US contains:14155", False),  # the country code is no part of it
        ("US ends:0100", True),
        ("US ends:010", False),
        ("US max:0.80", True),
        ("US max:0.79", False),
        ("US contains:555 ends:0100 max:1", True),
        ("US contains:555 ends:9999 max:1", False),
        ("US services:voice,mms", False),
    ],
)
def test_an_offer_is_kept_if_it_is_what_was_asked_for(text: str, *, kept: bool) -> None:
    assert keeps(parse_search(text), OFFER) is kept


def test_an_offer_without_a_price_is_above_every_limit() -> None:
    assert not keeps(parse_search("US max:1000"), replace(OFFER, monthly=None))
    assert keeps(parse_search("US"), replace(OFFER, monthly=None))


def test_services_that_are_filtered_here_let_an_able_number_through() -> None:
    assert keeps(parse_search("US services:voice,mms"), replace(OFFER, mms=True, sms=False))
    assert not keeps(parse_search("US services:sms,mms"), replace(OFFER, mms=True, sms=False))


def test_the_cheapest_come_first_and_those_without_a_price_last() -> None:
    unpriced = replace(OFFER, number="14155550101", monthly=None)
    dear = replace(OFFER, number="14155550102", monthly=Decimal(10))
    with_setup = replace(OFFER, number="14155550103", setup=Decimal(1))
    offers = (unpriced, dear, with_setup, OFFER)
    assert sort_offers(parse_search("US sort:price"), offers) == (OFFER, with_setup, dear, unpriced)


def test_without_a_sort_the_offers_stay_as_the_provider_had_them() -> None:
    offers = (replace(OFFER, monthly=Decimal(10)), OFFER)
    assert sort_offers(parse_search("US"), offers) == offers


def test_conditions_can_be_dropped_the_narrowest_first() -> None:
    assert conditions(EVERYTHING) == (
        ("contains", "555 inside"),
        ("ends", "0100 at the end"),
        ("max", "the limit $1.50"),
        ("rate_center", "the rate center SNFC CNTRL"),
        ("city", "the city San Francisco"),
        ("npanxx", "the prefix 415555"),
        ("lata", "LATA 722"),
        ("region", "the region California"),
        ("pattern", "415 at the start"),
        ("services", "voice and SMS"),
        ("eligible", "the eligibility"),
        ("type", "the type local"),
    )


def test_a_country_alone_has_nothing_to_drop() -> None:
    assert conditions(parse_search("US sort:price eligible:no")) == ()


@pytest.mark.parametrize("name", [name for name, _ in conditions(EVERYTHING)])
def test_a_dropped_condition_is_gone_and_the_others_stay(name: str) -> None:
    dropped = without(EVERYTHING, name)
    assert [n for n, _ in conditions(dropped)] == [n for n, _ in conditions(EVERYTHING) if n != name]
    assert dropped.sort == "price"


def test_dropping_the_prefix_drops_its_calling_area() -> None:
    assert without(EVERYTHING, "npanxx").lca is None


@pytest.mark.parametrize("name", ["country", "city", "sort", "nonsense", "__class__", "npanxx", "services"])
def test_only_a_condition_of_the_search_can_be_dropped(name: str) -> None:
    with pytest.raises(ValueError, match="no condition of this search"):
        without(Search("US"), name)


def test_a_label_is_short_enough_for_a_button() -> None:
    ((_, label),) = conditions(parse_search(f"US city:{'a' * 60}"))
    assert len(label) == 40
    assert describe(parse_search(f"US city:{'a' * 60}")).endswith("a")
