"""InvoiceMail: an invoice, to the customer who pays it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.invoices import Archive, Invoice, Row
from securely.mail import Address, Attachment, Content, Envelope, Mailable

__all__ = ["InvoiceMail"]


@dataclass(frozen=True)
class InvoiceMail(Mailable):
    """Tells a customer what is to be paid; the invoice is attached as it is archived."""

    tries = 5
    backoff = (10, 60, 300)  # seconds: a mail server that is busy is so for a while

    invoice: Invoice

    def envelope(self) -> Envelope:
        """Return whom it is for; an invoice is mailed once, however often it is issued."""
        row = self.invoice.row
        return Envelope(
            subject=f"Invoice {row.number}",
            to=Address(row.email, row.customer),
            tags=["invoice"],
            metadata={"number": row.number},
            idempotency_key=f"invoice:{row.number}",
        )

    def content(self) -> Content:
        """Return the view, and what it knows."""
        return Content(markdown="mail.invoice", with_={"row": self.invoice.row})

    def attachments(self, archive: Archive) -> list[Attachment]:
        """Return the file of the archive, which is read when the mail is sent."""
        return [Attachment.from_path(archive.path(self.invoice.row.number))]

    @staticmethod
    def preview() -> "InvoiceMail":
        """Return one to look at: `python artisan.py mail:preview InvoiceMail --open`."""
        row = Row(
            number="INV-0001",
            issued_on=date(2026, 1, 2),
            customer="Kessler Optik",
            email="accounts@kessler-optik.example",
            country="BE",
            description="Notebook A5",
            quantity=4,
            unit_price=Decimal("24.72"),
        )
        return InvoiceMail(Invoice(row, Decimal("98.88"), Decimal("20.76"), Decimal("119.64")))
