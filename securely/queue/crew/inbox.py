"""What the supervisor has sent to an executor, and the thread that hears it meanwhile.

The main thread takes deliveries one after the other. While one of them keeps it, the supervisor
may ask over the control socket for the others: a second thread then returns what has not been
started, unread frames included. A delivery leaves the deque once, so it is either run or returned.
It may also ask for one to be stopped, which is noted here, and told to what runs it.

Ends that nobody waits for are gathered here: to send each alone takes longer than many a job. They
go out when the executor says so, with whatever is sent next, when there is nothing left to do, and
when the supervisor asks.

The same thread sees the supervisor die, and ends the process: a job must not go on when its
delivery will be given to somebody else.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias, cast

import msgspec

from securely.queue.contracts import Delivery
from securely.queue.crew.link import (
    Cancel,
    Ends,
    Hook,
    Link,
    Live,
    Quit,
    Returned,
    Run,
    Tell,
    ToControl,
    ToExecutor,
)

__all__ = ["Inbox", "Item", "Key"]


def _end_process() -> None:
    os._exit(1)  # at once: what the job has done so far is all that it may do


def _let_lie() -> None:
    """Tell nobody: who waits in :meth:`Inbox.take` finds what lies there."""


def _stop_nothing(key: Key) -> None:
    """Stop nothing: it is looked at before it is started."""


Key: TypeAlias = tuple[int, int]
"""A cell and a token: no other delivery ever has both."""

Item: TypeAlias = tuple[int, Delivery] | Hook | Quit | Tell | Live


class Inbox:
    """The deliveries and requests that wait in this executor.

    Args:
        link: Where they come from.
        control: The socket on which the supervisor asks for them back, or for one to be stopped.
        abandon: What is done when the supervisor is gone.

    Attributes:
        rouse: Called by the thread that gives back when it has read what stays here, a hook or
            the end: a main thread that does not wait in :meth:`take` knows nothing of it, for
            the socket is silent again.
        cancelled: What is to be stopped, or not to be started; taken off when that is seen to.
        stop: Called by that thread when there is one more.
    """

    def __init__(
        self,
        link: Link[ToExecutor],
        control: socket.socket,
        abandon: Callable[[], object] = _end_process,
    ) -> None:
        self.link = link
        decoder = cast("msgspec.msgpack.Decoder[ToControl]", msgspec.msgpack.Decoder(ToControl))
        self._control: Link[ToControl] = Link(control, decoder)
        self.rouse: Callable[[], object] = _let_lie
        self.cancelled: set[Key] = set()
        self.stop: Callable[[Key], object] = _stop_nothing
        self._abandon = abandon
        self._items: deque[Item] = deque()
        self._ends: deque[tuple[int, float]] = deque()
        self._reading = threading.Lock()
        self._sending = threading.Lock()

    def watch(self) -> None:
        """Start the thread that gives back and that sees the supervisor die."""
        threading.Thread(target=self._obey, name="securely-control", daemon=True).start()

    def take(self) -> Item:
        """Return the next item, waiting for it."""
        while True:
            try:
                return self._items.popleft()
            except IndexError:
                self.flush()
                self.fill(wait=True)

    def poll(self) -> Item | None:
        """Return the next item that has been read, or None."""
        try:
            return self._items.popleft()
        except IndexError:
            return None

    def fill(self, *, wait: bool) -> bool:
        """Read what has been sent; ends the process when the supervisor is gone.

        Returns:
            False when nothing was read, because what had been read before still waits.
        """
        with self._reading:
            if self._items:
                return False
            try:
                self._sort(self.link.receive(wait=wait))
            except EOFError:
                self._abandon()
                raise
            return True

    def gather(self, cell: int, seconds: float) -> None:
        """Note that the delivery on *cell* has ended well after *seconds*, to be told later."""
        self._ends.append((cell, seconds))

    def flush(self, memory: int = 0) -> None:
        """Tell what was gathered, and how much memory there is in use; as :meth:`send`."""
        if not self._ends:
            return
        with self._sending:
            if self._ends:  # the other thread may have been faster
                self._send(self._gathered(memory))

    def send(self, message: msgspec.Struct) -> None:
        """Send what was gathered, and *message*; ends the process when the supervisor is gone."""
        with self._sending:
            if self._ends:
                self._send(self._gathered())
            self._send(message)

    def _send(self, message: msgspec.Struct) -> None:
        try:
            self.link.send(message)
        except EOFError:
            self._abandon()
            raise

    def _gathered(self, memory: int = 0) -> Ends:
        # Taken off one by one: the main thread may add to them meanwhile.
        ends = [self._ends.popleft() for _ in range(len(self._ends))]
        return Ends(ends, memory)

    def close(self) -> None:
        """Close both sockets."""
        self.link.close()
        self._control.close()

    def _sort(self, messages: list[ToExecutor]) -> None:
        for message in messages:
            if isinstance(message, Run):
                self._items.extend(message.deliveries)
            elif isinstance(message, (Hook, Quit, Tell, Live)):
                self._items.append(message)

    def _obey(self) -> None:
        with suppress(EOFError):
            while True:
                for message in self._control.receive(wait=True):
                    if isinstance(message, Cancel):
                        key = (message.cell, message.token)
                        self.cancelled.add(key)
                        self.stop(key)
                    else:
                        self.give_back()
        self._abandon()

    def give_back(self) -> None:
        """Return all deliveries that have not been taken, read or not."""
        if not self._reading.acquire(blocking=False):
            return  # the main thread waits for work: it will start what comes
        try:
            self._drain()
        except EOFError:
            self._abandon()
        finally:
            self._reading.release()

    def _drain(self) -> None:
        self.flush()
        while messages := self.link.receive(wait=False):
            self._sort(messages)
        taken: list[Item] = []
        while (item := self.poll()) is not None:
            taken.append(item)
        cells = [item[0] for item in taken if isinstance(item, tuple)]
        self._items.extend(item for item in taken if not isinstance(item, tuple))
        if self._items:
            self.rouse()
        if cells:
            self.send(Returned(cells))
