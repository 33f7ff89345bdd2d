"""What several use cases ask the provider in the same words."""

from bot.model.numbers import national_digits
from bot.model.offer import Offer
from bot.usecases.desk import Desk


def offer_of(desk: Desk, number: str, country: str) -> Offer | None:
    """The number as it is offered now; None if it is not. Raises ProviderError."""
    digits = national_digits(number, country)
    page = desk.provider.search({"country_iso": country, "pattern": digits}, country=country)
    return next((offer for offer in page.offers if offer.number == number), None)
