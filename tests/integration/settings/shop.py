"""An application with a secret, and artisan as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.source import ROOT

__all__ = ["PROGRAM", "artisan", "files", "make", "variables"]

PROGRAM = """
import sys
from securely.starter import artisan
sys.exit(artisan(sys.argv[1], sys.argv[2:]))
"""
BOOTSTRAP = """\
from pathlib import Path

from securely import Application

app = Application.configure(Path(__file__).parent.parent).create()
"""


def make(base: Path, config: str, env: str) -> Path:
    """Write an application to *base*, with the section `shop` and an .env file."""
    for folder in ("config", "bootstrap", "tmp"):
        (base / folder).mkdir()
    (base / "config/shop.py").write_text(config)
    (base / "bootstrap/app.py").write_text(BOOTSTRAP)
    (base / ".env").write_text(env)
    return base


def variables(base: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process: ours, without what changes how commands behave."""
    left_out = ("APP_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "TERM", "SECURELY_", "SHOP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PYTHONPATH": str(ROOT), "TMPDIR": str(base / "tmp"), **more}


def artisan(
    base: Path, *words: str, more: Mapping[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run artisan in a process of its own; standard output and errors together."""
    return subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, str(base / "artisan.py"), *words],
        cwd=base,
        env=variables(base, **(more or {})),
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def files(base: Path) -> dict[Path, bytes]:
    """Return what lies below *base*, but for what Python compiles."""
    return {
        file: file.read_bytes()
        for file in sorted(base.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and "cache" not in file.parts
    }
