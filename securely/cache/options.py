"""CacheOptions: the stores, the default one, and what stands before each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from securely.config.dsn import with_redis_url
from securely.support.options import Options, Seconds, kind_by, one_of
from securely.support.suggest import did_you_mean

__all__ = [
    "ArrayOptions",
    "CacheOptions",
    "CustomOptions",
    "DiskOptions",
    "FailoverOptions",
    "NullOptions",
    "RedisOptions",
    "StoreOptions",
    "default_stores",
    "location",
    "store_options",
]


class StoreOptions(Options):
    """What every store may be told."""

    prefix: str | None = None
    """Stands before each key; None for the one of the cache."""
    events: bool = True
    """Whether this store tells of what happens, where anybody listens."""


class ArrayOptions(StoreOptions):
    """A store in memory."""

    driver: Literal["array"]
    entries_max: int = Field(default=10_000, ge=1)
    """The one used longest ago goes when there are more; some ten megabytes of small values."""
    serialize: bool = True
    """False keeps the objects themselves: faster, and shared with whoever stored them."""


class DiskOptions(StoreOptions):
    """A store in a directory, for all processes of one machine."""

    driver: Literal["disk"]
    path: str = "storage/framework/cache"
    """The directory; what begins with ``storage/`` lies under the application's storage."""
    size_bytes_max: int = Field(default=2**30, ge=2**20)
    """How much room values may take before *eviction* removes some: one gibibyte."""
    value_bytes_max: int = Field(default=2**26, ge=1)
    """The largest value: 64 mebibytes. Larger things are files, not cache entries."""
    eviction: Literal[
        "least-recently-stored", "least-recently-used", "least-frequently-used", "none"
    ] = "least-recently-stored"
    """What goes when there is no room. The two that look at use write at each read."""
    busy_seconds: Seconds = Field(default=5.0, gt=0)
    """How long a writer waits for another before the store counts as unavailable."""

    @field_validator("path")
    @classmethod
    def _is_some(cls, path: str) -> str:
        if not path.strip():
            raise ValueError("must name a directory")
        return path


class NullOptions(StoreOptions):
    """A store that keeps nothing."""

    driver: Literal["null"]


class RedisOptions(StoreOptions):
    """A store on a Redis or Valkey server, for all machines that reach it."""

    driver: Literal["redis"]
    url: str | None = Field(default=None, repr=False)
    """``redis://user:password@host:port/database``, ``rediss://…`` or ``unix:///path``: what it
    says wins over the settings below."""
    host: str = "127.0.0.1"
    """The server's name or address."""
    port: int = Field(default=6379, ge=1, le=65_535)
    """The server's TCP port."""
    path: str | None = None
    """The server's Unix socket; it wins over host and port."""
    database: int = Field(default=0, ge=0)
    """The number of the database."""
    username: str | None = None
    """The server's default user where it is empty."""
    password: SecretStr | None = None
    """The user's password."""
    tls: bool = False
    """Whether the connection is encrypted."""
    timeout_seconds: Seconds = Field(default=2.0, gt=0)
    """How long an answer is waited for before the store counts as unavailable; in sync code, how
    long the server may be silent while it answers."""
    connect_timeout_seconds: Seconds = Field(default=2.0, gt=0)
    """How long a connection is waited for."""
    retries: int = Field(default=1, ge=0)
    """How many times a read is sent again when its connection breaks; a write never is."""
    connections_max: int = Field(default=64, ge=1)
    """How many connections one event loop may have; threads have one each."""
    value_bytes_max: int = Field(default=2**26, ge=1)
    """The largest value: 64 mebibytes."""

    @model_validator(mode="before")
    @classmethod
    def _from_url(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return with_redis_url(cast("Mapping[str, Any]", data), "path")


class FailoverOptions(StoreOptions):
    """Several stores: each operation goes to the first that answers."""

    driver: Literal["failover"]
    stores: tuple[str, ...] = ()
    """The names of the stores, the first one first."""
    retry_seconds: Seconds = Field(default=5.0, ge=0)
    """For how many seconds a store that failed is left alone; 0 to try it with every operation."""
    prefix: str | None = ""
    """Its stores have prefixes of their own; this one stands behind those."""
    events: bool = False
    """Its stores tell what happens; True to have it told for this one as well."""

    @field_validator("stores")
    @classmethod
    def _are_some(cls, stores: tuple[str, ...]) -> tuple[str, ...]:
        if not stores:
            raise ValueError("must name at least one store")
        if len(set(stores)) < len(stores):
            raise ValueError("must not name a store twice")
        return stores


class CustomOptions(StoreOptions):
    """A store whose driver the application adds by ``Cache.extend``; it may have any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


_kind = kind_by("driver", lambda: _CLASSES)

OneStore: TypeAlias = (
    ArrayOptions | DiskOptions | FailoverOptions | NullOptions | RedisOptions | CustomOptions
)
AnyStore: TypeAlias = Annotated[
    Annotated[ArrayOptions, Tag("array")]
    | Annotated[DiskOptions, Tag("disk")]
    | Annotated[FailoverOptions, Tag("failover")]
    | Annotated[NullOptions, Tag("null")]
    | Annotated[RedisOptions, Tag("redis")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(_kind),
]


def default_stores() -> dict[str, OneStore]:
    """Return one store of each driver, as they are where the configuration names none."""
    return {
        "array": ArrayOptions(driver="array"),
        "disk": DiskOptions(driver="disk"),
        "null": NullOptions(driver="null"),
    }


class CacheOptions(Options):
    """The section ``cache`` of the configuration."""

    # Workers use it in the process that runs no jobs, too.
    reload_class: ClassVar[str] = "restart"

    stores: dict[str, AnyStore] = Field(default_factory=default_stores)
    """The stores by name."""
    default: str = "disk"
    """The store that is used when none is named."""
    prefix: str = ""
    """Stands before each key and lock, so that several applications may share a store."""
    limiter: str | None = None
    """The store that the rate limiter counts in; the default one where none is named."""
    serializable_classes: tuple[str, ...] = ()
    """Dotted names of the enums, dataclasses and models that values may hold."""

    @field_validator("serializable_classes")
    @classmethod
    def _are_dotted(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            dotted = name.replace(":", ".")
            if name != dotted:
                raise ValueError(f'"{name}" is to be written with dots alone: "{dotted}"')
            if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
                raise ValueError(f'"{name}" names no class of a module, as "app.money.Money" does')
        return names

    @field_validator("stores")
    @classmethod
    def _failovers_end(cls, stores: dict[str, AnyStore]) -> dict[str, AnyStore]:
        for name, store in stores.items():
            if isinstance(store, FailoverOptions):
                _check_failover(name, stores)
        return stores

    @field_validator("default", "limiter")
    @classmethod
    def _is_defined(cls, named: str | None, info: ValidationInfo) -> str | None:
        if named is None:
            return None
        return one_of(named, info.data.get("stores", {named: None}), "store")


def store_options(data: Mapping[str, object], key: str) -> OneStore:
    """Return the options of one store, which stand at *key*.

    Raises:
        InvalidOptions: They are none.
    """
    return _CLASSES.get(str(data.get("driver")), CustomOptions).parse(data, key)


def location(options: StoreOptions, locate: Callable[[str], Path]) -> str:
    """Return where a store of *options* lies; empty for one that is nowhere else than here.

    Args:
        options: What is said of the store.
        locate: Gives the place of a path in the configuration.
    """
    if isinstance(options, DiskOptions):
        return str(locate(options.path).resolve())
    if isinstance(options, RedisOptions):
        return f"{options.path or f'{options.host}:{options.port}'}/{options.database}"
    return ""


def _check_failover(name: str, stores: Mapping[str, object], way: tuple[str, ...] = ()) -> None:
    """Raise ValueError if the failover *name* names a store that is not there, or itself."""
    if name in way:
        path = " -> ".join((*way[way.index(name) :], name))
        raise ValueError(f'the failover store "{name}" leads back to itself ({path})')
    store = stores[name]
    if not isinstance(store, FailoverOptions):
        return
    for each in store.stores:
        if each not in stores:
            near = did_you_mean(each, stores)
            hint = f'; did you mean "{near}"?' if near else ""
            raise ValueError(
                f'the failover store "{name}" names "{each}", which is not defined, only '
                f"{', '.join(stores)}{hint}"
            )
        _check_failover(each, stores, (*way, name))


_CLASSES: Mapping[
    str, type[ArrayOptions | DiskOptions | FailoverOptions | NullOptions | RedisOptions]
] = {
    "array": ArrayOptions,
    "disk": DiskOptions,
    "failover": FailoverOptions,
    "null": NullOptions,
    "redis": RedisOptions,
}
