"""The pytest plugin: fixtures app, artisan, clock.

It is loaded in every pytest run of an environment that has Securely, so it stands on what a boot
stands on, and imports no service and no driver before a test asks for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from securely.foundation import Application
from securely.testing.application import TestEnvironment, fresh_application
from securely.testing.console import Artisan
from securely.testing.time import Travel, freeze

__all__ = ["app", "artisan", "clock", "securely_environment"]


@pytest.fixture(scope="session")
def securely_environment(pytestconfig: pytest.Config) -> TestEnvironment:
    """Where the application under test lies, and the variables its tests run with.

    Override it to test another application, or with other drivers.
    """
    return TestEnvironment.read(pytestconfig.rootpath)


@pytest.fixture
def app(securely_environment: TestEnvironment, tmp_path: Path) -> Iterator[Application]:
    """Give a fresh, booted application with a storage folder of its own, current in this test."""
    with fresh_application(securely_environment, tmp_path / "storage") as application:
        yield application


@pytest.fixture
def artisan(app: Application) -> Iterator[Artisan]:
    """Run console commands of the application: ``artisan("about").assert_ok()``."""
    console = Artisan(app)
    yield console
    console.finish()


@pytest.fixture
def clock() -> Iterator[Travel]:
    """Let time stand still in this test; call it to travel: ``clock(60)``."""
    with freeze() as travel:
        yield travel
