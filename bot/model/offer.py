"""An offer: a number that can be bought, with its price, as the provider showed it at one moment."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class NumberType(StrEnum):
    """The provider's kinds of numbers, as its search takes them."""

    LOCAL = "local"
    TOLLFREE = "tollfree"
    MOBILE = "mobile"
    NATIONAL = "national"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Offer:
    """A number with its price. Only `number` is certain: the provider may leave out the rest."""

    number: str  #: digits with the country code, without "+"
    country: str  #: ISO 3166-1 alpha-2, the country that was searched
    type: NumberType
    monthly: Decimal | None  #: USD a month; None if none is named: then it cannot be bought here
    setup: Decimal = Decimal(0)  #: USD, once
    city: str | None = None
    region: str | None = None
    rate_center: str | None = None
    lata: str | None = None
    voice: bool = False
    sms: bool = False
    mms: bool = False
    voice_rate: Decimal | None = None  #: USD a minute
    sms_rate: Decimal | None = None  #: USD a message
    restriction: str | None = None  #: city-address, country-address, terms-and-conditions or None
    restriction_text: str | None = None

    @property
    def due_today(self) -> Decimal | None:
        """USD: the set-up fee and the first month, which the provider charges at the purchase."""
        return None if self.monthly is None else self.setup + self.monthly


@dataclass(frozen=True, slots=True)
class OfferPage:
    """One page of what the provider found."""

    offers: tuple[Offer, ...]
    total: int  #: all matches, as the provider counts them
    next_offset: int | None  #: where the next page starts; None at the end
