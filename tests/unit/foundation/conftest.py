"""Tiny applications in temporary directories."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from securely import Application
from securely.container import set_process_container
from securely.foundation import ApplicationBuilder

KEY = "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM="

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def whole_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What is one per process stays as it was: its application, paths, modules, variables."""
    for name in ("APP_ENV", "APP_KEY", "APP_DEBUG", "CACHE_STORE", "LOG_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set_process_container(None)
    # Every application calls its package `app`: those of the test stand in for ours.
    others = {name: sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] == "app"}
    yield
    set_process_container(before)
    # Of ours, too, what was imported meanwhile goes: it holds classes that have another twin in
    # the modules that come back.
    for name, module in [*sys.modules.items()]:
        if name.split(".")[0] == "app" or str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]
    sys.modules.update(others)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder of an application that has nothing of its own."""
    base = tmp_path / "site"
    base.mkdir()
    return base


@pytest.fixture
def write(base: Path) -> Write:
    """Write a file of the application."""

    def write(path: str, text: str) -> Path:
        file = base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def build(base: Path) -> Build:
    """Build an application of what is in the folder, with drivers that keep nothing."""

    def build(
        configure: Callable[[ApplicationBuilder[Application]], object] | None = None,
        **variables: str,
    ) -> Application:
        isolated: Mapping[str, str] = {
            "APP_KEY": KEY,
            "CACHE_STORE": "array",
            "QUEUE_CONNECTION": "sync",
            "LOG_CHANNEL": "array",
        }
        builder = Application.configure(base)
        if configure is not None:
            configure(builder)
        return builder.build({**isolated, **variables})

    return build
