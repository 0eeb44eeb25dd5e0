"""Fixtures for all tests: `app`, `artisan` and `clock` come with the plugin of the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.valkey import Valkey

# Real processes start slowly where others use the machine; a test that hangs still ends. It is
# more than twice what such a test itself waits for a process, so that the test says what hangs.
INTEGRATION_SECONDS = 300

# How long an example takes tells more of the machine than of the code. The same commit has the same
# result each time; `make test-all` takes the second profile, and looks for new examples.
for profile, is_same_each_time in (("steady", True), ("searching", False)):
    settings.register_profile(
        profile,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=is_same_each_time,
    )
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of real processes more time than the others, unless they say how much."""
    for item in items:
        if item.get_closest_marker("integration") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(INTEGRATION_SECONDS))


@pytest.fixture(autouse=True)
def import_path() -> Iterator[None]:
    """Modules are looked for where they were before: applications add the folder they lie in.

    Another test would take the `app` of that folder for ours.
    """
    before = [*sys.path]
    yield
    sys.path[:] = before


@pytest.fixture(scope="session")
def shared_valkey() -> Iterator[Valkey]:
    """One server for all tests of this process; xdist's workers have one each."""
    from tests.valkey import Valkey  # who needs no server need not import its client

    server = Valkey()
    yield server
    server.end()


@pytest.fixture
def valkey(shared_valkey: Valkey) -> Valkey:
    """The server of this process, empty."""
    shared_valkey.flush()
    return shared_valkey
