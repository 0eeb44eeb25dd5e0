"""One line of the CSV, checked."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.invoices.taxes import TaxTable

__all__ = ["COLUMNS", "Rejection", "Row", "read_rows"]

COLUMNS: tuple[str, ...] = (
    "number",
    "issued_on",
    "customer",
    "email",
    "country",
    "description",
    "quantity",
    "unit_price",
)

# An invoice is filed under its number, so nothing may stand in it that leads to another folder.
NUMBER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
QUANTITY_DIGITS_MAX = 9
PRICE_MAX = Decimal(10) ** 9  # euros; sums of it stay within the 28 digits of a Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A row that an invoice can be made of. Prices are euros before tax."""

    number: str
    issued_on: date
    customer: str
    email: str
    country: str
    description: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Rejection(Exception):
    """A row that no invoice can be made of, and why."""

    file: Path
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.reason}"


def read_rows(file: Path, taxes: TaxTable) -> Iterator[Row | Rejection]:
    """Yield every row of *file* in its order: a row, or the reason why it is none.

    Raises:
        OSError: The file cannot be read.
        Rejection: The first line does not name the columns.
        UnicodeDecodeError: The file is not UTF-8.
        csv.Error: It is no CSV.
    """
    seen: dict[str, int] = {}
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.reader(stream)
        header = tuple(next(reader, ()))
        if header != COLUMNS:
            raise Rejection(file, 1, "header", f"expected {','.join(COLUMNS)}")
        for cells in reader:
            place = _Place(file, reader.line_num)
            try:
                row = _row(cells, place, taxes)
                place.check(
                    "number", row.number not in seen, f"already on line {seen.get(row.number)}"
                )
            except Rejection as rejection:
                yield rejection
            else:
                seen[row.number] = reader.line_num
                yield row


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands, to say so when it is rejected."""

    file: Path
    line: int

    def check(self, field: str, holds: bool, reason: str) -> None:
        if not holds:
            raise Rejection(self.file, self.line, field, reason)


def _row(cells: list[str], place: _Place, taxes: TaxTable) -> Row:
    expected = len(COLUMNS)
    place.check("row", len(cells) == expected, f"{len(cells)} columns instead of {expected}")
    row: dict[str, str] = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
    for field in ("number", "customer", "description"):
        place.check(field, bool(row[field]), "is empty")
    number = row["number"]
    fits = NUMBER.fullmatch(number) is not None
    place.check("number", fits, f'"{number}" is not a number like INV-0001')
    country = row["country"]
    place.check("country", taxes.rate(country) is not None, f'no tax rate for "{country}"')
    return Row(
        number=number,
        issued_on=_day(row, place),
        customer=row["customer"],
        email=_email(row, place),
        country=country,
        description=row["description"],
        quantity=_quantity(row, place),
        unit_price=_price(row, place),
    )


def _day(row: Mapping[str, str], place: _Place) -> date:
    try:
        return date.fromisoformat(row["issued_on"])
    except ValueError:
        reason = f'"{row["issued_on"]}" is not a date like 2026-01-31'
        raise Rejection(place.file, place.line, "issued_on", reason) from None


def _email(row: Mapping[str, str], place: _Place) -> str:
    # Not with this module: most commands read no row, and mail takes as long to load as they do.
    from securely.mail import Address, InvalidMessage

    try:
        return Address.of(row["email"]).email
    except InvalidMessage:
        reason = f'"{row["email"]}" is not an address like accounts@example.com'
        raise Rejection(place.file, place.line, "email", reason) from None


def _quantity(row: Mapping[str, str], place: _Place) -> int:
    text = row["quantity"]
    digits = text.isascii() and text.isdigit() and len(text) <= QUANTITY_DIGITS_MAX
    whole = digits and int(text) > 0
    place.check("quantity", whole, f'"{text}" is not a whole number above 0')
    return int(text)


def _price(row: Mapping[str, str], place: _Place) -> Decimal:
    text = row["unit_price"]
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    place.check(
        "unit_price",
        price.is_finite() and 0 <= price < PRICE_MAX,
        f'"{text}" is not a price like 9.99',
    )
    return price
