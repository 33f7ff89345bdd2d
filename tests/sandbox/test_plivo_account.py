"""Buying, keeping and giving back; and what belongs to an account."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.sandbox.plivo_client import AUTH, Client, stand_in

MARKETING = ("SAMARKETINGDESK000001", "invented-token-of-marketing")
CLOSED = ("SAOLDCAMPAIGNS0000002", "invented-token-of-campaigns")


@pytest.fixture(scope="module")
def served():
    with stand_in() as client:
        yield client


@pytest.fixture
def plivo(served):
    served.control("POST", "sandbox/reset", 204)
    return served


def test_a_number_is_bought_once_and_then_not_found(plivo):
    number = plivo.first(pattern="415")
    first, second = plivo.buy(number), plivo.buy(number)
    assert first.status_code == 201
    assert first.json()["status"] == "fulfilled"
    assert first.json()["numbers"] == [{"number": number, "status": "Success"}]
    assert second.status_code == 404
    assert second.json()["error"] == "not found"
    assert plivo.ours(number)
    assert number not in {row["number"] for row in plivo.found(pattern="415")}


def test_of_twenty_buyers_of_one_number_one_gets_it(plivo):
    number, gate = plivo.first(pattern="415"), threading.Barrier(20)

    def buyer(_: int) -> int:
        gate.wait()
        with plivo.session.__class__() as session:
            session.trust_env = False
            return Client(plivo.url, session).buy(number).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(buyer, range(20)))
    assert answers == [201] + [404] * 19
    assert plivo.call("GET", "Number/").json()["meta"]["total_count"] == 4


def test_a_buy_costs_the_setup_and_the_first_month(plivo):
    before = Decimal(plivo.call("GET", "").json()["cash_credits"])
    plivo.buy(plivo.first(country_iso="BR", type="tollfree"))
    answer = plivo.call("GET", "")
    # This one waits for nothing: set-up 25, month 20.
    assert before - Decimal(answer.json()["cash_credits"]) == Decimal(45)


def test_without_money_nothing_is_bought_and_the_status_is_ours_to_choose(plivo):
    number = plivo.first(pattern="415")
    plivo.control("PUT", "sandbox/account", json={"cash_credits": "0.10000"})
    assert plivo.buy(number).status_code == 402
    plivo.control("PUT", "sandbox/account", json={"poor_status": 403})
    assert plivo.buy(number).status_code == 403
    assert not plivo.ours(number)


def test_a_number_that_wants_papers_is_pending_until_it_is_made_active(plivo):
    number = plivo.first(country_iso="FR", type="local")
    answer = plivo.buy(number).json()
    assert (answer["status"], answer["numbers"][0]["status"]) == ("fulfilled", "pending")
    assert plivo.call("GET", f"Number/{number}/").json()["active"] is False
    plivo.control("POST", f"sandbox/numbers/{number}", json={"active": True})
    assert plivo.call("GET", f"Number/{number}/").json()["active"] is True


def test_papers_that_fit_are_chosen_by_plivo_itself(plivo):
    number = plivo.first(country_iso="DE", type="local")
    assert plivo.buy(number).json()["numbers"][0]["status"] == "Success"
    rented = plivo.call("GET", f"Number/{number}/").json()
    assert rented["compliance_status"] == "accepted"
    assert rented["compliance_application_id"]


def test_an_indian_number_is_refused_without_accepted_papers(plivo):
    number = plivo.first(country_iso="IN")
    bare = plivo.buy(number)
    assert bare.status_code == 400
    assert bare.json()["error"].startswith("compliance_application_id is required to rent this number.")
    papers = plivo.call("GET", "ComplianceApplication/?status=rejected").json()["objects"]
    refused = plivo.buy(number, compliance_application_id=papers[0]["compliance_application_id"])
    assert refused.status_code == 400
    assert refused.json()["error"].endswith("Current status: 'rejected'.")


def test_papers_of_another_country_do_not_fit(plivo):
    papers = plivo.call("GET", "PhoneNumber/Compliance/?country_iso=DE").json()["compliances"]
    answer = plivo.buy(plivo.first(country_iso="GB"), compliance_application_id=papers[0]["compliance_id"])
    assert answer.status_code == 400
    assert "does not match" in answer.json()["error"]


def test_the_options_of_a_buy_are_kept(plivo):
    number = plivo.first(pattern="415")
    answer = plivo.buy(
        number, app_id="64529074997228907", subaccount=MARKETING[0], cnam_lookup="enabled", number=number
    )
    assert answer.status_code == 201
    rented = plivo.call("GET", f"Number/{number}/").json()
    assert rented["application"] == f"/v1/Account/{AUTH[0]}/Application/64529074997228907/"
    assert (rented["sub_account"], rented["cnam_lookup"]) == (MARKETING[0], "enabled")


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": "1"},
        {"subaccount": CLOSED[0]},
        {"subaccount": "SANOBODY"},
        {"cnam_lookup": "yes"},
        {"compliance_application_id": "none"},
    ],
)
def test_an_option_that_does_not_exist_is_refused_and_nothing_bought(plivo, wrong):
    number = plivo.first(pattern="415")
    assert plivo.buy(number, **wrong).status_code == 400
    assert not plivo.ours(number)


@pytest.mark.parametrize("number", ["14155550", "19999999999", "+14155557777"])
def test_a_number_that_is_not_in_stock_is_not_found(plivo, number):
    assert plivo.buy(number).status_code == 404


def test_a_body_that_is_no_object_is_refused(plivo):
    path = f"PhoneNumber/{plivo.first(pattern='415')}/"
    assert plivo.call("POST", path, json=[1]).status_code == 400
    assert plivo.call("POST", path, data="]").status_code == 400
    assert plivo.call("POST", path, data="app_id=64529074997228907").status_code == 201


def test_a_subaccount_may_search_and_not_buy(plivo):
    sub = Client(plivo.url, plivo.session, MARKETING)
    number = sub.first(pattern="415")
    assert sub.buy(number).status_code == 404
    assert sub.call("GET", "Number/").json()["objects"] == []
    plivo.buy(number, subaccount=MARKETING[0])
    assert sub.ours(number)


@pytest.mark.parametrize("auth", [(AUTH[0], "wrong"), (AUTH[0], ""), ("MANOBODY", AUTH[1]), CLOSED])
def test_wrong_credentials_are_401(plivo, auth):
    answer = Client(plivo.url, plivo.session, auth).call("GET", "Number/")
    assert answer.status_code == 401
    assert set(answer.json()) == {"api_id", "error"}


def test_no_credentials_and_another_account_are_401(plivo):
    other = f"{plivo.url}/v1/Account/MAANOTHERACCOUNT0002/Number/"
    assert plivo.session.get(other, timeout=10).status_code == 401
    assert plivo.session.get(other, auth=AUTH, timeout=10).status_code == 401
    assert plivo.session.get(other, headers={"Authorization": "Basic %%%"}, timeout=10).status_code == 401


def test_a_path_without_its_slash_is_not_found_and_a_double_slash_is_one(plivo):
    assert plivo.call("GET", "Number").status_code == 404
    assert plivo.call("GET", "/").status_code == 200
    assert plivo.call("PUT", "PhoneNumber/").status_code == 405


def test_a_rented_number_is_updated_and_released(plivo):
    path = "Number/12125550142/"
    answer = plivo.call("POST", path, json={"alias": "Reception", "app_id": "13094892674577059"})
    assert (answer.status_code, answer.json()["message"]) == (202, "changed")
    rented = plivo.call("GET", path).json()
    assert rented["alias"] == "Reception"
    assert rented["application"].endswith("/Application/13094892674577059/")
    plivo.call("POST", path, json={"alias": ""})
    assert plivo.call("GET", path).json()["alias"] is None
    assert plivo.call("POST", path, json={"app_id": "1"}).status_code == 400
    gone = plivo.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert plivo.call("DELETE", path).status_code == 404
    assert not plivo.ours("12125550142")


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, {"12125550142", "18005550123", "442079460018"}),
        ({"type": "tollfree"}, {"18005550123"}),
        ({"number_startswith": "44"}, {"442079460018"}),
        ({"alias": "Front desk"}, {"12125550142"}),
        ({"alias": "Front"}, set()),
        ({"services": "sms"}, {"12125550142", "18005550123"}),
        ({"renewal_date__gt": "2025-07-01"}, {"442079460018"}),
        ({"renewal_date__lte": "2025-07-01"}, {"12125550142", "18005550123"}),
    ],
)
def test_the_list_of_rented_numbers_is_filtered(plivo, asked, numbers):
    rows = plivo.call("GET", "Number/", params=asked).json()["objects"]
    assert {row["number"] for row in rows} == numbers


def test_the_list_of_rented_numbers_has_pages(plivo):
    first = plivo.call("GET", "Number/?limit=2").json()
    assert first["meta"]["next"] == f"/v1/Account/{AUTH[0]}/Number/?limit=2&offset=2"
    second = plivo.session.get(plivo.url + first["meta"]["next"], auth=AUTH, timeout=10).json()
    assert len(first["objects"] + second["objects"]) == first["meta"]["total_count"] == 3


def test_the_account_has_applications_subaccounts_and_papers(plivo):
    apps = plivo.call("GET", "Application/").json()["objects"]
    assert [app["default_app"] for app in apps] == [True, False, False]
    one = plivo.call("GET", f"Application/{apps[1]['app_id']}/").json()
    assert one["app_name"] == apps[1]["app_name"]
    assert len(plivo.call("GET", "Application/?app_name=Sales").json()["objects"]) == 1
    subs = plivo.call("GET", "Subaccount/").json()["objects"]
    assert [sub["enabled"] for sub in subs] == [True, False]
    assert plivo.call("GET", f"Subaccount/{subs[0]['auth_id']}/").json()["name"] == "Marketing"
    papers = plivo.call("GET", "PhoneNumber/Compliance/").json()["compliances"]
    kinds = {(paper["country_iso"], paper["number_type"], paper["status"]) for paper in papers}
    assert kinds == {("DE", "local", "accepted"), ("GB", "local", "accepted"), ("IN", "local", "rejected")}
    one = plivo.call("GET", f"PhoneNumber/Compliance/{papers[0]['compliance_id']}/").json()
    assert one["compliance"] == papers[0]


@pytest.mark.parametrize(
    "path", ["Application/1/", "Subaccount/SA1/", "PhoneNumber/Compliance/x/", "Number/1/"]
)
def test_what_the_account_does_not_have_is_not_found(plivo, path):
    answer = plivo.call("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not found")


def test_prices_are_those_of_the_stock(plivo):
    prices = plivo.call("GET", "Pricing/?country_iso=US").json()
    offer = plivo.search(type="tollfree", limit=1).json()["objects"][0]
    assert prices["phone_numbers"]["tollfree"]["rate"] == offer["monthly_rental_rate"]
    assert plivo.call("GET", "Pricing/").status_code == 400
