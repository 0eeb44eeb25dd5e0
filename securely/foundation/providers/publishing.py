"""What packages publish: found by provider and tag, and copied into the application."""

from __future__ import annotations

import importlib.resources
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, cast

import securely
from securely.container import Provider, Publication
from securely.foundation.exceptions import NothingToPublish
from securely.support.importing import dotted

__all__ = ["Copied", "Publisher", "publish_stubs", "stubs"]


class Copied(NamedTuple):
    """What became of one file.

    Attributes:
        target: Where it is, or would be.
        outcome: "copied", "exists" or "absent": it was not there, and only those that are were
            to be copied.
    """

    target: Path
    outcome: str


class Publisher:
    """Copies what providers have named in `publishes` into an application.

    Args:
        providers: The loaded providers.
        base: The folder of the application.

    Source: Laravel 13, VendorPublishCommand and ServiceProvider::pathsToPublish.
    """

    def __init__(self, providers: Sequence[Provider], base: Path) -> None:
        self._providers = [each for each in providers if each.published]
        self._base = base

    def providers(self) -> list[str]:
        """Return the dotted paths of the providers that publish something, sorted."""
        return sorted(dotted(type(each)) for each in self._providers)

    def tags(self) -> list[str]:
        """Return the tags of everything, sorted."""
        every = [published for each in self._providers for published in each.published]
        return sorted({tag for published in every for tag in published.tags})

    def paths(self, provider: str | None = None, tag: str | None = None) -> dict[str, Path]:
        """Return what is published -> where to.

        Args:
            provider: Of this provider only: its dotted path, or the name of its class.
            tag: Of this tag only.

        Raises:
            NothingToPublish: There is nothing of the kind.
        """
        return {
            str(source): self._base / published.target
            for source, published in self._found(provider, tag)
        }

    def publish(
        self,
        provider: str | None = None,
        tag: str | None = None,
        *,
        force: bool = False,
        existing: bool = False,
    ) -> list[Copied]:
        """Copy what is published, and say what became of each file.

        Args:
            provider: Of this provider only.
            tag: Of this tag only.
            force: Write over files that are there.
            existing: Copy only what is there already, over it.

        Raises:
            NothingToPublish: There is nothing of the kind.
        """
        return [
            _copy(file, target, force=force, existing=existing)
            for source, published in self._found(provider, tag)
            for file, target in _files(source, self._base / published.target)
        ]

    def _found(
        self, provider: str | None, tag: str | None
    ) -> list[tuple[Traversable, Publication]]:
        chosen = [each for each in self._providers if provider is None or _is(each, provider)]
        found = [
            (_located(each, published.source), published)
            for each in chosen
            for published in each.published
            if tag is None or tag in published.tags
        ]
        if not found:
            raise NothingToPublish(provider, tag, (*self.providers(), *self.tags()))
        return found


def stubs() -> dict[str, Path]:
    """Return the framework's stubs of the make:… commands: name -> file."""
    package = Path(securely.__file__).parent
    found = sorted(package.glob("*/stubs/*.stub"))
    return {file.name: file for file in found}


def publish_stubs(
    stubs: Mapping[str, Path], folder: Path, *, force: bool = False, existing: bool = False
) -> list[Copied]:
    """Copy *stubs*, name -> file, into *folder*, and say what became of each.

    Args:
        stubs: What is copied.
        folder: Where to; the application's own `stubs`, which `make:…` commands look into first.
        force: Write over files that are there.
        existing: Copy only what is there already, over it.

    Source: Laravel 13, StubPublishCommand.
    """
    return [
        _copy(file, folder / name, force=force, existing=existing) for name, file in stubs.items()
    ]


def _copy(file: Traversable, target: Path, *, force: bool, existing: bool) -> Copied:
    is_there = target.exists()
    if is_there and not (force or existing):
        return Copied(target, "exists")
    if existing and not is_there:
        return Copied(target, "absent")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())
    return Copied(target, "copied")


def _is(provider: Provider, wanted: str) -> bool:
    return wanted.replace(".", ":") in {
        dotted(type(provider)).replace(".", ":"),
        type(provider).__name__,
    }


def _located(provider: Provider, source: Any) -> Traversable:
    """Return *source* as something that can be read, wherever the package lies."""
    if isinstance(source, str | os.PathLike):
        path = Path(cast("str | os.PathLike[str]", source))
        located: Traversable = path
        if not path.is_absolute():
            located = importlib.resources.files(_package_of(provider))
            for part in path.parts:
                located = located / part
    else:
        located = source
    if not (located.is_file() or located.is_dir()):
        raise NothingToPublish(dotted(type(provider)), None, (), str(located))
    return located


def _package_of(provider: Provider) -> str:
    """Return the package that the module of *provider* lies in, or is."""
    name = type(provider).__module__
    package: str | None = getattr(sys.modules[name], "__package__", None)
    return package or name


def _files(source: Traversable, target: Path) -> Iterator[tuple[Traversable, Path]]:
    """Give each file of *source*, a file or a folder, and where it goes."""
    if source.is_file():
        yield source, target
        return
    for each in sorted(source.iterdir(), key=lambda entry: entry.name):
        if each.name != "__pycache__":
            yield from _files(each, target / each.name)
