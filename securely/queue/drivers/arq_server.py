"""ArqServer: runs scripts on one Redis server, in both colours, and names what goes wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import redis
import redis.asyncio
import redis.asyncio.connection
import redis.connection
from redis.exceptions import (
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from securely.queue.drivers.arq_pool import ArqPool
from securely.queue.drivers.arq_scripts import Script, script
from securely.queue.drivers.arq_wire import pack
from securely.queue.exceptions import QueueUnavailable, StoreFull
from securely.support import clock
from securely.support.forking import renew_after_fork
from securely.support.masking import HIDDEN
from securely.support.redis import Address

__all__ = ["ArqServer", "Durability", "Sentinels"]

Durability: TypeAlias = Literal["default", "aof", "replicated"]

# What the server says when it cannot keep anything more, and has changed nothing.
_FULL: Final = ("OOM", "MISCONF")  # redis-py has a class of its own for the first

_WAITAOF_SINCE: Final = (7, 2)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Who knows where the server is.

    Attributes:
        places: Their hosts and ports.
        service: What they call the server.
    """

    places: tuple[tuple[str, int], ...]
    service: str


class _Opened(NamedTuple):
    """The client of one event loop, and what closes it with the loop."""

    loop: asyncio.AbstractEventLoop
    pool: ArqPool
    keeper: AsyncGenerator[None, None]


class ArqServer:
    """One server, as producers and workers talk to it.

    Args:
        connection: The name of the queue connection, for errors.
        address: Where it is.
        prefix: What our own keys begin with.
        durability: What producers wait for.
        sentinels: Who is asked where it is, if anybody.
    """

    def __init__(
        self,
        connection: str,
        address: Address,
        prefix: str,
        durability: Durability = "default",
        sentinels: Sentinels | None = None,
    ) -> None:
        self.connection = connection
        self.prefix = prefix
        self.address = address
        self._durability: Durability = durability
        self.sentinels = sentinels
        self.metrics_seconds: float = 86_400.0
        self._client: Any = None
        self._asking: list[Any] = []
        self.was_checked: bool = False
        self._opened: dict[tuple[int, int], _Opened] = {}
        # The child must not talk on its parent's connections.
        renew_after_fork(self, "_client", _nothing)

    # -- scripts

    def run(self, name: str, arguments: object, *, is_push: bool = False) -> Any:
        """Run the script *name* and return its answer.

        Raises:
            StoreFull: The server has no room; nothing was written.
            QueueUnavailable: It does not answer, or refuses.
        """
        asked = script(name)
        words = self.words(arguments)
        try:
            client = self._client or self._connect()
            if is_push and self.is_durable:
                return self._run_durably(client, asked, words)
            try:
                return client.execute_command("EVALSHA", asked.digest, 0, *words)
            except NoScriptError:
                return client.execute_command("EVAL", asked.text, 0, *words)
        except QueueUnavailable:
            raise  # said already, and an OSError as well
        except (RedisError, OSError) as error:
            raise self.named(error) from error

    async def arun(self, name: str, arguments: object, *, is_push: bool = False) -> Any:
        """Async twin of :meth:`run`."""
        try:
            async with asyncio.timeout(self._patience):
                return await self.pool().script(name, arguments, is_push=is_push)
        except TimeoutError as error:
            raise self.named(error) from error

    def ask(self, *commands: Sequence[Any]) -> list[Any]:
        """Send commands together, and return their answers."""
        try:
            client = self._client or self._connect()
            with client.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                answers: list[Any] = pipeline.execute()
                return answers
        except (RedisError, OSError) as error:
            raise self.named(error) from error

    @staticmethod
    def now() -> str:
        """Return the wall time in milliseconds, as scores have it."""
        return repr(clock.timestamp() * 1_000)

    def words(self, arguments: object) -> tuple[Any, ...]:
        """Return what a script is given, in the order it expects."""
        return self.prefix, self.now(), pack(arguments)

    # -- durability

    @property
    def is_durable(self) -> bool:
        """Whether a push waits for more than the server's word."""
        return self._durability != "default"

    @property
    def waiting(self) -> tuple[object, ...]:
        """The command that returns once what was pushed is as safe as it is to be."""
        # A little less than its answer is waited for.
        milliseconds = max(1, int(self.address.timeout_seconds * 800))
        if self._durability == "aof":
            return ("WAITAOF", 1, 0, milliseconds)
        return ("WAIT", 1, milliseconds)

    def _run_durably(self, client: Any, asked: Script, words: tuple[Any, ...]) -> Any:
        if not self.was_checked:
            self.check(client.info())
        with client.pipeline(transaction=False) as pipeline:
            # By its text: a digest that the server does not know would cost a second answer.
            pipeline.execute_command("EVAL", asked.text, 0, *words)
            pipeline.execute_command(*self.waiting)
            return self.safe(*pipeline.execute())

    def check(self, info: dict[str, Any]) -> None:
        """Refuse before anything is accepted what the server cannot promise."""
        if self._durability == "aof":
            version = str(info.get("redis_version", "0"))
            if not int(info.get("aof_enabled", 0)):
                lacks = 'writes no append-only file. Set "appendonly yes" there'
            elif tuple(map(int, version.split(".")[:2])) < _WAITAOF_SINCE:
                lacks = f"is of version {version}, and WAITAOF came with 7.2. Replace it"
            else:
                lacks = ""
            if lacks:
                reason = f'durability is "aof", and {self.place} {lacks}, or use "default"'
                raise QueueUnavailable(self.connection, reason)
        self.was_checked = True

    def safe(self, answer: Any, waited: Any) -> Any:
        """Return *answer* if what was pushed is where it is to be."""
        reached = waited[0] if self._durability == "aof" else waited
        if not reached:
            where = "on its disk" if self._durability == "aof" else "with a replica"
            reason = (
                f"it accepted the job, and did not have it {where} within "
                f"{self.address.timeout_seconds:g} seconds; the job may run all the same"
            )
            raise QueueUnavailable(self.connection, reason)
        return answer

    # -- connections

    @property
    def place(self) -> str:
        """Where it is, without who asks."""
        if self.sentinels is not None:
            return f"{self.sentinels.service} of its sentinels"
        return str(self.address)

    @property
    def _patience(self) -> float:
        return self.address.timeout_seconds * 2 + self.address.connect_timeout_seconds

    def open(self) -> ArqPool:
        """Return a new client for the running loop, which its caller closes."""
        arguments = self.address.arguments(redis.asyncio.connection)
        if self.sentinels is not None:
            master: ArqPool
            master, asking = self._find_master(redis.asyncio.Sentinel, arguments, ArqPool)
            master.server, master.asking = self, asking
            return master
        pool = redis.asyncio.ConnectionPool(**arguments)
        return ArqPool(pool, server=self)

    def pool(self) -> ArqPool:
        """Return the client of the running loop; it is closed with the loop."""
        loop = asyncio.get_running_loop()
        key = os.getpid(), id(loop)
        opened = self._opened.get(key)
        if opened is not None and opened.loop is loop:
            return opened.pool
        for other, one in list(self._opened.items()):
            if one.loop.is_closed():
                self._opened.pop(other, None)
        pool = self.open()
        opened = _Opened(loop, pool, self._keeping(key, pool))
        self._opened[key] = opened
        with suppress(StopIteration):  # at its yield: nothing is waited for before that
            opened.keeper.asend(None).send(None)
        return pool

    def close(self) -> None:
        """Close the connections of the sync colour; those of a loop close with it."""
        client, self._client = self._client, None
        for one in () if client is None else (client, *self._asking):
            one.connection_pool.disconnect()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`; closes those of the running loop as well."""
        opened = self._opened.get((os.getpid(), id(asyncio.get_running_loop())))
        if opened is not None:
            await opened.keeper.aclose()
        self.close()

    def _connect(self) -> Any:
        arguments = self.address.arguments(redis.connection)
        if self.sentinels is not None:
            client, self._asking = self._find_master(redis.Sentinel, arguments, redis.Redis)
        else:
            client = redis.Redis(connection_pool=redis.ConnectionPool(**arguments))
        self._client = client
        return client

    def _find_master(
        self, sentinel: Callable[..., Any], told: dict[str, Any], kind: Any
    ) -> tuple[Any, list[Any]]:
        """Return a client that asks the sentinels whenever it connects, and those that ask."""
        assert self.sentinels is not None  # noqa: S101  # its callers have looked
        told = dict(told)
        for name in ("host", "port", "path", "connection_class"):
            told.pop(name, None)
        if self.address.tls:
            told["ssl"] = True
        asked = sentinel(self.sentinels.places, **told)
        return asked.master_for(self.sentinels.service, redis_class=kind), asked.sentinels

    async def _keeping(self, key: tuple[int, int], pool: ArqPool) -> AsyncGenerator[None, None]:
        """Close *pool* when the loop ends: it finishes the generators that were begun in it."""
        try:
            yield
        finally:
            self._opened.pop(key, None)
            await pool.disconnect()

    # -- errors

    def named(self, error: Exception) -> StoreFull | QueueUnavailable:
        """Return *error* in the queue's words."""
        late = f"no answer within {self.address.timeout_seconds:g} seconds"
        reason = str(error) or (late if isinstance(error, TimeoutError) else type(error).__name__)
        if password := self.address.password:
            reason = reason.replace(password, HIDDEN)
        if isinstance(error, ReadOnlyError) and self._client is not None:
            # The address has become that of a replica; the next one may be the primary's.
            self._client.connection_pool.disconnect(inuse_connections=False)
        is_full = isinstance(error, ResponseError) and reason.startswith(_FULL)
        if is_full or isinstance(error, OutOfMemoryError):
            return StoreFull(self.connection, f"{self.place}: {reason}")
        return QueueUnavailable(self.connection, f"{self.place}: {reason}")


def _nothing() -> None:
    """Return None: no client is there yet."""
