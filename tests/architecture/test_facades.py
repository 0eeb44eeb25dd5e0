"""A facade is a typed name: exported, annotated with what is bound, operators included."""

from __future__ import annotations

import ast
import base64
import importlib
from pathlib import Path
from typing import Any

import pytest

from tools.source import PACKAGE, Module

FACADES = Module(PACKAGE / "facades.py")

# What every class has or what the language calls on the class, not on the name.
NOT_OPERATORS = {
    "__abstractmethods__",
    "__annotations__",
    "__class_getitem__",
    "__copy__",
    "__deepcopy__",
    "__del__",
    "__dict__",
    "__doc__",
    "__getattr__",
    "__getattribute__",
    "__getstate__",
    "__hash__",
    "__init__",
    "__init_subclass__",
    "__module__",
    "__new__",
    "__orig_bases__",
    "__parameters__",
    "__post_init__",
    "__reduce__",
    "__repr__",
    "__setstate__",
    "__slotnames__",
    "__slots__",
    "__str__",
    "__subclasshook__",
    "__weakref__",
    "__firstlineno__",
    "__static_attributes__",
    "__dataclass_fields__",
    "__dataclass_params__",
    "__match_args__",
}


def declared() -> dict[str, tuple[str, str]]:
    """Return facade -> annotation, service name, from `Cache: CacheManager = facade("cache")`."""
    found: dict[str, tuple[str, str]] = {}
    for node in FACADES.tree.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(id=name),
                annotation=annotation,
                value=ast.Call(func=ast.Name(id="facade"), args=[ast.Constant(value=str(service))]),
            ):
                found[name] = (ast.unparse(annotation), service)
            # A second name for one that is there: `Events: Dispatcher = Event`.
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Name(id=other)):
                found[name] = found[other]
            case _:
                pass
    return found


def types() -> dict[str, str]:
    """Return class -> dotted path, from the imports under TYPE_CHECKING."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for block in FACADES.tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.fixture
def booted(tmp_path: Path) -> Any:
    """A booted application of an empty directory."""
    from securely import Application

    key = base64.b64encode(bytes(32)).decode()
    app = Application.configure(tmp_path).build(environment={"APP_KEY": f"base64:{key}"})
    app.boot()
    return app


def test_every_facade_is_exported() -> None:
    assert FACADES.exports == sorted(declared()), (
        'Give each facade one line, `Cache: CacheManager = facade("cache")`, and add it to __all__.'
    )


@pytest.mark.parametrize("facade", sorted(declared()))
def test_the_annotation_is_the_class_that_is_bound(facade: str, booted: Any) -> None:
    annotation, service = declared()[facade]
    if not booted.bound(service):
        pytest.fail(f'No provider declares the service "{service}" of {facade} in `provides`.')

    bound, annotated = type(booted.make(service)), load(types()[annotation])

    remedy = f"Annotate {facade} with {bound.__qualname__}, which is what is bound."
    assert bound is annotated, remedy


@pytest.mark.parametrize("facade", sorted(declared()))
def test_the_operators_of_a_service_work_on_its_facade(facade: str) -> None:
    service = load(types()[declared()[facade][0]])
    cls = type(getattr(importlib.import_module("securely.facades"), facade))
    own = {
        name
        for base in service.__mro__
        if base.__module__.startswith("securely")
        for name in vars(base)
        if name.startswith("__") and name.endswith("__") and name not in NOT_OPERATORS
    }

    uncovered = sorted(name for name in own if not any(name in vars(b) for b in cls.__mro__[:-1]))

    assert not uncovered, (
        f"{facade} stands for a service with {', '.join(uncovered)}: forward them in Facade "
        "(securely/container/facade.py)."
    )


def test_importing_facades_imports_no_service(probe: Any) -> None:
    loaded = probe("import securely.facades\nresult = sorted(sys.modules)")

    components = {load_path.rpartition(".")[0] for load_path in types().values()}
    assert not components & set(loaded), (
        f"Facades are names only; import under TYPE_CHECKING: {components & set(loaded)}"
    )
