"""Write what the mails of the tests look like: as files to compare with, and as pictures.

``python -m tools.mail --write`` writes the golden files of markdown mail anew: read the difference
before you commit it. ``python -m tools.mail --pictures`` writes those of the documentation, where
Chromium is installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from securely.mail.markdown import Markdown, Rendered
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.view import ViewFactory
from tools.source import ROOT

__all__ = ["CASES", "GOLDEN", "golden", "main", "pictures", "render"]

GOLDEN: Final = ROOT / "tests" / "unit" / "mail" / "markdown" / "data"

# View, theme and locale.
CASES: Final = (
    ("invoice", "default", "en"),
    ("invoice", "dark", "en"),
    ("invoice", "plain", "en"),
    ("invoice", "default", "ar"),
    ("everything", "default", "en"),
)

_NEW_YEAR: Final = 1767225600.0  # 2026-01-01: the footer names the year
_SIZE: Final = "760,1060"  # pixels, as the invoice needs them
_SECONDS: Final = 60  # a browser starts slowly on a busy machine


def render(view: str, theme: str, locale: str) -> Rendered:
    """Return the mail of a view of the tests."""
    data = json.loads((GOLDEN / f"{view}.json").read_text(encoding="utf-8"))
    mails = Markdown(ViewFactory([GOLDEN]), name="Northwind Paper", url="https://northwind.example")
    with clock.using(FrozenClock(_NEW_YEAR)):
        return mails.render(view, data, theme=theme, locale=locale)


def golden() -> Iterator[tuple[Path, str]]:
    """Give each golden file with what it should hold."""
    for view, theme, locale in CASES:
        html, text = render(view, theme, locale)
        name = f"{view}.{theme}.{locale}"
        # Not .html and .txt, which would be views.
        yield GOLDEN / f"{name}.html.golden", html
        yield GOLDEN / f"{name}.txt.golden", text


def pictures(browser: str) -> None:
    """Write the pictures of the documentation."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "mail.html"
        page.write_text(render("invoice", "default", "en").html, encoding="utf-8")
        for name, scheme in (("light", 1), ("dark", 0)):
            target = ROOT / "docs" / "images" / f"mail-{name}.png"
            target.parent.mkdir(exist_ok=True)
            subprocess.run(  # noqa: S603  # the machine's own browser, our page
                [
                    *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                    *("--disable-component-update", "--hide-scrollbars"),
                    f"--user-data-dir={folder}/{name}",
                    f"--window-size={_SIZE}",
                    f"--blink-settings=preferredColorScheme={scheme}",
                    f"--screenshot={target}",
                    page.as_uri(),
                ],
                check=True,
                capture_output=True,
                timeout=_SECONDS,
            )


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    if arguments == ["--write"]:
        for path, text in golden():
            path.write_text(text, encoding="utf-8")
        return 0
    if arguments == ["--pictures"]:
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is None:
            sys.stderr.write("There is no Chromium on this machine.\n")
            return 1
        pictures(browser)
        return 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
