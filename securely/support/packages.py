"""Packages that are installed and announce something to Securely, by entry points.

Read by the application, which loads their providers, and by the console, which shows their
commands without importing them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any, Final, NamedTuple, cast

__all__ = ["ALL", "GROUP", "Package", "announced", "find_source", "undiscovered", "wanted"]

GROUP: Final = "securely.providers"
ALL: Final = "*"


class Package(NamedTuple):
    """One distribution that announces providers.

    Attributes:
        name: Its name, as its metadata has it.
        version: Its version.
        providers: Dotted paths, "package.module:Class", in the order of their names.
        problem: Why what it announces cannot be read; empty when it can.
    """

    name: str
    version: str
    providers: tuple[str, ...]
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def announced() -> list[Package]:
    """Return the installed packages that have entry points of the group, sorted by name.

    Of two distributions of one name the first on `sys.path` counts, as it does for an import.
    """
    # email, csv and zipfile come with it: only where the packages have changed.
    from importlib.metadata import distributions

    found: dict[str, Package] = {}
    seen: set[str] = set()
    for distribution in distributions():
        metadata: Any = distribution.metadata
        name = metadata["Name"] if metadata is not None else None
        if not name or _plain(name) in seen:
            continue
        seen.add(_plain(name))
        paths, problem = _announced_by(distribution)
        if paths or problem:
            found[_plain(name)] = Package(name, distribution.version or "", paths, problem)
    return [found[name] for name in sorted(found)]


def _announced_by(distribution: Any) -> tuple[tuple[str, ...], str]:
    """Return the providers that *distribution* announces, and why they cannot be read."""
    try:
        # Most packages announce nothing to us; whether theirs can be read is not our affair.
        if f"[{GROUP}]" not in (distribution.read_text("entry_points.txt") or ""):
            return (), ""
    except (OSError, UnicodeError):
        return (), ""
    try:
        points = [point for point in distribution.entry_points if point.group == GROUP]
    except Exception as error:  # the parser of the standard library raises what it happens upon
        return (), f"entry_points.txt cannot be parsed ({type(error).__name__}: {error})"
    paths: list[str] = []
    for point in sorted(points, key=lambda point: point.name):
        module, _, cls = point.value.partition("[")[0].replace(" ", "").partition(":")
        if not all(map(_is_dotted, (module, cls))):
            wanted = f'"{point.name} = package.module:Class"'
            return (), f'"{point.name} = {point.value}" is not {wanted}'
        paths.append(f"{module}:{cls}")
    return tuple(paths), ""


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def undiscovered(base: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return what `[tool.securely] dont_discover` of the application's pyproject.toml names.

    Names of distributions; `*` stands for all of them. Without such a file there are none.

    Raises:
        ValueError: The file is there, and is no TOML.
    """
    import tomllib

    try:
        with open(os.path.join(base, "pyproject.toml"), "rb") as file:  # noqa: PTH118, PTH123
            content = tomllib.load(file)
    except OSError:
        return ()
    named: object = content.get("tool", {}).get("securely", {}).get("dont_discover")
    if isinstance(named, str):
        return (named,)
    return tuple(map(str, cast("list[object]", named))) if isinstance(named, list) else ()


def wanted(packages: Sequence[Package], without: Sequence[str]) -> list[Package]:
    """Return *packages* but those that *without* names."""
    if ALL in without:
        return []
    names = {_plain(each) for each in without}
    return [each for each in packages if _plain(each.name) not in names]


def find_source(module: str, base: str | os.PathLike[str]) -> str | None:
    """Return the source file of *module*; nothing is imported, not even the packages above it.

    Args:
        module: Its dotted name.
        base: The folder of the application, which is looked into first.
    """
    places: Sequence[str] | None = [os.fspath(base), *sys.path]
    name = ""
    spec: ModuleSpec | None = None
    for part in module.split("."):
        name = f"{name}.{part}".lstrip(".")
        spec = PathFinder.find_spec(name, places) or _by_other_finders(name, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or ())
    origin = spec.origin if spec is not None else None
    return origin if origin is not None and origin.endswith(".py") else None


def _by_other_finders(name: str, places: Sequence[str] | None) -> ModuleSpec | None:
    """Ask the finders that editable installs put beside Python's own."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if find is None or finder is PathFinder:
            continue
        try:
            spec = find(name, places if "." in name else None)
        except Exception:  # noqa: S112  # a finder of somebody else's that is broken finds nothing
            continue
        if spec is not None:
            found: ModuleSpec = spec
            return found
    return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
