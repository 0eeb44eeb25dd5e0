"""An application for the pages: fresh, booted, in a temporary directory, and current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Isolation by configuration, as in any test; the key is not one of anybody's.
ENVIRONMENT = {
    "APP_ENV": "testing",
    "APP_KEY": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "CACHE_STORE": "array",
    "QUEUE_CONNECTION": "sync",
    "LOG_CHANNEL": "array",
}


@pytest.fixture
def booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A booted application of a temporary directory, current and in the current directory."""
    from securely import Application

    monkeypatch.chdir(tmp_path)
    app = Application.configure(tmp_path).build(environment=ENVIRONMENT)
    app.boot()
    with app.active():
        yield app
