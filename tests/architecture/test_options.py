"""Each setting says what it is, has a unit where it is a number, a default, and a docs line."""

from __future__ import annotations

import ast
import importlib
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from securely.support.options import Options
from tools.source import ROOT, Module, modules

UNITS = (
    "_seconds",
    "_milliseconds",
    "_minutes",
    "_days",
    "_bytes",
    "_max",
    "_min",
    "_size",
    "_percent",
    "_ratio",
    "_count",
)
# A unit that the description names is as good.
UNIT_WORDS = re.compile(
    r"seconds?|milliseconds?|minutes?|hours?|days?|bytes|entries|characters|lines|files|records|"
    r"jobs|times|tries|how many|number of|bits|rounds|octal|port",
    re.IGNORECASE,
)
# What selects the shape of a definition; a definition without it means nothing.
NEEDED = {"driver", "transport"}


def settings() -> Iterator[tuple[Module, type[Options], str, FieldInfo]]:
    """Give every field of every options model, with the module it is declared in."""
    for module in modules():
        if module.path.stem != "options" or module.component == "support":
            continue
        loaded = importlib.import_module(module.name)
        for cls in vars(loaded).values():
            if isinstance(cls, type) and issubclass(cls, Options) and cls.__module__ == module.name:
                for name, field in cls.model_fields.items():
                    if any(name in vars(base).get("__annotations__", {}) for base in [cls]):
                        yield module, cls, name, field


def attribute_docstrings(module: Module, cls: str) -> dict[str, str]:
    """Return field -> the string below it."""
    found: dict[str, str] = {}
    for node in module.classes():
        if node.name != cls:
            continue
        for field, text in zip(node.body, node.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    found[name] = words
                case _:
                    pass
    return found


def description(module: Module, cls: type[Options], name: str, field: FieldInfo) -> str:
    return field.description or attribute_docstrings(module, cls.__name__).get(name, "")


def is_number(annotation: Any) -> bool:
    kinds = {annotation, *typing.get_args(annotation)}
    return bool(kinds & {int, float})


def test_every_setting_says_what_it_is(hold: Any) -> None:
    hold(
        (
            f"{module.relative} {cls.__name__}.{name}"
            for module, cls, name, field in settings()
            if name not in NEEDED and not description(module, cls, name, field)
        ),
        "Describe the setting, with the reason for its default (Field(…, description=…)):",
    )


def test_every_number_has_a_unit(hold: Any) -> None:
    hold(
        (
            f"{module.relative} {cls.__name__}.{name}"
            for module, cls, name, field in settings()
            if is_number(field.annotation)
            and not name.endswith(UNITS)
            and not UNIT_WORDS.search(description(module, cls, name, field))
        ),
        f"End the name with a unit ({', '.join(UNITS)}), or name it in the description:",
    )


def test_every_setting_has_a_default(hold: Any) -> None:
    hold(
        (
            f"{module.relative} {cls.__name__}.{name}"
            for module, cls, name, field in settings()
            if field.is_required() and name not in NEEDED
        ),
        "Give the setting a default that works without it:",
    )


def parsed() -> Iterator[tuple[Module, str]]:
    """Give every section of the configuration that a provider parses."""
    for module in modules():
        if module.path.stem != "provider":
            continue
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="section"), args=[ast.Constant(value=str(section))]
                ):
                    yield module, section
                case _:
                    pass


def test_every_section_is_proved_with_the_others(hold: Any) -> None:
    known = importlib.import_module("securely.foundation.catalog").OPTIONS

    hold(
        (f"{module.relative}: {key}" for module, key in parsed() if key not in known),
        "Declare `options = {section: Options}` in the provider and run `make catalog`, so that a "
        "boot with a new configuration checks this section too:",
    )


def pages(component: str) -> list[Path]:
    called = {"foundation": ["foundation", "application", "lifecycle"], "log": ["logging"]}
    names = called.get(component, [component])
    return [path for name in names if (path := ROOT / "docs" / f"{name}.md").exists()]


def test_every_setting_is_in_the_docs(hold: Any) -> None:
    texts = {
        module.component: "".join(
            page.read_text(encoding="utf-8") for page in pages(module.component)
        )
        for module, *_ in settings()
    }

    hold(
        (
            f"docs/{module.component}.md: {name} ({cls.__name__})"
            for module, cls, name, field in settings()
            if (field.alias or name) not in texts[module.component]
        ),
        "Name the setting under Configuration or Limits:",
    )
