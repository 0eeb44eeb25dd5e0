"""The list of what was issued."""

import csv
import io
import os
from pathlib import Path

from app.invoices.invoice import Invoice

__all__ = ["Ledger"]


class Ledger:
    """A CSV file with one row per invoice: number, date, net, tax, gross, running total.

    Whoever records must hold the lock that guards it; see `jobs/issue_invoice.py`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def rows(self) -> list[list[str]]:
        """Return the recorded rows in their order."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        # A writer that died may have left a torn last line; it was never recorded.
        whole = text[: text.rfind("\n") + 1]
        return list(csv.reader(io.StringIO(whole)))

    def numbers(self) -> list[str]:
        """Return the recorded invoice numbers in their order."""
        return [row[0] for row in self.rows()]

    def record(self, invoice: Invoice) -> bool:
        """Append *invoice* unless its number is there; tell whether it was appended.

        Raises:
            OSError: The file cannot be written to.
        """
        rows = self.rows()
        number = invoice.row.number
        if any(row[0] == number for row in rows):
            return False
        total = sum((_cents(row[4]) for row in rows), start=_cents(str(invoice.gross)))
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [number, invoice.row.issued_on, invoice.net, invoice.tax, invoice.gross, _euros(total)]
        )
        self._append(line.getvalue().encode())
        return True

    def _append(self, line: bytes) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+b") as stream:
            stream.seek(0)
            content = stream.read()
            stream.truncate(content.rfind(b"\n") + 1)  # drops a torn last line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())


def _cents(euros: str) -> int:
    whole, _, part = euros.partition(".")
    return int(whole) * 100 + int(part)


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
