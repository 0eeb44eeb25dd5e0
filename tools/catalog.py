"""Write securely/foundation/catalog.py: names of services and commands, and where they live.

The table is read from the providers, so a provider stays the only place that says what it offers.
``python -m tools.catalog --write`` writes the file; without it the text is printed.
``tests/architecture/test_catalog.py`` fails when the file is stale.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.source import PACKAGE, ROOT

__all__ = ["TARGET", "clashes", "main", "providers", "render"]

TARGET: Final = PACKAGE / "foundation" / "catalog.py"

HEAD: Final = '''"""Every core service and command: its name, and where it lives.

Nothing behind a name is imported until it is wanted. A service has its class and its provider,
a command too; a section of the configuration has its options. All are dotted paths.
"""

# Written by `make catalog`.

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COMMANDS", "EAGER", "OPTIONS", "SERVICES"]

'''


def layers() -> list[str]:
    """Return the packages from the lowest layer to the highest, as pyproject.toml has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return [name.strip() for row in reversed(rows) for name in row.split("|")]


def providers() -> list[type[Any]]:
    """Import and return the providers of all components, lowest layer first."""
    from securely.container import Provider

    found: list[type[Any]] = []
    for package in layers():
        if not (PACKAGE / package / "provider.py").exists():
            continue
        module = importlib.import_module(f"securely.{package}.provider")
        found += [
            each
            for each in vars(module).values()
            if isinstance(each, type)
            and issubclass(each, Provider)
            and each is not Provider
            and each.__module__ == module.__name__
        ]
    return found


def dotted(thing: object) -> str:
    """Return the dotted path of a class; a path that is one already stays."""
    if isinstance(thing, type):
        return f"{thing.__module__}.{thing.__qualname__}"
    return str(thing).replace(":", ".")


def entries(attribute: str) -> Iterator[tuple[str, str, str]]:
    """Give name, class and provider of everything that providers declare in *attribute*."""
    for provider in providers():
        declared: Mapping[str, object] = getattr(provider, attribute, {})
        for name, thing in declared.items():
            yield name, dotted(thing), dotted(provider)


def clashes() -> list[str]:
    """Return the names that two providers claim, each with its claimants."""
    found: list[str] = []
    for attribute in ("provides", "commands", "options"):
        owners: dict[str, list[str]] = {}
        for name, _, provider in entries(attribute):
            owners.setdefault(name, []).append(provider)
        found += [f"{name}: {', '.join(owned)}" for name, owned in owners.items() if len(owned) > 1]
    return found


def table(name: str, rows: Iterator[tuple[str, str, str]]) -> str:
    """Return a mapping of name to class and provider as source."""
    body = "".join(f"    {key!r}: ({cls!r}, {owner!r}),\n" for key, cls, owner in sorted(rows))
    return f"{name}: Final[Mapping[str, tuple[str, str]]] = {{\n{body}}}\n\n"


def options() -> str:
    """Return the mapping of configuration section to options class as source."""
    rows = sorted((key, cls) for key, cls, _ in entries("options"))
    body = "".join(f"    {key!r}: {cls!r},\n" for key, cls in rows)
    return f"OPTIONS: Final[Mapping[str, str]] = {{\n{body}}}\n\n"


def sequence(name: str, items: list[type[Any]]) -> str:
    """Return a tuple of dotted paths as source."""
    body = "".join(f"    {dotted(each)!r},\n" for each in items)
    return f"{name}: Final[tuple[str, ...]] = (\n{body})\n"


def render() -> str:
    """Return the text of the catalog, formatted as the rest of the code."""
    known = providers()
    text = (
        f"{HEAD}# Name -> class, provider.\n"
        f"{table('SERVICES', entries('provides'))}"
        f"# Name -> class, provider.\n"
        f"{table('COMMANDS', entries('commands'))}"
        f"# Section of the configuration -> class that checks it.\n"
        f"{options()}"
        f"# Those that are registered at boot, before anyone asks.\n"
        f"{sequence('EAGER', [each for each in known if each.eager])}"
    )
    ruff = Path(sys.executable).parent / "ruff"
    formatted = subprocess.run(  # noqa: S603  # our formatter, on our text
        [ruff, "format", "--stdin-filename", str(TARGET), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return formatted.stdout


def main(arguments: list[str]) -> int:
    """Print the catalog, or write it with ``--write``."""
    twice = clashes()
    if twice:
        sys.stderr.write("One name, two owners: " + "; ".join(twice) + "\n")
        return 1
    if "--write" in arguments:
        TARGET.write_text(render(), encoding="utf-8")
    else:
        sys.stdout.write(render())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
