"""Provider: register, boot, what it provides, its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from securely.container.binding import Key
from securely.container.container import Container

__all__ = ["Provider"]


class Provider:
    """Tells the container how to build one component or one part of an application.

    Attributes:
        provides: Name of a service -> its class. Both find it: `make("cache")` and
            `make(CacheManager)`.
        commands: Name of a console command -> its class, or the dotted path of it.
        options: Section of the configuration -> the class that checks it, or its dotted path.
        eager: Whether it is loaded at every boot; others wait until one of their services is
            asked for.
        bindings: Class -> what is built for it, bound when it registers.
        singletons: Class -> what is built for it, once.

    Args:
        app: The container to bind in.
    """

    provides: ClassVar[Mapping[str, type]] = {}
    commands: ClassVar[Mapping[str, type | str]] = {}
    options: ClassVar[Mapping[str, type | str]] = {}
    eager: ClassVar[bool] = False
    bindings: ClassVar[Mapping[Key, Key]] = {}
    singletons: ClassVar[Mapping[Key, Key]] = {}

    def __init__(self, app: Container) -> None:
        self.app = app

    def register(self) -> None:
        """Bind things. Nothing is there yet, so make nothing here."""

    def boot(self, *args: Any, **kwargs: Any) -> None:
        """Use what all providers have bound; parameters of an override are injected."""

    def bind_attributes(self) -> None:
        """Bind what the class attributes name; called right after :meth:`register`."""
        for key, concrete in self.bindings.items():
            self.app.bind(key, concrete)
        for key, concrete in self.singletons.items():
            self.app.singleton(key, concrete)

    def call_after_resolving(self, key: Key, callback: Callable[..., object]) -> None:
        """Call *callback* with (object, container) when *key* is resolved; now, if it has been."""
        self.app.after_resolving(key, callback)
        if self.app.resolved(key):
            from securely.container.binding import positional

            positional(callback, 2)(self.app.make(key), self.app)
