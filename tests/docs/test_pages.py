"""Runs every Python block of README and docs/, page by page; the blocks of a page share names.

A booted application of a temporary directory, `app`, is current while they run. A block that can
not run has `<!-- not run: reason -->` on the line above it.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import re
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>python|pycon|py)\n(?P<code>.*?)^(?P=indent)```\s*$",
    re.DOTALL | re.MULTILINE,
)
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^>]*?)-->\s*\Z")


@dataclass(frozen=True)
class Block:
    """A block of code in a page.

    Attributes:
        line: The line of the page its first line of code stands on.
        reason: Why it is not run; None when it is.
    """

    language: str
    code: str
    line: int
    reason: str | None


def blocks(text: str) -> Iterator[Block]:
    """Give the Python blocks of a page."""
    for match in FENCE.finditer(text):
        above = NOT_RUN.search(text[: match.start()])
        width = len(match["indent"])
        code = "".join(line[width:] for line in match["code"].splitlines(keepends=True))
        yield Block(
            match["language"],
            code,
            text.count("\n", 0, match.start("code")) + 1,
            above["reason"].strip() if above else None,
        )


def pages() -> list[Path]:
    """Return the pages that have Python blocks."""
    found = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
    found += sorted((ROOT / "docs").glob("*.md"))
    return [page for page in found if page.exists() and FENCE.search(page.read_text("utf-8"))]


def run(block: Block, page: Path, names: dict[str, Any]) -> None:
    """Run *block* so that a traceback names the page and its line."""
    if block.language == "pycon" or block.code.lstrip().startswith(">>>"):
        check_session(block, page, names)
        return
    source = "\n" * (block.line - 1) + block.code
    code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))  # noqa: S307  # our own pages
    else:
        exec(code, names)  # noqa: S102  # our own pages


def check_session(block: Block, page: Path, names: dict[str, Any]) -> None:
    """Run a `>>>` session and compare what it prints."""
    test = doctest.DocTestParser().get_doctest(
        block.code, names, page.name, str(page), block.line - 1
    )
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    result = runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not result.failed, "".join(said)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_runs(
    page: Path, booted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A module that can be imported by name, since only importable classes are queued.
    module = types.ModuleType(f"page_{page.stem.lower()}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.__dict__["app"] = booted

    for block in blocks(page.read_text("utf-8")):
        if block.reason is None:
            run(block, page, module.__dict__)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    silent = [
        b.line for b in blocks(page.read_text("utf-8")) if b.reason is not None and not b.reason
    ]

    assert not silent, f"{page.name}, lines {silent}: say why, <!-- not run: reason -->."


def test_a_block_knows_its_line_and_why_it_is_not_run() -> None:
    skipped = "<!-- not run: it needs a printer -->\n```python\na = 1\n```\n"
    text = f"# Page\n\n{skipped}\n```python\nb = 2\n```\n"

    first, second = blocks(text)

    assert (first.line, first.reason) == (5, "it needs a printer")
    assert (second.line, second.reason, second.code) == (9, None, "b = 2\n")


def test_a_block_that_fails_names_its_page_and_line(tmp_path: Path) -> None:
    block = Block("python", "x = 1\nraise LookupError\n", 7, None)

    with pytest.raises(LookupError) as caught:
        run(block, tmp_path / "page.md", {})

    assert caught.traceback[-1].lineno == 7  # counted from 0


def test_a_block_may_wait(tmp_path: Path) -> None:
    names: dict[str, Any] = {}

    run(
        Block("python", "import asyncio\nx = await asyncio.to_thread(abs, -1)\n", 1, None),
        tmp_path,
        names,
    )

    assert names["x"] == 1


def test_a_session_that_prints_something_else_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Expected"):
        run(Block("pycon", ">>> 1 + 1\n3\n", 1, None), tmp_path / "page.md", {})
