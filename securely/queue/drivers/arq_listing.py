"""Jobs as they lie on the server, for lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from securely.queue.contracts import StoredJob
from securely.queue.drivers.arq_server import ArqServer
from securely.queue.drivers.arq_wire import told_of
from securely.support import clock

__all__ = ["read_jobs"]

_AT_ONCE: Final = 1_000  # jobs of one round trip


def read_jobs(
    server: ArqServer, queue: str, state: str | None, after: int, limit: int
) -> list[StoredJob]:
    """Return jobs of *queue* by id; see :meth:`Workable.jobs`."""
    numbered = sorted(one for one in _ids(server, queue) if one[0] > after)
    found: list[StoredJob] = []
    for begin in range(0, len(numbered), _AT_ONCE):
        page = [uuid for _, uuid in numbered[begin : begin + _AT_ONCE]]
        for job in _read(server, queue, page):
            if state is None or job.state == state:
                found.append(job)
                if len(found) == limit:
                    return found
    return found


def _ids(server: ArqServer, queue: str) -> Iterator[tuple[int, str]]:
    """Give the ids and uuids of all jobs of *queue*."""
    sets = server.run("admin", {"what": "sets", "keep": 0, "queue": queue})
    for set_ in sets:
        (uuids,) = server.ask(("ZRANGE", set_, 0, -1))
        for begin in range(0, len(uuids), _AT_ONCE):
            page = [uuid.decode() for uuid in uuids[begin : begin + _AT_ONCE]]
            numbers = server.ask(*(("HGET", _meta(server, uuid), "n") for uuid in page))
            for uuid, number in zip(page, numbers, strict=True):
                yield int(number or 0), uuid


def _read(server: ArqServer, queue: str, uuids: Sequence[str]) -> Iterator[StoredJob]:
    commands: list[Sequence[Any]] = []
    for uuid in uuids:
        commands += (
            ("HMGET", _meta(server, uuid), "n", "m", "s", "b"),
            ("HGET", f"{server.prefix}@holders", uuid),
            ("GET", f"arq:job:{uuid}"),
            ("GET", f"arq:retry:{uuid}"),
            ("EXISTS", f"arq:in-progress:{uuid}"),
        )
    answers = server.ask(*commands)
    now = clock.timestamp()
    for at, uuid in enumerate(uuids):
        about, holder, value, tries, is_held = answers[5 * at : 5 * at + 5]
        number, fixed, due, batch = about
        if value is None:
            continue  # settled meanwhile
        told, payload = told_of(fixed or b"", value)
        available_at = float(due or 0) / 1_000
        state = "reserved" if is_held else "delayed" if available_at > now else "pending"
        yield StoredJob(
            id=int(number or 0),
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
