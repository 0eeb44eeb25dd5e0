"""Each driver satisfies its Protocol, and runs through the suite that all drivers share."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest

from tools.source import PACKAGE, ROOT, components, drivers

# What the drivers of a component must be; a new component with drivers adds its line.
PROTOCOLS = {
    "cache": "securely.cache.contracts:Store",
    "hashing": "securely.hashing.contracts:Algorithm",
    "log": "securely.log.contracts:Handler",
    "mail": "securely.mail.contracts:Transport",
    "notifications": "securely.notifications.contracts:Channel",
    "queue": "securely.queue.contracts:Connection",
    "schedule": "securely.schedule.contracts:Ledger",
    "store": "securely.store.contracts:Engine",
}


def pairs() -> list[tuple[str, str]]:
    """Return component and driver for every driver file."""
    return [(component, name) for component in components() for name in drivers(component)]


def driver(component: str, name: str) -> type[Any]:
    """Return the class of a driver; its name begins with the driver's."""
    module = importlib.import_module(f"securely.{component}.drivers.{name}")
    camel = "".join(word.capitalize() for word in name.split("_"))
    found = [
        each
        for key, each in vars(module).items()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and key.startswith(camel)
        and key in module.__all__
    ]
    if not found:
        pytest.fail(f"{module.__name__} exports no class whose name begins with {camel}.")
    protocol = protocol_of(component).__name__
    return next((each for each in found if each.__name__ == camel + protocol), found[0])


def protocol_of(component: str) -> type[Any]:
    if component not in PROTOCOLS:
        pytest.fail(f"Add the Protocol of {component}'s drivers to PROTOCOLS in {__file__}.")
    module, _, name = PROTOCOLS[component].partition(":")
    protocol: type[Any] = getattr(importlib.import_module(module), name)
    return protocol


def members(protocol: type[Any]) -> dict[str, Any]:
    """Return the public methods of *protocol*; plain attributes are set by constructors."""
    return {
        name: each
        for base in reversed(protocol.__mro__)
        if base.__module__.startswith("securely")
        for name, each in vars(base).items()
        if not name.startswith("_") and callable(each)
    }


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize(("component", "name"), pairs())
def test_a_driver_satisfies_its_protocol(component: str, name: str) -> None:
    cls, protocol = driver(component, name), protocol_of(component)

    for method, wanted in members(protocol).items():
        there = getattr(cls, method, None)
        assert there is not None, (
            f"Give {cls.__qualname__} a {method}(), as {protocol.__name__} has."
        )
        assert parameters(there)[: len(parameters(wanted))] == parameters(wanted), (
            f"{cls.__qualname__}.{method} must take what {protocol.__name__}.{method} takes."
        )
        assert inspect.iscoroutinefunction(there) == inspect.iscoroutinefunction(wanted), (
            f"{cls.__qualname__}.{method} has the wrong colour."
        )


@pytest.mark.parametrize(("component", "name"), pairs())
def test_a_driver_is_in_the_fixture_of_its_suite(component: str, name: str) -> None:
    files = sorted((ROOT / "tests" / "contracts").glob(f"*{component}*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    camel = driver(component, name).__name__

    assert re.search(rf"\b({re.escape(camel)}|[\"']{name}[\"'])", text), (
        f'Add "{name}" to the fixture of tests/contracts/test_{component}.py, so that it is tested '
        "by the suite that all drivers share."
    )


@pytest.mark.parametrize("component", sorted({component for component, _ in pairs()}))
def test_a_component_with_drivers_ships_its_suite(component: str) -> None:
    suites = PACKAGE / "testing" / "suites"
    assert (suites / f"{component}.py").exists() or (suites / component).is_dir(), (
        f"Write securely/testing/suites/{component}.py: what every driver of {component} must do, "
        "for us and for authors of other drivers."
    )
