"""Invoices as text files."""

import os
from pathlib import Path

from app.invoices.invoice import Invoice

__all__ = ["Archive"]


class Archive:
    """A folder with one text file per invoice; a file is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: str) -> Path:
        """Return where the invoice *number* is kept."""
        return self.folder / f"{number}.txt"

    def store(self, invoice: Invoice) -> Path:
        """Write *invoice*, replacing what was there, and return its path.

        Raises:
            OSError: The folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(invoice.row.number)
        # Written aside and renamed: a worker that dies here leaves no half invoice behind.
        draft = path.with_suffix(".draft")
        draft.write_text(invoice.text(), encoding="utf-8")
        os.replace(draft, path)  # noqa: PTH105  # the rename is the point
        return path
