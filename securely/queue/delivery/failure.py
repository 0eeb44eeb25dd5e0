"""What a failure is kept as, and the place for failed jobs of connections that keep none."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from securely.queue.contracts import FailedJob

__all__ = ["FailureReport", "NoFailedJobs", "pack_error", "unpack_error"]

# A trace longer than this helps nobody, and a message of megabytes would be written on each try.
_TRACE_MAX: Final = 32_000
_MESSAGE_MAX: Final = 8_000


@dataclass(frozen=True, slots=True)
class FailureReport:
    """Why a job failed, as it is kept.

    Attributes:
        type: The dotted name of the exception's class.
        message: What it said.
        trace: Its traceback, the innermost frames last; cut at its start when very long.
    """

    type: str
    message: str
    trace: str


def pack_error(error: BaseException) -> bytes:
    """Return *error* as UTF-8 JSON `{"type", "message", "trace"}`."""
    kind = type(error)
    try:
        message = str(error)
    except Exception as broken:  # an author's __str__ must not cost the record
        message = f"(its message cannot be shown: {type(broken).__name__})"
    trace = "".join(traceback.format_exception(error))
    data = {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": _writable(message)[:_MESSAGE_MAX],
        "trace": _writable(trace)[-_TRACE_MAX:],
    }
    return json.dumps(data, ensure_ascii=True).encode()


def unpack_error(data: bytes) -> FailureReport:
    """Return what :func:`pack_error` wrote; what is missing there is empty here.

    Example:
        >>> unpack_error(pack_error(ValueError("no such customer"))).message
        'no such customer'
    """
    try:
        fields = json.loads(data)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return FailureReport("", "", "")
    texts = cast("dict[str, object]", fields)
    return FailureReport(
        *(_writable(str(texts.get(name, ""))) for name in ("type", "message", "trace"))
    )


def _writable(text: str) -> str:
    """Return *text* with half a surrogate pair written out: no terminal and no file takes one."""
    return text.encode("utf-8", "backslashreplace").decode()


class NoFailedJobs:
    """Keeps no failed job: for connections whose caller learns of the failure at once."""

    def all(self, queue: str | None = None) -> Sequence[FailedJob]:
        """Return nothing."""
        return ()

    def find(self, key: str) -> FailedJob | None:
        """Return None."""
        return None

    def retry(self, keys: Sequence[str] | None = None, queue: str | None = None) -> list[FailedJob]:
        """Put nothing back."""
        return []

    def forget(self, key: str) -> bool:
        """Return False."""
        return False

    def flush(self, older_than: float | None = None) -> int:
        """Remove nothing."""
        return 0

    def count(self, connection: str | None = None, queue: str | None = None) -> int:
        """Return 0."""
        return 0
