"""MailInvoice: mails every issued invoice to its customer."""

from app.events.invoice_issued import InvoiceIssued
from app.mail.invoice_mail import InvoiceMail
from securely.facades import Mail

__all__ = ["MailInvoice"]


class MailInvoice:
    """Mails every issued invoice to its customer."""

    def handle(self, event: InvoiceIssued) -> None:
        """Have a worker mail it: a mail server that is slow holds up no invoice."""
        Mail.queue(InvoiceMail(event.invoice))
