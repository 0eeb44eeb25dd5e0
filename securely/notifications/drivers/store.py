"""The store: rows that a page shows, each to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, cast

from securely.container import Container
from securely.notifications.asking import content_of
from securely.notifications.contracts import SKIPPED
from securely.notifications.drivers.base import StepsChannel
from securely.notifications.exceptions import InvalidContent
from securely.notifications.inbox import Inbox
from securely.notifications.manager import Materials
from securely.notifications.notification import Notification
from securely.store import Key, Tree
from securely.support.steps import Steps, call

__all__ = ["StoreChannel"]


class StoreChannel(StepsChannel):
    """Keeps notifications in the embedded store, each once, under its owner and its id.

    Args:
        name: The channel's name.
        container: Gives the methods of notifications what they ask for.
        tree: Gives where they are kept; asked when it is first used.
    """

    driver: ClassVar[str] = "store"

    def __init__(self, name: str, container: Container, tree: Callable[[], Tree[Any]]) -> None:
        super().__init__(name, container)
        self._open = tree
        self._tree: Tree[Any] | None = None

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the channel *name* as its options have it."""
        return cls(
            name,
            materials.container,
            lambda: materials.database(options.database).tree(options.tree),
        )

    @property
    def tree(self) -> Tree[Any]:
        """Where they are kept."""
        if self._tree is None:
            self._tree = self._open()
        return self._tree

    def inbox(self, owner: Key) -> Inbox:
        """Return what is kept for *owner*."""
        return Inbox(self.tree, owner)

    def _steps(self, notifiable: Any, notification: Notification) -> Steps[object]:
        owner = self.route(notifiable, notification)
        if owner is None:
            return SKIPPED
        methods = self.methods("to_array")
        data = yield from content_of(self._container, notification, notifiable, methods)
        if not isinstance(data, Mapping):
            reason = f"it returned a {type(data).__name__}. Return a dict: the store keeps that."
            raise InvalidContent(type(notification).__qualname__, methods[0], reason)
        inbox = self.inbox(owner)
        kept = cast("Mapping[str, Any]", data)
        yield from call(inbox.add, inbox.aadd, notification.id, _type_of(notification), kept)
        return notification.id


def _type_of(notification: Notification) -> str:
    said = getattr(notification, "store_type", "")
    found = said() if callable(said) else said
    return str(found) or f"{type(notification).__module__}.{type(notification).__qualname__}"
