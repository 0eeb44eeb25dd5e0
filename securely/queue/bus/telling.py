"""What a batch's own callbacks do, to tell in a worker that it was cancelled or has finished."""

from __future__ import annotations

from securely.events import Dispatcher
from securely.queue.bus.batch import Batch
from securely.queue.events import BatchCanceled, BatchFinished

__all__ = ["tell_cancelled", "tell_finished"]


async def tell_cancelled(batch: Batch, events: Dispatcher) -> None:
    """Tell that the first failure has cancelled *batch*."""
    if batch.cancelled():
        await events.adispatch(BatchCanceled(batch))


async def tell_finished(batch: Batch, events: Dispatcher) -> None:
    """Tell that no job of *batch* is left."""
    await events.adispatch(BatchFinished(batch))
