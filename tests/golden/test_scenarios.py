"""Scenarios cannot be run by a machine: each has a test of ours that carries its id, or a rule."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.golden.runner import Case, rules

HERE = Path(__file__).parent


def documents() -> list[tuple[Path, dict[str, Any]]]:
    found = [(path, json.loads(path.read_text("utf-8"))) for path in sorted(HERE.glob("*/*.json"))]
    return [(path, each) for path, each in found if "php" in each["cases"][0]["input"]]


@pytest.mark.parametrize(
    ("path", "document"), documents(), ids=[path.stem for path, _ in documents()]
)
def test_every_scenario_has_a_test_that_carries_its_id_or_a_rule(
    path: Path, document: dict[str, Any]
) -> None:
    folder = HERE.parent / "unit" / path.parent.name
    tests = "\n".join(file.read_text("utf-8") for file in sorted(folder.rglob("*.py")))
    meant = [rule for rule in rules() if rule.component == document["component"]]

    left = [
        case["id"]
        for case in document["cases"]
        if not re.search(rf"(?<![\w/-]){re.escape(case['id'])}(?![\w/-])", tests)
        and not any(
            rule.covers(Case(case["id"], case["input"], case["expected"]), None) for rule in meant
        )
    ]

    assert not left, (
        f"Write a test in tests/unit/{path.parent.name} whose docstring says `Case {left[0]}`, "
        f"or a rule in differences.toml. Left: {', '.join(left)}"
    )
