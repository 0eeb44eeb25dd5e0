"""What both type checkers must say of an application's own facade, made as ours are made."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_type

from securely.container import facade


class Rates:
    """A service of an application."""

    def __init__(self, rates: Mapping[str, Decimal]) -> None:
        self._rates = rates

    def of(self, country: str) -> Decimal:
        """Return the rate of *country*."""
        return self._rates[country]


Tax: Rates = facade("tax")


def what_is_right() -> None:
    """The facade has the types of its service."""
    assert_type(Tax.of("DE"), Decimal)


def what_is_wrong() -> None:
    """Each of these is an error under both checkers."""
    Tax.off("DE")  # type: ignore[attr-defined]  # misspelt
    Tax.of(49)  # type: ignore[arg-type]  # no text
