"""Each component has its page, always with the same headings; links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tools.source import ROOT, components

HEADINGS = [
    "In short",
    "Configuration",
    "Using it",
    "Drivers",
    "Testing",
    "Events",
    "Commands",
    "Errors",
    "Limits",
    "How it works",
]

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


# Pages that are called as people look for them, where that is not the component's own name.
CALLED = {"config": "configuration", "log": "logging"}


def without_code(text: str) -> str:
    """Return *text* without its blocks, whose `#` are comments and whose brackets are code."""
    return re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.DOTALL | re.MULTILINE)


def headings(text: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+?)\s*$", without_code(text), flags=re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors that the headings of a page make."""
    every = re.findall(r"^#+ (.+?)\s*$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in every}


@pytest.mark.parametrize("component", components())
def test_a_component_has_its_page_with_the_ten_headings(component: str) -> None:
    component = CALLED.get(component, component)
    page = ROOT / "docs" / f"{component}.md"
    assert page.exists(), f"Write docs/{component}.md with the headings: {' · '.join(HEADINGS)}"

    assert headings(page.read_text(encoding="utf-8"), 2) == HEADINGS, (
        f"docs/{component}.md must have these headings in this order (write “None.” where there is "
        f"nothing to say): {' · '.join(HEADINGS)}"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not (there.exists() and (not anchor or anchor in anchors(there.read_text("utf-8")))):
            broken.append(target)

    assert not broken, f"Mend the links of {page.name}: {', '.join(broken)}"


def test_every_proof_of_a_guarantee_exists() -> None:
    text = (ROOT / "docs" / "queue-guarantees.md").read_text(encoding="utf-8")
    proofs = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text)

    missing = [
        f"{file}::{name}"
        for file, name in proofs
        if f"def {name}" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    ]

    assert len(proofs) > 20
    assert not missing, f"Name the tests that there are: {', '.join(missing)}"


def test_every_page_is_in_the_index(hold: Any) -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")

    hold(
        (
            page.name
            for page in (ROOT / "docs").glob("*.md")
            if page.name != "index.md" and f"({page.name})" not in index
        ),
        "Say in docs/index.md when to read these pages:",
    )
