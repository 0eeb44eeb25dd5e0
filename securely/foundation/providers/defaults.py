"""default_providers(): those of the framework, to be merged with others, replaced and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from securely.container import Provider
from securely.foundation.catalog import COMMANDS, EAGER, SERVICES
from securely.support.importing import dotted

__all__ = ["DefaultProviders", "default_providers"]

Named: TypeAlias = type[Provider] | str


class DefaultProviders:
    """A list of providers; each method returns a new one.

    For `providers` in `config/app.py`:

        "providers": default_providers().except_(["securely.log.provider:LogProvider"]).to_list()

    Source: Laravel 13, Illuminate\\Support\\DefaultProviders.

    Example:
        >>> kept = default_providers().replace({
        ...     "securely.cache.provider:CacheProvider": "app.providers.cache:CacheProvider",
        ... })
        >>> "app.providers.cache:CacheProvider" in kept.to_list()
        True
    """

    def __init__(self, providers: Sequence[Named]) -> None:
        self._providers = [_path(each) for each in providers]

    def merge(self, providers: Sequence[Named]) -> DefaultProviders:
        """Return these and *providers* behind them."""
        return DefaultProviders([*self._providers, *providers])

    def replace(self, replacements: Mapping[Named, Named]) -> DefaultProviders:
        """Return these, with others in the place of some; what is not there replaces nothing."""
        others = {_path(old): _path(new) for old, new in replacements.items()}
        return DefaultProviders([others.get(each, each) for each in self._providers])

    def except_(self, providers: Sequence[Named]) -> DefaultProviders:
        """Return these without *providers*."""
        without = {_path(each) for each in providers}
        return DefaultProviders([each for each in self._providers if each not in without])

    def to_list(self) -> list[str]:
        """Return their dotted paths, "package.module:Class"."""
        return list(self._providers)


def default_providers() -> DefaultProviders:
    """Return the providers of the framework, sorted by name."""
    known = {
        *EAGER,
        *(provider for _, provider in SERVICES.values()),
        *(provider for _, provider in COMMANDS.values()),
    }
    return DefaultProviders(sorted(known))


def _path(provider: Named) -> str:
    """Return "package.module:Class", however it was given."""
    path = provider if isinstance(provider, str) else dotted(provider)
    return path if ":" in path else ":".join(path.rsplit(".", 1))
