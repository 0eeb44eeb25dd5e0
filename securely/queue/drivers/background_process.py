"""The process of the connection `background`: loads the application and runs what it was given.

`python -m securely.queue.drivers.background_process`, with the order on standard input. It ends
with 0 when all of it was run; whatever a job raised is in the application's log. What keeps the
application from being loaded goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from securely.container import current
from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.crew.loading import Loaded, Place
from securely.support.importing import import_object

__all__ = ["MODULE", "Order", "main"]

MODULE: Final = "securely.queue.drivers.background_process"


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is to do.

    Attributes:
        connection: The name of the connection that the jobs were pushed to.
        place: The application.
        envelopes: The jobs, in order.
        record: The batch that they are members of; None for none.
        loader: "package.module:function" that turns the place into what runs jobs.
    """

    connection: str
    place: Place
    envelopes: list[Envelope]
    record: BatchRecord | None = None
    loader: str = "securely.queue.crew.loading:load_application"

    def pack(self) -> bytes:
        """Return the order as bytes, for standard input."""
        return msgspec.msgpack.encode(self)


def main(data: bytes) -> int:
    """Do what the order in *data* says, and return the exit code."""
    order = msgspec.msgpack.decode(data, type=Order)
    names = ", ".join(envelope.name for envelope in order.envelopes)
    try:
        loader = cast("Callable[[Place], Loaded]", import_object(order.loader))
        loaded = loader(order.place)
        driver: Any = current().make("queue").connection(order.connection).driver
    except Exception as error:  # a border: nobody hears it but the file it is printed to
        sys.stderr.write(f"The application could not be loaded; not run: {names}. {error!r}\n")
        return 1
    try:
        if loaded.aboot is not None:
            from securely.support.portal import portal

            portal().run(_booted(loaded.aboot()))
        driver.run(order.envelopes, order.record)
    finally:
        loaded.close()
    return 0


async def _booted(boot: Awaitable[object]) -> object:
    return await boot


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer.read()))
