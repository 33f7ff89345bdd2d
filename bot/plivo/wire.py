"""The provider's JSON as pydantic models: whatever may be missing is optional, whatever is new is ignored."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.model.errors import Unclear
from bot.model.money import parse_usd
from bot.model.offer import NumberType, Offer
from bot.model.provider import (
    Account,
    Application,
    ComplianceApplication,
    RentedNumber,
    Subaccount,
)


def _money(value: object) -> Decimal | None:
    """USD; None for what is missing or no amount: a price that nobody can read is no price."""
    try:
        return None if value is None else parse_usd(value)
    except ValueError:
        return None


def _credit(value: object) -> Decimal | None:
    """USD, and unlike a price it may be below zero."""
    text = str(value).strip()
    magnitude = _money(text.removeprefix("-"))
    if value is None or magnitude is None:
        return None
    return -magnitude if text.startswith("-") else magnitude


def _text(value: object) -> str | None:
    """Text, from text or a whole number (`lata` comes as either); None if it is empty or anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _digits(value: object) -> object:
    return value.lstrip("+") if isinstance(value, str) else value


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_Money = Annotated[Decimal | None, BeforeValidator(_money)]
_Credit = Annotated[Decimal | None, BeforeValidator(_credit)]
_Text = Annotated[str | None, BeforeValidator(_text)]
_Digits = Annotated[str, BeforeValidator(_digits), Field(pattern=r"^[0-9]{3,17}$")]
_Day = Annotated[date | None, BeforeValidator(_day)]
_Flag = Annotated[bool | None, BeforeValidator(_flag)]
_Id = Annotated[str, BeforeValidator(_text)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class WireOffer(Wire):
    """An item of `GET PhoneNumber/`."""

    number: _Digits
    type: _Text = None
    monthly_rental_rate: _Money = None
    setup_rate: _Money = None
    city: _Text = None
    region: _Text = None
    rate_center: _Text = None
    lata: _Text = None
    voice_enabled: _Flag = None
    sms_enabled: _Flag = None
    mms_enabled: _Flag = None
    voice_rate: _Money = None
    sms_rate: _Money = None
    restriction: _Text = None
    restriction_text: _Text = None

    def offer(self, country: str, asked: NumberType | None) -> Offer:
        """The offer, in the model's words; a set-up fee that is not named is none."""
        return Offer(
            number=self.number,
            country=country,
            type=_type(self.type, asked),
            monthly=self.monthly_rental_rate,
            setup=self.setup_rate or Decimal(0),
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


class WireNumber(Wire):
    """An item of `GET Number/`, and the whole of `GET Number/{number}/`."""

    number: _Digits
    alias: _Text = None
    monthly_rental_rate: _Money = None
    added_on: _Day = None
    renewal_date: _Day = None
    active: _Flag = None
    compliance_status: _Text = None
    compliance_application_id: _Text = None
    number_type: _Text = None
    country: _Text = None
    region: _Text = None
    city: _Text = None
    application: _Text = None
    sub_account: _Text = None
    voice_enabled: _Flag = None
    sms_enabled: _Flag = None
    mms_enabled: _Flag = None

    def rented(self) -> RentedNumber:
        """The number, in the model's words."""
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
            app_id=self.application and self.application.rstrip("/").rpartition("/")[2],
            subaccount=self.sub_account,
            voice=bool(self.voice_enabled),
            sms=bool(self.sms_enabled),
            mms=bool(self.mms_enabled),
        )


class WireAccount(Wire):
    """`GET Account/{auth_id}/`."""

    auth_id: _Id
    name: _Text = None
    cash_credits: _Credit = None
    timezone: _Text = None
    account_type: _Text = None
    billing_mode: _Text = None
    auto_recharge: _Flag = None

    def account(self) -> Account:
        return Account(
            auth_id=self.auth_id,
            name=self.name,
            credit=self.cash_credits,
            timezone=self.timezone,
            account_type=self.account_type,
            billing_mode=self.billing_mode,
            auto_recharge=bool(self.auto_recharge),
        )


class WireApplication(Wire):
    """An item of `GET Application/`."""

    app_id: _Id
    app_name: _Text = None
    enabled: _Flag = None
    default_app: _Flag = None
    sub_account: _Text = None

    def application(self) -> Application:
        return Application(
            id=self.app_id,
            name=self.app_name or self.app_id,
            enabled=self.enabled is not False,
            default=bool(self.default_app),
            subaccount=self.sub_account,
        )


class WireSubaccount(Wire):
    """An item of `GET Subaccount/`."""

    auth_id: _Id
    name: _Text = None
    enabled: _Flag = None

    def subaccount(self) -> Subaccount:
        return Subaccount(self.auth_id, self.name or self.auth_id, enabled=self.enabled is not False)


class WireCompliance(Wire):
    """An item of `GET ComplianceApplication/`, whose shape the provider does not document."""

    compliance_application_id: _Text = None
    id: _Text = None
    alias: _Text = None
    status: _Text = None
    country_iso2: _Text = None
    number_type: _Text = None

    def application(self) -> ComplianceApplication:
        return ComplianceApplication(
            id=self.compliance_application_id or self.id or "",
            alias=self.alias,
            status=self.status and self.status.lower(),
            country=self.country_iso2,
            number_type=self.number_type,
        )


class WireBought(Wire):
    """One number in the answer to a buy: its `status` is the truth, the outer one says nothing."""

    number: _Digits
    status: str


class WireBuy(Wire):
    """The answer to `POST PhoneNumber/{number}/`."""

    numbers: tuple[WireBought, ...]


class _Meta(Wire):
    total_count: int | None = None
    limit: int | None = None
    offset: int | None = None
    next: _Text = None


_Item = TypeVar("_Item", bound=Wire)


def read(model: type[_Item], document: Mapping[str, Any] | None) -> _Item:
    """The document as `model`. Raises Unclear if it is something else."""
    try:
        return model.model_validate(document)
    except ValidationError:
        raise Unclear("The provider's answer has a shape that is not known.") from None


def read_list(
    model: type[_Item], document: Mapping[str, Any] | None, *, offset: int, key: str = "objects"
) -> tuple[tuple[_Item, ...], int, int | None]:
    """Items, how many there are in all, and where the next page starts.

    An item that is not known is left out: one odd number must not hide all others. Raises Unclear if
    there is no list.
    """
    rows = (document or {}).get(key)
    if document is None or not isinstance(rows, list):
        raise Unclear("The provider's answer has a shape that is not known.")
    meta = _meta(document)
    after = offset + len(rows)
    total = meta.total_count if meta.total_count is not None else after
    more = bool(rows) and (meta.next is not None or after < total)
    return tuple(_items(model, rows)), total, after if more else None


def _meta(document: Mapping[str, Any]) -> _Meta:
    try:
        return _Meta.model_validate(document.get("meta") or {})
    except ValidationError:
        return _Meta()


def _items(model: type[_Item], rows: Iterable[object]) -> Iterable[_Item]:
    for row in rows:
        try:
            yield model.model_validate(row)
        except ValidationError:
            continue


def _type(named: str | None, asked: NumberType | None) -> NumberType:
    """What the provider says, in which `fixed` stands for local: then what was asked for is more precise."""
    try:
        said = NumberType((named or "").lower())
    except ValueError:
        return asked or NumberType.LOCAL
    return asked if said is NumberType.FIXED and asked else said
