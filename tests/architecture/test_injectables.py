"""What the container builds has annotations that exist at run time."""

from __future__ import annotations

import ast
import importlib
import typing
from collections.abc import Iterator
from typing import Any

from tools import catalog
from tools.source import Module, components, modules

# The front door, the typed names, the helpers beside them, and the return type of `fake()`; and
# what is imported whenever tasks are defined, of which the queue would make five times as much.
# The views' factory names jinja2, which is large and waits for the first view.
FREE_TO_CHECK = {
    "securely/__init__.py",
    "securely/facades.py",
    "securely/foundation/builder.py",
    "securely/helpers.py",
    "securely/schedule/contracts.py",
    "securely/schedule/definition/actions.py",
    "securely/schedule/definition/kinds.py",
    "securely/view/factory.py",
}


def blocks(module: Module) -> Iterator[ast.If]:
    """Give the `if TYPE_CHECKING:` blocks of *module*."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield node


def test_type_checking_imports_are_where_they_may_be(hold: Any) -> None:
    found = []
    for module in modules():
        if module.relative in FREE_TO_CHECK:
            continue
        for block in blocks(module):
            names = [a.name for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names]
            if not names or not all(name.endswith("Fake") for name in names):
                found.append(f"{module.relative}:{block.lineno}")

    hold(found, "Import at run time: the container reads annotations (only fake() is excepted):")


def load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def built() -> Iterator[Any]:
    """Give every function that the container calls: factories, constructors, handles."""
    table = importlib.import_module("securely.foundation.catalog")
    for path, _ in (*table.SERVICES.values(), *table.COMMANDS.values()):
        cls = load(path)
        yield cls.__init__
        if hasattr(cls, "handle"):
            yield cls.handle
    for provider in catalog.providers():
        for function in vars(provider).values():
            if callable(function) and not isinstance(function, type):
                yield function
    for module in modules():
        if ".drivers." in module.name:
            loaded = importlib.import_module(module.name)
            for name in module.exports or ():
                each = getattr(loaded, name)
                if isinstance(each, type) and each.__module__ == module.name:
                    yield each.__init__


def unresolved(function: Any) -> str | None:
    """Return what does not resolve in the annotations of *function*, or None."""
    try:
        typing.get_type_hints(function)
    except (NameError, AttributeError, TypeError) as error:
        return f"{getattr(function, '__module__', '')}.{function.__qualname__}: {error}"
    return None


def test_annotations_resolve_at_run_time(hold: Any) -> None:
    hold(
        (each for function in built() if (each := unresolved(function))),
        "Import the type at run time, so that the container can wire it:",
    )


def test_an_annotation_that_does_not_resolve_is_found() -> None:
    def factory(store: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821  # on purpose
        """Take what is not there."""

    assert "Nowhere" in str(unresolved(factory))


def test_there_is_something_to_hold() -> None:
    assert components()
    assert list(built())
