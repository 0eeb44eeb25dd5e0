"""Jobs as they lie on the server, for lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from securely.queue.contracts import StoredJob
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import stranger, told_of
from securely.support import clock

__all__ = ["read_jobs"]

# How ids are counted, as `base.lua` has it: parts of a millisecond since 2020.
GRAIN: Final = 4096
EPOCH: Final = 1_577_836_800_000
_AT_ONCE: Final = 1_000  # jobs of one round trip


def read_jobs(
    server: ArqServer, queue: str, state: str | None, after: int, limit: int
) -> list[StoredJob]:
    """Return jobs of *queue* by id; see :meth:`Workable.jobs`."""
    numbered = sorted(one for one in _ids(server, queue) if one[0] > after)
    found: list[StoredJob] = []
    for begin in range(0, len(numbered), _AT_ONCE):
        for job in _read(server, queue, numbered[begin : begin + _AT_ONCE]):
            if state is None or job.state == state:
                found.append(job)
                if len(found) == limit:
                    return found
    return found


def _ids(server: ArqServer, queue: str) -> Iterator[tuple[int, str]]:
    """Give the ids and uuids of all jobs of *queue*."""
    for set_ in server.run("admin", {"what": "sets", "keep": 0, "queue": queue}):
        asked = {"what": "ids", "keep": 0, "set": set_.decode()}
        first = 0
        while page := server.run("admin", asked | {"first": first, "last": first + _AT_ONCE - 1}):
            for uuid, number in zip(page[::2], page[1::2], strict=True):
                yield int(number), uuid.decode()
            first += _AT_ONCE


def _read(
    server: ArqServer, queue: str, numbered: Sequence[tuple[int, str]]
) -> Iterator[StoredJob]:
    commands: list[Sequence[Any]] = []
    for _, uuid in numbered:
        commands += (
            ("HMGET", _meta(server, uuid), "s", "b"),
            ("HGET", f"{server.prefix}@holders", uuid),
            ("GET", f"arq:job:{uuid}"),
            ("GET", f"arq:retry:{uuid}"),
            ("EXISTS", f"arq:in-progress:{uuid}"),
        )
    answers = server.ask(*commands)
    now = clock.timestamp()
    for at, (number, uuid) in enumerate(numbered):
        about, holder, value, tries, is_held = answers[5 * at : 5 * at + 5]
        due, batch = about
        if value is None:
            continue  # settled meanwhile
        told, payload = told_of(value) or stranger(value)
        available_at = (float(due) if due else number / GRAIN + EPOCH) / 1_000
        state = "reserved" if is_held else "delayed" if available_at > now else "pending"
        yield StoredJob(
            id=number,
            uuid=uuid,
            name=told.name,
            queue=queue,
            state=state,
            attempts=int(tries or 0),
            priority=told.priority,
            available_at=available_at,
            worker=holder.decode().partition(":")[0] if is_held and holder else None,
            batch=batch.decode() if batch else None,
            payload=payload,
        )


def _meta(server: ArqServer, uuid: str) -> str:
    return f"{server.prefix}@job:{uuid}"
