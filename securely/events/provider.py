"""Binds the dispatcher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from securely.config import Config
from securely.container import Provider
from securely.events.dispatcher import Dispatcher
from securely.events.kept import KeptListeners

__all__ = ["EventProvider"]


class EventProvider(Provider):
    """Binds the dispatcher."""

    provides: ClassVar[Mapping[str, type]] = {"events": Dispatcher}
    commands: ClassVar[Mapping[str, type | str]] = {
        "event:cache": "securely.events.commands.CacheCommand",
        "event:clear": "securely.events.commands.ClearCommand",
        "event:generate": "securely.events.commands.GenerateCommand",
        "event:list": "securely.events.commands.ListCommand",
        "make:event": "securely.events.commands.MakeEventCommand",
        "make:listener": "securely.events.commands.MakeListenerCommand",
    }
    options: ClassVar[Mapping[str, type | str]] = {"events": "securely.events.options.EventOptions"}

    def register(self) -> None:
        """Bind the dispatcher."""
        self.app.singleton(Dispatcher, self.dispatcher)

    def dispatcher(self, config: Config) -> Dispatcher:
        """Return a dispatcher that finds the application's listeners when it first needs them.

        Every command asks for it, so the section is read as it is; the options check it when
        the configuration changes.
        """
        events = Dispatcher(
            self.app,
            self.kept(),
            portal_in_loop=config.string("events.in_loop", "raise") == "portal",
        )
        for package in config.list("events.discover", ["app.listeners"]):
            events.discover(package)
        return events

    def kept(self) -> KeptListeners | None:
        """Return where an application keeps what discovery found; None of a bare container."""
        cached_path = getattr(self.app, "cached_path", None)
        return None if cached_path is None else KeptListeners(cached_path("events"))
