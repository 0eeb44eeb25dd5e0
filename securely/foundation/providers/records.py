"""What is known of deferred providers without importing them: bootstrap/cache/services.json."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from securely.container import Deferrable, Provider
from securely.foundation.exceptions import NotWritable, ProviderFailed
from securely.foundation.providers.failures import imported
from securely.foundation.providers.kept import keep, kept
from securely.foundation.providers.listed import Listed
from securely.support.manifest import Source

__all__ = ["Record", "Records", "class_path"]


class Record(NamedTuple):
    """What a deferred provider says of itself.

    Attributes:
        path: Its dotted path.
        origin: Whose it is.
        services: Name of a service -> dotted class.
        events: Dotted classes or names of the events that load it.
        provider: The class, where it has been imported anyway.
    """

    path: str
    origin: str
    services: dict[str, str]
    events: tuple[str, ...]
    provider: type[Provider] | None = None


class Records:
    """The deferred providers of one application, kept with the state of the files they are in.

    Args:
        file: Where they are kept.

    Source: Laravel 13, Illuminate\\Foundation\\ProviderRepository.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        content = kept(file) or {}
        self._before: dict[str, Any] = content.get("deferred", {})
        self._known = {path: each for path, each in self._before.items() if _is_true(each)}
        self._used: dict[str, Any] = {}

    def of(self, listed: Listed) -> Record | type[Provider]:
        """Return the record of a provider that waits; of one that does not, its class.

        Raises:
            ProviderFailed: It has to be imported, and cannot be.
        """
        known = self._known.get(listed.path) if isinstance(listed.provider, str) else None
        if known is not None:
            self._used[listed.path] = known
            return Record(listed.path, listed.origin, dict(known["provides"]), tuple(known["when"]))
        cls = listed.provider
        if isinstance(cls, str):
            cls = imported(cls, listed.where)
        if not issubclass(cls, Deferrable):
            return cls
        return self._described(cls, listed)

    def keep(self) -> None:
        """Keep what :meth:`of` has found.

        Raises:
            NotWritable: It cannot be kept.
        """
        keep(self._file, {"deferred": self._used})

    def keep_changes(self) -> None:
        """Do :meth:`keep`, if it is not what was kept before.

        Where it cannot be kept, the providers are imported the next time, too.
        """
        if self._used != self._before:
            try:
                self.keep()
            except NotWritable:
                return

    def _described(self, cls: type[Any], listed: Listed) -> Record:
        services = {str(name): class_path(service) for name, service in cls.provides.items()}
        events = tuple(each if isinstance(each, str) else class_path(each) for each in cls.when)
        if not services and not events:
            raise ProviderFailed(
                listed.path,
                "register",
                "it is Deferrable and waits for nothing: name services in `provides`, or events "
                "in `when`",
            )
        if isinstance(listed.provider, str):
            files = dict.fromkeys(
                str(getattr(sys.modules.get(each.__module__), "__file__", ""))
                for each in cls.__mro__
                if each.__module__.split(".")[0] not in {"builtins", "securely", "typing"}
            )
            self._used[listed.path] = {
                "provides": services,
                "when": list(events),
                "files": {file: Source(file).state for file in files},
            }
        return Record(listed.path, listed.origin, services, events, cls)


def class_path(key: object) -> str:
    """Return the dotted path of a class, as the catalog has it; "" for what is no class."""
    return f"{key.__module__}.{key.__qualname__}" if isinstance(key, type) else ""


def _is_true(known: dict[str, Any]) -> bool:
    """Tell whether no file has changed since the record was made."""
    return all(Source(file).state == state for file, state in known["files"].items())
