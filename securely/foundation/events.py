"""CommandStarting, CommandFinished; VendorTagPublished, PublishingStubs: what commands do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CommandFinished", "CommandStarting", "PublishingStubs", "VendorTagPublished"]


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
