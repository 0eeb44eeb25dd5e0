"""Layers: all the places that say what a setting is, the strongest first, and which one counts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from securely.config import Environment
from securely.config.dotenv import line_of, parse_dotenv
from securely.config.files.places import Place, Read
from securely.settings.secrets import Vault
from securely.support.masking import HIDDEN, looks_secret, mask_urls

__all__ = ["DEFAULT", "SOURCE", "Layer", "masked", "of_file", "of_read", "of_variable"]

DEFAULT: Final = "default"
"""Where a value is from that neither a variable nor a file of the application says."""

SOURCE: Final = "a source of the application"
"""Where a variable is from that a function given to `env.extend` has answered."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that says what a setting is.

    Attributes:
        place: ``process``, ``secrets.enc``, ``.env:3``, ``config/app.py:12`` or ``default``.
        variable: The variable that is set there; empty where the place says the value itself.
        value: What it says: text where a variable is set.
        secret: Whether the value is never shown.
        wins: Whether it is the one that counts.
    """

    place: str
    variable: str
    value: object
    secret: bool = False
    wins: bool = False

    @property
    def shown(self) -> object:
        """The value as it may be shown: a secret has the same length as any other."""
        if self.secret:
            return HIDDEN if self.value else self.value
        return masked(self.value)

    def __repr__(self) -> str:
        return f"Layer({self.place!r}, {self.variable!r})"


def of_variable(name: str, environment: Environment, vault: Vault) -> Iterator[Layer]:
    """Give the places that set the variable *name*, the strongest first.

    Args:
        name: The variable.
        environment: The variables as they are.
        vault: The secrets; a secret is decrypted only if it is *name*.
    """
    if environment.is_set_by_process(name):
        yield Layer("process", name, environment.get(name))
    if name in vault.names():
        yield Layer(vault.file.name, name, vault.get(name))
    for file in reversed(environment.files):
        text = file.read_bytes().decode().removeprefix("\ufeff") if file.is_file() else ""
        said = parse_dotenv(text, file, environment.joined({})).get(name)
        if said is not None:
            yield Layer(f"{file.name}:{line_of(file, name)}", name, said)
    answer = environment.of_sources(name)
    if answer is not None:
        yield Layer(SOURCE, name, answer)


def of_file(place: Place, shown: str, value: object, reads: Iterable[Read]) -> Layer:
    """Return what a file of the configuration says where no variable is set.

    Args:
        place: Where the setting stands.
        shown: That file for people: ``config/app.py``.
        value: The value that holds, which the file says itself if it reads no variable.
        reads: Where the last variable that it reads is read.
    """
    if not place.variables:
        return Layer(f"{shown}:{place.line}" if place.line else shown, "", value)
    first = place.line or 0
    there = [each for each in reads if each.path == place.path and each.line >= first]
    written = min(there, key=_line).default if there else None
    return Layer(f"{shown}:{place.line}", "", _literal(written))


def of_read(read: Read, shown: str) -> Layer:
    """Return what a file of the configuration says of a variable that is not set.

    Args:
        read: Where it is read.
        shown: That file for people: ``config/app.py``.
    """
    return Layer(f"{shown}:{read.line}", "", _literal(read.default))


def masked(value: object) -> object:
    """Return *value* without what names in it call a secret, and passwords of URLs.

    Example:
        >>> masked({"name": "Shop", "password": "hunter2"})
        {'name': 'Shop', 'password': '********'}
    """
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        return {
            key: HIDDEN if item and looks_secret(str(key)) else masked(item)
            for key, item in items.items()
        }
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in cast("list[object]", value)]
    return mask_urls(value) if isinstance(value, str) else value


def _line(read: Read) -> int:
    return read.line


def _literal(written: str | None) -> object:
    """Return what a default in the sources says; what is no literal stays as it is written."""
    if written is None:
        return None
    try:
        return cast("object", ast.literal_eval(written))
    except (ValueError, SyntaxError):
        return written
