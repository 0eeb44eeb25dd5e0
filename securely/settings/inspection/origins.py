"""Origins: where the value of each setting came from, and where it is said besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from securely.config import ConfigFile
from securely.config.files.places import Place, Places
from securely.settings.changing import Writer
from securely.settings.inspection.layers import (
    DEFAULT,
    SOURCE,
    Layer,
    of_file,
    of_read,
    of_variable,
)
from securely.settings.schema import Setting

__all__ = ["Origins"]


class Origins:
    """Where the values of settings came from.

    Args:
        files: The files of the configuration, those that win first.
        writer: Knows the variables and the secrets.
        defaults: The folder of the framework's own configuration.
    """

    def __init__(self, files: Iterable[ConfigFile], writer: Writer, defaults: Path) -> None:
        self._places = Places(files)
        self._environment = writer.environment
        self._vault = writer.vault
        self._defaults = defaults

    def place(self, key: str) -> Place | None:
        """Return where the setting *key* stands, and which variables it reads there."""
        return self._places.of(key)

    def of(self, place: Place | None, names: Iterable[str]) -> str:
        """Return where the value of a setting came from.

        Args:
            place: Where it stands.
            names: The variables that it reads.
        """
        for name in names:
            if self._environment.has(name):
                return self.of_set(name)
        if place is None or self._defaults in place.path.parents:
            return DEFAULT
        return self.shown(place.path)

    def of_set(self, name: str) -> str:
        """Return where the variable *name* is set, which is set somewhere."""
        if self._environment.is_set_by_process(name):
            return "process"
        if name in self._vault.names():
            return self._vault.file.name
        if self._environment.of_files(name) is not None:
            return self._environment.file.name if self._environment.file else ".env"
        return SOURCE

    def layers(self, key: str, setting: Setting | None) -> Iterator[Layer]:
        """Give all places that say what *key* is, the strongest first.

        Args:
            key: A dotted key, or the name of a variable.
            setting: The setting *key*; None of a variable.
        """
        if setting is None:
            yield from of_variable(key, self._environment, self._vault)
            for read in self._places.reads(key):
                yield of_read(read, self.shown(read.path))
            return
        place = self.place(key)
        for name in setting.variables:
            yield from of_variable(name, self._environment, self._vault)
        if place is not None and self._defaults not in place.path.parents:
            reads = self._places.reads(place.variables[-1]) if place.variables else []
            yield of_file(place, self.shown(place.path), setting.value, reads)
        holds = setting.value if setting.origin == DEFAULT else setting.field.default
        yield Layer(DEFAULT, "", holds)

    def shown(self, path: Path) -> str:
        """Return *path* for people: from the application's folder on, if it is in there."""
        base = self._environment.base_path
        return str(path.relative_to(base)) if base in path.parents else str(path)
