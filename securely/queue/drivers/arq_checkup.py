"""What may be wrong with a Redis server for a queue: what it evicts, what it keeps, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from securely.queue.drivers.arq_server import ArqServer
from securely.queue.upkeep.checkup import Symptom
from securely.support import clock

__all__ = ["examine"]

SKEW_SECONDS_MAX: Final = 1.0  # delays and leases are counted on the clocks of the machines
MEMORY_SHARE_MAX: Final = 0.9  # of maxmemory, from which on pushes will soon be refused


def examine(server: ArqServer) -> Iterator[Symptom]:
    """Look at *server*."""
    # INFO, not CONFIG GET: servers that others run for us often refuse the latter.
    memory, persistence, time = server.ask(("INFO", "memory"), ("INFO", "persistence"), ("TIME",))
    yield _eviction(_facts(memory))
    yield from _room(_facts(memory))
    yield _durability(_facts(persistence))
    yield _clock(time)


def _eviction(facts: dict[str, str]) -> Symptom:
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return Symptom("ok", "it evicts nothing (maxmemory-policy noeviction)")
    limit = int(facts.get("maxmemory", 0))
    return Symptom(
        "error" if limit else "warn",
        f"maxmemory-policy is {policy}: a full server may delete jobs",
        "Set it to noeviction, or give queues a server of their own.",
    )


def _room(facts: dict[str, str]) -> Iterator[Symptom]:
    used, limit = int(facts.get("used_memory", 0)), int(facts.get("maxmemory", 0))
    if limit and used > limit * MEMORY_SHARE_MAX:
        yield Symptom(
            "warn",
            f"it uses {100 * used // limit}% of its memory",
            "Raise maxmemory, or prune: `queue:prune-failed`, `queue:prune-batches`.",
        )


def _durability(facts: dict[str, str]) -> Symptom:
    if facts.get("aof_enabled") == "1":
        broken = facts.get("aof_last_write_status", "ok") != "ok"
        if broken:
            return Symptom(
                "error", "it cannot write its append-only file", "Look at its log and its disk."
            )
        return Symptom("ok", "it keeps an append-only file")
    return Symptom(
        "warn",
        "it keeps no append-only file: a restart may lose jobs",
        'Set "appendonly yes", unless losing jobs is all right.',
    )


def _clock(time: Any) -> Symptom:
    seconds, micros = (int(part) for part in time)
    skew = seconds + micros / 1e6 - clock.timestamp()
    if abs(skew) > SKEW_SECONDS_MAX:
        return Symptom(
            "warn",
            f"its clock is {skew:+.1f} seconds off from this machine's",
            "Synchronise the clocks, with NTP.",
        )
    return Symptom("ok", "its clock agrees with this machine's")


def _facts(answer: Any) -> dict[str, str]:
    """Return what INFO says, whether the client has read it already or not."""
    if isinstance(answer, dict):
        read = cast("dict[object, object]", answer)
        return {str(name): str(value) for name, value in read.items()}
    text = answer.decode() if isinstance(answer, bytes) else str(answer)
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
