"""StoreManager: the databases, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias, cast

from securely.encryption import Keeper, NewKeys
from securely.exceptions import ConfigurationError
from securely.store.arguments import check_engine, made
from securely.store.codec import Codec, Seal
from securely.store.contracts import Engine
from securely.store.database import DEFAULT_TREE, Database
from securely.store.exceptions import UnknownDatabase, UnknownDriver
from securely.store.tree import Bound
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager

__all__ = ["PURPOSE", "DatabaseDefinition", "EngineFactory", "Materials", "StoreManager"]

PURPOSE: Final = "store"
"""What the key is called that signs rows: no other part of the application has the same."""


class DatabaseDefinition(Definition, Protocol):
    """What the configuration says of a database; each driver reads further settings of its own."""

    @property
    def value_bytes_max(self) -> int:
        """The largest value that is taken."""
        ...


EngineFactory: TypeAlias = Callable[[str, Any], Engine | Database]
"""What builds a database of a driver: its name, and what the configuration says of it."""


def _no_seal() -> Seal:
    raise ConfigurationError(
        "The store signs what it keeps, and was given no key to sign with. "
        "Build the store manager with Materials(seal=…)."
    )


@dataclass(frozen=True, slots=True)
class Materials:
    """What the drivers of Securely are built from, besides their options.

    Args:
        locate: Gives the place of a path in the configuration.
        seal: Gives what signs; called when a database is first used.
        classes: Dotted names of the classes that values may hold.
    """

    locate: Callable[[str], Path] = Path
    seal: Callable[[], Seal] = _no_seal
    classes: tuple[str, ...] = ()

    def resolve(self, name: str) -> type | None:
        """Return the class called *name*, if values may hold it."""
        if name not in self.classes:
            return None
        found = import_object(name)
        return found if isinstance(found, type) else None


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials, /) -> Engine: ...


class StoreManager(Manager[Database], Database):
    """The databases by name, each built on first use, and itself the default one.

    ``Store.get(…)`` and ``Store.database("sqlite").get(…)`` are the same method.

    Args:
        default: The database that is used when none is named.
        definitions: What the configuration says of each database.
        materials: What the drivers are built from.

    Example:
        >>> from securely.encryption import KeyRing
        >>> from securely.store.options import ArrayOptions
        >>> materials = Materials(seal=lambda: KeyRing(bytes(32)).purpose("store"))
        >>> store = StoreManager("memory", {"memory": ArrayOptions(driver="array")}, materials)
        >>> store.put("key", "value")
        >>> store.database("memory").get("key")
        'value'
    """

    kind = "Database"
    drivers: ClassVar[Mapping[str, str]] = {
        "array": "securely.store.drivers.array:ArrayEngine",
        "lmdb": "securely.store.drivers.lmdb:LmdbEngine",
        "sqlite": "securely.store.drivers.sqlite:SqliteEngine",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, DatabaseDefinition],
        materials: Materials | None = None,
    ) -> None:
        super().__init__(default, definitions)
        self._materials = materials or Materials()
        self._merge = None

    @property
    def bound(self) -> Bound[Any]:
        """Where the default tree of the default database lies."""
        return self._instance().bound

    @property
    def ids(self) -> Any:
        """The numbers that this process has reserved in the default database."""
        return self._instance().ids

    def database(self, name: str | None = None) -> Database:
        """Return the database *name*, or the default one.

        Raises:
            InvalidDriver: What a driver of the application made is no engine.
            UnknownDatabase: It is not defined.
            UnknownDriver: Nobody provides its driver.
        """
        return self._instance(name)

    def build(self, definition: Mapping[str, object], name: str | None = None) -> Database:
        """Return a database that is defined here and now; it is not kept.

        Args:
            definition: What would stand in the configuration: ``{"driver": "array"}``.
            name: What it is called, which is part of what is signed. If left out, its driver and
                where it lies: so nobody can move a row to a database that lies elsewhere, but who
                moves its directory must import an export of it.

        Raises:
            ConfigurationError: The definition is not one.
        """
        from securely.store.options import database_options  # pydantic: not before it is needed

        options = database_options(definition, "store.build")
        if name is None:
            path = getattr(options, "path", None)
            where = self._materials.locate(path).resolve() if isinstance(path, str) else None
            name = options.driver if where is None else f"{options.driver}@{where}"
        return self._build(name, options)

    def extend(self, driver: str, factory: EngineFactory) -> None:
        """Let *factory* build the databases of *driver*; it wins over one of ours.

        Args:
            driver: The name, as in the configuration.
            factory: Given the database's name and definition, returns an Engine (or a Database of
                one's own making).
        """
        super().extend(driver, lambda name, options: self._made(name, options, factory))

    def keepers(self) -> Mapping[str, Keeper]:
        """Return what signs each database anew when the application's key is changed.

        Those in memory end with their process, and those that were never opened hold nothing.
        """
        return {
            f"store database {name}": partial(self._resealed, name)
            for name in self.names()
            if self._is_kept(name)
        }

    def _is_kept(self, name: str) -> bool:
        definition = self.definition(name)
        path = getattr(definition, "path", None)
        if isinstance(path, str):
            return self._materials.locate(path).exists()
        return definition.driver != "array"

    def _resealed(self, name: str, new: NewKeys) -> AbstractContextManager[int]:
        return self.database(name).resealed(new.keys.purpose(PURPOSE))

    def close(self) -> None:
        """Close every database that has been built, and drop them all."""
        built = self._built()
        for name in built:
            self.purge(name)

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        import asyncio  # who is here has imported it

        await asyncio.to_thread(self.close)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.default!r}>"

    def _driver(self, name: str, driver: str) -> Driver[Database]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("type[_Buildable]", import_object(self.drivers[driver]))
        return lambda name, options: self._made(
            name, options, lambda name, options: cls.build(name, options, self._materials)
        )

    def _made(self, name: str, options: Any, factory: EngineFactory) -> Database:
        engine = made(options.driver, name, options, factory)
        if isinstance(engine, Database):
            return engine
        materials = self._materials
        codec: Codec[Any] = Codec(
            name,
            DEFAULT_TREE,
            materials.seal(),
            resolve=materials.resolve,
            value_bytes_max=options.value_bytes_max,
        )
        return Database(check_engine(options.driver, name, engine), codec)

    def _undefined(self, name: str) -> Exception:
        return UnknownDatabase(name, self.names())

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        return UnknownDriver(driver, name, {*self.drivers, *self._extensions})
