"""The links between a supervisor and one of its executors: length-prefixed frames on socket pairs.

A frame is four bytes of length and one message in MessagePack. Payloads pass as bytes that
neither side opens here. A reset connection and a broken pipe count as the end of the stream, as
does what is not a frame: the other side is dead or lost, and :class:`EOFError` says so.
"""

from __future__ import annotations

import socket
import struct
from typing import Generic, TypeVar

import msgspec

from securely.queue.contracts import Defaults, Delivery, FailedJob, Outcome
from securely.queue.crew.loading import Place

__all__ = [
    "Cancel",
    "Ends",
    "FromExecutor",
    "Hook",
    "HookDone",
    "Link",
    "Live",
    "Quit",
    "Ready",
    "Refused",
    "Report",
    "Returned",
    "Revoke",
    "Run",
    "Start",
    "Tell",
    "ToControl",
    "ToExecutor",
]

_LENGTH = struct.Struct("<I")
_CHUNK_BYTES = 1 << 18  # one read takes what a socket's buffer holds by default, and more
_FRAME_BYTES_MAX = 1 << 30  # beyond it the stream is not ours


class Start(msgspec.Struct, tag=0, array_like=True):
    """First frame: who the executor is and what it loads.

    Attributes:
        connection: The connection that the worker was told to work; None for the default one.
        is_trial: It is to see whether a worker could work here, too.
    """

    worker: str
    number: int
    place: Place
    loader: str
    board: str
    lock: str
    concurrency: int
    defaults: Defaults
    queues: tuple[str, ...] = ()
    sleep: float = 1.0
    connection: str | None = None
    is_trial: bool = False


class Run(msgspec.Struct, tag=1, array_like=True):
    """Deliveries to run in this order, each with its cell of the board."""

    deliveries: list[tuple[int, Delivery]]


class Hook(msgspec.Struct, tag=2, array_like=True):
    """Run the `failed()` hook of a job whose failure is recorded; *cell* is its mark."""

    cell: int
    failed: FailedJob


class Quit(msgspec.Struct, tag=3, array_like=True, frozen=True):
    """Close the application and exit; nothing is in hand any more.

    Attributes:
        reason: Why the worker stops.
        status: Its exit code.
        processed: How many jobs it has run.
    """

    reason: str = "error"
    status: int = 1
    processed: int = 0


class Tell(msgspec.Struct, tag=4, array_like=True):
    """Tell an event of the worker, by its name, to those who listen."""

    event: str
    details: dict[str, float | int | str]


class Live(msgspec.Struct, tag=5, array_like=True):
    """Follow a change of the variables *names*, without beginning anew."""

    names: list[str]


class Revoke(msgspec.Struct, tag=0, array_like=True):
    """Give back what has not been started; over the control socket, as :class:`Cancel`."""


class Cancel(msgspec.Struct, tag=1, array_like=True):
    """Stop the delivery with this token on this cell, whether it runs or is yet to start."""

    cell: int
    token: int


class Ready(msgspec.Struct, tag=0, array_like=True):
    """The application is loaded; *listens*: somebody there wants to be told of the worker."""

    listens: bool = False


class Refused(msgspec.Struct, tag=1, array_like=True):
    """The application could not be loaded."""

    message: str


class Report(msgspec.Struct, tag=2, array_like=True):
    """A delivery has ended, with more to it than :class:`Ends` can tell.

    Attributes:
        cell: Its cell of the board.
        seconds: How long it ran.
        reason: One line of the error, if there was one.
        memory: Resident bytes of the executor, or 0 when it has not looked.
    """

    cell: int
    outcome: Outcome
    seconds: float
    reason: str
    memory: int


class Returned(msgspec.Struct, tag=3, array_like=True):
    """Deliveries that were revoked in time: they have not been started and will not be."""

    cells: list[int]


class HookDone(msgspec.Struct, tag=4, array_like=True):
    """The `failed()` hook on this cell has run."""

    cell: int


class Ends(msgspec.Struct, tag=5, array_like=True):
    """Deliveries have ended well, and settling them means removing their rows and nothing else.

    Attributes:
        ends: The cell of each, and for how many seconds it ran; in the order of their ends.
        memory: Resident bytes of the executor, or 0 when it has not looked.
    """

    ends: list[tuple[int, float]]
    memory: int = 0


ToControl = Revoke | Cancel
ToExecutor = Start | Run | Hook | Quit | Tell | Live
FromExecutor = Ready | Refused | Report | Returned | HookDone | Ends
M = TypeVar("M")


class Link(Generic[M]):
    """One end of a link.

    Args:
        end: The socket.
        decoder: Reads what comes in.
    """

    def __init__(self, end: socket.socket, decoder: msgspec.msgpack.Decoder[M]) -> None:
        self._end = end
        self._decode = decoder.decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._rest = b""
        self._unsent = bytearray()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._end.fileno()

    @property
    def is_backed_up(self) -> bool:
        """Whether :meth:`post` has left bytes that the socket did not take."""
        return bool(self._unsent)

    def send(self, message: msgspec.Struct) -> None:
        """Send *message*, waiting for room.

        Raises:
            EOFError: The other side is gone.
        """
        body = self._encode(message)
        try:
            self._end.sendall(_LENGTH.pack(len(body)) + body)
        except OSError as error:
            raise EOFError("The other process has gone away.") from error

    def post(self, message: msgspec.Struct) -> None:
        """Send *message* without waiting; what finds no room is kept for :meth:`flush`.

        Raises:
            EOFError: The other side is gone.
        """
        body = self._encode(message)
        self._unsent += _LENGTH.pack(len(body))
        self._unsent += body
        self.flush()

    def flush(self) -> None:
        """Send what :meth:`post` has kept, as far as there is room.

        Raises:
            EOFError: The other side is gone.
        """
        try:
            while self._unsent:
                with memoryview(self._unsent) as view:
                    sent = self._end.send(view, socket.MSG_DONTWAIT)
                del self._unsent[:sent]
        except BlockingIOError:
            return
        except OSError as error:
            raise EOFError("The other process has gone away.") from error

    def receive(self, *, wait: bool) -> list[M]:
        """Read once, and return the messages that are complete; maybe none.

        Raises:
            EOFError: The other side is gone, or sent what is not a frame.
        """
        try:
            chunk = self._end.recv(_CHUNK_BYTES, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError as error:
            raise EOFError("The other process has gone away.") from error
        if not chunk:
            raise EOFError("The other process has gone away.")
        return self._parse(self._rest + chunk if self._rest else chunk)

    def _parse(self, data: bytes) -> list[M]:
        messages: list[M] = []
        at, end = 0, len(data)
        view = memoryview(data)
        while end - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data, at)
            if length > _FRAME_BYTES_MAX:
                raise EOFError(f"The other process sent a frame of {length} bytes.")
            begin = at + _LENGTH.size
            if end - begin < length:
                break
            try:
                messages.append(self._decode(view[begin : begin + length]))
            except msgspec.MsgspecError as error:
                raise EOFError("The other process sent what is not a message.") from error
            at = begin + length
        self._rest = data[at:]
        return messages

    def close(self) -> None:
        """Close this end."""
        self._end.close()
