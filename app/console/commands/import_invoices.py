"""invoices:import: reads a CSV and queues one job per good row."""

import csv
from pathlib import Path

from app.invoices import Rejection, TaxTable, read_rows
from app.jobs.issue_invoice import IssueInvoice
from securely.console import Command

__all__ = ["ImportInvoices"]


class ImportInvoices(Command):
    """Queues one invoice per good row of a CSV, and says what is wrong with the others."""

    signature = "invoices:import {file : The CSV file, with one invoice per row}"
    description = "Queue one invoice per row of a CSV file"

    def handle(self, taxes: TaxTable) -> int:
        """Read, reject, dispatch, and sum up."""
        file = Path(self.string("file"))
        try:
            rows = list(read_rows(file, taxes))
        except (OSError, UnicodeDecodeError, csv.Error, Rejection) as error:
            self.fail(f"Cannot read {file}: {error}")
        queued = rejected = 0
        for row in rows:
            if isinstance(row, Rejection):
                self.warn(str(row))
                rejected += 1
            else:
                IssueInvoice.dispatch(row)
                queued += 1
        self.info(f"{queued} invoices queued, {rejected} rows rejected.")
        return self.SUCCESS
