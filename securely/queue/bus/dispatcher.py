"""Bus: what is dispatched, queued or run now; chains and batches; what stands around handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeGuard, TypeVar, cast, overload

from securely.container import Container, current
from securely.events import Dispatcher
from securely.queue.bus.batch import Batch
from securely.queue.bus.packing import PackedBatch, Packer
from securely.queue.bus.pending import PendingBatch, PendingChain
from securely.queue.bus.task import Call, Task
from securely.queue.bus.telling import tell_cancelled, tell_finished
from securely.queue.bus.trail import Link, Trail
from securely.queue.bus.transaction import withheld
from securely.queue.contracts import Batches, BatchRecord, Envelope
from securely.queue.delivery.refusals import no_job
from securely.queue.events import BatchCanceled, BatchDispatched, BatchFinished
from securely.queue.exceptions import BatchEnded, BatchesUnsupported, Fail, NotQueueable
from securely.queue.job import Dispatched, Job, PendingDispatch, Placement
from securely.queue.manager import Defers, QueueManager
from securely.queue.payload import Codec
from securely.support.awaiting import answered
from securely.support.importing import import_object
from securely.support.pipeline import Pipe, Pipeline

if TYPE_CHECKING:
    from securely.queue.bus.fake import BusFake

__all__ = ["Bus"]

P = ParamSpec("P")
T = TypeVar("T")

# Who is told by a batch's own callbacks, where somebody listens.
_TOLD: Final = (("catch", BatchCanceled, tell_cancelled), ("finally", BatchFinished, tell_finished))


class Bus:
    """Dispatches: a :class:`Job` is queued; any other object with a handler is run now.

    Args:
        container: Makes handlers and pipes, and injects what they ask for.
        events: Told of batches.
        defer: Has something called once what is under way is over.

    Source: Laravel 13, Illuminate\\Bus\\Dispatcher.
    """

    def __init__(self, container: Container, events: Dispatcher, defer: Defers) -> None:
        self._container = container
        self._events = events
        self._defer = defer
        self._pipes: list[Pipe] = []
        self._handlers: dict[type, Any] = {}

    # -- one at a time

    @overload
    def dispatch(self, command: Job | PendingDispatch[Any]) -> Dispatched: ...

    @overload
    def dispatch(self, command: object) -> Any: ...

    def dispatch(self, command: object) -> Any:
        """Queue *command* if it is a job; else run it now, and return what its handler returns.

        Raises:
            QueueError: It cannot be queued; nothing was written.
            NotQueueable: It is no job, and nothing handles it.
        """
        if _is_job(command):
            return self.dispatch_to_queue(command)
        return self.dispatch_now(command)

    @overload
    async def adispatch(self, command: Job | PendingDispatch[Any]) -> Dispatched: ...

    @overload
    async def adispatch(self, command: object) -> Any: ...

    async def adispatch(self, command: object) -> Any:
        """Async twin of :meth:`dispatch`."""
        if _is_job(command):
            return await self.adispatch_to_queue(command)
        return await self.adispatch_now(command)

    def dispatch_to_queue(self, job: Job | PendingDispatch[Any]) -> Dispatched:
        """Queue *job*.

        Raises:
            QueueError: It cannot be queued; nothing was written.
        """
        return self._queues.place(*_placed(job))

    async def adispatch_to_queue(self, job: Job | PendingDispatch[Any]) -> Dispatched:
        """Async twin of :meth:`dispatch_to_queue`."""
        return await self._queues.aplace(*_placed(job))

    def dispatch_sync(self, command: object) -> Any:
        """Run *command* here: a job the whole way a worker's goes, through middleware and events.

        Returns:
            What its handler returns; None for a job.

        Raises:
            Exception: Whatever it raised.
        """
        if _is_job(command):
            return self._queues.run_now(*_placed(command))
        return self.dispatch_now(command)

    async def adispatch_sync(self, command: object) -> Any:
        """Async twin of :meth:`dispatch_sync`."""
        if _is_job(command):
            return await self._queues.arun_now(*_placed(command))
        return await self.adispatch_now(command)

    def dispatch_now(self, command: object, handler: object = None) -> Any:
        """Call the handler of *command*, through the pipes; nothing else of a queue is done.

        Args:
            command: An object with `handle`, or one that :meth:`map` knows; a job, too.
            handler: What handles it, instead of that.

        Returns:
            What the handler returns.

        Raises:
            NotQueueable: Nothing handles it.
            Exception: Whatever the handler raised.
        """
        return answered(self._pipeline(command).then(self._handling(command, handler)))

    async def adispatch_now(self, command: object, handler: object = None) -> Any:
        """Async twin of :meth:`dispatch_now`."""
        return await self._pipeline(command).athen(self._ahandling(command, handler))

    def dispatch_after_response(self, command: object) -> None:
        """Run *command* in this process once the response was sent, or the command has ended."""
        if _is_job(command):
            self._queues.run_after_response(*_placed(command))
        else:
            self._later(partial(self.dispatch_now, command), partial(self.adispatch_now, command))

    @contextmanager
    def without_dispatching_after_responses(self) -> Generator[None]:
        """Within this block, run at once what was to run after the response: for tests."""
        queues = self._queues
        before, queues.dispatches_after_responses = queues.dispatches_after_responses, False
        try:
            yield
        finally:
            queues.dispatches_after_responses = before

    def bulk(self, jobs: Iterable[Job | PendingDispatch[Any]]) -> list[Dispatched]:
        """Queue *jobs*, each where it belongs; those of one connection in one step.

        Raises:
            QueueError: One cannot be queued; of its connection, nothing was written.
        """
        return self._queues.place_all([_placed(job) for job in jobs])

    async def abulk(self, jobs: Iterable[Job | PendingDispatch[Any]]) -> list[Dispatched]:
        """Async twin of :meth:`bulk`."""
        return await self._queues.aplace_all([_placed(job) for job in jobs])

    def call(
        self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> PendingDispatch[Call]:
        """Return the call of a task or of an importable function, as a job not yet sent.

        Raises:
            NotQueueable: A worker could not import it, or an argument has no written form.
            TypeError: The arguments do not fit.
        """
        if isinstance(function, Task):
            return cast("Task[P, object]", function).using(*args, **kwargs)
        return PendingDispatch(Call.of(function, *args, **kwargs))

    # -- handlers

    def map(self, handlers: Mapping[type, Any]) -> Bus:
        """Let commands of a class be handled by another: class -> handler.

        A handler is a class, which the container makes, or an object: with `handle(command)`, or
        to be called.
        """
        self._handlers.update(handlers)
        return self

    def has_command_handler(self, command: object) -> bool:
        """Return whether :meth:`map` knows what handles *command*."""
        return self._mapped(command) is not None

    def pipe_through(self, pipes: Sequence[Pipe]) -> Bus:
        """Send whatever is run now through *pipes*, each called with (command, next)."""
        self._pipes = list(pipes)
        return self

    # -- chains

    def chain(self, jobs: Iterable[Any]) -> PendingChain:
        """Return a chain of *jobs*: jobs, tasks, functions and batches; nothing is sent yet."""
        return PendingChain(self, jobs)

    def dispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Queue the first job of *chain*, with the others behind it.

        Raises:
            EmptyChain: There is no job.
            QueueError: One cannot be queued; nothing was written.
        """
        return self._queues.place(*self._packer.chain(chain))

    async def adispatch_chain(self, chain: PendingChain) -> Dispatched:
        """Async twin of :meth:`dispatch_chain`."""
        return await self._queues.aplace(*self._packer.chain(chain))

    def links(
        self, jobs: Iterable[object], queue: str | None = None, connection: str | None = None
    ) -> list[Link]:
        """Return *jobs* as links of a chain.

        Args:
            jobs: Jobs, tasks, functions and batches.
            queue: Where those go that name none.
            connection: As *queue*.

        Raises:
            NotQueueable: One is no job, or cannot be written.
        """
        return self._packer.links(jobs, Placement(queue, connection))

    # -- batches

    def batch(self, jobs: Any = ()) -> PendingBatch:
        """Return a batch of *jobs*; nothing is sent yet.

        Args:
            jobs: Jobs, tasks and functions, and lists of them as chains; or one of these.
        """
        return PendingBatch(self, jobs if hasattr(jobs, "__iter__") else [jobs])

    def dispatch_batch(self, batch: PendingBatch) -> Batch:
        """Keep *batch* and queue its jobs, all or none.

        Raises:
            BatchesUnsupported: Its connection keeps no batches.
            QueueError: One of its jobs cannot be queued; nothing was written.
        """
        packed = self._packed(batch)
        for function in batch.wishes.callbacks.get("before", ()):
            self._tell_before(cast("Callable[..., object]", function), packed)
        if self._withheld(packed):
            return self._seen(packed)
        return self._create((packed,))[0]

    async def adispatch_batch(self, batch: PendingBatch) -> Batch:
        """Async twin of :meth:`dispatch_batch`."""
        packed = self._packed(batch)
        for function in batch.wishes.callbacks.get("before", ()):
            answer = cast("Callable[..., object]", function)(self._seen(packed))
            if isawaitable(answer):
                await answer
        if self._withheld(packed):
            return self._seen(packed)
        return (await self._acreate((packed,)))[0]

    def batch_after_response(self, batch: PendingBatch) -> None:
        """Dispatch *batch* once the response was sent, or the command has ended."""
        self._later(batch.dispatch, batch.adispatch)

    def find_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Return the batch *id_* as it is now; None when there is none.

        Args:
            id_: Its id.
            connection: What keeps it; None for the default connection, and then for those that
                this process has used.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        for name in self._places(connection):
            store = self._store(name)
            record = None if store is None else store.find(id_)
            if record is not None:
                return Batch(record, name, self)
        return None

    async def afind_batch(self, id_: str, connection: str | None = None) -> Batch | None:
        """Async twin of :meth:`find_batch`."""
        return await asyncio.to_thread(self.find_batch, id_, connection)

    def add_to_batch(self, batch: Batch, jobs: Iterable[Any]) -> Batch:
        """Push *jobs* as more of *batch*, and return it as it is then.

        Raises:
            BatchEnded: It is finished, or gone.
            QueueError: One of the jobs cannot be queued; nothing was written.
        """
        store = self._batches(batch.connection)
        if not store.add(batch.id, self._packer.members(jobs, batch.id, batch.connection)):
            state = "gone" if store.find(batch.id) is None else "finished"
            raise BatchEnded(batch.id, batch.name, state)
        return batch.fresh() or batch

    async def aadd_to_batch(self, batch: Batch, jobs: Iterable[Any]) -> Batch:
        """Async twin of :meth:`add_to_batch`."""
        return await asyncio.to_thread(self.add_to_batch, batch, jobs)

    def cancel_batch(self, batch: Batch) -> bool:
        """Cancel *batch*; False when it is gone or was cancelled before.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        if not self._batches(batch.connection).cancel(batch.id):
            return False
        if self._events.has_listeners(BatchCanceled):
            self._events.dispatch(BatchCanceled(batch.fresh() or batch))
        return True

    async def acancel_batch(self, batch: Batch) -> bool:
        """Async twin of :meth:`cancel_batch`."""
        if not await asyncio.to_thread(self._batches(batch.connection).cancel, batch.id):
            return False
        if self._events.has_listeners(BatchCanceled):
            await self._events.adispatch(BatchCanceled(await batch.afresh() or batch))
        return True

    def delete_batch(self, batch: Batch) -> bool:
        """Forget *batch*; its jobs stay, and count nowhere. False when it is gone.

        Raises:
            QueueUnavailable: The store cannot be used.
        """
        return self._batches(batch.connection).delete(batch.id)

    async def adelete_batch(self, batch: Batch) -> bool:
        """Async twin of :meth:`delete_batch`."""
        return await asyncio.to_thread(self.delete_batch, batch)

    def begin_batch(
        self,
        connection: str,
        record: BatchRecord,
        members: Sequence[Envelope],
        before: Sequence[str],
        trail: Trail,
    ) -> None:
        """Keep a batch whose turn in a chain has come; nothing happens when it is there already.

        Args:
            connection: The name of the connection that is to keep it.
            record: The batch, packed when the chain was.
            members: Its jobs, packed then, too.
            before: Functions, by their paths, that are called first.
            trail: What follows in the chain when the batch is over.

        Raises:
            Fail: One of the functions raised; nothing was written.
            QueueError: It cannot be kept; nothing was written.
        """
        packer = self._packer
        if self._batches(connection).find(record.id) is not None:
            return
        record = packer.told(record, connection, self._told())
        packed = PackedBatch(
            connection, packer.after_batch(record, connection, trail), packer.refreshed(members)
        )
        try:
            for path in before:
                self._tell_before(cast("Callable[..., object]", import_object(path)), packed)
        except Exception as error:  # the application's: to try again would not help
            raise Fail(error) from error
        self._create((packed,))

    def fake(self, *only: type[Any], except_: Iterable[type[Any]] = ()) -> BusFake:
        """Put a recording double in the place of this bus, and of the queue; return it.

        Args:
            only: What is recorded instead of dispatched; all when empty.
            except_: What is dispatched all the same.
        """
        from securely.queue.bus.fake import BusFake

        fake = BusFake(self, self._queues, only, tuple(except_))
        container = current()
        container.instance(QueueManager, fake.queue)
        container.instance(Bus, fake)
        return fake

    # -- inside

    @property
    def _queues(self) -> QueueManager:
        return self._container.make(QueueManager)

    @property
    def _packer(self) -> Packer:
        return Packer(self._queues, self._container.make(Codec))

    def _later(self, now: Callable[[], object], anow: Callable[[], Awaitable[object]]) -> None:
        """Call one of both, in the colour of whoever asks, when what is under way is over."""

        def call() -> object:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return now()
            return anow()

        if self._queues.dispatches_after_responses:
            self._defer(call, always=True)
        else:
            now()

    def _pipeline(self, command: object) -> Pipeline[object]:
        return Pipeline(command, self._container.make).through(self._pipes)

    def _handling(self, command: object, handler: object) -> Callable[[object], object]:
        """Return what calls the handler, given what came through the pipes."""
        handles, takes = self._handler(command, handler)
        if takes:
            return lambda sent: self._container.call(handles, sent)
        # The pipes may have sent on another object of the same kind.
        return lambda sent: self._container.call(cast(Any, sent).handle)

    def _ahandling(self, command: object, handler: object) -> Callable[[object], Awaitable[object]]:
        """Async twin of :meth:`_handling`."""
        handles, takes = self._handler(command, handler)
        if takes:
            return lambda sent: self._container.acall(handles, sent)
        return lambda sent: self._container.acall(cast(Any, sent).handle)

    def _handler(self, command: object, handler: object) -> tuple[Callable[..., object], bool]:
        """Return what handles *command*, and whether it is given the command."""
        if isinstance(command, type):
            name = f"{command.__module__}.{command.__qualname__}"
            raise NotQueueable(name, "it is a class. Dispatch an instance of it.")
        if command is None or isinstance(command, Task) or hasattr(command, "__code__"):
            raise no_job(command)
        chosen: Any = self._mapped(command) if handler is None else handler
        if chosen is None:
            own = getattr(command, "handle", None)
            if not callable(own):
                kind = type(command)
                raise NotQueueable(
                    f"{kind.__module__}.{kind.__qualname__}",
                    "it has no `handle`, and Bus.map() names no handler for it.",
                )
            return own, False
        if isinstance(chosen, type):
            chosen = self._container.make(cast("type[Any]", chosen))
        handle: Any = getattr(chosen, "handle", chosen)
        return handle, True

    def _mapped(self, command: object) -> Any:
        return next(
            (self._handlers[kind] for kind in type(command).__mro__ if kind in self._handlers), None
        )

    def _packed(self, batch: PendingBatch) -> PackedBatch:
        packer = self._packer
        packed = packer.batch(batch)
        self._batches(packed.connection)
        return packed._replace(record=packer.told(packed.record, packed.connection, self._told()))

    def _told(self) -> dict[str, Callable[..., object]]:
        """Return what tells of a batch, by what happens to it, as far as somebody listens."""
        return {
            event: function for event, kind, function in _TOLD if self._events.has_listeners(kind)
        }

    def _tell_before(self, function: Callable[..., object], packed: PackedBatch) -> None:
        answered(function(self._seen(packed)))

    def _seen(self, packed: PackedBatch) -> Batch:
        """Return the batch as it is before it is kept."""
        return Batch(packed.record, packed.connection, self)

    def _withheld(self, packed: PackedBatch) -> bool:
        waits = self._queues.connection(packed.connection).after_commit
        return withheld(
            self._create, self._acreate, (packed,), after_commit=True if waits else None
        )

    def _create(self, batches: Sequence[PackedBatch]) -> list[Batch]:
        """Hand *batches* to their stores, and tell of them."""
        kept: list[Batch] = []
        for packed in batches:
            store = self._batches(packed.connection)
            is_new = store.create(packed.record, packed.members)
            batch = Batch(store.find(packed.record.id) or packed.record, packed.connection, self)
            if is_new and self._events.has_listeners(BatchDispatched):
                self._events.dispatch(BatchDispatched(batch))
            kept.append(batch)
        return kept

    async def _acreate(self, batches: Sequence[PackedBatch]) -> list[Batch]:
        """Async twin of :meth:`_create`."""
        kept: list[Batch] = []
        for packed in batches:
            store = self._batches(packed.connection)
            is_new = await asyncio.to_thread(store.create, packed.record, packed.members)
            record = await asyncio.to_thread(store.find, packed.record.id)
            batch = Batch(record or packed.record, packed.connection, self)
            if is_new and self._events.has_listeners(BatchDispatched):
                await self._events.adispatch(BatchDispatched(batch))
            kept.append(batch)
        return kept

    def _places(self, connection: str | Enum | None) -> list[str]:
        """Return the names of the connections that may keep a batch, the likeliest first."""
        if connection is not None:
            return [str(connection.value) if isinstance(connection, Enum) else connection]
        queues = self._queues
        opened = [name for name in queues.names() if queues.connected(name)]
        return [queues.default, *(name for name in opened if name != queues.default)]

    def _store(self, connection: str) -> Batches | None:
        return getattr(self._queues.connection(connection).driver, "batches", None)

    def _batches(self, connection: str) -> Batches:
        store = self._store(connection)
        if store is None:
            raise BatchesUnsupported(connection)
        return store


def _is_job(command: object) -> TypeGuard[Job | PendingDispatch[Any]]:
    return isinstance(command, Job | PendingDispatch)


def _placed(job: Job | PendingDispatch[Any]) -> tuple[Job, Placement]:
    if isinstance(job, PendingDispatch):
        return job.job, job.placement
    return job, Placement()
