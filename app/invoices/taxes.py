"""What tax a country takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

__all__ = ["FixedTaxTable", "TaxTable"]


class TaxTable(Protocol):
    """Tells the tax rate of a country; the provider decides which table is used."""

    def rate(self, country: str) -> Decimal | None:
        """Return the rate as a fraction (0.19 for 19 %), or None for an unknown country."""
        ...


class FixedTaxTable:
    """A table that is written down."""

    def __init__(self, rates: Mapping[str, Decimal]) -> None:
        self._rates = dict(rates)

    def rate(self, country: str) -> Decimal | None:
        """Return the rate as a fraction, or None for an unknown country."""
        return self._rates.get(country)
