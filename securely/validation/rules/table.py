"""All rules by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from securely.validation.rules import (
    dates,
    files,
    formats,
    numbers,
    presence,
    sizes,
    stored,
    structures,
    texts,
)
from securely.validation.rules.spec import Spec

__all__ = ["SPECS"]

SPECS: Final[Mapping[str, Spec]] = {
    spec.name: spec
    for module in (presence, texts, numbers, sizes, structures, formats, dates, files, stored)
    for spec in module.SPECS
}
"""Every rule that comes with the framework."""
