"""IssueInvoice: from a row to a registered, archived and recorded invoice."""

from dataclasses import dataclass

from app.events.invoice_issued import InvoiceIssued
from app.invoices import Archive, Gateway, GatewayRefused, Invoice, Ledger, Row, TaxTable
from securely.facades import Cache, Event, Log
from securely.queue import Job

__all__ = ["IssueInvoice"]


@dataclass(frozen=True)
class IssueInvoice(Job):
    """Issues the invoice of one row.

    Running it again changes nothing: a queue delivers at least once, so every step below either
    replaces what it wrote before or looks first.
    """

    tries = 3  # the gateway fails twice in a row at most, unless it refuses
    timeout = 60

    row: Row

    def handle(self, taxes: TaxTable, gateway: Gateway, archive: Archive, ledger: Ledger) -> None:
        """Register the invoice, then archive and record it under one lock."""
        invoice = Invoice.of(self.row, taxes)
        gateway.register(self.row.number)
        # One lock for file, ledger and counter, so that they always agree. If this process
        # dies while it holds the lock, the next one gets it at once.
        with Cache.lock("invoices", wait=30):
            path = archive.store(invoice)
            Event.dispatch(InvoiceIssued(invoice))
            Cache.forever("invoices.issued", len(ledger.rows()))
        Log.info("Invoice {number} issued", number=self.row.number, file=path.name)

    def failed(self, error: Exception) -> None:
        """Say in the log which invoice needs a person."""
        reason = "refused" if isinstance(error, GatewayRefused) else "not issued"
        Log.error("Invoice {number} " + reason, number=self.row.number)
