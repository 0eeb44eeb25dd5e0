"""config:show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from securely.config.environment import current_environment
from securely.config.exceptions import MissingKey
from securely.config.files.places import Places
from securely.config.loader import Loaded
from securely.config.repository import Config
from securely.console import Command
from securely.console.output.style import escape
from securely.support.dot import flattened
from securely.support.masking import HIDDEN, looks_secret, mask_urls

__all__ = ["ConfigShowCommand"]


class ConfigShowCommand(Command):
    """Shows the configuration, or what stands at one key of it, secrets hidden."""

    signature = (
        "config:show "
        "{key? : A section or a dotted key; everything if left out} "
        "{--json : As JSON} "
        "{--why : Where each value came from: file and line, and variables} "
        "{--reveal : Secrets too}"
    )
    description = "Show the configuration"

    def handle(self, config: Config, loaded: Loaded) -> int:
        """Write one line per value."""
        for problem in loaded.problems:
            # What is shown in its place is a stand-in.
            self.error(str(problem))
        given = self.argument("key")
        name = given if isinstance(given, str) else ""
        value = self._found(config, name)
        shown = value if self.boolean("reveal") else _masked(value, name)
        sources = _sources(shown, name, config, loaded) if self.boolean("why") else {}
        if self.boolean("json"):
            told = _with_sources(shown, name, sources) if sources else shown
            self.line(json.dumps(told, default=str, ensure_ascii=False, indent=2))
            return self.SUCCESS
        for path, item in _leaves(shown, name):
            self.two_column_detail(escape(path), escape(_text(item)))
            if sources:
                self.line(escape(f"    {sources[path]}"))
        return self.SUCCESS

    def _found(self, config: Config, key: str) -> object:
        try:
            return config.require(key) if key else config.all()
        except MissingKey as error:
            sections = ", ".join(sorted(config.all()))
            self.fail(str(error) if error.near else f"{error} Sections: {sections}.")


def _with_sources(
    shown: object, name: str, sources: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    return {path: {"value": item, "source": sources[path]} for path, item in _leaves(shown, name)}


def _sources(shown: object, name: str, config: Config, loaded: Loaded) -> dict[str, str]:
    places = Places(loaded.files)
    return {path: _source(path, config, places) for path, _ in _leaves(shown, name)}


def _source(path: str, config: Config, places: Places) -> str:
    """Tell where the value at *path* came from: the code, else a file and the variables it read."""
    if changes := config.sources(path):
        return f"set while running, in {changes[-1]}"
    place = places.of(path)
    if place is None:
        return "not of a file"
    environment = current_environment()
    parts = [str(place)]
    for name in place.variables:
        origin = environment.why(name)
        is_set = environment.has(name)
        parts.append(f"{name} from {origin.source}" if is_set else f"{name} is not set")
    return ", ".join(parts)


def _masked(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        return {key: _masked(item, key) for key, item in items.items()}
    if looks_secret(name.rpartition(".")[2]) and value:
        return HIDDEN
    if isinstance(value, (list, tuple)):
        return [_masked(item, "") for item in cast("list[object]", value)]
    return mask_urls(value) if isinstance(value, str) else value


def _leaves(value: object, name: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        yield name, value
        return
    prefix = f"{name}." if name else ""
    yield from flattened(cast("Mapping[str, object]", value), prefix)


def _text(value: object) -> str:
    """Write values as the configuration of YAML would; text stands without quotes."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, default=str, ensure_ascii=False)
