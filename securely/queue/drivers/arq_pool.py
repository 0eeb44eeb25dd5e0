"""ArqPool: arq's pool, whose `enqueue_job` wakes our workers and takes one round trip."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol, cast

from arq.connections import ArqRedis
from arq.jobs import Job, serialize_job
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError

from securely.queue.drivers.arq_scripts import Script, script
from securely.queue.drivers.arq_wire import deserialize, serialize
from securely.queue.exceptions import QueueUnavailable
from securely.support import clock, entropy

__all__ = ["ArqPool", "FunctionCall", "queue_of", "set_of"]


# What says that a connection is gone. (The last two come out of redis-py's own code, when one is
# closed while it is being used.)
_LOST: Final = (RedisError, OSError, EOFError, AttributeError)


class _Server(Protocol):
    """What a pool asks of the server it belongs to: see :class:`ArqServer`."""

    prefix: str
    was_checked: bool

    @property
    def is_durable(self) -> bool: ...
    @property
    def waiting(self) -> tuple[object, ...]: ...
    def words(self, arguments: object) -> tuple[Any, ...]: ...
    def check(self, info: dict[str, Any]) -> None: ...
    def safe(self, answer: Any, waited: Any) -> Any: ...
    def named(self, error: Exception) -> Exception: ...


def set_of(queue: str, prefix: str) -> str:
    """Return the sorted set of *queue*; a name with a colon is that of the set itself."""
    return queue if ":" in queue else prefix + queue


def queue_of(set_: str, prefix: str) -> str:
    """Return the queue of the sorted set *set_*."""
    rest = set_.removeprefix(prefix)
    return set_ if ":" in rest else rest


class FunctionCall(NamedTuple):
    """A call of a function of plain arq, as it is enqueued."""

    id: str
    value: str

    @classmethod
    def of(
        cls,
        function: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        id_: str | None = None,
        tries: int | None = None,
    ) -> FunctionCall:
        """Return the call with arq's own form of a job."""
        now = int(clock.timestamp() * 1_000)
        value = serialize_job(function, args, kwargs, tries, now, serializer=serialize)
        return cls(id_ or entropy.uuid4().hex, value.decode())

    def arguments(
        self, prefix: str, set_: str | None = None, score: float | None = None
    ) -> dict[str, object]:
        """Return what the script is to be told; without a set it goes to the default queue."""
        chosen = set_ or set_of("default", prefix)
        return {
            "id": self.id,
            "set": chosen,
            "queue": queue_of(chosen, prefix),
            "score": clock.timestamp() * 1_000 if score is None else score,
            "value": self.value,
        }


class ArqPool(ArqRedis):
    """arq's pool on one connection of ours: JSON, one script, and a ring for idle workers.

    Args:
        pool: Its connections.
        server: Runs its scripts.
    """

    def __init__(self, pool: Any = None, *, server: _Server | None = None, **told: Any) -> None:
        queue = "arq:queue" if server is None else set_of("default", server.prefix)
        super().__init__(
            pool,
            job_serializer=serialize,
            job_deserializer=deserialize,
            default_queue_name=queue,
            **told,
        )
        self.server = server
        self.asking: list[Any] = []

    async def script(self, name: str, arguments: object, *, is_push: bool = False) -> Any:
        """Run the script *name* and return its answer.

        Raises:
            StoreFull: The server has no room; nothing was written.
            QueueUnavailable: It does not answer, or refuses.
        """
        asked, server, client = script(name), self._server, cast(Any, self)
        words = server.words(arguments)
        try:
            if is_push and server.is_durable:
                return await self._durably(asked, words)
            try:
                return await client.execute_command("EVALSHA", asked.digest, 0, *words)
            except NoScriptError:
                return await client.execute_command("EVAL", asked.text, 0, *words)
        except QueueUnavailable:
            raise  # said already, and an OSError as well
        except _LOST as error:
            if isinstance(error, ReadOnlyError):
                # The address has become that of a replica; the next one may be the primary's.
                await client.connection_pool.disconnect(inuse_connections=False)
            raise server.named(error) from error

    async def _durably(self, asked: Script, words: tuple[Any, ...]) -> Any:
        server, client = self._server, cast(Any, self)
        if not server.was_checked:
            server.check(await client.info())
        async with client.pipeline(transaction=False) as pipeline:
            # By its text: a digest that the server does not know would cost a second answer.
            pipeline.execute_command("EVAL", asked.text, 0, *words)
            pipeline.execute_command(*server.waiting)
            return server.safe(*(await pipeline.execute()))

    async def disconnect(self) -> None:
        """Close its connections, and those to whoever tells where the server is."""
        for one in (self, *self.asking):
            await one.aclose(close_connection_pool=True)

    @property
    def _server(self) -> _Server:
        assert self.server is not None  # noqa: S101  # given where it is made
        return self.server

    async def enqueue_job(
        self,
        function: str,
        *args: Any,
        _job_id: str | None = None,
        _queue_name: str | None = None,
        _defer_until: datetime | None = None,
        _defer_by: float | timedelta | None = None,
        _expires: float | timedelta | None = None,
        _job_try: int | None = None,
        **kwargs: Any,
    ) -> Job | None:
        """Enqueue a call of *function*, as arq does; without `_expires` it never expires.

        Returns:
            The job; None if one with this id waits, runs or has a result.

        Raises:
            StoreFull: The server has no room; nothing was written.
            QueueUnavailable: It does not answer, or refuses.
        """
        if _defer_until is not None and _defer_by is not None:
            raise ValueError("Use either _defer_until or _defer_by, not both.")
        set_ = _queue_name or self.default_queue_name
        score = clock.timestamp() * 1_000 + _seconds(_defer_by) * 1_000
        if _defer_until is not None:
            score = _defer_until.timestamp() * 1_000
        call = FunctionCall.of(function, args, kwargs, _job_id, _job_try)
        arguments = {
            **call.arguments(self._server.prefix, set_, score),
            "what": "enqueue",
            "keep": 0,
            "expires": None if _expires is None else _seconds(_expires) * 1_000,
        }
        if not await self.script("admin", arguments):
            return None
        return Job(call.id, self, _queue_name=set_, _deserializer=self.job_deserializer)


def _seconds(span: float | timedelta | None) -> float:
    if isinstance(span, timedelta):
        return span.total_seconds()
    return float(span or 0.0)
