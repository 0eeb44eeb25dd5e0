"""invoices:import: what it says of a file that is no CSV."""

from __future__ import annotations

from pathlib import Path

from securely.testing import Artisan

HEADER = "number,issued_on,customer,country,description,quantity,unit_price\n"


def test_import_of_a_field_without_end_names_the_file(artisan: Artisan, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(f"{HEADER}INV-1,2026-01-31,Abel,DE,{'x' * 200_000},3,9.99\n")

    result = artisan(["invoices:import", str(file)]).assert_exit(1)

    result.assert_output(f"Cannot read {file}: field larger than field limit")
    assert "import_invoices.py" not in result.errors
