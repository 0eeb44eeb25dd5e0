"""The catalog is what the providers declare, and every name has one owner."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from typing import Any

from securely.console.manifest.scan import scan
from tools import catalog
from tools.source import Module


def test_the_catalog_equals_what_providers_declare(hold: Any) -> None:
    there = catalog.TARGET.read_text(encoding="utf-8")
    changes = difflib.ndiff(there.splitlines(), catalog.render().splitlines())

    hold(
        (line for line in changes if line.startswith(("- ", "+ "))),
        "Run `make catalog` and commit securely/foundation/catalog.py:",
    )


def test_every_name_has_one_owner(hold: Any) -> None:
    hold(catalog.clashes(), "Two providers claim one name; let one of them give it up:")


def test_the_catalog_imports_nothing_of_ours() -> None:
    imported = [name for _, name in Module(catalog.TARGET).imports() if name.startswith("securely")]

    assert not imported, f"The catalog is dotted paths; it imports nothing: {imported}"


def test_every_path_of_the_catalog_leads_somewhere(hold: Any) -> None:
    table = importlib.import_module("securely.foundation.catalog")
    paths = [*table.EAGER, *table.OPTIONS.values()]
    paths += [
        path for pair in (*table.SERVICES.values(), *table.COMMANDS.values()) for path in pair
    ]

    def leads(path: str) -> bool:
        module, _, name = path.rpartition(".")
        return hasattr(importlib.import_module(module), name)

    hold((path for path in paths if not leads(path)), "Run `make catalog`; these do not exist:")


def test_commands_are_named_by_their_class(hold: Any) -> None:
    table = importlib.import_module("securely.foundation.catalog")
    found = []
    for name, (path, _) in table.COMMANDS.items():
        module, _, cls = path.rpartition(".")
        signature = getattr(importlib.import_module(module), cls).signature
        said = signature.split()[0]
        if said != name:
            found.append(f"{path}: the provider says {name}, the signature says {said}")

    hold(found, "Let the provider and the command's signature say one name:")


def test_every_command_of_the_catalog_is_listed(hold: Any, tmp_path: Path) -> None:
    table = importlib.import_module("securely.foundation.catalog")
    listed = {entry.name for entry in scan(tmp_path).entries}

    hold(
        sorted(table.COMMANDS.keys() - listed),
        "`list` reads commands.py and commands/ of each component; move these there:",
    )
