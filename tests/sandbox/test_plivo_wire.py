"""The wire: the stand-in's fields have the types of the samples that Plivo's own SDKs are tested with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.plivo_client import stand_in

DATA = Path(__file__).parent / "data"
LONDON = "442079460018"
# In the samples of a buy, a high-availability number has a second one; nobody asks for it here.
ONLY_IN_SAMPLES = {"fallback_number"}


@pytest.fixture(scope="module")
def plivo():
    with stand_in() as client:
        yield client


def _sample(name):
    return json.loads((DATA / f"{name}Response.json").read_text())


def _differences(sample, ours, at=""):
    """Where the two are not of one shape; null stands for any type."""
    if sample is None or ours is None:
        return []
    if type(sample) is not type(ours):
        return [f"{at}: {type(sample).__name__} became {type(ours).__name__}"]
    if isinstance(sample, list):
        pairs = zip(sample[:1], ours[:1], strict=False)
        return [line for a, b in pairs for line in _differences(a, b, f"{at}[]")]
    if isinstance(sample, dict):
        missing = [f"{at}.{key}: missing" for key in sample.keys() - ours.keys() - ONLY_IN_SAMPLES]
        shared = sorted(sample.keys() & ours.keys())
        return missing + [
            line for key in shared for line in _differences(sample[key], ours[key], f"{at}.{key}")
        ]
    return []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("accountGet", ""),
        ("numberGet", f"Number/{LONDON}/"),
        ("numberList", "Number/"),
        ("phoneNumberList", "PhoneNumber/?country_iso=US&pattern=415"),
        ("pricingGet", "Pricing/?country_iso=US"),
        ("subaccountList", "Subaccount/"),
        ("applicationList", "Application/"),
    ],
)
def test_an_answer_has_the_fields_and_types_of_the_sample(plivo, name, path):
    assert _differences(_sample(name), plivo.call("GET", path).json()) == []


def test_the_answers_to_a_buy_and_an_update_are_like_the_samples(plivo):
    bought = plivo.buy(plivo.first(pattern="415"))
    assert _differences(_sample("phoneNumberCreate"), bought.json()) == []
    changed = plivo.call("POST", f"Number/{LONDON}/", json={"alias": "London"})
    assert _differences(_sample("numberUpdate"), changed.json()) == []


def test_the_comparison_of_shapes_sees_a_difference():
    assert _differences({"a": 1, "b": [{"c": "x"}]}, {"a": "1", "b": [{}]}) == [
        ".a: int became str",
        ".b[].c: missing",
    ]


def test_a_search_answer_has_every_documented_field(plivo):
    documented = {
        *("number", "prefix", "city", "country", "region", "rate_center", "lata", "type", "sub_type"),
        *("setup_rate", "monthly_rental_rate", "sms_enabled", "sms_rate", "mms_enabled", "mms_rate"),
        *("voice_enabled", "voice_rate", "restriction", "restriction_text", "resource_uri"),
    }
    row = plivo.search(pattern="415", limit=1).json()["objects"][0]
    assert documented <= row.keys()
    assert (row["country"], type(row["lata"])) == ("UNITED STATES", int)
    assert row["resource_uri"] == f"/v1/Account/{plivo.auth[0]}/PhoneNumber/{row['number']}/"


def test_every_answer_has_a_fresh_id_in_body_and_header(plivo):
    answers = [plivo.search(), plivo.search(), plivo.call("GET", "Nothing/"), plivo.call("GET", "")]
    ids = {answer.json()["api_id"] for answer in answers}
    assert len(ids) == 4
    assert {answer.headers["x-request-id"] for answer in answers} == ids
