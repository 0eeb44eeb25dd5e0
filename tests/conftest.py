"""Fixtures for all tests: `app`, `artisan` and `clock` come with the plugin of the package."""

from __future__ import annotations

import pytest

# Real processes start slowly where others use the machine; a test that hangs still ends.
INTEGRATION_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of real processes more time than the others, unless they say how much."""
    for item in items:
        if item.get_closest_marker("integration") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(INTEGRATION_SECONDS))
