"""Checkup: what is wrong, or will be, with the store of a connection: for `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

from securely.queue.contracts import Connection, Defaults

__all__ = ["Examinable", "Severity", "Symptom", "examine"]

Severity: TypeAlias = Literal["ok", "warn", "error"]


class Symptom(NamedTuple):
    """What was seen of a store.

    Attributes:
        severity: "ok", "warn" for what will bite one day, "error" for what does not work now.
        seen: What was seen, with the value.
        remedy: What to do about it; empty where all is well.
    """

    severity: Severity
    seen: str
    remedy: str = ""


class Examinable(Protocol):
    """A connection that knows what may be wrong with its store."""

    def examine(self) -> Iterable[Symptom]:
        """Look at the store, and say what is seen; nothing is changed."""
        ...


def examine(connection: Connection) -> Iterator[Symptom]:
    """Look at the store of *connection*, as far as it can be looked at.

    Raises:
        QueueUnavailable: It cannot be reached.
    """
    retry_after: float | None = getattr(connection, "retry_after", None)
    timeout = Defaults().timeout
    if retry_after is not None and timeout is not None and retry_after <= timeout:
        yield Symptom(
            "warn",
            f"it hands a job to the next worker after {retry_after:g} seconds (retry_after), and "
            f"`queue:work` lets jobs run for {timeout:g}",
            "Let retry_after be longer, or give workers a shorter --timeout.",
        )
    if hasattr(connection, "examine"):
        yield from cast(Examinable, connection).examine()
