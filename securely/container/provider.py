"""Provider: register, boot, what it provides, requires, publishes, its commands. Deferrable."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from types import ModuleType
from typing import Any, ClassVar, NamedTuple, TypeAlias, cast

from securely.container.binding import Key
from securely.container.container import Container

__all__ = ["Deferrable", "Provider", "Publication", "Task"]

Task: TypeAlias = str | Callable[..., object]
"""A console command by its name, or a function whose parameters are injected."""


class Publication(NamedTuple):
    """A file or folder of a package that an application may have a copy of.

    Attributes:
        source: Where it is: a path within the package of the provider, or something absolute.
        target: Where it goes, under the base of the application.
        tags: The groups it belongs to.
    """

    source: Any
    target: str | PathLike[str]
    tags: tuple[str, ...]


class Provider:
    """Tells the container how to build one component or one part of an application.

    Attributes:
        provides: Name of a service -> its class. Both find it: `make("cache")` and
            `make(CacheManager)`.
        requires: The providers that register and boot before this one: classes, or
            "package.module:Class".
        commands: Name of a console command -> its class, or the dotted path of it.
        options: Section of the configuration -> the class that checks it, or its dotted path.
        eager: Whether a provider of the framework is loaded at every boot; its others wait until
            one of their services is asked for. Those of packages and applications wait if they
            are `Deferrable`.
        bindings: Class -> what is built for it, bound when it registers.
        singletons: Class -> what is built for it, once; or the classes alone.
        scoped: Class -> what is built for it, once in each scope; or the classes alone.

    Args:
        app: The container to bind in.

    Source: Laravel 13, Illuminate\\Support\\ServiceProvider.
    """

    provides: ClassVar[Mapping[str, type]] = {}
    requires: ClassVar[Sequence[type[Provider] | str]] = ()
    commands: ClassVar[Mapping[str, type | str]] = {}
    options: ClassVar[Mapping[str, type | str]] = {}
    eager: ClassVar[bool] = False
    bindings: ClassVar[Mapping[Key, Key]] = {}
    singletons: ClassVar[Mapping[Key, Key] | Sequence[Key]] = {}
    scoped: ClassVar[Mapping[Key, Key] | Sequence[Key]] = {}

    def __init__(self, app: Container) -> None:
        self.app = app
        self.booting_callbacks: list[Callable[..., object]] = []
        self.booted_callbacks: list[Callable[..., object]] = []
        self.published: list[Publication] = []
        self.optimizing: dict[str, tuple[Task | None, Task | None]] = {}
        self.reloading: dict[str, Task] = {}

    def register(self) -> None:
        """Bind things. Nothing is there yet, so make nothing here."""

    def boot(self, *args: Any, **kwargs: Any) -> None:
        """Use what all providers have bound; parameters of an override are injected."""

    async def aboot(self, *args: Any, **kwargs: Any) -> None:
        """Async twin of :meth:`boot`, for what has to be awaited; called after it.

        `await app.aboot()` calls it, in the loop that the application then lives in.
        """

    def booting(self, callback: Callable[..., object]) -> None:
        """Call *callback*, injected, right before this provider boots."""
        self.booting_callbacks.append(callback)

    def booted(self, callback: Callable[..., object]) -> None:
        """Call *callback*, injected, right after this provider has booted."""
        self.booted_callbacks.append(callback)

    def bind_attributes(self) -> None:
        """Bind what the class attributes name; called right after :meth:`register`."""
        for key, concrete in self.bindings.items():
            self.app.bind(key, concrete)
        for key, concrete in _pairs(self.singletons):
            self.app.singleton(key, concrete)
        for key, concrete in _pairs(self.scoped):
            self.app.scoped(key, concrete)

    def call_after_resolving(self, key: Key, callback: Callable[..., object]) -> None:
        """Call *callback* with (object, container) when *key* is resolved; now, if it has been."""
        self.app.after_resolving(key, callback)
        if self.app.resolved(key):
            from securely.container.binding import positional

            positional(callback, 2)(self.app.make(key), self.app)

    def merge_config(
        self, source: Mapping[str, object] | ModuleType, key: str, deep: bool = False
    ) -> None:
        """Give a section of the configuration defaults; what the application says of it stays.

        Args:
            source: The defaults, or a module whose `config` they are, as files in `config/` have
                it.
            key: The section, such as "shop".
            deep: Merge dicts within dicts, too; without it, the application's stand for the whole.

        Source: Laravel 13, ServiceProvider::mergeConfigFrom and replaceConfigRecursivelyFrom.

        Example:
            >>> class ShopProvider(Provider):
            ...     def register(self) -> None:
            ...         self.merge_config({"rate": 19, "currency": "EUR"}, "shop")
        """
        defaults: Mapping[str, object] = source.config if isinstance(source, ModuleType) else source
        config = self.app.make("config")
        config.set(key, _merged(defaults, config.get(key, None) or {}, deep))

    def publishes(
        self, paths: Mapping[Any, str | PathLike[str]], tags: str | Sequence[str] = ()
    ) -> None:
        """Let `vendor:publish` copy files of this package into an application.

        Args:
            paths: What is copied -> where to, under the base of the application. What is copied is
                a file or a folder: a path within the package of this provider, as
                `importlib.resources` finds it, an absolute path, or a Traversable.
            tags: The groups they belong to, for `vendor:publish --tag=NAME`.

        Example:
            >>> class ShopProvider(Provider):
            ...     def boot(self) -> None:
            ...         self.publishes({"stubs/shop.py": "config/shop.py"}, tags="shop-config")
        """
        groups = (tags,) if isinstance(tags, str) else tuple(tags)
        self.published += [Publication(source, target, groups) for source, target in paths.items()]

    def load_translations_from(
        self, path: str | PathLike[str], namespace: str | None = None
    ) -> None:
        """Take lines of text from a folder of this package, once anybody asks for a line.

        Args:
            path: A folder with one for each locale: within the package of this provider, or
                absolute.
            namespace: What stands before "::" in the keys of the lines; without one, they join the
                application's own, and win over them.

        Source: Laravel 13, ServiceProvider::loadTranslationsFrom.

        Example:
            >>> class ShopProvider(Provider):
            ...     def boot(self) -> None:
            ...         self.load_translations_from("lang", "shop")
        """
        folder = os.path.join(self._package_folder(), path)  # noqa: PTH118  # pathlib is slow to load

        def add(translator: Any) -> None:
            if namespace is None:
                translator.add_path(folder)
            else:
                translator.add_namespace(namespace, folder)

        self.call_after_resolving("translator", add)

    def load_views_from(self, path: str | PathLike[str], namespace: str) -> None:
        """Take views from a folder of this package, once anybody asks for a view.

        Args:
            path: The folder: within the package of this provider, or absolute.
            namespace: What stands before "::" in their names. The application's own win, which lie
                in ``vendor/<namespace>/`` of its views.

        Source: Laravel 13, ServiceProvider::loadViewsFrom.

        Example:
            >>> class ShopProvider(Provider):
            ...     def boot(self) -> None:
            ...         self.load_views_from("views", "shop")
        """
        folder = os.path.join(self._package_folder(), path)  # noqa: PTH118  # pathlib is slow to load

        def add(views: Any) -> None:
            views.add_namespace(namespace, folder)

        self.call_after_resolving("view", add)

    def optimizes(
        self, optimize: Task | None = None, clear: Task | None = None, key: str | None = None
    ) -> None:
        """Have `optimize` and `optimize:clear` do something for this provider, too.

        Args:
            optimize: What `optimize` does: a command by its name, or a function.
            clear: What `optimize:clear` does.
            key: What it is called in their output, and what `--except` skips it by; the name of
                this provider in dashes, without "Provider", unless given.
        """
        self.optimizing[key or self._short_name()] = (optimize, clear)

    def reloads(self, reload: Task, key: str | None = None) -> None:
        """Have `reload` do something for this provider, too; see :meth:`optimizes`."""
        self.reloading[key or self._short_name()] = reload

    def _package_folder(self) -> str:
        file = getattr(sys.modules.get(type(self).__module__), "__file__", None)
        return os.path.dirname(os.path.abspath(file)) if file else os.getcwd()  # noqa: PTH100, PTH109, PTH120

    def _short_name(self) -> str:
        import re

        name = type(self).__name__
        short = name.removesuffix("Provider").removesuffix("Service") or name
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", short).lower()


class Deferrable:
    """Says of a provider that it waits: it is registered when it is first needed.

    It is needed when one of the services in `provides` is asked for, or one of the events in
    `when` is dispatched. Until then its module is not imported, once `bootstrap/cache` knows it.

    Attributes:
        when: Classes or names of events that load it.

    Example:
        >>> class Ledger: ...
        >>> class LedgerProvider(Provider, Deferrable):
        ...     provides = {"ledger": Ledger}
        ...     singletons = [Ledger]

    Source: Laravel 13, Illuminate\\Contracts\\Support\\DeferrableProvider.
    """

    when: ClassVar[Sequence[type | str]] = ()


def _merged(
    defaults: Mapping[str, object], own: Mapping[str, object], deep: bool
) -> dict[str, object]:
    merged = {**defaults, **own}
    for name in own.keys() & defaults.keys() if deep else ():
        below, above = defaults[name], own[name]
        if isinstance(below, Mapping) and isinstance(above, Mapping):
            # Names of settings are strings: files of the configuration are checked for that.
            merged[name] = _merged(
                cast("Mapping[str, object]", below), cast("Mapping[str, object]", above), deep
            )
    return merged


def _pairs(bound: Mapping[Key, Key] | Sequence[Key]) -> list[tuple[Key, Key]]:
    """Return key and what is built for it; a key alone is built itself."""
    if isinstance(bound, Mapping):
        return list(bound.items())
    return [(each, None) for each in bound]
