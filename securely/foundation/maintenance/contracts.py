"""MaintenanceMode: what keeps that an application is down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["MaintenanceMode"]


class MaintenanceMode(Protocol):
    """What keeps that an application is down, and how.

    Source: Laravel 13, Contracts\\Foundation\\MaintenanceMode.
    """

    @property
    def is_active(self) -> bool:
        """Whether the application is down."""
        ...

    def activate(self, payload: Mapping[str, object], /) -> None:
        """Take the application down, or change how it is down."""
        ...

    def deactivate(self) -> bool:
        """Bring the application up; return whether it was down."""
        ...

    def data(self) -> dict[str, object]:
        """Return what `activate` was given; empty when the application is up."""
        ...
