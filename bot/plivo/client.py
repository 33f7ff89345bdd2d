"""The client of Plivo's API. It raises ProviderError's subclasses and nothing else.

NotSent: surely nothing reached the provider. RateLimited: it was not done, later. Refused, NotFound,
CredentialsRefused: a clear no. Unclear: it may have happened, so ask; never repeat.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from pydantic import ValidationError
from requests.auth import HTTPBasicAuth

from bot.model.errors import NotFound, Unclear
from bot.model.offer import Offer, OfferPage
from bot.model.provider import (
    Account,
    Application,
    BuyAnswer,
    BuyOptions,
    ComplianceApplication,
    RentedNumber,
    RentedPage,
    Subaccount,
)
from bot.plivo import wire
from bot.plivo.address import base_address, path_number
from bot.plivo.buying import buy_answer, buy_body
from bot.plivo.errors import api_id, from_answer
from bot.plivo.http import Answer, Http, Timeouts
from bot.plivo.pace import Pace
from bot.plivo.pages import PAGE, next_offset, page_params, total

_MOST_PAGES = 10
"""Pages of a list to choose from: 200 entries are more than anybody reads."""

_OK = frozenset({200, 201, 202, 204})
_ASKS_ELSEWHERE = "IN"
"""The country whose compliance applications live in the newer API."""

W = TypeVar("W", bound=wire.Wire)
L = TypeVar("L", wire.ApplicationList, wire.SubaccountList, wire.ComplianceList)


class PlivoClient:
    """One account at Plivo. Safe for threads.

    Reads are tried up to three times; a purchase, a release and a change leave once at most, each on a
    connection of its own. Time-outs are seconds; `buy_timeout` and `read_timeout` hold for the whole
    answer, however slowly it comes. `clock` is monotonic seconds, `now` seconds since 1970.

    Raises SettingsError if `url` is no address of an API.
    """

    def __init__(
        self,
        url: str,
        auth_id: str,
        auth_token: str,
        *,
        buy_timeout: float = 60,
        read_timeout: float = 30,
        connect_timeout: float = 5,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._auth_id = auth_id
        self._now = now
        self._buy_timeout = buy_timeout
        self._http = Http(
            f"{base_address(url)}/v1/Account/{quote(auth_id, safe='')}/",
            HTTPBasicAuth(auth_id.encode(), auth_token.encode()),
            Timeouts(connect=connect_timeout, read=read_timeout),
            pace or Pace(),
            clock=clock,
            wait=wait,
            now=now,
        )

    def __repr__(self) -> str:
        return f"PlivoClient({self._auth_id!r})"

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._http.close()

    def search(
        self, params: Mapping[str, str], *, country: str, limit: int = PAGE, offset: int = 0
    ) -> OfferPage:
        """A page of numbers that can be bought. `params` have the provider's own names.

        Nothing found is an empty page, in each of the three ways in which the provider says so: no
        objects, an error beside a 200, or a 404.
        """
        asked = {key: value for key, value in params.items() if value} | page_params(limit, offset)
        try:
            found = self._read("PhoneNumber/", asked, wire.OfferList)
        except NotFound:
            return OfferPage((), 0, None)
        offers = tuple(o.offer(country, params.get("type")) for o in found.objects or ())
        if found.objects is None and not found.error:
            raise Unclear("The provider's answer to a search is not a list of numbers.", http_status=200)
        return OfferPage(
            _once(offers),
            total(found.meta, offset, len(offers)),
            next_offset(found.meta, offset, limit, offers),
        )

    def rented_number(self, number: str, *, subaccount: str | None = None) -> RentedNumber | None:
        """A number as the account holds it; None if the provider says clearly that it does not.

        One that was bought into a `subaccount` is also looked for in that one's list: whether the account
        itself answers for it is not documented.
        """
        digits = path_number(number)
        try:
            found = self._read(f"Number/{digits}/", {}, wire.WireNumber)
        except NotFound:
            return self._in_subaccount(digits, subaccount) if subaccount else None
        if found.number != digits:
            raise Unclear("The provider answered for another number.", http_status=200)
        return found.rented()

    def _in_subaccount(self, digits: str, subaccount: str) -> RentedNumber | None:
        asked = {"subaccount": subaccount, "number_startswith": digits}
        found = self._read("Number/", asked, wire.NumberList)
        return next((one.rented() for one in found.objects if one.number == digits), None)

    def rented_numbers(
        self, *, limit: int = PAGE, offset: int = 0, subaccount: str | None = None
    ) -> RentedPage:
        """A page of the numbers the account, or one of its subaccounts, holds; 20 at most."""
        of = {"subaccount": subaccount} if subaccount else {}
        found = self._read("Number/", of | page_params(limit, offset), wire.NumberList)
        numbers = tuple(o.rented() for o in found.objects)
        return RentedPage(
            numbers, total(found.meta, offset, len(numbers)), next_offset(found.meta, offset, limit, numbers)
        )

    def buy(self, number: str, options: BuyOptions) -> BuyAnswer:
        """Buys a number: one POST leaves, at most.

        NotSent and RateLimited mean that nothing was bought; Refused, that the provider said no; NotFound,
        that somebody has it, perhaps we; Unclear, that it may be bought: ask `rented_number`, never repeat.
        """
        digits = path_number(number)
        answer = self._http.write(
            "POST", f"PhoneNumber/{digits}/", buy_body(options), timeout=self._buy_timeout
        )
        bought = buy_answer(answer, digits)
        if bought is None:
            raise from_answer(answer, now=self._now())
        return bought

    def set_alias(self, number: str, alias: str) -> None:
        """Names a rented number; an empty alias takes the name away. Doing it twice does no harm."""
        self._change("POST", f"Number/{path_number(number)}/", {"alias": alias})

    def release(self, number: str) -> None:
        """Gives a rented number back. This cannot be undone; NotFound if the account does not hold it."""
        self._change("DELETE", f"Number/{path_number(number)}/")

    def account(self) -> Account:
        """The account that pays, with its credit."""
        return self._read("", {}, wire.WireAccount).account(self._auth_id)

    def applications(self) -> tuple[Application, ...]:
        """What can answer calls and messages; the first 200."""
        pages = self._pages("Application/", {}, wire.ApplicationList)
        return _known(item.application() for page in pages for item in page.objects)

    def subaccounts(self) -> tuple[Subaccount, ...]:
        """The parts of the account; the first 200."""
        pages = self._pages("Subaccount/", {}, wire.SubaccountList)
        return _known(item.subaccount() for page in pages for item in page.objects)

    def compliance_applications(self, country: str, number_type: str) -> tuple[ComplianceApplication, ...]:
        """Documents handed in for a country and a type of number, whatever became of them; the first 200.

        India's are in the newer of the provider's two APIs. A 404 means that there are none.
        """
        path, key = ("ComplianceApplication/", "country_iso2")
        if country == _ASKS_ELSEWHERE:
            path, key = ("PhoneNumber/Compliance/", "country_iso")
        pages = self._pages(path, {key: country, "number_type": number_type}, wire.ComplianceList)
        try:
            found = _known(item.compliance() for page in pages for item in page.objects)
        except NotFound:
            return ()
        return tuple(
            c for c in found if c.country in {None, country} and c.number_type in {None, number_type}
        )

    def _read(self, path: str, params: Mapping[str, str], model: type[W]) -> W:
        return self._understood(self._http.get(path, params), model)

    def _understood(self, answer: Answer, model: type[W]) -> W:
        if answer.status != 200 or answer.document is None:  # noqa: PLR2004 - OK
            raise from_answer(answer, now=self._now())
        try:
            return model.model_validate(answer.document)
        except ValidationError:
            error = Unclear(
                "The provider's answer does not have the expected shape.",
                api_id=api_id(answer),
                http_status=answer.status,
            )
        raise error

    def _change(self, method: str, path: str, body: Mapping[str, str] | None = None) -> None:
        answer = self._http.write(method, path, body)
        empty = answer.status == 204 and not answer.body  # noqa: PLR2004 - No Content
        told = answer.status in _OK and answer.document is not None and not answer.document.get("error")
        if not empty and not told:
            raise from_answer(answer, now=self._now())

    def _pages(self, path: str, params: Mapping[str, str], model: type[L]) -> Iterator[L]:
        offset: int | None = 0
        for _ in range(_MOST_PAGES):
            page = self._read(path, {**params, **page_params(PAGE, offset or 0)}, model)
            yield page
            offset = next_offset(page.meta, offset or 0, PAGE, page.objects)
            if offset is None:
                return


K = TypeVar("K", Application, Subaccount, ComplianceApplication)


def _known(found: Iterable[K | None]) -> tuple[K, ...]:
    """Each once: a list may move while it is paged through."""
    return tuple({item.id: item for item in found if item is not None}.values())


def _once(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    return tuple({offer.number: offer for offer in offers}.values())
