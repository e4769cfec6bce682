"""Amounts as integer minor units with an ISO 4217 code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 list one: currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def exponent(currency: str | None) -> int:
    """How many decimals the currency has; an unknown one counts as 2."""
    return _EXPONENTS.get(currency or "", 2)


def codes(decimals: int) -> tuple[str, ...]:
    """The currencies with that many decimals, where they are not the usual two."""
    return tuple(code for code, digits in _EXPONENTS.items() if digits == decimals)


def to_minor(amount: Decimal, currency: str | None) -> int:
    """Decimal amount to integer minor units, halves rounded away from zero."""
    return int((amount * 10 ** exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_decimal(minor: int, currency: str | None) -> Decimal:
    """Integer minor units to a Decimal with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-exponent(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: integer minor units and an ISO 4217 code (None where no currency was found)."""

    minor: int
    currency: str | None

    def as_json(self) -> dict[str, object]:
        """The API's shape: {"minor", "currency", "text"}; text is a plain decimal with a point."""
        return {
            "minor": self.minor,
            "currency": self.currency,
            "text": f"{to_decimal(self.minor, self.currency):f}",
        }
