"""Every core service and command: its name, and where it lives."""

# Written by `make catalog`.

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COMMANDS", "EAGER", "OPTIONS", "PROVIDERS", "SERVICES"]

SERVICES: Final[Mapping[str, tuple[str, str]]] = {}
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {}
OPTIONS: Final[Mapping[str, str]] = {}
PROVIDERS: Final[tuple[str, ...]] = ()
EAGER: Final[tuple[str, ...]] = ()
