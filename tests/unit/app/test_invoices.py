"""Rows, sums, archive, ledger and gateway of the example application."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.invoices import Archive, Invoice, Ledger, Rejection, Row, read_rows
from app.invoices.taxes import FixedTaxTable

TAXES = FixedTaxTable({"DE": Decimal("0.19")})
HEADER = "number,issued_on,customer,email,country,description,quantity,unit_price\n"
GOOD = "INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3,9.99"

WriteCsv = Callable[..., Path]


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    def write(*rows: str, header: str = HEADER) -> Path:
        file = tmp_path / "invoices.csv"
        file.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        return file

    return write


def row(number: str = "INV-1", quantity: int = 3, price: str = "9.99") -> Row:
    return Row(
        number, date(2026, 1, 31), "Abel", "abel@x.io", "DE", "Lamp", quantity, Decimal(price)
    )


def test_read_rows_of_a_good_line_gives_a_row(write_csv: WriteCsv) -> None:
    assert list(read_rows(write_csv(GOOD), TAXES)) == [row()]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3", "row", "7 columns instead of 8"),
        (
            "../INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3,9.99",
            "number",
            '"../INV-1" is not a number like',
        ),
        (
            "INV-1,2026-02-30,Abel,abel@x.io,DE,Lamp,3,9.99",
            "issued_on",
            '"2026-02-30" is not a date',
        ),
        ("INV-1,2026-01-31,,abel@x.io,DE,Lamp,3,9.99", "customer", "is empty"),
        ("INV-1,2026-01-31,Abel,abel,DE,Lamp,3,9.99", "email", '"abel" is not an address'),
        ("INV-1,2026-01-31,Abel,abel@x.io,XX,Lamp,3,9.99", "country", 'no tax rate for "XX"'),
        (
            "INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,-3,9.99",
            "quantity",
            '"-3" is not a whole number',
        ),
        (
            f"INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,{'9' * 5000},9.99",
            "quantity",
            "not a whole number",
        ),
        ("INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3,1e40", "unit_price", '"1e40" is not a price'),
        ("INV-1,2026-01-31,Abel,abel@x.io,DE,Lamp,3,9.9O", "unit_price", '"9.9O" is not a price'),
    ],
)
def test_read_rows_of_a_bad_line_says_where_and_why(
    write_csv: WriteCsv, line: str, field: str, reason: str
) -> None:
    file = write_csv(line)

    (rejection,) = read_rows(file, TAXES)

    assert isinstance(rejection, Rejection)
    assert (rejection.file, rejection.line, rejection.field) == (file, 2, field)
    assert reason in rejection.reason
    assert str(rejection).startswith(f"{file}:2: {field}: ")


def test_read_rows_of_a_repeated_number_rejects_the_second(write_csv: WriteCsv) -> None:
    first, second = read_rows(write_csv(GOOD, GOOD), TAXES)

    assert first == row()
    assert isinstance(second, Rejection)
    assert second.reason == "already on line 2"


def test_read_rows_of_another_header_refuses_the_file(write_csv: WriteCsv) -> None:
    file = write_csv(GOOD, header="a,b\n")

    with pytest.raises(Rejection, match="header: expected number"):
        list(read_rows(file, TAXES))


@pytest.mark.parametrize(
    ("quantity", "price", "net", "tax", "gross"),
    [
        (3, "9.99", "29.97", "5.69", "35.66"),
        (1, "0.05", "0.05", "0.01", "0.06"),
        (1, "0.50", "0.50", "0.10", "0.60"),  # 0.095 is rounded up
        (1, "0", "0.00", "0.00", "0.00"),
    ],
)
def test_invoice_rounds_tax_half_up_once(
    quantity: int, price: str, net: str, tax: str, gross: str
) -> None:
    invoice = Invoice.of(row(quantity=quantity, price=price), TAXES)

    assert (str(invoice.net), str(invoice.tax), str(invoice.gross)) == (net, tax, gross)


def test_archive_stores_the_same_invoice_twice_as_one_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "invoices")
    invoice = Invoice.of(row(), TAXES)

    archive.store(invoice)
    path = archive.store(invoice)

    assert [file.name for file in archive.folder.iterdir()] == ["INV-1.txt"]
    assert "Total           35.66 EUR" in path.read_text(encoding="utf-8")


def test_ledger_records_a_number_once_and_keeps_a_running_total(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.csv")

    answers = [
        ledger.record(Invoice.of(row(number), TAXES)) for number in ("INV-1", "INV-2", "INV-1")
    ]

    assert answers == [True, True, False]
    assert [(each[0], each[-1]) for each in ledger.rows()] == [
        ("INV-1", "35.66"),
        ("INV-2", "71.32"),
    ]


def test_ledger_with_a_torn_last_line_drops_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.csv")
    ledger.record(Invoice.of(row("INV-1"), TAXES))
    with ledger.file.open("a", encoding="utf-8") as stream:
        stream.write("INV-2,2026-")

    assert ledger.numbers() == ["INV-1"]
    assert ledger.record(Invoice.of(row("INV-2"), TAXES))
    assert ledger.numbers() == ["INV-1", "INV-2"]
