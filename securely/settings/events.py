"""SettingChanged: what listeners hear of a change of the settings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SettingChanged"]


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A variable has another value; `Config` and `Settings` have it, this event does not.

    Attributes:
        name: The variable.
        keys: The settings that it fills in.
        secret: Whether its value is never shown.
        revision: The number in the history; None where a process follows that was told of it.
    """

    name: str
    keys: tuple[str, ...]
    secret: bool
    revision: int | None = None
