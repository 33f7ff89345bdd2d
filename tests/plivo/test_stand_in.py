"""The client against the stand-in of the provider: a number's whole life, and what can be chosen."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from bot.model.errors import CredentialsRefused, NotFound, Refused, Unclear
from bot.model.offer import Offer
from bot.model.provider import BuyOptions
from bot.plivo.client import PlivoClient
from tests.sandbox.plivo_client import AUTH, Client, stand_in


@pytest.fixture(scope="module")
def plivo() -> Iterator[Client]:
    with stand_in(numbers=500) as one:
        yield one


@pytest.fixture
def client(plivo: Client) -> Iterator[PlivoClient]:
    plivo.control("POST", "sandbox/reset", 204)
    made = PlivoClient(plivo.url, *AUTH)
    yield made
    made.close()


def _first(client: PlivoClient, country: str = "US", kind: str = "local") -> Offer:
    return client.search({"country_iso": country, "type": kind}, country=country, limit=1).offers[0]


def test_the_whole_life_of_a_number(client: PlivoClient) -> None:
    offer = _first(client)
    credit = client.account().credit
    assert client.rented_number(offer.number) is None
    assert client.buy(offer.number, BuyOptions()).status == "bought"
    paid = client.account().credit
    assert credit is not None and paid is not None
    assert credit - paid == offer.due_today
    client.set_alias(offer.number, "Hotline")
    held = client.rented_number(offer.number)
    assert held is not None
    assert (held.alias, held.monthly, held.active) == ("Hotline", offer.monthly, True)
    assert offer.number in {n.number for n in client.rented_numbers().numbers}
    with pytest.raises(NotFound):
        client.buy(offer.number, BuyOptions())
    client.release(offer.number)
    assert client.rented_number(offer.number) is None
    with pytest.raises(NotFound):
        client.release(offer.number)


def test_a_name_can_be_given_twice_and_taken_away(client: PlivoClient) -> None:
    number = client.rented_numbers().numbers[0].number
    for alias, shown in [("Reception ☎", "Reception ☎"), ("Reception ☎", "Reception ☎"), ("", None)]:
        client.set_alias(number, alias)
        held = client.rented_number(number)
        assert held is not None
        assert held.alias == shown


def test_all_pages_of_a_search_hold_every_number_once(client: PlivoClient) -> None:
    asked = {"country_iso": "US", "pattern": "415"}
    offset: int | None = 0
    seen: list[str] = []
    while offset is not None:
        page = client.search(asked, country="US", offset=offset)
        seen += [offer.number for offer in page.offers]
        offset = page.next_offset
    assert len(seen) == len(set(seen)) == page.total > 40
    assert all(number.startswith("1415") for number in seen)
    assert client.search(asked, country="US", offset=100_000).offers == ()


def test_nothing_found_is_an_empty_page(client: PlivoClient) -> None:
    assert client.search({"country_iso": "US", "pattern": "99999"}, country="US").offers == ()


def test_what_was_chosen_arrives(client: PlivoClient) -> None:
    app = client.applications()[1].id
    sub = next(s for s in client.subaccounts() if s.enabled).id
    number = _first(client).number
    client.buy(number, BuyOptions(app_id=app, subaccount=sub, cnam_lookup="enabled"))
    held = client.rented_number(number)
    assert held is not None
    assert (held.app_id, held.subaccount) == (app, sub)


def test_a_wrong_choice_is_refused_and_costs_nothing(client: PlivoClient) -> None:
    before, number = client.account().credit, _first(client).number
    with pytest.raises(Refused, match="app_id does not exist") as caught:
        client.buy(number, BuyOptions(app_id="404"))
    assert caught.value.api_id
    with pytest.raises(Refused, match="compliance_application_id is required"):
        client.buy(_first(client, "IN").number, BuyOptions())
    rejected = client.compliance_applications("IN", "local")[0]
    with pytest.raises(Refused, match="Current status: 'rejected'"):
        client.buy(_first(client, "IN").number, BuyOptions(compliance_application_id=rejected.id))
    assert client.account().credit == before


def test_an_empty_purse_is_a_refusal_in_the_providers_words(plivo: Client, client: PlivoClient) -> None:
    plivo.control("PUT", "sandbox/account", json={"cash_credits": "0.10", "poor_status": 402})
    with pytest.raises(Refused, match="insufficient credit") as caught:
        client.buy(_first(client).number, BuyOptions())
    assert caught.value.http_status == 402


def test_a_number_that_waits_for_documents_is_not_called_bought(plivo: Client, client: PlivoClient) -> None:
    number = _first(client).number
    plivo.spoil("buy", {"pending": True}, times=1)
    answer = client.buy(number, BuyOptions())
    assert (answer.status, answer.provider_status) == ("awaiting_documents", "pending")
    held = client.rented_number(number)
    assert held is not None
    assert (held.active, held.compliance_status) == (False, "submitted")


@pytest.mark.parametrize(
    ("do", "ours"),
    [
        ({"reset": "after"}, True),
        ({"reset": "before"}, False),
        ({"silent": "after"}, True),
        ({"html": "after"}, True),
        ({"effect_then": {"status": 500}}, True),
        ({"status": 503}, False),
        ({"cut": True}, True),
    ],
)
def test_an_unclear_buy_leaves_once_and_can_be_asked_about(
    plivo: Client, client: PlivoClient, do: dict[str, object], ours: bool
) -> None:
    number = _first(client).number
    plivo.spoil("buy", do)
    hasty = PlivoClient(plivo.url, *AUTH, buy_timeout=0.5)
    with pytest.raises(Unclear):
        hasty.buy(number, BuyOptions())
    hasty.close()
    assert len(plivo.control("GET", f"sandbox/log?kind=buy&number={number}")) == 1
    assert (client.rented_number(number) is not None) is ours


def test_what_can_be_chosen(client: PlivoClient) -> None:
    account = client.account()
    assert account.auth_id == AUTH[0]
    assert isinstance(account.credit, Decimal)
    applications = client.applications()
    assert [a.name for a in applications if a.default] == ["Support line"]
    assert len(applications) == 3
    assert {s.enabled for s in client.subaccounts()} == {True, False}
    assert "invented-token" not in repr(client.subaccounts())


@pytest.mark.parametrize(("country", "status"), [("DE", "accepted"), ("GB", "accepted"), ("IN", "rejected")])
def test_documents_are_found_in_both_of_the_providers_apis(
    client: PlivoClient, country: str, status: str
) -> None:
    found = client.compliance_applications(country, "local")
    assert [(c.country, c.status, c.number_type) for c in found] == [(country, status, "local")]
    assert client.compliance_applications(country, "tollfree") == ()


def test_refused_credentials_are_named(plivo: Client) -> None:
    client = PlivoClient(plivo.url, AUTH[0], "wrong-invented-token")
    with pytest.raises(CredentialsRefused) as caught:
        client.account()
    assert "wrong-invented-token" not in repr(caught.value)
    with pytest.raises(CredentialsRefused):
        client.buy("14155550100", BuyOptions())
    client.close()
