"""Base: a channel whose body is written once, as steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from securely.container import Container
from securely.notifications.exceptions import RouteMissing
from securely.notifications.notifiable import route_of
from securely.notifications.notification import Notification
from securely.support.steps import Steps, arun, run

__all__ = ["StepsChannel"]


class StepsChannel(ABC):
    """A channel that sends by steps.

    Args:
        name: What it is called in the configuration, and in `via`.
        container: Gives the methods of notifications what they ask for.
    """

    driver: ClassVar[str] = ""
    """The name of its kind: what its methods and routes are called, where none bear its name."""

    def __init__(self, name: str, container: Container) -> None:
        self.name: str = name
        self._container = container

    def send(self, notifiable: Any, notification: Notification) -> object:
        """Tell *notifiable* of *notification*."""
        return run(self._steps(notifiable, notification))

    async def asend(self, notifiable: Any, notification: Notification) -> object:
        """Async twin of :meth:`send`."""
        return await arun(self._steps(notifiable, notification))

    def methods(self, *further: str) -> tuple[str, ...]:
        """Return the methods of a notification that are asked for what is sent, in order."""
        return tuple(dict.fromkeys((f"to_{self.name}", f"to_{self.driver}", *further)))

    def route(self, notifiable: Any, notification: Notification) -> Any:
        """Return where *notifiable* is told; None for nowhere.

        Raises:
            RouteMissing: Nothing says so.
        """
        try:
            return route_of(notifiable, self.name, notification)
        except RouteMissing:
            if self.name == self.driver:
                raise
            return route_of(notifiable, self.driver, notification)

    @abstractmethod
    def _steps(self, notifiable: Any, notification: Notification) -> Steps[object]: ...
