"""Money is a Decimal in USD; at rest it is whole ten-thousandths of a dollar; it is never a float."""

from decimal import ROUND_UP, Decimal, InvalidOperation

UNITS_PER_DOLLAR = 10_000
_UNIT = Decimal(1) / UNITS_PER_DOLLAR
_CENT = Decimal("0.01")


def parse_usd(text: object) -> Decimal:
    """An amount in USD from text or a whole number; the provider sends `"0.80000"`.

    Raises ValueError for anything else: floats, negative amounts, NaN, infinity.
    """
    if not isinstance(text, str | int | Decimal) or isinstance(text, bool):
        raise ValueError(f"{text!r} is not an amount in USD")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount in USD") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{text!r} is not an amount in USD")
    return amount


def to_units(amount: Decimal) -> int:
    """Whole ten-thousandths of a dollar, rounded up: what is stored is never less than what is paid."""
    return int((amount / _UNIT).to_integral_value(rounding=ROUND_UP))


def from_units(units: int) -> Decimal:
    """USD from whole ten-thousandths of a dollar."""
    return Decimal(units) * _UNIT


def format_usd(amount: Decimal) -> str:
    """`$0.80`; more decimals only where cents would hide something (`$0.0085`)."""
    cents = amount.quantize(_CENT)
    if cents == amount:
        return f"${cents:,f}"
    return f"${amount.normalize():,f}"
