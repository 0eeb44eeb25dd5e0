"""Runs the examples in the table of all rules, and holds the table complete."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from securely.validation import ValidationFactory
from securely.validation.rules.table import SPECS

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "validation.md"
_TABLE = _PAGE.read_text().partition("<!-- rules:begin -->")[2].partition("<!-- rules:end -->")[0]
_ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in _TABLE.splitlines()
    if line.startswith("| `")
]
_ELSEWHERE = {
    "active_url", "can", "current_password", "exists", "unique", "dimensions", "extensions", "file",
    "image", "mimes", "mimetypes", "uploaded",
}  # fmt: skip


def _data(cell: str) -> dict[str, Any]:
    value = ast.literal_eval(cell.strip("`").replace("\\|", "|"))
    return value if isinstance(value, dict) else {"f": value}


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0].strip("`"))
def test_example_when_run_then_keeps_and_breaks_its_rule(
    factory: ValidationFactory, row: list[str]
) -> None:
    rule, _, keeps, breaks = row
    rules = {"f": [rule.strip("`")]}

    assert factory.make(_data(keeps), rules).passes()
    if breaks:
        assert factory.make(_data(breaks), rules).fails()


def test_table_when_read_then_has_every_rule() -> None:
    told = {re.split("[`:]", row[0].strip("`"))[0] for row in _ROWS}

    assert told | _ELSEWHERE >= set(SPECS)
    assert all(f"`{name}" in _PAGE.read_text() for name in _ELSEWHERE)
    assert sorted(told) == [re.split("[`:]", row[0].strip("`"))[0] for row in _ROWS]
