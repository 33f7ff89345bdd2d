"""What several use cases ask the provider in the same words."""

from bot.model.numbers import national_digits
from bot.model.offer import Offer
from bot.model.provider import RentedNumber
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
