"""A fresh application per test, current in that test only."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from securely.container import set_process_container
from securely.exceptions import ConfigurationError
from securely.foundation import Application
from securely.support.importing import import_object, make_importable

__all__ = ["TestEnvironment", "fresh_application"]

# Every test run has the same key, so that a failure can be replayed. It guards nothing.
TEST_KEY: Final = "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM="

ISOLATED: Final[Mapping[str, str]] = {
    "APP_ENV": "testing",
    "APP_KEY": TEST_KEY,
    "CACHE_STORE": "array",
    "QUEUE_CONNECTION": "sync",
    "LOG_CHANNEL": "array",
    "MAIL_MAILER": "array",
    "STORE_DATABASE": "array",
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
        ConfigurationError: There is no application there, or this process has imported another.
        SecurelyError: It does not boot.
    """
    # To be put back: importing `bootstrap.app` makes its application that of the process.
    before = set_process_container(None)
    try:
        application = _application(environment.base_path)
        fresh = application.fresh({**environment.variables, **(variables or {})}, storage)
        # Threads that the test starts have no context of it; they find that of the process.
        set_process_container(fresh)
        with fresh.active():
            try:
                yield fresh.boot()
            finally:
                fresh.terminate()
    finally:
        set_process_container(before)


def _application(base: Path) -> Application:
    """Return the application whose `artisan.py` lies in *base*, never that of another folder."""
    file = base / "bootstrap" / "app.py"
    if not file.is_file():
        raise ConfigurationError(
            f"There is no application to test in {base}: bootstrap/app.py is missing. Run pytest "
            "in the application's folder, or override the fixture `securely_environment`."
        )
    make_importable(base)
    application: Any = import_object("bootstrap.app:app")
    found = sys.modules["bootstrap.app"].__file__
    if found is None or not file.samefile(found):
        raise ConfigurationError(
            f"The application in {base} cannot be tested here: `bootstrap.app` is {found} in this "
            "process. Test one application in each run."
        )
    tested: Application = application
    return tested


def _configured(file: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    table = content.get("tool", {}).get("securely", {}).get("testing", {}).get("environment", {})
    return {str(name): str(value) for name, value in table.items()}
