"""CacheManager: the stores, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias, cast

from securely.cache.contracts import Seal, Store
from securely.cache.exceptions import (
    EntryRefused,
    StoreUnavailable,
    UnknownDriver,
    UnknownStore,
)
from securely.cache.place import Defer, Events, Memory, Place, Ttl
from securely.cache.repository import Repository
from securely.exceptions import ConfigurationError
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager

__all__ = ["CacheManager", "Materials", "StoreDefinition", "StoreFactory"]


class StoreDefinition(Definition, Protocol):
    """What the configuration says of a store; each driver reads further settings of its own."""

    @property
    def prefix(self) -> str | None:
        """What stands before each key; None for the cache's own."""
        ...

    @property
    def events(self) -> bool:
        """Whether the store tells of what happens."""
        ...


StoreFactory: TypeAlias = Callable[[str, Any], Store | Repository]
"""What builds a store of a driver: its name, and what the configuration says of it."""


def _no_seal() -> Seal:
    raise ConfigurationError(
        "This store signs what it keeps, and was given no key to sign with. "
        "Build the cache manager with Materials(seal=…)."
    )


def _no_stores(name: str) -> Repository:
    raise UnknownStore(name, ())


@dataclass(frozen=True, slots=True)
class Materials:
    """What the drivers of Securely are built from, besides their options.

    Args:
        locate: Gives the place of a path in the configuration.
        seal: Gives what signs; called when a store that signs is first used.
        report: Told of each entry that a store refuses, and of each outage of a failover's store.
        classes: Dotted names of the classes that values may hold.
        memory: Gives what `memo` remembers in: that of the current scope. None for one that lasts
            as long as the manager.
        defer: What does something when the request, the job or the command is over.
        current: Gives the cache of the current application, if there is one: what functions ask
            that are cached; those of a module outlive an application of a test.
        store: Gives another store by name; the manager's own.
        events: Who is told what happens; the manager's own.
    """

    locate: Callable[[str], Path] = Path
    seal: Callable[[], Seal] = _no_seal
    report: Callable[[EntryRefused | StoreUnavailable], None] = lambda _: None
    classes: tuple[str, ...] = ()
    memory: Callable[[], Memory] | None = None
    defer: Defer | None = None
    current: Callable[[], Repository | None] = lambda: None
    store: Callable[[str], Repository] = _no_stores
    events: Events | None = None
    setting: ClassVar[str] = "cache.serializable_classes"

    def resolve(self, name: str) -> type | None:
        """Return the class called *name*, if values may hold it."""
        if name not in self.classes:
            return None
        found = import_object(name)
        return found if isinstance(found, type) else None


# What stands before a store, and is no store of the configuration.
_MEMO: Final = {"memo": "securely.cache.drivers.memo:MemoStore"}


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials, /) -> Store: ...


class CacheManager(Manager[Repository], Repository):
    """The stores by name, each built on first use, and itself the default one.

    ``Cache.get(…)`` and ``Cache.store("array").get(…)`` are the same method.

    Args:
        default: The store that is used when none is named.
        definitions: What the configuration says of each store.
        prefix: Stands before each key, where a store has no prefix of its own.
        events: Who is told what happens; None for nobody.
        materials: What the drivers are built from.

    Example:
        >>> from securely.cache.options import ArrayOptions
        >>> cache = CacheManager("memory", {"memory": ArrayOptions(driver="array")})
        >>> cache.put("key", "value", "10m")
        True
        >>> cache.store("memory").get("key")
        'value'
    """

    kind = "Cache store"
    drivers: ClassVar[Mapping[str, str]] = {
        "array": "securely.cache.drivers.array:ArrayStore",
        "disk": "securely.cache.drivers.disk:DiskStore",
        "failover": "securely.cache.drivers.failover:FailoverStore",
        "null": "securely.cache.drivers.null:NullStore",
        "redis": "securely.cache.drivers.redis:RedisStore",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, StoreDefinition],
        *,
        prefix: str = "",
        events: Events | None = None,
        materials: Materials | None = None,
    ) -> None:
        super().__init__(default, definitions)
        self._prefix = prefix
        self._events = events
        self._materials = replace(materials or Materials(), store=self.store, events=events)
        self._memory = Memory()
        # One for each store, so that those who remember the same key wait for each other.
        self._memos: dict[str, tuple[Repository, Repository]] = {}

    @property
    def place(self) -> Place:
        """Where the default store keeps its values."""
        return self._instance().place

    @property
    def default_cache_time(self) -> Ttl:
        """How long what is set as an item of the default store is kept."""
        return self._instance().default_cache_time

    @default_cache_time.setter
    def default_cache_time(self, ttl: Ttl) -> None:
        """Keep items of the default store for *ttl*."""
        self._instance().default_cache_time = ttl

    def store(self, name: str | None = None) -> Repository:
        """Return the store *name*, or the default one.

        Raises:
            UnknownStore: It is not defined.
            UnknownDriver: Nobody provides its driver.
        """
        return self._instance(name)

    def memo(self, name: str | None = None) -> Repository:
        """Return the store *name*, or the default one, behind a memory of the current scope.

        Within one request, job or command a key is read from the store once, be it absent or
        there; whatever is written through the memo makes it be read again. Outside of any scope
        the memory lasts until the container forgets its scoped instances.

        Raises:
            UnknownStore: It is not defined.

        Source: Laravel 13, Illuminate\\Cache\\CacheManager::memo.
        """
        wanted = self._default if name is None else name
        inner = self.store(wanted)
        known = self._memos.get(wanted)
        if known is None or known[0] is not inner:
            make = cast("Callable[..., Store]", import_object(_MEMO["memo"]))
            memory = self._materials.memory or (lambda: self._memory)
            store, place = make(inner, memory), inner.place
            memo = Repository.at(
                replace(place, store=store, prefix="", events=None, root=place.root + place.prefix)
            )
            memo.default_cache_time = inner.default_cache_time
            known = self._memos[wanted] = inner, memo
        return known[1]

    def build(self, definition: Mapping[str, object]) -> Repository:
        """Return a store that is defined here and now; it is not kept.

        It is called after its driver and where it lies, and so is what it signs: nobody can move
        a row to a store that lies elsewhere.

        Args:
            definition: What would stand in the configuration: ``{"driver": "array"}``.

        Raises:
            ConfigurationError: The definition is not one.
        """
        from securely.cache.options import location, store_options  # pydantic: not before

        options = store_options(definition, "cache.build")
        where = location(options, self._materials.locate)
        return self._build(f"{options.driver}@{where}" if where else options.driver, options)

    def extend(self, driver: str, factory: StoreFactory) -> None:
        """Let *factory* build the stores of *driver*; it wins over one of ours.

        Args:
            driver: The name, as in the configuration.
            factory: Given the store's name and definition, returns a Store (or a Repository of
                one's own making, prefix and events included).
        """
        super().extend(driver, lambda name, options: self._repository(name, options, factory))

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        for name, repository in self._built().items():
            await repository.aclose()
            self.drop(name)

    def _current(self) -> Repository:
        return self._materials.current() or self

    def _driver(self, name: str, driver: str) -> Driver[Repository]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("type[_Buildable]", import_object(self.drivers[driver]))
        return lambda name, options: self._repository(
            name, options, lambda name, options: cls.build(name, options, self._materials)
        )

    def _repository(self, name: str, options: Any, factory: StoreFactory) -> Repository:
        made = factory(name, options)
        if isinstance(made, Repository):
            return made
        prefix = self._prefix if options.prefix is None else options.prefix
        events = self._events if options.events else None
        defer = self._materials.defer
        return Repository(made, name=name, prefix=prefix, events=events, defer=defer)

    def _undefined(self, name: str) -> Exception:
        return UnknownStore(name, self.names())

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        return UnknownDriver(driver, name, {*self.drivers, *self._extensions})
