"""CacheOptions: the stores, the default one, and what stands before each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import ConfigDict, Discriminator, Field, Tag, ValidationInfo, field_validator

from securely.support.options import Options, Seconds
from securely.support.suggest import did_you_mean

__all__ = [
    "ArrayOptions",
    "CacheOptions",
    "CustomOptions",
    "DiskOptions",
    "NullOptions",
    "StoreOptions",
    "default_stores",
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


class NullOptions(StoreOptions):
    """A store that keeps nothing."""

    driver: Literal["null"]


class CustomOptions(StoreOptions):
    """A store whose driver the application adds by ``Cache.extend``; it may have any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


def _kind(data: Any) -> str:
    """Return which of the classes above *data* is for."""
    if isinstance(data, Mapping):
        driver = cast("Mapping[str, object]", data).get("driver")
    else:
        driver = getattr(data, "driver", None)
    return str(driver) if driver in _CLASSES else "custom"


OneStore: TypeAlias = ArrayOptions | DiskOptions | NullOptions | CustomOptions
AnyStore: TypeAlias = Annotated[
    Annotated[ArrayOptions, Tag("array")]
    | Annotated[DiskOptions, Tag("disk")]
    | Annotated[NullOptions, Tag("null")]
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

    stores: dict[str, AnyStore] = Field(default_factory=default_stores)
    """The stores by name."""
    default: str = "disk"
    """The store that is used when none is named."""
    prefix: str = ""
    """Stands before each key and lock, so that several applications may share a store."""
    serializable_classes: tuple[str, ...] = ()
    """Dotted names of the enums, dataclasses and models that values may hold."""

    @field_validator("default")
    @classmethod
    def _is_defined(cls, default: str, info: ValidationInfo) -> str:
        stores = info.data.get("stores", {default: None})
        if default not in stores:
            near = did_you_mean(default, stores)
            hint = f'; did you mean "{near}"?' if near else ""
            raise ValueError(f"no such store is defined, only {', '.join(stores)}{hint}")
        return default


def store_options(data: Mapping[str, object], key: str) -> OneStore:
    """Return the options of one store, which stand at *key*.

    Raises:
        InvalidOptions: They are none.
    """
    return _CLASSES.get(str(data.get("driver")), CustomOptions).parse(data, key)


_CLASSES: Mapping[str, type[ArrayOptions | DiskOptions | NullOptions]] = {
    "array": ArrayOptions,
    "disk": DiskOptions,
    "null": NullOptions,
}
