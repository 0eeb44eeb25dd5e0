"""Finding: what a check has seen, how bad it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Finding", "State"]

State: TypeAlias = Literal["ok", "warn", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has seen.

    Attributes:
        state: "ok", "warn" for what will bite one day, "error" for what does not work now.
        seen: What was seen, with the value.
        remedy: What to do about it; empty where all is well.
        fix: Does that, where it can do no harm; None where a person has to.
        name: What was looked at; the name of the check unless given.
    """

    state: State
    seen: str
    remedy: str = ""
    fix: Callable[[], object] | None = None
    name: str = ""

    @classmethod
    def ok(cls, seen: str, name: str = "") -> Finding:
        """Say that all is well."""
        return cls("ok", seen, name=name)

    @classmethod
    def warn(
        cls, seen: str, remedy: str, fix: Callable[[], object] | None = None, name: str = ""
    ) -> Finding:
        """Say what will bite one day."""
        return cls("warn", seen, remedy, fix, name)

    @classmethod
    def error(
        cls, seen: str, remedy: str, fix: Callable[[], object] | None = None, name: str = ""
    ) -> Finding:
        """Say what does not work now."""
        return cls("error", seen, remedy, fix, name)
