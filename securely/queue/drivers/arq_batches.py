"""ArqBatches: batches on the server of their jobs; scripts count as `delivery/counting.py` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec

from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import stranger, told_of, wire

__all__ = ["ArqBatches", "batch_record"]

_FIRED: Final = "fired:"
_CALLBACKS: Final = msgspec.msgpack.Decoder(dict[str, list[list[Any]]])


def batch_record(row: Sequence[Any]) -> BatchRecord:
    """Make a batch of what the scripts tell of one."""
    id_, fields, failed_ids = row
    found = {name.decode(): value for name, value in zip(fields[::2], fields[1::2], strict=True)}
    callbacks = _CALLBACKS.decode(found["callbacks"]) if found["callbacks"] else {}
    return BatchRecord(
        id=id_.decode(),
        name=found["name"].decode(),
        total=int(found["total"]),
        done=int(found["done"]),
        failed=int(found["failed"]),
        skipped=int(found["skipped"]),
        failed_ids=tuple(one.decode() for one in failed_ids),
        allow_failures=found["allow"] == b"1",
        options=found["options"],
        callbacks={name: tuple(map(_envelope, wires)) for name, wires in callbacks.items()},
        fired=frozenset(name.removeprefix(_FIRED) for name in found if name.startswith(_FIRED)),
        error=found.get("error"),
        created_at=float(found["created"]),
        cancelled_at=_moment(found.get("cancelled")),
        finished_at=_moment(found.get("finished")),
    )


def _moment(value: bytes | None) -> float | None:
    return None if value is None else float(value)


def _envelope(wired: Sequence[Any]) -> Envelope:
    """Return what :func:`wire` was given."""
    uuid, queue, priority, delay, value, more = wired
    told, payload = told_of(value.encode()) or stranger(value.encode())
    more = cast("dict[str, Any]", more or {})
    spans: dict[str, float] = {
        name: more[name] / 1_000 for name in ("unique_for", "max_wait") if name in more
    }
    return Envelope(
        uuid,
        told.name,
        queue,
        payload,
        delay / 1_000,
        told.timeout,
        told.max_lost,
        priority,
        more.get("unique"),
        spans.get("unique_for"),
        spans.get("max_wait"),
        more.get("group"),
        more.get("batch"),
        more.get("links", 0),
    )


class ArqBatches:
    """The batches of one arq connection.

    Args:
        server: Where they are.
    """

    def __init__(self, server: ArqServer) -> None:
        self._server = server

    def create(self, record: BatchRecord, members: Sequence[Envelope]) -> bool:
        """Keep *record* and push *members*; False, and nothing changed, when its id exists."""
        callbacks = {
            name: [wire(one) for one in envelopes] for name, envelopes in record.callbacks.items()
        }
        return bool(
            self._do(
                "create_batch",
                id=record.id,
                name=record.name,
                allow="1" if record.allow_failures else "0",
                options=record.options.decode(),
                callbacks=callbacks,
                wires=[wire(one) for one in members],
            )
        )

    def add(self, id_: str, members: Sequence[Envelope]) -> bool:
        """Push *members* as more of a batch; False when it is gone or finished."""
        return bool(self._do("add_to_batch", id=id_, wires=[wire(one) for one in members]))

    def find(self, id_: str) -> BatchRecord | None:
        """Return the batch, or None."""
        found = self._do("find_batches", ids=[id_])
        return batch_record(found[0]) if found else None

    def all(self, limit: int = 50, before: str | None = None) -> Sequence[BatchRecord]:
        """Return batches, newest first; *before*: those made before this one."""
        return [batch_record(row) for row in self._do("list_batches", limit=limit, before=before)]

    def cancel(self, id_: str) -> bool:
        """Note that the batch is cancelled; False when it is gone or was cancelled before."""
        return bool(self._do("cancel_batch", id=id_))

    def delete(self, id_: str) -> bool:
        """Forget the batch; its jobs stay, and count nowhere. False when it is gone."""
        return bool(self._do("delete_batch", id=id_))

    def prune(
        self,
        finished: float | None = None,
        unfinished: float | None = None,
        cancelled: float | None = None,
    ) -> int:
        """Forget batches that finished, were made (and not finished) or cancelled before a time.

        Args:
            finished: Wall time in seconds; None to keep all of this kind. As the two below.
            unfinished: Of those without an end.
            cancelled: Of those that were cancelled.

        Returns:
            How many were forgotten.
        """
        return int(
            self._do("prune_batches", finished=finished, unfinished=unfinished, cancelled=cancelled)
        )

    def _do(self, what: str, **more: Any) -> Any:
        return self._server.run("admin", {"what": what, "keep": 0, **more})
