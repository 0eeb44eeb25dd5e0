"""CommandStarting, CommandFinished, MaintenanceModeEnabled, Terminating, VendorTagPublished …"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "ArtisanStarting",
    "CommandFinished",
    "CommandStarting",
    "MaintenanceModeDisabled",
    "MaintenanceModeEnabled",
    "PublishingStubs",
    "Terminating",
    "VendorTagPublished",
]


@dataclass(frozen=True, slots=True)
class ArtisanStarting:
    """The console of an application has been made; listeners may add commands to it.

    Attributes:
        artisan: The :class:`~securely.console.Artisan`; not said in its type, because a boot
            without a console must not import it.
    """

    artisan: Any


@dataclass(frozen=True, slots=True)
class CommandStarting:
    """A console command is about to run; nested ones tell too."""

    command: str


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A console command has run."""

    command: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class MaintenanceModeEnabled:
    """The application has been taken down, or is down in another way than before."""


@dataclass(frozen=True, slots=True)
class MaintenanceModeDisabled:
    """The application is up again."""


@dataclass(frozen=True, slots=True)
class Terminating:
    """The application is about to end; its services still work."""


@dataclass(frozen=True, slots=True)
class VendorTagPublished:
    """`vendor:publish` has copied what has a tag, or everything where *tag* is None.

    Attributes:
        tag: The tag.
        paths: What was published -> where to.
    """

    tag: str | None
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PublishingStubs:
    """`stub:publish` is about to copy stubs; listeners may add theirs.

    Attributes:
        stubs: Name of a stub -> the file.
    """

    stubs: dict[str, Path]

    def add(self, file: Path, name: str) -> PublishingStubs:
        """Have *file* copied, too, as *name*."""
        self.stubs[name] = file
        return self
