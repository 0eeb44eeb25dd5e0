"""An application for the pages: fresh, booted, in a temporary directory, and current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A booted application of a temporary directory, current, and in its own directory."""
    from securely import Application
    from securely.container import set_process_container
    from securely.testing.application import ISOLATED

    monkeypatch.chdir(tmp_path)
    app = Application.configure(tmp_path).build(environment=ISOLATED)
    before = set_process_container(None)  # an example may make one of the process
    try:
        with app.active():
            try:
                yield app.boot()
            finally:
                app.terminate()
    finally:
        set_process_container(before)
