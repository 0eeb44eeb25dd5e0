"""RedisServer: sends commands to one server, in both colours, and names what goes wrong."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NamedTuple

from securely.cache.exceptions import StoreUnavailable
from securely.support.forking import renew_after_fork
from securely.support.importing import require
from securely.support.masking import HIDDEN
from securely.support.redis import Address

__all__ = ["RedisServer", "is_wrong_kind"]

# What may be sent a second time when a connection breaks: it changes nothing. A write may have
# been done before its answer was lost.
_READS: Final = frozenset({"GET", "MGET", "SCAN"})


class _Opened(NamedTuple):
    """The client of one event loop, its free connections, and what closes it with the loop."""

    loop: asyncio.AbstractEventLoop
    client: Any
    slots: asyncio.Semaphore
    keeper: AsyncGenerator[None]


class RedisServer:
    """Commands to one server. Connections are opened when they are needed.

    The sync colour has one pool of connections for all threads of the process, the async colour
    one per event loop. A forked child opens its own.

    Args:
        store: The store's name, for errors.
        address: Where the server is.

    Raises:
        MissingExtra: redis-py is not installed.
    """

    def __init__(self, store: str, address: Address) -> None:
        self._store = store
        self._address = address
        self._redis: Any = require("redis", "redis")
        self._errors = (self._redis.RedisError, OSError)
        self._client: Any = None
        self._opened: dict[tuple[int, int], _Opened] = {}
        # The child must not talk on its parent's connections.
        renew_after_fork(self, "_client", _nothing)

    @property
    def place(self) -> str:
        """Where it is, without who asks."""
        return str(self._address)

    def send(self, *command: Any) -> Any:
        """Send one command and return the answer.

        Raises:
            StoreUnavailable: The server does not answer, or not in time, or refuses.
        """
        tries = self._tries(command)
        while True:
            tries -= 1
            client = self._client or self._connect()
            try:
                return client.execute_command(*command)
            except self._errors as error:
                if tries <= 0 or not self._is_lost(error):
                    raise self._named(error) from error

    async def asend(self, *command: Any) -> Any:
        """Async twin of :meth:`send`."""
        tries = self._tries(command)
        while True:
            tries -= 1
            opened = await self._open()
            try:
                async with asyncio.timeout(self._address.timeout_seconds), opened.slots:
                    return await opened.client.execute_command(*command)
            except self._errors as error:
                if tries <= 0 or not self._is_lost(error):
                    raise self._named(error) from error

    def send_all(self, commands: Sequence[Sequence[Any]]) -> None:
        """Send several commands as one transaction: all of them are done, or none."""
        client = self._client or self._connect()
        try:
            with client.pipeline(transaction=True) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                pipeline.execute()
        except self._errors as error:
            raise self._named(error) from error

    async def asend_all(self, commands: Sequence[Sequence[Any]]) -> None:
        """Async twin of :meth:`send_all`."""
        opened = await self._open()
        try:
            async with (
                asyncio.timeout(self._address.timeout_seconds),
                opened.slots,
                opened.client.pipeline(transaction=True) as pipeline,
            ):
                for command in commands:
                    pipeline.execute_command(*command)
                await pipeline.execute()
        except self._errors as error:
            raise self._named(error) from error

    def close(self) -> None:
        """Close the connections of the sync colour; those of a loop close with it."""
        client, self._client = self._client, None
        if client is not None:
            client.connection_pool.disconnect()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`; closes those of the running loop as well."""
        opened = self._opened.get((os.getpid(), id(asyncio.get_running_loop())))
        if opened is not None:
            await opened.keeper.aclose()
        self.close()

    def _connect(self) -> Any:
        """Return the client of all threads; it connects with its first command."""
        pool = self._redis.ConnectionPool(**self._address.arguments(self._redis.connection))
        # Of two threads that come here at once, the pool of one serves both; nothing is open yet.
        self._client = self._redis.Redis(connection_pool=pool)
        return self._client

    async def _open(self) -> _Opened:
        """Return the client of the running loop."""
        loop = asyncio.get_running_loop()
        key = os.getpid(), id(loop)
        opened = self._opened.get(key)
        if opened is not None and opened.loop is loop:
            return opened
        self._forget_closed_loops()
        library = require("redis.asyncio", "redis")
        # One timeout of ours for all: theirs would begin a task for each command that is sent.
        arguments = {**self._address.arguments(library.connection), "socket_timeout": None}
        pool = _pool_class(library)(**arguments)
        client = library.Redis(connection_pool=pool)
        slots = asyncio.Semaphore(self._address.connections_max)
        opened = _Opened(loop, client, slots, self._keeping(key, pool))
        self._opened[key] = opened
        await anext(opened.keeper)
        return opened

    async def _keeping(self, key: tuple[int, int], pool: Any) -> AsyncGenerator[None]:
        """Close *pool* when the loop ends: it finishes the generators that were begun in it."""
        try:
            yield
        finally:
            self._opened.pop(key, None)
            await pool.disconnect()

    def _forget_closed_loops(self) -> None:
        """Drop what belongs to loops that were closed without finishing their generators."""
        for key, opened in list(self._opened.items()):
            if opened.loop.is_closed():
                self._opened.pop(key, None)

    def _tries(self, command: Sequence[Any]) -> int:
        return 1 + self._address.retries if command[0] in _READS else 1

    def _is_lost(self, error: Exception) -> bool:
        """Return whether *error* says that a connection broke: another one may do."""
        return isinstance(error, self._redis.ConnectionError) and not isinstance(
            error, self._redis.AuthenticationError
        )

    def _named(self, error: Exception) -> StoreUnavailable:
        late = f"no answer within {self._address.timeout_seconds:g} seconds"
        reason = str(error) or (late if isinstance(error, TimeoutError) else type(error).__name__)
        if password := self._address.password:
            reason = reason.replace(password, HIDDEN)
        return StoreUnavailable(self._store, self.place, reason)


@functools.cache
def _pool_class(library: Any) -> Any:
    """Return a pool of *library* whose users do not wait for each other while they connect."""

    class Pool(library.ConnectionPool):  # type: ignore[misc]  # known when it runs
        async def get_connection(self, *_names: Any, **_options: Any) -> Any:
            connection = self.get_available_connection()
            try:
                await self.ensure_connection(connection)
            except BaseException:
                await self.release(connection)
                raise
            return connection

    return Pool


def is_wrong_kind(error: StoreUnavailable) -> bool:
    """Return whether the server refused since a key holds a list, a hash or the like."""
    return error.reason.startswith("WRONGTYPE")


def _nothing() -> None:
    """Return None: no client is there yet."""
