"""KeepLedger: records every issued invoice."""

from app.events.invoice_issued import InvoiceIssued
from app.invoices import Ledger

__all__ = ["KeepLedger"]


class KeepLedger:
    """Records every issued invoice in the ledger, once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def handle(self, event: InvoiceIssued) -> None:
        """Append the invoice unless it is recorded already."""
        self.ledger.record(event.invoice)
