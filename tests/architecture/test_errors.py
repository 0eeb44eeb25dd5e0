"""Errors form one tree, drawn where they are defined; each can be copied and printed."""

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.exceptions import ConfigurationError, SecurelyError
from tools.source import PACKAGE, Module, components, modules

FILES = [module for module in modules() if module.path.name == "exceptions.py"]


def drawn(module: Module) -> dict[str, str | None]:
    """Return class -> parent, as the tree in the docstring of *module* has them."""
    found: dict[str, str | None] = {}
    stack: list[tuple[int, str]] = []
    for line in module.docstring.splitlines()[1:]:
        match = re.match(r"^([\s│├└─]*)([A-Z]\w+)(?:\s{2,}.*|\s*\(.*|\s*)$", line)
        if not match or not (stack or line.startswith((" ", match[2]))):
            continue
        column = len(match[1])
        if stack and not re.search(r"[├└]", match[1]):
            continue
        while stack and stack[-1][0] >= column:
            stack.pop()
        found[match[2]] = stack[-1][1] if stack else None
        stack.append((column, match[2]))
    return found


def own_errors(module: Module) -> dict[str, type[BaseException]]:
    loaded = importlib.import_module(module.name)
    return {
        name: each
        for name, each in vars(loaded).items()
        if isinstance(each, type)
        and issubclass(each, BaseException)
        and each.__module__ == module.name
    }


@pytest.mark.parametrize("module", FILES, ids=lambda module: module.name)
def test_the_drawing_equals_the_classes(module: Module) -> None:
    tree, errors = drawn(module), own_errors(module)
    inherited = {"SecurelyError"}

    assert set(tree) - inherited == set(errors) - inherited, (
        f"Draw each error of {module.relative} in the tree of its docstring. "
        f"Missing: {sorted(set(errors) - set(tree))}. "
        f"Too many: {sorted(set(tree) - set(errors) - inherited)}."
    )
    for name, parent in tree.items():
        if parent is not None and name in errors:
            bases = [base.__name__ for base in errors[name].__bases__]
            assert parent in bases, f"{name} is drawn under {parent} but stands on {bases}."


@pytest.mark.parametrize("component", components())
def test_a_component_has_one_root(component: str) -> None:
    path = PACKAGE / component / "exceptions.py"
    if not path.exists():
        pytest.fail(f"Give securely/{component} an exceptions.py with its root error.")
    errors = own_errors(Module(path))
    roots = [each for each in errors.values() if not set(each.__mro__[1:]) & set(errors.values())]

    names = [each.__name__ for each in roots]
    assert len(roots) == 1, f"securely/{component} has the roots {names}: let one stand above all."
    assert issubclass(roots[0], SecurelyError), f"Derive {names[0]} from SecurelyError."
    assert names[0].endswith("Error"), f"Call the root {names[0]}Error: only roots end so."


def everything() -> Iterator[type[SecurelyError]]:
    """Give every error class of the package."""
    for module in modules():
        if module.path.name != "__main__.py" and "Error" in module.text:
            # What does not import is named by test_exports.
            with contextlib.suppress(ImportError, SyntaxError):
                importlib.import_module(module.name)
    waiting: list[type[SecurelyError]] = [SecurelyError]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if cls.__module__.startswith("securely."):
            yield cls


def test_errors_of_components_live_in_exceptions(hold: Any) -> None:
    hold(
        (
            f"{cls.__module__}.{cls.__qualname__}"
            for cls in everything()
            if cls.__module__.split(".")[1] in components()
            and not cls.__module__.endswith(".exceptions")
        ),
        "Move the error to the component's exceptions.py:",
    )


SAMPLES: dict[object, object] = {
    str: "sample",
    int: 3,
    float: 1.5,
    bool: True,
    bytes: b"sample",
    Path: Path("sample"),
    object: "sample",
    type: dict,
    BaseException: ValueError("sample"),
    Exception: ValueError("sample"),
    Any: "sample",
}


CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "Mapping": lambda items: {items[0]: items[1]} if items else {},
    "dict": lambda items: {items[0]: items[1]} if items else {},
    "Sequence": list,
    "Iterable": list,
    "Collection": list,
    "list": list,
    "tuple": tuple,
    "set": frozenset,
    "frozenset": frozenset,
    "type": lambda _: dict,
    "Callable": lambda _: sample,
}


def sample(annotation: Any) -> Any:
    """Return a value that *annotation* allows."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    name = getattr(origin or annotation, "__name__", "")
    if annotation in SAMPLES:
        value = SAMPLES[annotation]
    elif origin in {typing.Union, types.UnionType}:
        value = sample(next(each for each in arguments if each is not type(None)))
    elif origin is typing.Literal:
        value = arguments[0]
    elif name in CONTAINERS:
        kinds = [] if name in {"type", "Callable"} else [a for a in arguments if a is not ...]
        value = CONTAINERS[name]([sample(each) for each in kinds])
    elif isinstance(annotation, type):
        value = instance(annotation)
    else:
        pytest.fail(f"Teach tests/architecture/test_errors.py a sample of {annotation!r}.")
    return value


def instance(cls: type[Any]) -> Any:
    """Build *cls* with a sample for every parameter that has no default."""
    if cls.__init__ in {Exception.__init__, BaseException.__init__}:
        return cls("sample")
    signature = inspect.signature(cls.__init__)
    hints = typing.get_type_hints(cls.__init__)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in list(signature.parameters.items())[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL and issubclass(cls, BaseException):
            positional.append("sample")
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        if parameter.default is parameter.empty:
            value = sample(hints.get(name, object))
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[name] = value
            else:
                positional.append(value)
    return cls(*positional, **named)


@pytest.mark.parametrize("cls", sorted(set(everything()), key=str), ids=lambda cls: cls.__name__)
def test_an_error_can_be_copied_and_printed(cls: type[SecurelyError]) -> None:
    error = instance(cls)

    twin = copy.copy(error)

    remedy = f"Give {cls.__qualname__} a __reduce__ that returns what its __init__ takes."
    assert type(twin) is cls, remedy
    assert str(twin) == str(error), remedy
    assert vars(twin) == vars(error), remedy
    assert str(error).strip(), f"{cls.__qualname__} says nothing: make a message from its data."


def test_configuration_errors_are_errors_of_ours() -> None:
    assert issubclass(ConfigurationError, SecurelyError)
