"""config:show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from securely.config.exceptions import MissingKey
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
        "{--reveal : Secrets too}"
    )
    description = "Show the configuration"

    def handle(self, config: Config) -> int:
        """Write one line per value."""
        key = self.argument("key")
        try:
            value = config.all() if not isinstance(key, str) else config.require(key)
        except MissingKey as error:
            sections = ", ".join(sorted(config.all()))
            self.fail(str(error) if error.near else f"{error} Sections: {sections}.")
        name = key if isinstance(key, str) else ""
        shown = value if self.boolean("reveal") else _masked(value, name)
        if self.boolean("json"):
            self.line(json.dumps(shown, default=str, ensure_ascii=False, indent=2))
            return self.SUCCESS
        for path, text in _lines(shown, name):
            self.two_column_detail(escape(path), escape(text))
        return self.SUCCESS


def _masked(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        return {key: _masked(item, key) for key, item in items.items()}
    if looks_secret(name.rpartition(".")[2]) and value:
        return HIDDEN
    if isinstance(value, (list, tuple)):
        return [_masked(item, "") for item in cast("list[object]", value)]
    return mask_urls(value) if isinstance(value, str) else value


def _lines(value: object, name: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield name, _text(value)
        return
    prefix = f"{name}." if name else ""
    for path, item in flattened(cast("Mapping[str, object]", value), prefix):
        yield path, _text(item)


def _text(value: object) -> str:
    """Write values as the configuration of YAML would; text stands without quotes."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, default=str, ensure_ascii=False)
