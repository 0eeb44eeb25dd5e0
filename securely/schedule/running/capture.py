"""capturing: what code of this process prints goes to a sink, for each run of many to its own.

While any run is captured, `sys.stdout` and `sys.stderr` are stand-ins that look at the context
they are written from: that of a run leads to its sink, also from async tasks and from threads
which carry the context on; all other output goes where it always went.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TextIO

from securely.schedule.running.output import Sink
from securely.support.forking import renew_after_fork

__all__ = ["capturing"]

_sink: ContextVar[Sink | None] = ContextVar("securely_schedule_output", default=None)


def _open_sink() -> Sink | None:
    sink = _sink.get()
    return sink if sink is not None and sink.is_open else None


class _Bytes(io.RawIOBase):
    """The `buffer` of a stand-in, for code that writes bytes."""

    def __init__(self, original: TextIO) -> None:
        self._original = original

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        sink = _open_sink()
        if sink is None:
            return self._original.buffer.write(data)
        sink.write(bytes(data))
        return len(memoryview(data).cast("B"))

    def flush(self) -> None:
        if _open_sink() is None:
            self._original.flush()


class _StandIn(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`: writes to the sink of the context, if it has one.

    Attributes:
        original: What it stands for.
    """

    def __init__(self, original: TextIO) -> None:
        self.original = original
        self._bytes = _Bytes(original)

    @property
    def buffer(self) -> Any:
        return self._bytes

    @property
    def encoding(self) -> str:  # type: ignore[override]  # it depends on who asks
        return "utf-8" if _open_sink() is not None else self.original.encoding

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        sink = _open_sink()
        if sink is None:
            return self.original.write(text)
        sink.write_text(text)
        return len(text)

    def flush(self) -> None:
        if _open_sink() is None:
            self.original.flush()

    def isatty(self) -> bool:
        return _open_sink() is None and self.original.isatty()

    def fileno(self) -> int:
        if _open_sink() is not None:
            # Who asks would write past the sink.
            raise io.UnsupportedOperation("fileno")
        return self.original.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class _Streams:
    """The stand-ins of this process, and how many runs need them."""

    NAMES: Final = ("stdout", "stderr")

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self._users = 0
        self._stand_ins: dict[str, _StandIn] = {}
        renew_after_fork(self, "mutex", threading.Lock)

    def install(self) -> None:
        with self.mutex:
            self._users += 1
            for name in self.NAMES:
                stream = getattr(sys, name)
                # Whoever has put something of his own there since is stood in for as well.
                if stream is not None and not isinstance(stream, _StandIn):
                    stand_in = self._stand_ins[name] = _StandIn(stream)
                    setattr(sys, name, stand_in)

    def uninstall(self) -> None:
        with self.mutex:
            self._users -= 1
            if self._users:
                return
            for name, stand_in in self._stand_ins.items():
                # Not when it was replaced meanwhile: that one is somebody else's to take away.
                if getattr(sys, name) is stand_in:
                    setattr(sys, name, stand_in.original)
            self._stand_ins.clear()


_streams: Final = _Streams()


@contextmanager
def capturing(sink: Sink) -> Generator[None]:
    """Within the block, let what this context prints go to *sink*.

    Example:
        >>> sink = Sink(100)
        >>> with capturing(sink):
        ...     print("three invoices sent")
        >>> sink.text()
        'three invoices sent\\n'
    """
    _streams.install()
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)
        _streams.uninstall()
