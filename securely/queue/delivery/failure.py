"""What a failure is kept as: masked; and the place for failed jobs of connections without one."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, cast

from securely.container import Container
from securely.log import LogManager
from securely.log.masking import Masker
from securely.queue.contracts import Attempt, Charge, FailedJob, Kind, Outcome

__all__ = [
    "HISTORY_MAX",
    "LOST",
    "FailureReport",
    "Mask",
    "NoFailedJobs",
    "history_of",
    "mask",
    "masker_of",
    "note_of",
    "pack_error",
    "packing",
    "unpack_error",
]

Mask: TypeAlias = Callable[[str], str]
"""Hides what is secret in a text; the masker of the log knows the application's secrets, too."""

# A trace longer than this helps nobody, and a message of megabytes would be written on each try.
_TRACE_MAX: Final = 32_000
_MESSAGE_MAX: Final = 8_000
# Masked before it is cut, since half a secret is not found; and no more of it than this.
_MASKED_MAX: Final = 262_144

_REASON_MAX: Final = 200  # characters: one line of a list that people read

HISTORY_MAX: Final = 8_192
"""Of how many characters a store keeps the history of a job; it cuts it at the front.

A job without a limit of tries has endless ones, and each release writes its row anew.
"""

# By name, place and shape: all that can be done where no application is.
mask: Final[Mask] = Masker().unbounded


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

    def masked(self, hide: Mask) -> FailureReport:
        """Return it as it may be shown: others write what lies in a store, older releases, too."""
        return FailureReport(self.type, _masked(self.message, hide), _masked(self.trace, hide))


def pack_error(error: BaseException, hide: Mask = mask) -> bytes:
    """Return *error* as UTF-8 JSON `{"type", "message", "trace"}`.

    Args:
        error: Why a job failed.
        hide: Hides what is secret in message and trace; these are kept, and shown to people.

    Example:
        >>> unpack_error(pack_error(ValueError("password=hunter2"))).message
        'password=********'
    """
    kind = type(error)
    try:
        message = str(error)
    except Exception as broken:  # an author's __str__ must not cost the record
        message = f"(its message cannot be shown: {type(broken).__name__})"
    trace = "".join(traceback.format_exception(error))
    data = {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": _masked(_writable(message)[:_MASKED_MAX], hide)[:_MESSAGE_MAX],
        "trace": _masked(_writable(trace)[-_MASKED_MAX:], hide)[-_TRACE_MAX:],
    }
    return json.dumps(data, ensure_ascii=True).encode()


def packing(container: Container) -> Callable[[BaseException], bytes]:
    """Return what packs errors, masked as the log of *container* does it, where that has one."""
    if not container.bound(LogManager):
        return pack_error

    def hide(text: str) -> str:
        # Asked for with the first failure: an application need not have a log before.
        return container.make(LogManager).masker.unbounded(text)

    return partial(pack_error, hide=hide)


def masker_of(container: Container) -> Masker:
    """Return what hides secrets in the log of *container*; one that knows no names, without it."""
    try:
        return container.make(LogManager).masker if container.bound(LogManager) else Masker()
    except Exception:  # a log that cannot be made must not hide the failed job
        return Masker()


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


def _reason(error: bytes) -> str:
    """Return one line of what :func:`pack_error` wrote, which has masked it."""
    report = unpack_error(error)
    lines = report.message.strip().splitlines()
    said = [report.type.rpartition(".")[2], *lines[:1]]
    text = ": ".join(filter(None, said))
    return text if len(text) <= _REASON_MAX else f"{text[: _REASON_MAX - 1]}…"


LOST: Final = json.dumps("lost with its worker")
"""What :func:`note_of` returns of a delivery whose process died under it."""


def note_of(outcome: Outcome) -> str | None:
    """Return how a delivery ended that is tried again, as a JSON string; None for not badly.

    A store writes it behind what it has of the job: number of the attempt, wall time and this, as
    a JSON array on a line of its own. :func:`history_of` reads that.

    Example:
        >>> error = pack_error(ValueError("no such customer"))
        >>> note_of(Outcome(1, 1, Kind.RELEASE, charge=Charge.EXCEPTION, error=error))
        '"ValueError: no such customer"'
        >>> note_of(Outcome(1, 1, Kind.RELEASE, charge=Charge.DEFERRAL))
    """
    if outcome.kind is not Kind.RELEASE:
        return None
    if outcome.error is not None:
        return json.dumps(_reason(outcome.error), ensure_ascii=False)
    return LOST if outcome.charge is Charge.LOST else None


def history_of(
    kept: str | None, error: bytes, attempts: int, failed_at: float
) -> tuple[Attempt, ...]:
    """Return the history of a failed job.

    Args:
        kept: The lines that its store has, of :func:`note_of`; the first may have lost its
            beginning.
        error: Why it failed, as :func:`pack_error` wrote it.
        attempts: Its deliveries.
        failed_at: The wall time.

    Example:
        >>> history_of('[1,5.0,"OSError: no"]', pack_error(ValueError("odd")), 2, 9.0)
        ... # doctest: +NORMALIZE_WHITESPACE
        (Attempt(number=1, at=5.0, reason='OSError: no'),
         Attempt(number=2, at=9.0, reason='ValueError: odd'))
    """
    # (Not splitlines(): of the ends of lines that it knows, JSON writes some as they are.)
    before = map(_attempt, [] if kept is None else kept.split("\n"))
    last = Attempt(attempts, failed_at, _reason(error))
    return *(one for one in before if one is not None), last


def _attempt(line: str) -> Attempt | None:
    """Read a line of a history; None for one whose beginning was cut off, which is no JSON."""
    try:
        number, at, reason = json.loads(line)
        return Attempt(int(number), float(at), _writable(str(reason)))
    except (ValueError, TypeError):
        return None


def _masked(text: str, hide: Mask) -> str:
    try:
        return hide(text)
    except Exception:  # a log that cannot be made must not cost the record
        return mask(text)


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
