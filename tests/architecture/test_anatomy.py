"""Who has learned one component can find anything in another: the same organs in each."""

from __future__ import annotations

import ast
import re
import sys
from typing import Any

import pytest

from tools.source import PACKAGE, Module, components, drivers, modules

ORGANS = {
    "__init__",
    "commands",
    "contracts",
    "drivers",
    "events",
    "exceptions",
    "fake",
    "manager",
    "options",
    "provider",
    "stubs",
}
NOUNS_MAX = 10

# What a boot may load beside the standard library; it is what an import of a component may load.
# (typing_extensions is what punq itself imports.)
LIGHT = {"punq", "dotenv", "typing_extensions"}


def parts(component: str) -> set[str]:
    """Return the names of the modules and folders of *component*."""
    folder = PACKAGE / component
    found = {path.stem for path in folder.glob("*.py")}
    return found | {p.name for p in folder.iterdir() if p.is_dir() and p.name != "__pycache__"}


@pytest.mark.parametrize("component", components())
def test_a_component_has_at_most_ten_nouns(component: str) -> None:
    nouns = sorted(parts(component) - ORGANS)

    assert len(nouns) <= NOUNS_MAX, (
        f"securely/{component} has {len(nouns)} nouns ({', '.join(nouns)}); at most {NOUNS_MAX}. "
        "Make it two components, or group what belongs together in a sub-package."
    )


@pytest.mark.parametrize("component", components())
def test_a_component_has_the_organs_its_shape_asks_for(component: str) -> None:
    needed = {"__init__", "exceptions"}
    if "drivers" in parts(component):
        needed |= {"contracts", "provider", "options", "manager"}

    missing = sorted(needed - parts(component))

    assert not missing, f"securely/{component} lacks {', '.join(missing)}: add the files."


@pytest.mark.parametrize("component", components())
def test_organs_are_not_empty(component: str) -> None:
    empty = [
        module.relative
        for module in modules()
        if module.component == component
        and not module.is_package
        and not [node for node in module.tree.body[1:] if not is_preamble(node)]
    ]

    assert not empty, f"Remove what holds nothing: {', '.join(empty)}"


def is_preamble(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def driver_table(component: str) -> dict[str, str]:
    """Return driver name -> dotted path, as a literal of the component's manager has it."""
    found: dict[str, str] = {}
    for module in modules():
        if module.component != component or module.path.stem not in {"manager", "options"}:
            continue
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Dict):
                continue
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and f"securely.{component}.drivers." in value.value
                ):
                    found[str(key.value)] = value.value
    return found


@pytest.mark.parametrize("component", [c for c in components() if drivers(c)])
def test_drivers_are_named_as_in_the_configuration(component: str) -> None:
    named = driver_table(component)
    unnamed = sorted(set(drivers(component)) - set(named))
    assert not unnamed, (
        f"securely/{component}/manager.py does not name {', '.join(unnamed)}: add a line "
        f'"{unnamed[0]}": "securely.{component}.drivers.{unnamed[0]}:…" to its table.'
    )

    for name, path in named.items():
        module, _, cls = re.sub(r":", ".", path).rpartition(".")
        camel = "".join(word.capitalize() for word in name.split("_"))
        assert module == f"securely.{component}.drivers.{name}", (
            f'The driver "{name}" of {component} lives in {module}: name the file {name}.py.'
        )
        assert cls.startswith(camel), f"Call {path} {camel}…, after its name in the configuration."


@pytest.mark.parametrize("component", components())
def test_importing_a_component_is_light(component: str, probe: Any) -> None:
    loaded = probe(
        f"before = set(sys.modules)\nimport securely.{component}\n"
        "result = sorted(set(sys.modules) - before)"
    )

    heavy = [name for name in loaded if is_heavy(name)]
    assert not heavy, (
        f"`import securely.{component}` loads {', '.join(heavy)}. Its __init__ exports nouns, "
        "contracts, events and errors; import the rest where it is used."
    )


def is_heavy(module: str) -> bool:
    top, *rest = module.split(".")
    if top != "securely":
        return top not in sys.stdlib_module_names and top not in LIGHT and not top.startswith("_")
    return bool({"drivers", "commands", "fake"} & set(rest[1:]))


def test_only_providers_read_configuration(hold: Any) -> None:
    free = {"config", "foundation", "testing"}

    bound = set(components()) - free  # once: it walks all of the package

    def reads(module: Module) -> bool:
        return any(
            isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
            for node in ast.walk(module.tree)
        ) or any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "section"
            for node in ast.walk(module.tree)
        )

    hold(
        (
            module.relative
            for module in modules()
            if module.component in bound and module.path.stem != "provider" and reads(module)
        ),
        "Only a provider reads configuration or the environment; take options in the constructor:",
    )
