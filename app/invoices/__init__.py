"""The subject itself: rows, invoices, taxes, the archive, the ledger and the gateway.

Nothing here knows that there is a queue or a console.

    row.py       one line of the CSV, checked
    taxes.py     what tax a country takes
    invoice.py   totals, and how an invoice looks
    archive.py   invoices as text files
    ledger.py    the list of what was issued
    gateway.py   the service that registers invoices, and fails now and then
"""

from app.invoices.archive import Archive
from app.invoices.gateway import Gateway, GatewayRefused, GatewayUnavailable
from app.invoices.invoice import Invoice
from app.invoices.ledger import Ledger
from app.invoices.row import Rejection, Row, read_rows
from app.invoices.taxes import TaxTable

__all__ = [
    "Archive",
    "Gateway",
    "GatewayRefused",
    "GatewayUnavailable",
    "Invoice",
    "Ledger",
    "Rejection",
    "Row",
    "TaxTable",
    "read_rows",
]
