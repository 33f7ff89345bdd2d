"""What the provider knows besides offers: our numbers, the account, and what can be chosen at a purchase."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class BuyOptions:
    """What may be chosen at a purchase; None leaves it to the provider."""

    app_id: str | None = None
    subaccount: str | None = None
    cnam_lookup: str | None = None  #: enabled or disabled; US only
    compliance_application_id: str | None = None


@dataclass(frozen=True, slots=True)
class BuyAnswer:
    """A clear yes to a purchase. It names no price: the provider's answer has none."""

    status: Literal["bought", "awaiting_documents"]
    api_id: str | None  #: the provider's id of this answer: its support asks for it
    provider_status: str  #: the provider's own word for the number: Success, pending


@dataclass(frozen=True, slots=True)
class RentedNumber:
    """A number the account holds. Only `number` is certain: the provider may leave out the rest."""

    number: str  #: digits with the country code, without "+"
    alias: str | None = None
    monthly: Decimal | None = None  #: USD a month
    added_on: date | None = None
    renewal_date: date | None = None
    active: bool | None = None
    compliance_status: str | None = None
    compliance_application_id: str | None = None
    number_type: str | None = None  #: the provider's word
    country: str | None = None  #: the provider's name of it, no code
    region: str | None = None
    city: str | None = None
    app_id: str | None = None
    subaccount: str | None = None
    voice: bool = False
    sms: bool = False
    mms: bool = False


@dataclass(frozen=True, slots=True)
class RentedPage:
    """One page of the numbers the account holds."""

    numbers: tuple[RentedNumber, ...]
    total: int  #: all of them, as the provider counts
    next_offset: int | None  #: where the next page starts; None at the end


@dataclass(frozen=True, slots=True)
class Account:
    """The account that pays."""

    auth_id: str
    name: str | None = None
    credit: Decimal | None = None  #: USD; may be below zero
    timezone: str | None = None
    account_type: str | None = None
    billing_mode: str | None = None  #: prepaid or postpaid
    auto_recharge: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """What answers a call or a message to a number."""

    id: str
    name: str
    enabled: bool = True
    default: bool = False
    subaccount: str | None = None


@dataclass(frozen=True, slots=True)
class Subaccount:
    """A part of the account. Its own credentials, which the provider sends along, are not kept."""

    auth_id: str
    name: str
    enabled: bool = True

    @property
    def id(self) -> str:
        """The id that a purchase takes."""
        return self.auth_id


@dataclass(frozen=True, slots=True)
class ComplianceApplication:
    """Documents that were handed in for one country and type of number."""

    id: str
    alias: str | None = None
    status: str | None = None  #: draft, submitted, accepted, rejected, suspended, expired
    country: str | None = None  #: ISO 3166-1 alpha-2
    number_type: str | None = None
