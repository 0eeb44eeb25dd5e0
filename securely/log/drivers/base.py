"""What drivers share: formatters, a file that many processes append to, and wrappers of handlers.

The wrappers do for any driver what a channel may ask for: a thread that writes, processors, and
records that are held back until one of them matters.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast
from weakref import WeakValueDictionary

from securely.container import NotBooted, current
from securely.log.contracts import Formatter, Handler
from securely.log.formatters import formatter
from securely.log.hub import Hub
from securely.log.outbox import Outbox
from securely.log.record import Record
from securely.support.forking import renew_after_fork
from securely.support.importing import import_object

__all__ = [
    "AppendFile",
    "Aside",
    "Holding",
    "Processing",
    "Processor",
    "Written",
    "formatter_for",
    "resolved",
]

Processor: TypeAlias = Callable[[Record], Record | None]
"""Changes a record on its way to a handler; one that returns None keeps it from being written."""

# In a burst, records that follow each other so closely (seconds), the file is looked for only at
# every 32nd: looking costs as much as writing, and moving a file away takes longer.
_BURST_SECONDS: Final = 0.000_05
_BURST_RECORDS: Final = 32


def formatter_for(
    name: str | None,
    default: str,
    hub: Hub,
    settings: Mapping[str, object] | None = None,
) -> Formatter:
    """Return the formatter that the configuration names, else the driver's own.

    Args:
        name: What the configuration says.
        default: What the driver has when it says nothing.
        hub: Has the time zone, what is secret, and whom to tell of values that cannot be written.
        settings: What else the configuration gives the formatter.
    """
    return formatter(
        name or default,
        timezone=hub.timezone,
        masker=hub.masker,
        note=hub.emergency.report,
        **(settings or {}),
    )


class Written:
    """A handler that writes what a formatter makes, in UTF-8."""

    encoded: Callable[[Record], bytes]

    @property
    def formatter(self) -> Formatter:
        """What makes the text; another one may be put in its place."""
        return self._formatter

    @formatter.setter
    def formatter(self, formatter: Formatter) -> None:
        """Put another one in its place."""
        self._formatter = formatter
        # Ours know the shortest way to bytes.
        encoded = getattr(formatter, "encoded", None)
        self.encoded = encoded or partial(_encoded, formatter)


def _encoded(formatter: Formatter, record: Record) -> bytes:
    return formatter.format(record).encode("utf-8", "backslashreplace")


class AppendFile:
    """A file that threads and processes append records to, one write each, none torn.

    It is opened at its first record, and again when the path leads to another file than the
    open one: after a rotation, or after somebody removed it.

    Args:
        path: The file; its folder is made if need be, for its owner alone.
        permission: The mode of a new file, whatever the umask.
        locking: Take a lock of the file per record.
    """

    def __init__(self, path: Path, *, permission: int = 0o600, locking: bool = False) -> None:
        self.path = path
        self._name = os.fspath(path)
        self._permission = permission
        self._locking = locking
        self._descriptor: int | None = None
        self._identity: tuple[int, int] = (0, 0)
        self._last = 0.0
        self._unlooked = 0
        # The last record was cut off: what comes next must begin on a line of its own.
        self._torn = False
        # A thread must not write to a descriptor that another has just closed: its number may
        # belong to another file already.
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)

    def append(self, data: bytes, timestamp: float = 0.0) -> None:
        """Write *data* at the end.

        Args:
            data: What to write.
            timestamp: When, in seconds; where two are close, the path is not looked at.

        Raises:
            OSError: The file cannot be written, or the disk is full.
        """
        with self._lock:
            descriptor = self._descriptor
            self._unlooked += 1
            if (
                descriptor is None
                or self._unlooked >= _BURST_RECORDS
                or not 0.0 < timestamp - self._last < _BURST_SECONDS
            ):
                descriptor = self._opened()
                self._unlooked = 0
            self._last = timestamp
            if self._locking or self._torn:
                self._write_with_care(descriptor, data)
            elif (written := os.write(descriptor, data)) != len(data):
                self._write_rest(descriptor, data[written:])

    def close(self) -> None:
        """Close the file; the next record opens it again."""
        with self._lock:
            self._close()

    def _opened(self) -> int:
        if self._descriptor is not None:
            try:
                found = os.stat(self._name)  # noqa: PTH116  # Path.stat costs as much again
            except FileNotFoundError:
                pass
            else:
                if (found.st_dev, found.st_ino) == self._identity:
                    return self._descriptor
            self._close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = self._descriptor = self._open()
        found = os.fstat(descriptor)
        self._identity = (found.st_dev, found.st_ino)
        self._torn = False
        return descriptor

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        try:
            made = os.open(self._name, flags | os.O_CREAT | os.O_EXCL, self._permission)
        except FileExistsError:
            return os.open(self._name, flags | os.O_CREAT, self._permission)
        if hasattr(os, "fchmod"):  # not on Windows
            os.fchmod(made, self._permission)
            self._give_to_owner_of_folder(made)
        return made

    def _give_to_owner_of_folder(self, descriptor: int) -> None:
        """Let the web server go on writing to what root has begun: a cron job, a deploy."""
        if os.geteuid() != 0:
            return
        folder = self.path.parent.stat()
        if (folder.st_uid, folder.st_gid) != (0, 0):
            os.fchown(descriptor, folder.st_uid, folder.st_gid)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write_with_care(self, descriptor: int, data: bytes) -> None:
        """Write under a lock of the file, and on a new line where the last record was cut off."""
        if self._torn:
            data = b"\n" + data
        lock, unlock = _file_lock() if self._locking else (_no_lock, _no_lock)
        lock(descriptor)
        try:
            written = os.write(descriptor, data)
            if written != len(data):
                self._write_rest(descriptor, data[written:])
            self._torn = False
        finally:
            unlock(descriptor)

    def _write_rest(self, descriptor: int, data: bytes) -> None:
        """Write what the system did not take at once; an error leaves a record cut off."""
        self._torn = True
        while data:
            data = data[os.write(descriptor, data) :]
        self._torn = False

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _no_lock(descriptor: int) -> None:
    """Do nothing."""


def _file_lock() -> tuple[Callable[[int], None], Callable[[int], None]]:
    """Return what takes a lock of a file, and what lets go of it."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover  # Windows: appending is all there is
        return _no_lock, _no_lock
    return (
        lambda descriptor: fcntl.flock(descriptor, fcntl.LOCK_EX),
        lambda descriptor: fcntl.flock(descriptor, fcntl.LOCK_UN),
    )


class _Wrapper:
    """A handler in front of another one."""

    def __init__(self, handler: Handler) -> None:
        self.level: int = handler.level
        self.bubble: bool = getattr(handler, "bubble", True)
        self.handler: Handler = handler

    def close(self) -> None:
        """Close the handler behind."""
        self.handler.close()

    def reset(self) -> None:
        """Forget what the handler behind holds back."""
        if (reset := getattr(self.handler, "reset", None)) is not None:
            reset()


class Aside(_Wrapper):
    """Lets a thread of its own hand records to a handler, so that whoever logs does not wait.

    Args:
        handler: The handler.
        name: Of the channel, for what is told.
        tell: Is told, once, of what could not be written.
        queue_max: How many records wait at most; what comes then is dropped and counted.
        flush_seconds: How long closing, a fork, and the end of the process wait for them.

    Attributes:
        outbox: What waits to be written.
    """

    def __init__(
        self,
        handler: Handler,
        name: str,
        tell: Callable[..., None],
        *,
        queue_max: int,
        flush_seconds: float,
    ) -> None:
        super().__init__(handler)
        self.outbox: Outbox = Outbox(
            name,
            self._deliver,
            tell,
            queue_max=queue_max,
            flush_seconds=flush_seconds,
            rate_max=0,
            flush_at_fork=True,
        )

    def handle(self, record: Record) -> None:
        """Leave *record* to the thread."""
        self.outbox.put(record)

    def close(self) -> None:
        """Wait for what has not been written, and close the handler behind."""
        self.outbox.close()
        super().close()

    def _deliver(self, record: Record) -> None:
        self.handler.handle(record)


class Processing(_Wrapper):
    """Lets processors change each record before a handler gets it.

    Args:
        handler: The handler.
        processors: They run in this order.
        bubble: Whether a stack hands the record on to the channels that follow this one.

    Example:
        >>> from securely.log.drivers.array import ArrayHandler
        >>> kept = ArrayHandler()
        >>> loud = Processing(kept, [lambda record: record._replace(message=record.message + "!")])
        >>> loud.handle(Record(0.0, 20, "local", "shipped", {}, {}))
        >>> kept.records[0].message
        'shipped!'
    """

    def __init__(
        self, handler: Handler, processors: Iterable[Processor] = (), *, bubble: bool = True
    ) -> None:
        super().__init__(handler)
        self.bubble: bool = bubble and self.bubble
        self._processors = tuple(processors)

    def handle(self, record: Record) -> None:
        """Hand *record* on, as the processors leave it."""
        for process in self._processors:
            changed = process(record)
            if changed is None:
                return
            record = changed
        self.handler.handle(record)


class Holding(_Wrapper):
    """Holds records back until one of them matters; then all are written, in order.

    Each task and thread has its own. A task that another one starts knows what that one held until
    then; whoever comes first writes it.

    Args:
        handler: Where they go in the end.
        action_level: The level that matters.
        size: How many are held; the oldest go first.
        stop: Whether all that follows is written at once.
    """

    def __init__(
        self, handler: Handler, action_level: int, *, size: int = 1000, stop: bool = True
    ) -> None:
        super().__init__(handler)
        self._action_level = action_level
        self._size = size
        self._stop = stop
        self._number = next(_numbers)
        _holding[self._number] = self

    def handle(self, record: Record) -> None:
        """Hold *record* back, or write it with those that were held."""
        held = _held.get().get(self._number, ())
        if held is None:
            self.handler.handle(record)
        elif record.level < self._action_level:
            self._hold((*held[-self._size + 1 :], [record]) if self._size > 1 else ([record],))
        else:
            self._hold(None if self._stop else ())
            for each in held:
                if each:
                    self.handler.handle(each.pop())
            self.handler.handle(record)

    def reset(self) -> None:
        """Forget what is held: a new request or job begins."""
        self._hold(())

    def _hold(self, held: _Held) -> None:
        """Hold *held* in this task, and forget what was held for channels that are gone."""
        others = {number: each for number, each in _held.get().items() if number in _holding}
        _held.set({**others, self._number: held})


_Held: TypeAlias = tuple[list[Record], ...] | None
# By the number of who holds it; None: nothing is held any more. A record in its own list can be
# taken out once only. One variable for all: Python keeps each that was ever set in a context, and
# channels that are made on demand are many.
_held: Final[ContextVar[Mapping[int, _Held]]] = ContextVar(
    "securely_log_held", default=MappingProxyType({})
)
_holding: Final[WeakValueDictionary[int, Holding]] = WeakValueDictionary()
_numbers: Final = count()


def resolved(named: object) -> Callable[..., Any]:
    """Return what can be called, for what the configuration says of it.

    Args:
        named: A function, a class (the container makes it), the dotted path of one, or a pair of
            one and its arguments, which then come after those of the call (functions) or make the
            instance (classes).
    """
    given: Mapping[str, Any] = {}
    if isinstance(named, Mapping):
        said = dict(cast("Mapping[str, Any]", named))
        given = said.pop("with", {})
        named = next(iter(said.values()), None)
    elif isinstance(named, list | tuple):
        named, given = cast("tuple[object, Mapping[str, Any]]", named)
    if isinstance(named, str):
        named = import_object(named)
    if isinstance(named, type):
        return cast("Callable[..., Any]", _instance(named, given))
    call = cast("Callable[..., Any]", named)
    return partial(call, **given) if given else call


def _instance(kind: type, given: Mapping[str, Any]) -> object:
    if given:
        return kind(**given)
    try:
        return current().make(kind)
    except NotBooted:
        return kind()
