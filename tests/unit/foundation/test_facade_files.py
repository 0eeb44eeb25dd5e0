"""Files of facades: read without importing, and edited without losing a line."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pytest

from securely import facades
from securely.foundation import FacadeExists
from securely.foundation.facade_files import add_facade, declared_facades


def test_declared_facades_when_the_frameworks_are_read_then_all_are_there() -> None:
    found = {each.name: each for each in declared_facades(Path(str(facades.__file__)))}

    assert sorted(found) == facades.__all__
    assert found["Cache"].service == "cache"
    assert found["Cache"].cls == "securely.cache.manager.CacheManager"
    assert found["Events"].service == found["Event"].service == "events"
    assert found["Config"].cls == "securely.config.repository.Config"


def test_declared_facades_when_there_is_no_file_then_there_are_none(tmp_path: Path) -> None:
    assert declared_facades(tmp_path / "facades.py") == []


def test_add_facade_when_the_file_is_new_then_is_well_formed_and_typed(tmp_path: Path) -> None:
    path = tmp_path / "app/facades.py"

    add_facade(path, "Payments", "app.payments.gateway:Gateway", "payments")
    add_facade(path, "Audit", "app.audit:Trail", "audit.trail")
    add_facade(path, "Refunds", "app.payments.gateway:Gateway", "refunds")

    assert path.read_text() == (
        '"""Short names for the services of this application."""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import TYPE_CHECKING\n\n"
        "from securely.container import facade\n\n"
        "if TYPE_CHECKING:\n"
        "    from app.payments.gateway import Gateway\n"
        "    from app.audit import Trail\n\n"
        "__all__ = [\n"
        '    "Audit",\n'
        '    "Payments",\n'
        '    "Refunds",\n'
        "]\n\n"
        'Payments: Gateway = facade("payments")\n'
        'Audit: Trail = facade("audit.trail")\n'
        'Refunds: Gateway = facade("refunds")\n'
    )
    assert [each.line for each in declared_facades(path)] == [19, 20, 21]
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F", path],
        capture_output=True,
        check=False,
    )
    assert ruff.returncode == 0, ruff.stdout


def test_add_facade_when_the_file_is_somebodys_own_then_keeps_every_line(tmp_path: Path) -> None:
    path = tmp_path / "facades.py"
    before = (
        "# ours\n"
        "from securely.container import facade\n"
        "from app.clock import Clock  # eager on purpose\n"
        "\n"
        'Time: Clock = facade("clock")  # the clock\n'
        "\n"
        "def helper() -> None: ...\n"
    )
    path.write_text(before)

    add_facade(path, "Payments", "app.payments:Gateway", "payments")

    text = path.read_text()
    assert all(line in text for line in before.splitlines() if line)
    assert [each.name for each in declared_facades(path)] == ["Time", "Payments"]
    assert "if TYPE_CHECKING:\n    from app.payments import Gateway\n" in text


def test_add_facade_when_the_name_is_there_then_refuses_and_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "facades.py"
    add_facade(path, "Payments", "app.payments:Gateway", "payments")
    before = path.read_text()

    with pytest.raises(FacadeExists, match=r"facades.py:\d+ declares Payments already") as caught:
        add_facade(path, "Payments", "app.other:Gateway", "other")

    assert path.read_text() == before
    assert copy.copy(caught.value).name == "Payments"
