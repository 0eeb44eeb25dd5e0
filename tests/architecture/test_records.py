"""Decision records are numbered without gaps and say context, decision and consequences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.source import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences"]
WORDS_MAX = 700


def test_records_are_numbered_in_order() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1)), (
        f"Number the records from 0001 without gaps or doubles: {[p.name for p in RECORDS]}"
    )


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_its_three_headings(record: Path) -> None:
    text = record.read_text(encoding="utf-8")

    assert re.match(rf"# {int(record.name[:4])}\. \S", text), (
        f'Open {record.name} with "# {int(record.name[:4])}. " and the decision in one sentence.'
    )
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == HEADINGS, (
        f"{record.name} needs exactly the headings {', '.join(HEADINGS)}."
    )
    assert len(text.split()) <= WORDS_MAX, f"{record.name} is more than a page: cut it."


def test_every_record_is_in_the_list() -> None:
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")

    missing = [path.name for path in RECORDS if f"({path.name})" not in listed]

    assert not missing, f"Add to docs/decisions/README.md: {missing}"
