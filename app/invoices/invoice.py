"""Totals, and how an invoice looks."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.invoices.row import Row
from app.invoices.taxes import TaxTable

__all__ = ["Invoice"]

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Invoice:
    """A row with its sums. All amounts are euros with two decimals."""

    row: Row
    net: Decimal
    tax: Decimal
    gross: Decimal

    @classmethod
    def of(cls, row: Row, taxes: TaxTable) -> "Invoice":
        """Work out the sums of *row*; tax is rounded once, half up, on the whole invoice.

        Raises:
            LookupError: The country of *row* has no tax rate.
        """
        rate = taxes.rate(row.country)
        if rate is None:
            raise LookupError(f'No tax rate for "{row.country}" on invoice {row.number}.')
        net = (row.quantity * row.unit_price).quantize(CENT, ROUND_HALF_UP)
        tax = (net * rate).quantize(CENT, ROUND_HALF_UP)
        return cls(row, net, tax, net + tax)

    def text(self) -> str:
        """Return the invoice as it is archived."""
        row = self.row
        lines = [
            f"Invoice {row.number}",
            f"Date     {row.issued_on:%Y-%m-%d}",
            f"To       {row.customer}, {row.country}",
            "",
            f"{row.quantity} x {row.description} at {row.unit_price} EUR",
            "",
            f"Net      {self.net:>12} EUR",
            f"Tax      {self.tax:>12} EUR",
            f"Total    {self.gross:>12} EUR",
        ]
        return "\n".join(lines) + "\n"
