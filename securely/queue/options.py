"""QueueOptions: the connections, the default one, and the largest payload."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, cast

from pydantic import ConfigDict, Discriminator, Field, Tag, ValidationInfo, field_validator

from securely.support.options import Options, Seconds
from securely.support.suggest import did_you_mean

__all__ = [
    "BackgroundOptions",
    "ConnectionOptions",
    "CustomOptions",
    "DeferredOptions",
    "FailoverOptions",
    "NullOptions",
    "QueueOptions",
    "SqliteOptions",
    "SyncOptions",
]


class ConnectionOptions(Options):
    """What every connection may be told."""

    queue: str = Field("default", min_length=1, max_length=255)
    """Where jobs go that name no queue."""
    after_commit: bool = False
    """Whether jobs that say nothing themselves wait for the open transaction to commit."""


class SyncOptions(ConnectionOptions):
    """Runs jobs at once, in the caller."""

    driver: Literal["sync"]


class NullOptions(ConnectionOptions):
    """Drops jobs."""

    driver: Literal["null"]


class SqliteOptions(ConnectionOptions):
    """One SQLite file, for all processes of one machine."""

    driver: Literal["sqlite"]
    path: str = "storage/framework/queue"
    """A directory on a local disk, made for its owner only."""
    durability: Literal["default", "strict", "relaxed"] = "default"
    """What survives a power cut: accepted jobs; settlements as well; neither. A crash of any
    process costs nothing with each of them."""
    busy_seconds: Seconds = Field(30.0, gt=0, le=600)
    """How long one process waits for another's transaction, which takes a millisecond."""
    lease_seconds: Seconds = Field(30.0, ge=1, le=3600)
    """How long a worker that lives may be silent (stopped, swapped out) before its jobs go to
    others. A dead worker is noticed at once; this is for those that are neither."""


class DeferredOptions(ConnectionOptions):
    """Runs jobs in the caller, after the response or the command's end."""

    driver: Literal["deferred"]
    always: bool = False
    """Whether jobs run, too, when the request or command ended in an error."""


class BackgroundOptions(ConnectionOptions):
    """Runs jobs in processes of their own, started after the response or the command's end."""

    driver: Literal["background"]
    always: bool = False
    """Whether jobs run, too, when the request or command ended in an error."""
    output: str = "storage/logs/background.log"
    """The file that takes what these processes print."""


class FailoverOptions(ConnectionOptions):
    """Hands jobs to the first of several connections that takes them."""

    driver: Literal["failover"]
    connections: list[str] = Field(min_length=1)
    """Their names, in the order in which they are asked."""


class CustomOptions(ConnectionOptions):
    """A connection whose driver comes from `Queue.extend`; it may have any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


_OURS: Final = frozenset({"background", "deferred", "failover", "null", "sqlite", "sync"})


def _kind(data: Any) -> str:
    """Return which of the classes above *data* is for."""
    written = cast("dict[str, Any]", data).get if isinstance(data, dict) else partial(getattr, data)
    driver = str(written("driver", ""))
    return driver if driver in _OURS else "custom"


AnyConnection: TypeAlias = Annotated[
    Annotated[SyncOptions, Tag("sync")]
    | Annotated[SqliteOptions, Tag("sqlite")]
    | Annotated[DeferredOptions, Tag("deferred")]
    | Annotated[BackgroundOptions, Tag("background")]
    | Annotated[FailoverOptions, Tag("failover")]
    | Annotated[NullOptions, Tag("null")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(_kind),
]


def _one_of_each() -> dict[str, AnyConnection]:
    """Return the connections of an application that configures none."""
    return {
        "sync": SyncOptions.parse({"driver": "sync"}, "queue.connections.sync"),
        "sqlite": SqliteOptions.parse({"driver": "sqlite"}, "queue.connections.sqlite"),
        "null": NullOptions.parse({"driver": "null"}, "queue.connections.null"),
    }


class QueueOptions(Options):
    """The section ``queue`` of the configuration."""

    connections: dict[str, AnyConnection] = Field(default_factory=_one_of_each)
    """The connections by name; one of each driver by default."""
    default: str = "sqlite"
    """The connection that is used when none is named: it needs no server and loses nothing."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Where job classes have moved: the path that older payloads name, and the path of today,
    both as "package.module:Name"."""
    payload_bytes_max: int = Field(1024 * 1024, ge=1024, le=512 * 1024 * 1024)
    """The largest payload of a job: one mebibyte. Larger data belong into a file or a store."""

    @field_validator("connections")
    @classmethod
    def _are_members(cls, connections: dict[str, AnyConnection]) -> dict[str, AnyConnection]:
        several = {name: each for name, each in connections.items() if each.driver == "failover"}
        for name, options in several.items():
            for member in cast(FailoverOptions, options).connections:
                if member not in connections:
                    near = did_you_mean(member, connections)
                    hint = f'; did you mean "{near}"?' if near else ""
                    raise ValueError(f'"{name}" names "{member}", which is not defined{hint}')
                if member in several:
                    reason = "which stands for several connections itself; name those"
                    raise ValueError(f'"{name}" names "{member}", {reason}')
        return connections

    @field_validator("default")
    @classmethod
    def _is_defined(cls, default: str, info: ValidationInfo) -> str:
        connections = info.data.get("connections", {default: None})
        if default not in connections:
            near = did_you_mean(default, connections)
            hint = f'; did you mean "{near}"?' if near else ""
            raise ValueError(f"no such connection is defined, only {', '.join(connections)}{hint}")
        return default
