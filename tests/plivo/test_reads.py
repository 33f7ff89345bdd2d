"""Reading from the provider: three kinds of none, pages, odd items, and what its own samples say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.model.errors import NotFound, Refused, SettingsError, Unclear
from bot.model.offer import NumberType, OfferPage
from bot.model.provider import BuyOptions, ComplianceApplication
from bot.plivo.client import PlivoClient
from tests.plivo.scripted import Provider, Script, answer, provider, told

SAMPLES = Path(__file__).parent.parent / "sandbox" / "data"
NUMBER = "14155550100"
TOKEN = "an-invented-token"


@contextmanager
def _meeting(*scripts: Script) -> Iterator[tuple[Provider, PlivoClient]]:
    with provider(*scripts) as plivo:
        client = PlivoClient(plivo.url, "MAINVENTED", TOKEN, wait=lambda _: None)
        yield plivo, client
        client.close()


def _sample(name: str) -> Script:
    return answer("200 OK", (SAMPLES / f"{name}.json").read_bytes())


def _search(*scripts: Script, limit: int = 20, offset: int = 0, **params: str) -> OfferPage:
    with _meeting(*scripts) as (_, client):
        return client.search({"country_iso": "US"} | params, country="US", limit=limit, offset=offset)


def _rows(count: int, first: int = 14155550100) -> list[dict[str, Any]]:
    return [{"number": str(first + i)} for i in range(count)]


@pytest.mark.parametrize(
    "script",
    [
        told("200 OK", objects=[], meta={"total_count": 0}),
        told("200 OK", error="no numbers found"),
        told("200 OK", objects=[], error="no numbers found"),
        told("404 Not Found", error="not found"),
    ],
)
def test_none_comes_in_three_forms(script: Script) -> None:
    assert _search(script) == OfferPage((), 0, None)


@pytest.mark.parametrize(
    "script",
    [
        told("200 OK"),
        told("200 OK", objects=None),
        told("200 OK", objects={"number": NUMBER}),
        answer("200 OK"),
        answer("200 OK", b"<html>"),
        answer("404 Not Found", b"<html>"),
    ],
)
def test_what_is_no_list_is_not_taken_for_none(script: Script) -> None:
    with pytest.raises(Unclear):
        _search(script)


def test_only_the_number_is_needed_and_an_odd_item_hides_no_other() -> None:
    odd: list[Any] = [{"number": None}, {"number": "12"}, {}, "14155550109", None]
    rows = [{"number": NUMBER}, *odd, {"number": "+14155550101", "lata": 722, "x": [1]}]
    page = _search(told("200 OK", objects=rows, meta={"total_count": 40}), type="local")
    first, second = page.offers
    assert (first.number, first.monthly, first.type) == (NUMBER, None, NumberType.LOCAL)
    assert (second.number, second.lata) == ("14155550101", "722")
    assert (page.total, page.next_offset) == (40, 20)


def test_a_number_that_comes_twice_is_one_offer() -> None:
    assert len(_search(told("200 OK", objects=_rows(2) + _rows(2))).offers) == 2


def test_the_parameters_go_out_as_they_are_and_empty_ones_stay_here() -> None:
    with _meeting(told("200 OK", objects=[])) as (plivo, client):
        asked = {"country_iso": "US", "city": "San José", "services": "voice,sms", "region": ""}
        client.search(asked, country="US", limit=500, offset=-3)
        line = plivo.requests[0].split(b"\r\n")[0].decode()
    path, query = line.split(" ")[1].split("?")
    assert path == "/v1/Account/MAINVENTED/PhoneNumber/"
    assert query == "country_iso=US&city=San+Jos%C3%A9&services=voice%2Csms&limit=20&offset=0"


NEXT = "/v1/Account/MAINVENTED/PhoneNumber/?limit=5&offset=5"


@pytest.mark.parametrize(
    ("rows", "meta", "offset", "following"),
    [
        (5, {"limit": 5, "next": NEXT, "total_count": 12}, 0, 5),
        (5, {"total_count": 12}, 5, 10),
        (5, {"limit": 3, "total_count": 12}, 0, 3),
        (2, {"limit": 5, "next": NEXT, "total_count": 12}, 10, None),
        (5, {"limit": 5, "next": None, "total_count": 99}, 0, None),
        (5, {"limit": 5, "next": "", "total_count": 99}, 0, None),
        (5, {"limit": 5, "next": NEXT}, 0, 5),
        (5, {}, 0, None),
        (0, {"limit": 5, "next": NEXT, "total_count": 12}, 5, None),
    ],
)
def test_the_next_page_begins_where_the_provider_left_off(
    rows: int, meta: dict[str, Any], offset: int, following: int | None
) -> None:
    page = _search(told("200 OK", objects=_rows(rows), meta=meta), limit=5, offset=offset)
    assert page.next_offset == following
    assert page.total >= len(page.offers)


def test_ours_or_not_is_never_guessed() -> None:
    with _meeting(told("404 Not Found", error="not found")) as (_, client):
        assert client.rented_number(NUMBER) is None
    unclear = [
        answer("404 Not Found", b"<html>"),
        answer("404 Not Found"),
        answer("404 Not Found", b'{"message": "no route"}'),
        told("200 OK", number="14155550199"),
        told("200 OK"),
        told("410 Gone"),
    ]
    for script in unclear:
        with _meeting(script) as (_, client), pytest.raises(Unclear):
            client.rented_number(NUMBER)


def test_the_sample_of_a_search_is_understood() -> None:
    page = _search(_sample("phoneNumberListResponse"), type="local")
    first = page.offers[0]
    assert (first.number, first.country, first.type) == ("14154009186", "US", NumberType.LOCAL)
    assert (first.monthly, first.setup, first.due_today) == (Decimal("0.8"), Decimal(0), Decimal("0.8"))
    assert (first.lata, first.rate_center, first.city) == ("722", "SNFC CNTRL", None)
    assert (first.voice, first.sms, first.mms, first.restriction) == (True, True, False, None)
    assert (len(page.offers), page.total, page.next_offset) == (2, 9, None)


def test_the_sample_of_a_rented_number_is_understood() -> None:
    with _meeting(_sample("numberGetResponse")) as (_, client):
        held = client.rented_number("+1 760-991-5566")
    assert held is not None
    assert (held.number, held.alias, held.active) == ("17609915566", None, False)
    assert (held.monthly, held.app_id) == (Decimal("0.8"), "29986316244302815")
    assert (held.added_on, held.renewal_date) == (date(2014, 2, 14), date(2014, 3, 14))
    assert (held.number_type, held.country, held.subaccount) == ("local", "United States", None)


def test_the_samples_of_lists_are_understood() -> None:
    with _meeting(_sample("numberListResponse")) as (_, client):
        page = client.rented_numbers()
        assert len(page.numbers) == _count("numberListResponse")
    with _meeting(_sample("applicationListResponse")) as (_, client):
        assert len(client.applications()) == _count("applicationListResponse")
    with _meeting(_sample("subaccountListResponse")) as (_, client):
        found = client.subaccounts()
        assert len(found) == _count("subaccountListResponse")
        assert {s.enabled for s in found} == {False}


def _count(name: str) -> int:
    return len(json.loads((SAMPLES / f"{name}.json").read_text())["objects"])


def test_the_sample_of_an_account_is_understood() -> None:
    with _meeting(_sample("accountGetResponse")) as (_, client):
        account = client.account()
    assert (account.name, account.credit) == ("Sherlock Holmes", Decimal("4.88860"))
    assert (account.billing_mode, account.auto_recharge) == ("prepaid", False)


def test_the_samples_of_writes_are_understood() -> None:
    with _meeting(_sample("phoneNumberCreateResponse")) as (_, client):
        assert client.buy("14154009186", BuyOptions()).status == "bought"
    with _meeting(_sample("numberUpdateResponse")) as (plivo, client):
        client.set_alias("17609915566", "")
        assert plivo.requests[0].endswith(b'{"alias": ""}')


def test_a_long_list_is_read_page_by_page_and_each_item_once() -> None:
    def page(first: int) -> Script:
        rows = [{"app_id": str(first + i), "app_name": f"Line {first + i}"} for i in range(20)]
        return told("200 OK", objects=rows, meta={"limit": 20, "next": "/more", "total_count": 45})

    last = told("200 OK", objects=[{"app_id": "39"}, {"app_id": "40"}], meta={"next": None})
    with _meeting(page(0), page(20), last) as (plivo, client):
        assert [a.id for a in client.applications()] == [str(i) for i in range(41)]
        assert len(plivo.requests) == 3
        assert b"limit=20&offset=40" in plivo.requests[2]


def test_a_list_without_an_end_is_left_after_ten_pages() -> None:
    endless = told("200 OK", objects=[{"app_id": "1"}], meta={"limit": 20, "next": "/more"})
    with _meeting(endless) as (plivo, client):
        assert len(client.applications()) == 1
        assert len(plivo.requests) == 10


@pytest.mark.parametrize(
    ("country", "path"), [("IN", b"PhoneNumber/Compliance/?country_iso=IN"), ("DE", b"country_iso2=DE")]
)
def test_documents_are_asked_for_where_the_country_keeps_them(country: str, path: bytes) -> None:
    rows = [
        {"compliance_id": "c-1", "alias": "Office", "status": "Accepted", "number_type": "local"},
        {"compliance_id": "c-2", "country_iso": "FR", "number_type": "local"},
        {"alias": "without an id"},
    ]
    with _meeting(told("200 OK", compliances=rows)) as (plivo, client):
        found = client.compliance_applications(country, "local")
        assert found == (ComplianceApplication("c-1", "Office", "accepted", None, "local"),)
        assert path in plivo.requests[0]


def test_no_documents_may_be_a_404() -> None:
    with _meeting(told("404 Not Found", error="not found")) as (_, client):
        assert client.compliance_applications("GB", "local") == ()
        with pytest.raises(NotFound):
            client.applications()


def test_threads_share_one_client_and_each_gets_its_own_answer() -> None:
    with _meeting(told("200 OK", number=NUMBER)) as (plivo, client):
        held: list[object] = []
        threads = [Thread(target=lambda: held.append(client.rented_number(NUMBER))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(held) == len(plivo.requests) == 20
        assert len(set(held)) == 1


@pytest.mark.parametrize("odd", ["..", "", "1/../../", "+1 415-555-0100?x", "٣٣٣٣٣", "1" * 21])
def test_what_is_no_number_reaches_no_address(odd: str) -> None:
    with _meeting(told("200 OK")) as (plivo, client):
        calls = (client.release, client.rented_number, lambda n: client.buy(n, BuyOptions()))
        for call in calls:
            with pytest.raises(Refused, match="not a phone number"):
                call(odd)
        assert plivo.connections == 0


@pytest.mark.parametrize(
    "url", ["ftp://x", "api.plivo.com", "http://", "https://a:hush@x", "https://x?key=hush", "http://x:0y"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        PlivoClient(url, "MAINVENTED", TOKEN)
    assert "hush" not in str(caught.value)
