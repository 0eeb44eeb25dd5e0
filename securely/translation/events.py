"""LocaleUpdated: another locale is current from now on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LocaleUpdated"]


@dataclass(frozen=True, slots=True)
class LocaleUpdated:
    """Another locale is current in this request, job, command or block.

    Attributes:
        locale: The one that is current now.
        previous_locale: The one that was before.

    Source: Laravel 13, Illuminate\\Foundation\\Events\\LocaleUpdated.
    """

    locale: str
    previous_locale: str
