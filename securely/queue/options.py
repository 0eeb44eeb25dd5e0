"""QueueOptions: the connections, the default one, and the largest payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, cast

from pydantic import (
    BeforeValidator,
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
from securely.queue.contracts import QueueLimit
from securely.support.durations import seconds
from securely.support.options import Options, Seconds, kind_by, one_of
from securely.support.suggest import did_you_mean

__all__ = [
    "ArqOptions",
    "BackgroundOptions",
    "ConnectionOptions",
    "CustomOptions",
    "DeferredOptions",
    "FailoverOptions",
    "LimitOptions",
    "NullOptions",
    "QueueOptions",
    "SqliteOptions",
    "SupervisorOptions",
    "SyncOptions",
]


def _several(value: Any) -> Any:
    """Return one duration as several of them."""
    return cast("Any", value) if isinstance(value, list | tuple) else (value,)


class LimitOptions(Options):
    """How much of one queue all workers together may do."""

    concurrency: int | None = Field(default=None, ge=1)
    """How many of its jobs may be in the hands of workers at a time."""
    rate: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,8}/[0-9]{0,6}[smhd]$")
    """How many of its jobs may be handed out in a time, such as ``100/m`` or ``5/10s``."""

    def limit(self) -> QueueLimit:
        """Return it as drivers have it."""
        if self.rate is None:
            return QueueLimit(self.concurrency)
        rate, _, time = self.rate.partition("/")
        length = seconds(time if time[0].isdigit() else f"1{time}")
        return QueueLimit(self.concurrency, int(rate), length)


class ConnectionOptions(Options):
    """What every connection may be told."""

    queue: str = Field("default", min_length=1, max_length=255)
    """Where jobs go that name no queue."""
    queues: dict[Annotated[str, Field(min_length=1, max_length=255)], LimitOptions] = Field(
        default_factory=dict
    )
    """The application's other queues, as a list or with the limits of each: what is named here is
    no slip where a worker is told to work it, and is what may have been meant by one."""
    metrics_seconds: Seconds = Field(default=86_400.0, ge=0, le=31_536_000)
    """How long what workers measure is kept, by the minute: a day; 0 for not at all."""
    after_commit: bool = False
    """Whether jobs that say nothing themselves wait for the open transaction to commit."""

    @field_validator("queues", mode="before")
    @classmethod
    def _are_named(cls, queues: Any) -> Any:
        if isinstance(queues, list | tuple):
            return {name: {} for name in queues}  # pyright: ignore[reportUnknownVariableType]
        return queues

    def limits(self) -> dict[str, QueueLimit]:
        """Return the limits of those queues that have any."""
        limits = {name: each.limit() for name, each in self.queues.items()}
        return {name: limit for name, limit in limits.items() if limit != QueueLimit()}


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
    connections: list[str] = Field(default_factory=list)
    """Their names, in the order in which they are asked."""


class ArqOptions(ConnectionOptions):
    """A Redis or Valkey server, for all machines that reach it."""

    driver: Literal["arq"]
    url: str | None = Field(default=None, repr=False)
    """``redis://user:password@host:port/database``, ``rediss://…`` or ``unix:///path``: what it
    says wins over the settings below."""
    host: str = "127.0.0.1"
    """The server's name or address."""
    port: int = Field(default=6379, ge=1, le=65_535)
    """The server's TCP port."""
    socket: str | None = None
    """The path of the server's Unix socket; it wins over host and port."""
    database: int = Field(default=0, ge=0)
    """The number of the database."""
    username: str | None = None
    """The server's default user where it is empty."""
    password: SecretStr | None = None
    """The user's password."""
    tls: bool = False
    """Whether the connection is encrypted."""
    sentinels: tuple[str, ...] = ()
    """Sentinels, each as ``host:port``, who are asked where the server is; host and port are not
    read then."""
    service: str = "mymaster"
    """What the sentinels call the server."""
    timeout_seconds: Seconds = Field(default=5.0, gt=0, le=60)
    """How long an answer is waited for before the server counts as unavailable."""
    connect_timeout_seconds: Seconds = Field(default=2.0, gt=0, le=60)
    """How long a connection is waited for."""
    prefix: str = Field(default="securely:", max_length=100, pattern=r"^[^@\s]*$")
    """What the names of our keys begin with. Those that arq reads keep arq's names, so that two
    applications on one server need two databases."""
    path: str = "storage/framework/arq"
    """A directory on a local disk for the files of this machine's workers."""
    lease_seconds: Seconds = Field(default=30.0, ge=1, le=3600)
    """How long a worker may be silent before its jobs go to others. On its own machine a dead one
    is noticed at once; this is for machines that are gone."""
    result_seconds: Seconds = Field(default=60.0, ge=0, le=31_536_000)
    """How long arq's record of a finished job is kept, for ``arq.jobs.Job``; 0 for not at all."""
    durability: Literal["default", "aof", "replicated"] = "default"
    """What a dispatch waits for: the server's word; its append-only file on the disk (WAITAOF,
    Redis 7.2 and later); a replica (WAIT)."""
    functions: tuple[str, ...] = ()
    """Functions of plain arq, as ``package.module.name``, that our workers run too: no other."""

    @model_validator(mode="before")
    @classmethod
    def _from_url(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return with_redis_url(cast("Mapping[str, Any]", data), "socket")

    @field_validator("sentinels")
    @classmethod
    def _have_ports(cls, sentinels: tuple[str, ...]) -> tuple[str, ...]:
        for place in sentinels:
            host, _, port = place.rpartition(":")
            if not host or not port.isdigit():
                raise ValueError(f'has "{place}", which is not host:port')
        return sentinels


class CustomOptions(ConnectionOptions):
    """A connection whose driver comes from `Queue.extend`; it may have any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


_OURS: Final = frozenset({"arq", "background", "deferred", "failover", "null", "sqlite", "sync"})


_WORKED: Final = frozenset({"arq", "sqlite"})


_kind = kind_by("driver", lambda: _OURS)

AnyConnection: TypeAlias = Annotated[
    Annotated[SyncOptions, Tag("sync")]
    | Annotated[SqliteOptions, Tag("sqlite")]
    | Annotated[ArqOptions, Tag("arq")]
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


class SupervisorOptions(Options):
    """Some queues, and how many processes work them: a part of ``queue.supervisors``."""

    connection: str = ""
    """Where the jobs wait; empty for the default connection."""
    queues: list[str] = Field(default_factory=list)
    """What is served; without any, the connection's default queue."""
    balance: Literal["auto", "simple", False] = "auto"
    """Whether processes go to queues by their load, to each as many, or all serve all queues in
    strict order (False)."""
    strategy: Literal["time", "size"] = "time"
    """Whether load is the time that a queue's jobs will take, or their number."""
    min_processes: int = Field(1, ge=1, le=1000)
    """How many processes each queue has at least; without balance, all queues together."""
    max_processes: int = Field(1, ge=1, le=1000)
    """How many processes there are at most for all queues together."""
    balance_max_shift: int = Field(1, ge=1, le=1000)
    """How many processes of a queue come or go at once."""
    balance_cooldown: Seconds = Field(3.0, ge=0.1, le=3600)
    """How many seconds lie between two looks at the load."""
    nice: int = Field(0, ge=0, le=19)
    """The number of steps by which the processes are less urgent to the operating system."""
    max_time: Seconds | None = Field(None, ge=0)
    """After how many seconds a process is replaced; None, here and below, for what queue:work
    does by itself."""
    max_jobs: int | None = Field(None, ge=0)
    """After how many jobs a process is replaced."""
    memory: int | None = Field(None, ge=0)
    """How many MiB a process may use: beyond, it is replaced. A number of 0 is no limit."""
    tries: int | None = Field(None, ge=0)
    """How many times a job may fail that says nothing itself."""
    timeout: Seconds | None = Field(None, ge=0)
    """How many seconds a job may run that says nothing itself."""
    backoff: Annotated[tuple[Seconds, ...], BeforeValidator(_several)] = ()
    """How many seconds a failed job waits that says nothing itself: the first time, the second …"""
    rest: Seconds | None = Field(None, ge=0)
    """How many seconds a process rests after each job."""
    sleep: Seconds | None = Field(None, ge=0)
    """How many seconds lie between looks of an idle process that nobody wakes."""
    force: bool = False
    """Whether jobs run in maintenance mode, too."""


class QueueOptions(Options):
    """The section ``queue`` of the configuration."""

    # Workers use it in the process that runs no jobs, too.
    reload_class: ClassVar[str] = "restart"

    connections: dict[str, AnyConnection] = Field(default_factory=_one_of_each)
    """The connections by name; one of each driver by default."""
    default: str = "sqlite"
    """The connection that is used when none is named: it needs no server and loses nothing."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Where classes of jobs, listeners and middleware, and functions of tasks and callbacks, have
    moved: the path that older payloads name, and the path of today, as "package.module:Name"."""
    payload_bytes_max: int = Field(1024 * 1024, ge=1024, le=512 * 1024 * 1024)
    """The largest payload of a job: one mebibyte. Larger data belong into a file or a store."""
    supervisors: dict[str, dict[str, SupervisorOptions]] = Field(default_factory=dict)
    """What queue:supervise keeps, by environment (a name, or a pattern such as "*") and name;
    what "defaults" says of a name holds in each environment."""
    waits: dict[str, Seconds] = Field(default_factory=dict)
    """For how many seconds jobs of a queue ("mail", or "arq:mail") may wait before a worker tells
    LongWaitDetected."""
    outboxes: tuple[str, ...] = ()
    """SQLite files of the application whose outboxes each queue:work moves to their connections."""
    fast_termination: bool = False
    """Whether a new queue:supervise may begin while the old one's workers finish their jobs."""

    @field_validator("connections")
    @classmethod
    def _are_members(cls, connections: dict[str, AnyConnection]) -> dict[str, AnyConnection]:
        for name, each in connections.items():
            if each.driver in _OURS - _WORKED and (limited := [*each.limits()]):
                reason = f'its driver "{each.driver}" has no workers of its own'
                raise ValueError(f'"{name}" limits the queue "{limited[0]}", and {reason}')
        several = {name: each for name, each in connections.items() if each.driver == "failover"}
        for name, options in several.items():
            members = cast(FailoverOptions, options).connections
            if not members:
                raise ValueError(f"{name}.connections names no connections to hand jobs to")
            for member in members:
                if member not in connections:
                    near = did_you_mean(member, connections)
                    hint = f'; did you mean "{near}"?' if near else ""
                    reason = f'names "{member}", which is not defined{hint}'
                    raise ValueError(f"{name}.connections {reason}")
                if member in several:
                    reason = "which stands for several connections itself; name those"
                    raise ValueError(f'{name}.connections names "{member}", {reason}')
        return connections

    @field_validator("default")
    @classmethod
    def _is_defined(cls, default: str, info: ValidationInfo) -> str:
        return one_of(default, info.data.get("connections", {default: None}), "connection")

    def supervised(self) -> tuple[tuple[str, str], ...]:
        """Return the queues that supervisors of any environment name, each behind its connection.

        Example:
            >>> here = {"supervisors": {"*": {"mail": {"queues": ["mail"]}}}}
            >>> QueueOptions.parse(here, "queue").supervised()
            (('sqlite', 'mail'),)
        """
        # What "defaults" says of a name holds where an environment says nothing of it.
        defaults = self.supervisors.get("defaults", {})
        found: dict[tuple[str, str], None] = {}
        for environment in self.supervisors.values():
            for name, options in environment.items():
                base = defaults.get(name, options)
                connection = options.connection or base.connection or self.default
                for queue in options.queues or base.queues:
                    found[connection, queue] = None
        return tuple(found)
