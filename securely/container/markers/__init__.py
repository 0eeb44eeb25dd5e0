"""What parameters say of themselves in Annotated, and classes by decorators."""

from __future__ import annotations

from securely.container.markers.classes import binds_to, binds_when, scoped, singleton
from securely.container.markers.parameters import (
    Give,
    Inject,
    Lazy,
    Named,
    Parameters,
    Setting,
    Tag,
    Tagged,
)

__all__ = [
    "Give",
    "Inject",
    "Lazy",
    "Named",
    "Parameters",
    "Setting",
    "Tag",
    "Tagged",
    "binds_to",
    "binds_when",
    "scoped",
    "singleton",
]
