"""Loader: where lines come from. Events: who is told that the locale has changed."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Protocol, TypeAlias

__all__ = ["Events", "Lines", "Loader"]

Lines: TypeAlias = Mapping[str, Any]
"""Lines by name; what is nested is a dict or a list again."""


class Loader(Protocol):
    """Where lines come from.

    Names arrive as somebody wrote them, users of a site included: a loader must not make a path
    of one that it does not know. The translator keeps what it is given.
    """

    @property
    def namespaces(self) -> Mapping[str, object]:
        """The namespaces that were added, and where their lines are."""
        ...

    def load(self, locale: str, group: str, namespace: str) -> Lines:
        """Return the lines of a group; none where there are none.

        Args:
            locale: Such as "de_AT"; no other one is to be looked at.
            group: Such as "messages"; "*" for the lines that are their own keys.
            namespace: Whose they are; "*" for the application's.

        Raises:
            LinesBroken: They are there, and can not be read.
        """
        ...

    def last_resort(self, group: str) -> Lines:
        """Return the lines of a group where no locale has one: the framework's own, in English."""
        ...

    def add_namespace(self, namespace: str, path: str | PathLike[str]) -> None:
        """Take the lines of *namespace* from the folder *path*."""
        ...

    def add_path(self, path: str | PathLike[str]) -> None:
        """Take groups from the folder *path*, too, over those that are there."""
        ...

    def add_json_path(self, path: str | PathLike[str]) -> None:
        """Take lines that are their own keys from the folder *path*, too."""
        ...


class Events(Protocol):
    """Who is told that the locale has changed; a Dispatcher of the events is one."""

    def has_listeners(self, event: type, /) -> bool:
        """Tell whether anybody listens to events of that class."""
        ...

    def dispatch(self, event: object, /) -> object:
        """Tell of *event*."""
        ...
