"""What several use cases ask the provider in the same words."""

from collections.abc import Callable, Iterator

from bot.model.errors import NotFound, Unclear
from bot.model.numbers import national_digits
from bot.model.offer import Offer
from bot.model.provider import RentedNumber, RentedPage
from bot.model.purchase import PurchaseStatus
from bot.usecases.desk import Desk

LISTED = "The provider lists it in our account."
"""How it is known that a number is ours, where the answer to the call did not say so."""


def offer_of(desk: Desk, number: str, country: str) -> Offer | None:
    """The number as it is offered now; None if it is not. Raises ProviderError."""
    digits = national_digits(number, country)
    page = desk.provider.search({"country_iso": country, "pattern": digits}, country=country)
    return next((offer for offer in page.offers if offer.number == number), None)


def held_as(rented: RentedNumber) -> PurchaseStatus:
    """Whether a number the account holds can be used, or still waits for documents."""
    waits = rented.active is False and bool(rented.compliance_status)
    return PurchaseStatus.AWAITING_DOCUMENTS if waits else PurchaseStatus.BOUGHT


MOST_PAGES = 5_000
"""Pages of a list, 20 numbers each, after which it is not believed any more."""


def all_rented(desk: Desk, keep: Callable[[], None] = lambda: None) -> dict[str, RentedNumber]:
    """Every number the account and its subaccounts hold, by its digits.

    A list that changes while it is paged through may leave a number out, or name it twice: that one is not
    here proves nothing. `keep` is called before each page. Raises ProviderError, and then nothing is known.
    """
    found: dict[str, RentedNumber] = {}
    for subaccount in (None, *(each.id for each in desk.provider.subaccounts())):
        for page in _pages(desk, subaccount, keep):
            found |= {each.number: each for each in page.numbers}
    return found


def _pages(desk: Desk, subaccount: str | None, keep: Callable[[], None]) -> Iterator[RentedPage]:
    offset: int | None = 0
    before: tuple[RentedNumber, ...] = ()
    for _ in range(MOST_PAGES):
        keep()
        try:
            page = desk.provider.rented_numbers(offset=offset or 0, subaccount=subaccount)
        except NotFound:
            if subaccount is None:
                raise
            return  # a subaccount that was taken away meanwhile holds nothing
        if page.numbers and page.numbers == before:
            raise Unclear("The provider's list of our numbers repeats itself.")
        yield page
        before, offset = page.numbers, page.next_offset
        if offset is None:
            return
    raise Unclear("The provider's list of our numbers does not end.")
