"""The provider's PhoneNumber API: search, buy, and what the account holds. Source: Plivo's API reference."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from requests.auth import HTTPBasicAuth

from bot.model.errors import NotFound, Unclear
from bot.model.offer import NumberType, OfferPage
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
from bot.plivo.errors import api_id, from_answer, words
from bot.plivo.http import Answer, Http, Timeouts
from bot.plivo.pace import Pace

PAGE = 20
"""The most that the provider lists at once."""
MOST_PAGES = 10
"""Pages of a list to choose from: 200 applications are more than anybody reads."""
_OK, _CREATED, _ACCEPTED, _NO_CONTENT = 200, 201, 202, 204

_Item = TypeVar("_Item", bound=wire.Wire)


class PlivoClient:
    """One account at the provider. Safe for threads. Raises ProviderError's kinds and nothing else.

    Times are seconds. Reads are tried again within bounded time; what writes leaves at most once.
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
    ) -> None:
        self._base = f"/v1/Account/{quote(auth_id, safe='')}/"
        self._timeouts = Timeouts(connect=connect_timeout, read=read_timeout, buy=buy_timeout)
        auth = HTTPBasicAuth(auth_id, auth_token)
        self._http = Http(url.rstrip("/"), auth, self._timeouts, pace or Pace())

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._http.close()

    def search(
        self, params: Mapping[str, str], *, country: str, limit: int = PAGE, offset: int = 0
    ) -> OfferPage:
        """One page of the numbers for sale; `params` are the provider's own arguments.

        "None" comes in three forms, and all of them are an empty page: an empty list, an `error` in a
        200, and a 404.
        """
        asked = {**params, "limit": str(limit), "offset": str(offset)}
        answer = self._http.get(f"{self._base}PhoneNumber/", asked)
        if answer.status == _OK and "objects" not in (answer.document or {}) and words(answer):
            return OfferPage((), 0, None)
        try:
            document = _expect(answer, _OK)
        except NotFound:
            return OfferPage((), 0, None)
        found, total, after = wire.read_list(wire.WireOffer, document, offset=offset)
        kind = _type_asked(params.get("type"))
        return OfferPage(tuple(item.offer(country, kind) for item in found), total, after)

    def buy(self, number: str, options: BuyOptions) -> BuyAnswer:
        """Buys the number: the one call that costs money, and it leaves once at most.

        NotSent and RateLimited: surely nothing was done. Refused: a clear no; NotFound is no clear no,
        for "somebody else took it" and "it is ours already" look alike. Anything else: Unclear.
        """
        body = {name: value for name, value in _chosen(options).items() if value}
        path = f"{self._base}PhoneNumber/{_part(number)}/"
        answer = self._http.write("POST", path, body, timeout=self._timeouts.buy)
        if answer.status not in (_CREATED, _ACCEPTED, _OK):
            raise from_answer(answer, now=time.time())
        return _bought(answer, number)

    def rented_number(self, number: str) -> RentedNumber | None:
        """A number if the account holds it, else None."""
        answer = self._http.get(f"{self._base}Number/{_part(number)}/", {})
        try:
            document = _expect(answer, _OK)
        except NotFound:
            return None
        held = wire.read(wire.WireNumber, document)
        if held.number != number.lstrip("+"):
            raise Unclear("The provider answered for another number.", api_id=api_id(answer))
        return held.rented()

    def rented_numbers(self, *, limit: int = PAGE, offset: int = 0) -> RentedPage:
        """One page of the numbers the account holds."""
        found, total, after = self._list("Number/", wire.WireNumber, {}, limit=limit, offset=offset)
        return RentedPage(tuple(item.rented() for item in found), total, after)

    def set_alias(self, number: str, alias: str) -> None:
        """Names a number of the account; doing it twice does no harm."""
        path = f"{self._base}Number/{_part(number)}/"
        _expect(self._http.write("POST", path, {"alias": alias}), _OK, _ACCEPTED)

    def release(self, number: str) -> None:
        """Gives a number back. Raises NotFound if the account does not hold it."""
        _expect(self._http.write("DELETE", f"{self._base}Number/{_part(number)}/"), _OK, _NO_CONTENT)

    def account(self) -> Account:
        """The account and its balance."""
        return wire.read(wire.WireAccount, _expect(self._http.get(self._base, {}), _OK)).account()

    def applications(self) -> tuple[Application, ...]:
        """What may answer calls and messages."""
        return tuple(item.application() for item in self._all("Application/", wire.WireApplication, {}))

    def subaccounts(self) -> tuple[Subaccount, ...]:
        """The parts of the account."""
        return tuple(item.subaccount() for item in self._all("Subaccount/", wire.WireSubaccount, {}))

    def compliance_applications(self, country: str, number_type: str) -> tuple[ComplianceApplication, ...]:
        """Documents handed in for numbers of this country and type, accepted or not."""
        asked = {"country_iso2": country, "number_type": number_type}
        found = self._all("ComplianceApplication/", wire.WireCompliance, asked)
        return tuple(one for item in found if (one := item.application()).id)

    def _all(self, path: str, model: type[_Item], asked: Mapping[str, str]) -> list[_Item]:
        found: list[_Item] = []
        offset: int | None = 0
        for _ in range(MOST_PAGES):
            if offset is None:
                break
            page, _total, offset = self._list(path, model, asked, limit=PAGE, offset=offset)
            found += page
        return found

    def _list(
        self, path: str, model: type[_Item], asked: Mapping[str, str], *, limit: int, offset: int
    ) -> tuple[tuple[_Item, ...], int, int | None]:
        answer = self._http.get(self._base + path, {**asked, "limit": str(limit), "offset": str(offset)})
        return wire.read_list(model, _expect(answer, _OK), offset=offset)


def _expect(answer: Answer, *fine: int) -> dict[str, Any]:
    """The document of an answer that is fine. Raises what the answer stands for if it is not."""
    if answer.status not in fine:
        raise from_answer(answer, now=time.time())
    return answer.document or {}


def _bought(answer: Answer, number: str) -> BuyAnswer:
    """What a success says of this number. Raises Unclear where it does not say so in known words."""
    known: dict[str, Any] = {"api_id": api_id(answer), "http_status": answer.status}
    try:
        named = wire.read(wire.WireBuy, answer.document).numbers
    except Unclear:
        raise Unclear("The provider's answer to the purchase is not understood.", **known) from None
    status = next((item.status for item in named if item.number == number.lstrip("+")), None)
    if status is None:
        raise Unclear("The provider's answer to the purchase names other numbers.", **known)
    meaning = _STATUSES.get(status.lower())
    if meaning is None:
        raise Unclear("The provider's answer to the purchase has a status that is not known.", **known)
    return meaning(api_id(answer), status)


_STATUSES: Mapping[str, Callable[[str | None, str], BuyAnswer]] = {
    "success": lambda answer_id, said: BuyAnswer("bought", answer_id, said),
    "pending": lambda answer_id, said: BuyAnswer("awaiting_documents", answer_id, said),
}


def _chosen(options: BuyOptions) -> dict[str, str | None]:
    return {
        "app_id": options.app_id,
        "subaccount": options.subaccount,
        "cnam_lookup": options.cnam_lookup,
        "compliance_application_id": options.compliance_application_id,
    }


def _part(number: str) -> str:
    """A number as a part of a path: digits only, whatever came in."""
    return quote(number.lstrip("+"), safe="")


def _type_asked(name: str | None) -> NumberType | None:
    return NumberType(name) if name in set(NumberType) else None
