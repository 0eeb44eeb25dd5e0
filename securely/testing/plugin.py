"""The pytest plugin: fixtures app, artisan, clock.

It is loaded in every pytest run of an environment that has Securely, so it imports nothing of
it before a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["app", "artisan", "clock", "securely_environment"]


@pytest.fixture(scope="session")
def securely_environment(pytestconfig: pytest.Config) -> Any:
    """Where the application under test lies, and the variables its tests run with.

    Override it to test another application, or with other drivers.
    """
    from securely.testing.application import TestEnvironment

    return TestEnvironment.read(pytestconfig.rootpath)


@pytest.fixture
def app(securely_environment: Any, tmp_path: Path) -> Iterator[Any]:
    """Give a fresh, booted application with a storage folder of its own, current in this test."""
    from securely.testing.application import fresh_application

    with fresh_application(securely_environment, tmp_path / "storage") as application:
        yield application


@pytest.fixture
def artisan(app: Any) -> Any:
    """Run console commands of the application: ``artisan("about").assert_ok()``."""
    from securely.testing.console import Artisan

    return Artisan(app)


@pytest.fixture
def clock() -> Iterator[Any]:
    """Let time stand still in this test; call it to travel: ``clock(60)``."""
    from securely.testing.time import freeze

    with freeze() as travel:
        yield travel
