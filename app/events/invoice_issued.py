"""InvoiceIssued: an invoice was registered and archived."""

from dataclasses import dataclass

from app.invoices import Invoice

__all__ = ["InvoiceIssued"]


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice was registered and archived."""

    invoice: Invoice
