"""The layer list in pyproject.toml is the architecture: imports go down, and all has a place."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.source import PACKAGE, ROOT, modules


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["type"] == "layers")


def test_imports_go_down() -> None:
    # In a process of its own: it configures logging, and disables the loggers that there are.
    process = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    output = process.stdout
    assert process.returncode == 0, (
        "An import goes up or sideways. Let the lower layer say what it needs as a Protocol in its "
        "contracts.py, and plug the implementation in from the upper layer's provider:\n"
        + output[output.find("\n\n") :]
    )


def test_every_package_has_a_place(contract: dict[str, Any], hold: Any) -> None:
    placed = {name for row in contract["layers"] for name in re.split(r"\s*[|:]\s*", row)}
    placed |= set(contract["exhaustive_ignores"])
    there = {
        path.name if path.is_dir() else path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    } - {"__init__"}

    hold(
        (f"securely/{name}" for name in there - placed),
        "Give each a place in [tool.importlinter] of pyproject.toml, with a decision record:",
    )


def test_every_folder_is_a_package(hold: Any) -> None:
    folders = {module.path.parent for module in modules()}

    hold(
        (str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()),
        "Add an __init__.py whose docstring says what the package is and lists its files:",
    )


def test_components_use_no_facade(hold: Any) -> None:
    allowed = {"facades", "testing", "foundation"}

    hold(
        (
            f"{module.relative}:{line}"
            for module in modules()
            if module.component not in allowed
            for line, name in module.imports()
            if name.startswith("securely.facades")
        ),
        "Take the service in the constructor; facades are for applications and tests:",
    )


# Which component may import which library. pydantic is for options, wherever they are.
LIBRARIES = {
    "arq": {"queue"},
    "croniter": {"schedule"},
    "cryptography": {"encryption", "hashing"},  # payloads and streams; Argon2
    "css_inline": {"mail"},
    "diskcache": {"cache"},
    "dotenv": {"config"},
    "httpx2": {"log", "mail", "notifications", "settings"},
    "imagesize": {"validation"},
    "jinja2": {"mail", "view"},
    "markdown_it": {"mail"},
    "markupsafe": {"mail"},  # what jinja2 marks safe text with; it comes with it
    "msgspec": {"support", "log", "notifications", "queue"},
    "punq": {"container"},
    "pydantic": {"encryption", "support", "validation"},  # encrypted fields of models
    "pydantic_core": {"encryption", "validation"},
    "pytest": {"testing"},
    "redis": {"queue"},
    "regex": {"validation"},
    "rich": {"console"},
    "starlette": {"lookout"},
    "uvicorn": {"lookout"},
    "yaml": {"config", "settings", "translation"},
}
# Modules of later Pythons.
LATER = {"annotationlib"}


def test_a_library_is_imported_in_one_place(hold: Any) -> None:
    found = []
    for module in modules():
        for line, name in module.imports():
            top = name.partition(".")[0]
            known = top in sys.stdlib_module_names or top in {"securely", *LATER}
            options = top == "pydantic" and module.path.stem == "options"
            if not known and not options and module.component not in LIBRARIES.get(top, set()):
                found.append(f"{module.relative}:{line} {top}")

    hold(found, "Ask the component that owns the library, or change LIBRARIES with a record:")
