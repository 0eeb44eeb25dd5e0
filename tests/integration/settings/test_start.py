"""settings:get starts as fast as `list`: what was shown once needs no application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.source import ROOT

pytestmark = pytest.mark.integration

PROGRAM = """
import sys
before = set(sys.modules)
from securely.starter import artisan
code = artisan(sys.argv[1], sys.argv[2:])
sys.stdout.flush()
imported = sorted(set(sys.modules) - before)
import json
sys.stderr.write(json.dumps({"code": code, "imported": imported}))
"""
CONFIG = """\
from securely.config import env

config = {"name": env("SHOP_NAME"), "token": env("SHOP_TOKEN")}
"""
BOOTSTRAP = """\
from pathlib import Path

from securely import Application

app = Application.configure(Path(__file__).parent.parent).create()
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for folder in ("config", "bootstrap", "storage"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "bootstrap/app.py").write_text(BOOTSTRAP)
    (tmp_path / ".env").write_text("SHOP_NAME=first\nSHOP_TOKEN=t0ps3cret\n")
    return tmp_path


def get(base: Path, key: str, **more: str) -> tuple[str, set[str]]:
    """Run settings:get in a process of its own; return what it shows and what it imports."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    process = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", PROGRAM, str(base / "artisan.py"), "settings:get", key],
        env={**kept, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(process.stderr.splitlines()[-1])
    assert found["code"] == 0, process.stderr
    return process.stdout.strip(), set(found["imported"])


def test_the_second_time_the_application_is_not_imported(base: Path) -> None:
    first, slow = get(base, "shop.name")
    second, fast = get(base, "shop.name")

    assert (first, second) == ("first", "first")
    assert "bootstrap.app" in slow
    allowed = {"answers", "listing", "manifest", "terminal"}
    new = {name for name in fast if name.rpartition(".")[2] not in allowed}
    assert new == {"securely", "securely.starter", "securely.support"}


def test_what_changes_is_seen(base: Path) -> None:
    get(base, "shop.name")
    (base / ".env").write_text("SHOP_NAME=second\nSHOP_TOKEN=t0ps3cret\n")
    assert get(base, "shop.name")[0] == "second"
    assert get(base, "shop.name", SHOP_NAME="third")[0] == "third"
    assert get(base, "shop.name", SHOP_NAME="third")[0] == "third"
    assert get(base, "shop.name")[0] == "second"
    (base / "config/shop.py").write_text(CONFIG.replace('env("SHOP_NAME")', '"fourth"'))
    assert get(base, "shop.name")[0] == "fourth"


def test_no_secret_is_kept(base: Path) -> None:
    get(base, "shop.name", SHOP_TOKEN="of the process")  # noqa: S106  # no real one
    assert not (base / "storage/settings/answers").exists()

    get(base, "shop.name")
    assert get(base, "shop.token")[0] == "********"

    text = (base / "storage/settings/answers").read_text()
    assert "shop.name" in text
    assert "t0ps3cret" not in text
    assert "shop.token" not in text
