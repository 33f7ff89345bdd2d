"""Searching the stand-in: every argument filters, and pages cover all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.plivo.call import Call, Refusal
from sandbox.plivo.search import find
from sandbox.plivo.stock import seeded
from tests.sandbox.plivo_client import stand_in

NORTH = seeded(700)


@pytest.fixture(scope="module")
def plivo():
    with stand_in(numbers=700) as client:
        yield client


def _all(iso="US"):
    return {number.number for number in NORTH if number.country_iso == iso}


def test_the_country_is_needed(plivo):
    answer = plivo.search(country_iso="")
    assert answer.status_code == 400
    assert answer.json()["error"] == "country_iso parameter is missing"


@pytest.mark.parametrize("iso", ["US", "ca", "GB", "DE", "FR", "AU", "BR", "IN"])
def test_a_country_has_its_own_numbers(plivo, iso):
    answer = plivo.search(country_iso=iso).json()
    assert answer["meta"]["total_count"] == len(_all(iso.upper()))
    assert {row["number"] for row in answer["objects"]} <= _all(iso.upper())


def test_a_country_without_numbers_gives_an_empty_list(plivo):
    answer = plivo.search(country_iso="NZ")
    assert answer.status_code == 200
    assert answer.json()["objects"] == []
    assert answer.json()["meta"]["total_count"] == 0


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"type": "local"}, lambda row: (row["type"], row["sub_type"]) == ("fixed", "local")),
        ({"type": "tollfree"}, lambda row: (row["type"], row["sub_type"]) == ("tollfree", "tollfree")),
        ({"type": "mobile", "country_iso": "GB"}, lambda row: row["sub_type"] == "mobile"),
        (
            {"type": "national", "country_iso": "GB"},
            lambda row: (row["type"], row["city"]) == ("fixed", None),
        ),
        ({"type": "fixed", "country_iso": "GB"}, lambda row: row["type"] == "fixed"),
        ({"pattern": "415"}, lambda row: row["number"].startswith("1415")),
        ({"pattern": "20", "country_iso": "GB"}, lambda row: row["number"].startswith("4420")),
        ({"npanxx": "415555"}, lambda row: row["number"].startswith("1415555")),
        ({"region": "texas"}, lambda row: row["region"] == "Texas, UNITED STATES"),
        ({"region": "Frankfurt", "country_iso": "DE"}, lambda row: row["prefix"] == "69"),
        ({"city": "San Francisco"}, lambda row: row["city"] == "SAN FRANCISCO"),
        ({"lata": "722"}, lambda row: row["lata"] == 722),
        ({"rate_center": "SNFC CNTRL"}, lambda row: row["rate_center"] == "SNFC CNTRL"),
        ({"services": "sms"}, lambda row: row["sms_enabled"]),
        ({"services": "mms"}, lambda row: row["mms_enabled"]),
        ({"services": "voice,sms,mms"}, lambda row: row["mms_enabled"] and row["voice_enabled"]),
        ({"services": ["voice", "sms"]}, lambda row: row["sms_enabled"] and row["voice_enabled"]),
        (
            {"eligible": "True", "country_iso": "GB"},
            lambda row: not row["restriction"] or row["sub_type"] == "local",
        ),
    ],
)
def test_an_argument_keeps_what_it_means_and_drops_the_rest(plivo, asked, holds):
    everything = plivo.found(**{name: value for name, value in asked.items() if name == "country_iso"})
    kept = plivo.found(**asked)
    assert kept == [row for row in everything if holds(row)]
    assert 0 < len(kept) < len(everything)


def test_the_local_calling_area_widens_an_exchange(plivo):
    narrow = {row["number"] for row in plivo.found(npanxx="415555")}
    wide = plivo.found(npanxx="415555", local_calling_area="true")
    assert narrow < {row["number"] for row in wide}
    assert {row["prefix"] for row in wide} == {"415", "628"}


def test_filters_are_joined_by_and(plivo):
    rows = plivo.found(type="local", pattern="415", services="mms", city="SAUSALITO")
    assert rows
    assert all(row["mms_enabled"] and row["city"] == "SAUSALITO" and row["prefix"] == "415" for row in rows)


def test_a_pattern_does_not_hold_the_country_code(plivo):
    assert plivo.search(pattern="1415").json()["objects"] == []


def test_nulls_are_no_filters(plivo):
    bare = plivo.search(pattern="", type="", services="", city="", eligible="").json()
    assert bare["meta"]["total_count"] == plivo.search().json()["meta"]["total_count"]


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "pager"},
        {"services": "fax"},
        {"lata": "bay"},
        {"npanxx": "41-555"},
        {"region": "TX"},
        {"eligible": "maybe"},
        {"limit": "0"},
        {"limit": "21"},
        {"limit": "ten"},
        {"offset": "-1"},
        {"country_iso": "USA"},
    ],
)
def test_an_argument_that_is_not_of_its_kind_is_refused(plivo, asked):
    answer = plivo.search(**asked)
    assert answer.status_code == 400
    assert next(iter(asked)) in answer.json()["error"]


@pytest.mark.parametrize("limit", [7, 20])
def test_pages_cover_all_without_repeats(plivo, limit):
    rows = plivo.found(type="local", pattern="415", limit=limit)
    assert len(rows) == len([number for number in NORTH if number.number.startswith("1415")])


def test_the_next_page_is_a_relative_address_that_keeps_the_filters(plivo):
    meta = plivo.search(type="local", region="Texas", limit=5, offset=5).json()["meta"]
    base = f"/v1/Account/{plivo.auth[0]}/PhoneNumber/?limit=5&country_iso=US&type=local&region=Texas&offset="
    assert (meta["next"], meta["previous"]) == (base + "10", base + "0")
    assert (meta["limit"], meta["offset"]) == (5, 5)


def test_past_the_end_there_is_nothing_and_no_next_page(plivo):
    answer = plivo.search(pattern="415", offset=5_000).json()
    assert answer["objects"] == []
    assert answer["meta"]["next"] is None


def test_two_searches_answer_in_the_same_order(plivo):
    assert plivo.search(pattern="415").json()["objects"] == plivo.search(pattern="415").json()["objects"]


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            (
                *("country_iso", "type", "pattern", "npanxx", "local_calling_area", "region", "city"),
                *("services", "lata", "rate_center", "eligible", "nonsense"),
            )
        ),
        st.one_of(st.text(max_size=6), st.sampled_from(["US", "local", "415", "true", "722", "voice,sms"])),
    )
)
def test_any_query_is_answered_or_refused_in_words(asked):
    call = Call("GET", "/v1/", tuple(asked.items()), "", "")
    assert _refused_or_found(call)


def _refused_or_found(call):
    try:
        return set(find(call, NORTH, {("DE", "local")})) <= set(NORTH)
    except Refusal as refusal:
        return refusal.status == 400 and bool(refusal.text)
