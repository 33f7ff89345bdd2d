"""What a kind of number costs, what it can do and what papers it wants, country by country."""

from __future__ import annotations

from typing import NamedTuple

VOICE_ONLY = (("voice",),)
VOICE_SMS = (("voice", "sms"), ("voice", "sms"), ("voice",))
EVERYTHING = (
    ("voice", "sms", "mms"),
    ("voice", "sms", "mms"),
    ("voice", "sms"),
    ("voice", "sms", "mms"),
    ("voice",),
)


class Tariff(NamedTuple):
    """Prices in USD with five decimals, as Plivo writes them; `services` are dealt out in turn."""

    monthly: str
    setup: str = "0.00000"
    voice_rate: str = "0.00500"
    sms_rate: str = "0.00800"
    mms_rate: str = "0.01600"
    services: tuple[tuple[str, ...], ...] = VOICE_SMS
    restriction: str | None = None
    restriction_text: str | None = None


_CITY = "Proof of an address in the city of the number is needed before the number can be used."
_COUNTRY = "Proof of an address in the country of the number is needed before the number can be used."
_TERMS = "By renting this number you agree not to use it for unsolicited calls or messages."
_INDIA = "Numbers of India are rented to registered businesses with an accepted compliance application."

TARIFFS: dict[tuple[str, str], Tariff] = {
    ("US", "local"): Tariff("0.80000", services=EVERYTHING),
    ("US", "tollfree"): Tariff("1.00000", voice_rate="0.02100"),
    ("CA", "local"): Tariff("0.80000", services=EVERYTHING),
    ("CA", "tollfree"): Tariff("1.00000", voice_rate="0.02100"),
    ("GB", "local"): Tariff(
        "1.20000", services=VOICE_ONLY, restriction="country-address", restriction_text=_COUNTRY
    ),
    ("GB", "mobile"): Tariff("1.50000", restriction="country-address", restriction_text=_COUNTRY),
    ("GB", "national"): Tariff("1.20000", services=VOICE_ONLY),
    ("GB", "tollfree"): Tariff("3.50000", voice_rate="0.06500", services=VOICE_ONLY),
    ("DE", "local"): Tariff(
        "1.30000", services=VOICE_ONLY, restriction="city-address", restriction_text=_CITY
    ),
    ("DE", "mobile"): Tariff(
        "15.00000", setup="5.00000", restriction="country-address", restriction_text=_COUNTRY
    ),
    ("FR", "local"): Tariff(
        "1.00000", services=VOICE_ONLY, restriction="country-address", restriction_text=_COUNTRY
    ),
    ("FR", "mobile"): Tariff(
        "12.00000", setup="3.00000", restriction="country-address", restriction_text=_COUNTRY
    ),
    ("AU", "local"): Tariff("3.00000", services=VOICE_ONLY),
    ("AU", "mobile"): Tariff("8.00000", restriction="terms-and-conditions", restriction_text=_TERMS),
    ("AU", "tollfree"): Tariff("16.00000", voice_rate="0.07000", services=VOICE_ONLY),
    ("BR", "local"): Tariff(
        "4.00000", services=VOICE_ONLY, restriction="country-address", restriction_text=_COUNTRY
    ),
    ("BR", "mobile"): Tariff("9.00000", restriction="country-address", restriction_text=_COUNTRY),
    ("BR", "national"): Tariff("14.00000", setup="10.00000", services=VOICE_ONLY),
    ("BR", "tollfree"): Tariff("20.00000", setup="25.00000", voice_rate="0.11000", services=VOICE_ONLY),
    ("IN", "local"): Tariff(
        "2.50000", services=VOICE_ONLY, restriction="country-address", restriction_text=_INDIA
    ),
}
"""By ISO code of the country and sub_type."""
