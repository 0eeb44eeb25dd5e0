"""CommandStarting, CommandFinished: what the console does."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CommandFinished", "CommandStarting"]


@dataclass(frozen=True, slots=True)
class CommandStarting:
    """A console command is about to run; nested ones tell too."""

    command: str


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A console command has run."""

    command: str
    exit_code: int
