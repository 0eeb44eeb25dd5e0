"""Packages: the providers that installed packages announce, kept in packages.json."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

from securely.exceptions import ConfigurationError
from securely.foundation.exceptions import BadPackage, NotWritable
from securely.foundation.providers.kept import keep, kept
from securely.foundation.providers.listed import Listed
from securely.support.manifest import Source, installed

__all__ = ["Packages"]

_WHERE: Final = (
    '(announced by the package {name}: mend it, uninstall it, or add "{name}" to dont_discover '
    "under [tool.securely] in pyproject.toml)"
)
# One process asks again and again in tests; what is installed changes with what `installed` says.
_found: dict[str, list[Any]] = {}


class Packages:
    """The packages that announce providers to one application.

    A package does so by an entry point of the group `securely.providers`; an application that
    does not want it names it under `[tool.securely] dont_discover` in its pyproject.toml.

    Args:
        base: The folder of the application.
        file: Where it is kept which packages there are.

    Source: Laravel 13, Illuminate\\Foundation\\PackageManifest.
    """

    def __init__(self, base: Path, file: Path) -> None:
        self._base = base
        self._file = file

    def providers(self) -> list[Listed]:
        """Return the providers of the packages, sorted by package.

        Packages are looked for when they have changed since; where what is found cannot be kept,
        they are looked for the next time, too.

        Raises:
            BadPackage: What one of them announces cannot be read.
        """
        found = kept(self._file)
        if found is None or found.get("pyproject") != self._wishes().state:
            try:
                found = self.discover()
            except NotWritable:
                found = self._content()
        return [
            Listed(provider, f"{name} {version}".rstrip(), partial(_WHERE.format, name=name))
            for name, version, providers in found["packages"]
            for provider in providers
        ]

    def discover(self) -> dict[str, Any]:
        """Look for packages, keep what is found, and return it.

        Raises:
            BadPackage: What one of them announces cannot be read.
            NotWritable: It cannot be kept.
        """
        content = self._content()
        keep(self._file, content)
        return content

    def _content(self) -> dict[str, Any]:
        from securely.support.packages import announced, undiscovered, wanted

        mark = installed()
        if mark not in _found:
            _found.clear()
            _found[mark] = announced()
        state = self._wishes().state
        try:
            found = wanted(_found[mark], undiscovered(self._base))
        except ValueError as error:
            file = self._base / "pyproject.toml"
            raise ConfigurationError(
                f"{file} cannot be read: {error}. It says which packages this application does "
                "not want, so none is loaded before it is mended."
            ) from error
        for each in found:
            if each.problem:
                raise BadPackage(str(each), each.problem, each.name)
        return {
            "pyproject": state,
            "packages": [[each.name, each.version, list(each.providers)] for each in found],
        }

    def _wishes(self) -> Source:
        return Source(str(self._base / "pyproject.toml"))
