"""StoreOptions: the databases, the default one, and the classes that values may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, ValidationInfo, field_validator

from securely.support.options import Options, Seconds, kind_by, one_of

__all__ = [
    "ArrayOptions",
    "CustomOptions",
    "DatabaseOptions",
    "LmdbOptions",
    "SqliteOptions",
    "StoreOptions",
    "database_options",
    "default_databases",
]


class DatabaseOptions(Options):
    """What every database may be told."""

    value_bytes_max: int = Field(default=2**24, ge=1)
    """The largest value: 16 mebibytes. Larger things are files, not rows."""
    busy_seconds: Seconds = Field(default=5.0, gt=0)
    """How long a writer waits for another; longer than any transaction should take."""


class ArrayOptions(DatabaseOptions):
    """A database in memory, of this process alone."""

    driver: Literal["array"]


class SqliteOptions(DatabaseOptions):
    """A database in one SQLite file, for all processes of one machine."""

    driver: Literal["sqlite"]
    path: str = "storage/app/store"
    """The directory; what begins with ``storage/`` lies under the application's storage."""
    durability: Literal["full", "normal", "relaxed"] = "full"
    """What a write that has returned survives: a power cut, any crash of a process, or a crash
    only, with a file that a power cut may damage."""


class LmdbOptions(DatabaseOptions):
    """A database in an LMDB environment, for all processes of one machine; the extra ``lmdb``."""

    driver: Literal["lmdb"]
    path: str = "storage/app/store-lmdb"
    """The directory; what begins with ``storage/`` lies under the application's storage."""
    durability: Literal["full", "normal", "relaxed"] = "full"
    """As for ``sqlite``; at "normal" a power cut may take the last transaction."""
    size_bytes_max: int = Field(default=2**30, ge=2**20)
    """How large it may become: one gibibyte. The file takes only what is in use."""


class CustomOptions(DatabaseOptions):
    """A database whose driver the application adds by ``Store.extend``; with any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


_kind = kind_by("driver", lambda: _CLASSES)

OneDatabase: TypeAlias = ArrayOptions | SqliteOptions | LmdbOptions | CustomOptions
AnyDatabase: TypeAlias = Annotated[
    Annotated[ArrayOptions, Tag("array")]
    | Annotated[SqliteOptions, Tag("sqlite")]
    | Annotated[LmdbOptions, Tag("lmdb")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(_kind),
]


def default_databases() -> dict[str, OneDatabase]:
    """Return the databases that there are where the configuration names none."""
    return {
        "array": ArrayOptions(driver="array"),
        "sqlite": SqliteOptions(driver="sqlite"),
        "lmdb": LmdbOptions(driver="lmdb"),
    }


class StoreOptions(Options):
    """The section ``store`` of the configuration."""

    # Workers use it in the process that runs no jobs, too.
    reload_class: ClassVar[str] = "restart"

    databases: dict[str, AnyDatabase] = Field(default_factory=default_databases)
    """The databases by name; the name is part of what is signed."""
    default: str = "sqlite"
    """The database that is used when none is named."""
    serializable_classes: tuple[str, ...] = ()
    """Dotted names of the enums, dataclasses and models that values may hold."""

    @field_validator("default")
    @classmethod
    def _is_defined(cls, default: str, info: ValidationInfo) -> str:
        return one_of(default, info.data.get("databases", {default: None}), "database")


def database_options(data: Mapping[str, object], key: str) -> OneDatabase:
    """Return the options of one database, which stand at *key*.

    Raises:
        InvalidOptions: They are none.
    """
    return _CLASSES.get(str(data.get("driver")), CustomOptions).parse(data, key)


_CLASSES: Mapping[str, type[ArrayOptions | SqliteOptions | LmdbOptions]] = {
    "array": ArrayOptions,
    "sqlite": SqliteOptions,
    "lmdb": LmdbOptions,
}
