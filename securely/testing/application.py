"""A fresh application per test, current in that test only."""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from securely.container import set_process_container
from securely.foundation import Application
from securely.foundation.discovery import reachable
from securely.support.importing import import_object
from securely.support.paths import Paths

__all__ = ["TestEnvironment", "fresh_application"]

# Every test run has the same key, so that a failure can be replayed. It guards nothing.
TEST_KEY: Final = "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM="

ISOLATED: Final[Mapping[str, str]] = {
    "APP_ENV": "testing",
    "APP_KEY": TEST_KEY,
    "CACHE_STORE": "array",
    "QUEUE_CONNECTION": "sync",
    "LOG_CHANNEL": "array",
}


@dataclass(frozen=True, slots=True)
class TestEnvironment:
    """Where the application under test lies, and the variables its tests run with."""

    __test__ = False  # no test class, whatever its name suggests to pytest

    base_path: Path
    variables: Mapping[str, str]

    @classmethod
    def read(cls, base_path: Path) -> TestEnvironment:
        """Read `[tool.securely.testing.environment]` of `pyproject.toml`, over isolated drivers."""
        return cls(base_path, {**ISOLATED, **_configured(base_path / "pyproject.toml")})


@contextmanager
def fresh_application(
    environment: TestEnvironment, storage: Path, variables: Mapping[str, str] | None = None
) -> Generator[Application]:
    """Boot a fresh application, make it current in the block, and end it.

    Args:
        environment: Where it lies, and its variables.
        storage: Where it may write; a folder of the test's own.
        variables: More variables, which win.

    Raises:
        SecurelyError: It does not boot.
    """
    reachable(Paths(environment.base_path))
    application: Any = import_object("bootstrap.app:app")
    fresh: Application = application.fresh({**environment.variables, **(variables or {})}, storage)
    # Threads that the test starts have no context of it; they find the application of the process.
    before = set_process_container(fresh)
    try:
        with fresh.active():
            try:
                yield fresh.boot()
            finally:
                fresh.terminate()
    finally:
        set_process_container(before)


def _configured(file: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    table = content.get("tool", {}).get("securely", {}).get("testing", {}).get("environment", {})
    return {str(name): str(value) for name, value in table.items()}
