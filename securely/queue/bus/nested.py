"""DispatchBatch: a batch as one link of a chain; Onward: what follows when the batch is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from securely.container import Container
from securely.queue.bus.callbacks import Relay
from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.delivery.interaction import current_interaction
from securely.queue.exceptions import (
    BatchesUnsupported,
    ConnectionUndefined,
    DriverUnknown,
    QueueError,
)
from securely.queue.job import Job

__all__ = ["DispatchBatch", "Onward"]


_PAYLOAD: Final = Envelope._fields.index("payload")


class DispatchBatch(Job):
    """Dispatches a batch when its turn in a chain has come.

    The batch's id was chosen with the chain, so that a second delivery finds it there already.

    Args:
        record: The batch.
        target: The name of the connection that will keep it.
        members: Its jobs.
        before: Functions, by their paths, that are called just before.
    """

    tries: Any = 0
    backoff: Any = (1, 5, 30)
    dont_retry: tuple[type[BaseException], ...] = (
        BatchesUnsupported,
        ConnectionUndefined,
        DriverUnknown,
    )

    __queue_paths__: ClassVar[tuple[str, ...]] = ("before",)

    def __init__(
        self,
        record: BatchRecord,
        target: str,
        members: Sequence[Envelope],
        before: Sequence[str] = (),
    ) -> None:
        self.batch_id: str = record.id
        self.title: str = record.name
        self.allow_failures: bool = record.allow_failures
        self.options: bytes = record.options
        self.callbacks: dict[str, list[list[object]]] = {
            name: _plain(calls) for name, calls in record.callbacks.items()
        }
        self.target = target
        self.members: list[list[object]] = _plain(members)
        self.before: list[str] = list(before)

    def handle(self, container: Container) -> None:
        """Dispatch the batch; what follows in the chain is called when it is over."""
        interaction = current_interaction()
        trail = interaction.trail
        if (outer := trail.stake()[0]) is not None:
            # Only this store counts them, whatever name that batch was given to: a failover's.
            trail = trail.kept(outer, interaction.connection)
        bus = container.make("bus")
        try:
            bus.begin_batch(
                self.target, self.record(), _envelopes(self.members), self.before, trail
            )
        except Exception as error:
            # Where jobs run at once, what a member raised comes here. The batch was kept, and has
            # seen to the rest of the chain: the outer batch must not count that again.
            is_fatal = outer is None or isinstance(error, QueueError)
            if is_fatal or bus.find_batch(self.batch_id, self.target) is None:
                raise
        # Only now: had it failed, the chain's own `catch` would have been told.
        interaction.take_trail()

    def record(self) -> BatchRecord:
        """Return the batch as it was packed."""
        calls: Mapping[str, tuple[Envelope, ...]] = {
            name: tuple(_envelopes(plain)) for name, plain in self.callbacks.items()
        }
        return BatchRecord(
            self.batch_id,
            self.title,
            allow_failures=self.allow_failures,
            options=self.options,
            callbacks=calls,
        )

    def display_name(self) -> str:
        """Return the batch's name: that is what people look for."""
        return self.title or super().display_name()


class Onward(Relay):
    """Hands over a job whose time begins only now: its deadlines count from then."""

    def handle(self, container: Container) -> None:
        """Push it there, as if it had been packed now."""
        payload = container.make("queue.codec").refreshed(self.fields[_PAYLOAD])
        self.fields[_PAYLOAD] = payload
        super().handle(container)


def _plain(envelopes: Sequence[Envelope]) -> list[list[object]]:
    return [list(envelope) for envelope in envelopes]


def _envelopes(plain: Sequence[Sequence[object]]) -> list[Envelope]:
    return [Envelope(*cast("Sequence[Any]", fields)) for fields in plain]
