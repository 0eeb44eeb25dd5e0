"""settings:set and settings:all at a real terminal: what is typed unseen, and the tree."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from securely.console.output.style import plain_width, without_codes
from tests.integration.settings.shop import PROGRAM, files, make, variables
from tests.integration.terminals import CTRL_C, Terminal

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals"),
]

CONFIG = """\
from securely.config import env

config = {
    "title": env("SHOP_TITLE", "Shop"),
    "motto": env("SHOP_MOTTO"),
    "token": env("SHOP_TOKEN"),
    "hosts": ["one.example.com", "two.example.com"],
    "a_name_that_is_longer_than_its_column": 1,
}
"""
ENV = """\
SHOP_TITLE=日本語の店の名前はとても長いので切り取られなければならないかもしれません日本語の店
SHOP_MOTTO="long words that go on and on, and on, until no terminal has room for all of them, ever"
SHOP_TOKEN=t0ps3cret
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make(tmp_path, CONFIG, ENV)


def at(base: Path, *words: str, columns: int = 80, **more: str) -> Terminal:
    """Start artisan with *words* in a terminal."""
    return Terminal(
        *("-c", PROGRAM, str(base / "artisan.py"), *words),
        cwd=base,
        variables=variables(base, **more),
        columns=columns,
    )


# -- a secret that is typed


def test_a_secret_is_typed_unseen_and_set(base: Path) -> None:
    with at(base, "settings:set", "SHOP_TOKEN", "--secret") as terminal:
        terminal.expect("SHOP_TOKEN")
        terminal.type("typ3d-unseen\r")

        assert terminal.end() == 0
        assert "secrets.enc" in terminal.seen
        assert "typ3d" not in without_codes(terminal.seen)
        assert "t0ps3cret" not in terminal.seen
    with at(base, "settings:get", "SHOP_TOKEN", "--reveal") as terminal:
        assert terminal.end() == 0
        assert terminal.seen == "typ3d-unseen\n"
    assert b"SHOP_TOKEN" not in (base / ".env").read_bytes()
    assert not any(b"typ3d" in content for content in files(base).values())


def test_ctrl_c_at_the_prompt_changes_nothing(base: Path) -> None:
    before = files(base)
    with at(base, "settings:set", "SHOP_TOKEN", "--secret") as terminal:
        terminal.expect("SHOP_TOKEN")
        terminal.type("typ3d")
        terminal.type(CTRL_C)

        assert terminal.end() == 130
        assert "typ3d" not in without_codes(terminal.seen)
        assert "Traceback" not in terminal.seen
    assert files(base) == before


# -- the tree


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}])
@pytest.mark.parametrize("columns", [80, 120])
def test_the_tree_fits_the_terminal(base: Path, columns: int, more: dict[str, str]) -> None:
    with at(base, "settings:all", columns=columns, **more) as terminal:
        assert terminal.end() == 0
        seen = terminal.seen

    lines = without_codes(seen).splitlines()
    assert max(map(plain_width, lines)) <= columns
    assert "t0ps3cret" not in seen
    assert bool(re.search("\x1b\\[3[0-9]m", seen)) is not bool(more)
    if more:
        assert "\x1b" not in seen
        assert "├" not in seen
        assert "|- title" in seen
    else:
        assert "├─ title" in without_codes(seen)
        assert "●●●●●●●●" in seen
