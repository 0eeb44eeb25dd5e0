"""invoices:import: what it says of a file that is no CSV, and of a queue that is full."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from securely import Application
from securely.queue import StoreFull
from securely.queue.contracts import Envelope
from securely.queue.drivers.null import NullConnection
from securely.queue.manager import QueueManager
from securely.testing import Artisan

HEADER = "number,issued_on,customer,email,country,description,quantity,unit_price\n"


def test_import_of_a_field_without_end_names_the_file(artisan: Artisan, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(f"{HEADER}INV-1,2026-01-31,Abel,abel@x.io,DE,{'x' * 200_000},3,9.99\n")

    result = artisan(["invoices:import", str(file)]).assert_exit(1)

    result.assert_output(f"Cannot read {file}: field larger than field limit")
    assert "import_invoices.py" not in result.errors


class Full(NullConnection):
    """A connection without room."""

    def push(self, envelopes: Sequence[Envelope]) -> Sequence[str]:
        raise StoreFull(self.name, "the disk is full")


def test_import_into_a_full_queue_names_the_queue(
    app: Application, artisan: Artisan, tmp_path: Path
) -> None:
    app.make(QueueManager).extend("sync", lambda name, options: Full(name))
    file = tmp_path / "invoices.csv"
    file.write_text(f"{HEADER}INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3,9.99\n")

    result = artisan(["invoices:import", str(file)]).assert_exit(1)

    result.assert_output('Queue connection "sync" has no room').assert_no_output("Cannot read")
