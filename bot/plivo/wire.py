"""What the provider sends, as it stands on the wire: `number` is certain, all else may be missing.

Unknown fields are kept and ignored. A field that cannot be read counts as missing, so that one odd
price does not hide a page of numbers; where that would be dangerous, it says so here.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, OnErrorOmit

from bot.model.money import parse_usd
from bot.model.offer import NumberType, Offer
from bot.model.provider import Account, Application, ComplianceApplication, RentedNumber, Subaccount

MOST_USD = Decimal(1_000_000)
_NUMBER = re.compile(r"\+?([0-9]{3,20})", re.ASCII)
_DECIMALS = 10


def _number(value: object) -> str:
    match = _NUMBER.fullmatch(str(value)) if isinstance(value, str | int) else None
    if match is None:
        raise ValueError("not a phone number")
    return match[1]


def _or_none(read: Callable[[Any], object]) -> BeforeValidator:
    def lenient(value: object) -> object:
        try:
            return read(value)
        except (ValueError, ArithmeticError):
            return None

    return BeforeValidator(lenient)


def _text(value: object) -> str | None:
    """Text, or a number where the provider means text (`lata` is both)."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    return str(value).strip() or None


def _usd(value: object) -> Decimal:
    return _bounded(parse_usd(value))


def _signed_usd(value: object) -> Decimal:
    if isinstance(value, str) and value.startswith("-"):
        return -_usd(value[1:])
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        return _usd(value)
    return _bounded(Decimal(value))


def _bounded(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DECIMALS or abs(amount) > MOST_USD:
        raise ValueError("no price of a number")
    return amount


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _date(value: object) -> date | None:
    return date.fromisoformat(value[:10]) if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _last_part(value: object) -> str | None:
    """The id in `/v1/Account/MA…/Application/123/`, or the text itself."""
    text = _text(value)
    return text.rstrip("/").rpartition("/")[2] or None if text else None


Number = Annotated[str, BeforeValidator(_number)]
Text = Annotated[str | None, _or_none(_text)]
Usd = Annotated[Decimal | None, _or_none(_usd)]
SignedUsd = Annotated[Decimal | None, _or_none(_signed_usd)]
Flag = Annotated[bool | None, _or_none(_flag)]
Date = Annotated[date | None, _or_none(_date)]
Count = Annotated[int | None, _or_none(_count)]
Id = Annotated[Text, _or_none(_last_part)]


class Wire(BaseModel):
    """Fields that are not known are fine."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)


class Meta(Wire):
    """Where a page stands in its list."""

    limit: Count = None
    next: Text = None
    total_count: Count = None


class WireOffer(Wire):
    """A number that can be bought."""

    number: Number
    type: Text = None
    sub_type: Text = None
    city: Text = None
    region: Text = None
    rate_center: Text = None
    lata: Text = None
    setup_rate: Any = None
    monthly_rental_rate: Usd = None
    voice_enabled: Flag = None
    sms_enabled: Flag = None
    mms_enabled: Flag = None
    voice_rate: Usd = None
    sms_rate: Usd = None
    restriction: Text = None
    restriction_text: Text = None

    def offer(self, country: str, asked: str | None) -> Offer:
        """As an offer; `country` and `asked` are what was searched for."""
        setup, monthly = self._prices()
        return Offer(
            number=self.number,
            country=country,
            type=number_type(self.sub_type, self.type, asked),
            monthly=monthly,
            setup=setup,
            city=self.city,
            region=self.region,
            rate_center=self.rate_center,
            lata=self.lata,
            voice=bool(self.voice_enabled),
            sms=bool(self.sms_enabled),
            mms=bool(self.mms_enabled),
            voice_rate=self.voice_rate,
            sms_rate=self.sms_rate,
            restriction=self.restriction,
            restriction_text=self.restriction_text,
        )

    def _prices(self) -> tuple[Decimal, Decimal | None]:
        """Set-up and monthly. A set-up fee that cannot be read hides the monthly price: it is not free."""
        if self.setup_rate is None:
            return Decimal(0), self.monthly_rental_rate
        try:
            return _usd(self.setup_rate), self.monthly_rental_rate
        except ValueError:
            return Decimal(0), None


def number_type(sub_type: str | None, wire_type: str | None, asked: str | None) -> NumberType:
    """The kind of a number, most exact word first: what is searched as local comes as fixed/local.

    Without a sub-type, "fixed" is also what local and national numbers are called: then the type that
    was asked for says which.
    """
    exact, rough, wanted = _known(sub_type), _known(wire_type), _known(asked)
    if exact:
        return exact
    if rough and (rough is not NumberType.FIXED or wanted in {NumberType.MOBILE, NumberType.TOLLFREE}):
        return rough
    return wanted or NumberType.FIXED


def _known(word: str | None) -> NumberType | None:
    plain = (word or "").lower().replace("-", "").replace("_", "").replace(" ", "")
    return NumberType(plain) if plain in set(NumberType) else None


class OfferList(Wire):
    """The answer to a search. `error` in it is a way of the provider to say that it found nothing."""

    meta: Meta = Meta()
    objects: list[OnErrorOmit[WireOffer]] | None = None
    error: Any = None


class WireNumber(Wire):
    """A number the account holds."""

    number: Number
    alias: Text = None
    monthly_rental_rate: Usd = None
    added_on: Date = None
    renewal_date: Date = None
    active: Flag = None
    compliance_status: Text = None
    compliance_application_id: Text = None
    number_type: Text = Field(None, validation_alias=AliasChoices("number_type", "type"))
    country: Text = None
    region: Text = None
    city: Text = None
    application: Id = None
    sub_account: Id = Field(None, validation_alias=AliasChoices("sub_account", "subaccount"))
    voice_enabled: Flag = None
    sms_enabled: Flag = None
    mms_enabled: Flag = None

    def rented(self) -> RentedNumber:
        """As a rented number."""
        return RentedNumber(
            number=self.number,
            alias=self.alias,
            monthly=self.monthly_rental_rate,
            added_on=self.added_on,
            renewal_date=self.renewal_date,
            active=self.active,
            compliance_status=self.compliance_status,
            compliance_application_id=self.compliance_application_id,
            number_type=self.number_type,
            country=self.country,
            region=self.region,
            city=self.city,
            app_id=self.application,
            subaccount=self.sub_account,
            voice=bool(self.voice_enabled),
            sms=bool(self.sms_enabled),
            mms=bool(self.mms_enabled),
        )


class NumberList(Wire):
    """A page of the numbers the account holds."""

    meta: Meta = Meta()
    objects: list[OnErrorOmit[WireNumber]]


class Bought(Wire):
    """One number in the answer to a purchase."""

    number: Number
    status: Text = None


class BuyReply(Wire):
    """The answer to a purchase. Its own status is "fulfilled" even while the number's is "pending"."""

    status: Text = None
    numbers: list[OnErrorOmit[Bought]]
    error: Any = None


class WireAccount(Wire):
    """The account that pays."""

    auth_id: Text = None
    name: Text = None
    cash_credits: SignedUsd = None
    timezone: Text = None
    account_type: Text = None
    billing_mode: Text = None
    auto_recharge: Flag = None

    def account(self, auth_id: str) -> Account:
        """As an account; `auth_id` is the one that was asked for."""
        return Account(
            auth_id=self.auth_id or auth_id,
            name=self.name,
            credit=self.cash_credits,
            timezone=self.timezone,
            account_type=self.account_type,
            billing_mode=self.billing_mode,
            auto_recharge=bool(self.auto_recharge),
        )


class WireApplication(Wire):
    """An application."""

    app_id: Text = None
    app_name: Text = None
    enabled: Flag = None
    default_app: Flag = None
    sub_account: Id = None

    def application(self) -> Application | None:
        """As an application; None without an id."""
        if self.app_id is None:
            return None
        return Application(
            id=self.app_id,
            name=self.app_name or self.app_id,
            enabled=self.enabled is not False,
            default=bool(self.default_app),
            subaccount=self.sub_account,
        )


class WireSubaccount(Wire):
    """A subaccount. It comes with its own credentials; the model forgets what it does not know."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    auth_id: Text = None
    name: Text = None
    enabled: Flag = None

    def subaccount(self) -> Subaccount | None:
        """As a subaccount; None without an id."""
        if self.auth_id is None:
            return None
        return Subaccount(self.auth_id, self.name or self.auth_id, self.enabled is not False)


class WireCompliance(Wire):
    """A compliance application, of the older and of the newer API."""

    id: Text = Field(
        None,
        validation_alias=AliasChoices("compliance_application_id", "compliance_id", "id", "application_id"),
    )
    alias: Text = None
    status: Text = None
    country: Text = Field(None, validation_alias=AliasChoices("country_iso", "country_iso2"))
    number_type: Text = None

    def compliance(self) -> ComplianceApplication | None:
        """As a compliance application; None without an id."""
        if self.id is None:
            return None
        status = self.status.lower() if self.status else None
        country = self.country.upper() if self.country else None
        return ComplianceApplication(self.id, self.alias, status, country, self.number_type)


class ApplicationList(Wire):
    """A page of applications."""

    meta: Meta = Meta()
    objects: list[OnErrorOmit[WireApplication]]


class SubaccountList(Wire):
    """A page of subaccounts; their secrets end here."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    meta: Meta = Meta()
    objects: list[OnErrorOmit[WireSubaccount]]


class ComplianceList(Wire):
    """A page of compliance applications."""

    meta: Meta = Meta()
    objects: list[OnErrorOmit[WireCompliance]] = Field(
        validation_alias=AliasChoices("objects", "compliances")
    )
