"""Sender: sends, queues and schedules mails, in both colours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, overload

from securely.mail.contracts import Sent
from securely.mail.exceptions import NotSendable
from securely.mail.mailable.mailable import Mailable
from securely.mail.message.message import Message
from securely.queue import Dispatched, PendingDispatch
from securely.queue.job import Delay
from securely.support.steps import Steps, arun, run

__all__ = ["Sender"]


class Sender(ABC):
    """Sends, queues and schedules mails: a mailer, or one with recipients for the next mail."""

    __slots__ = ()

    @overload
    def send(self, message: Message) -> Sent | None: ...
    @overload
    def send(self, message: Mailable) -> Sent | Dispatched | None: ...
    def send(self, message: Message | Mailable) -> Sent | Dispatched | None:
        """Send *message* to those it names; a mailable that says `should_queue` is queued.

        One that has an idempotency key is sent once: if it was sent before, that is what is
        returned, and no event tells of it again.

        Returns:
            What became of it; None if a listener of MessageSending cancelled it.

        Raises:
            InFlight: It has an idempotency key, and somebody else sends it right now.
            InvalidMessage: It can not be sent as it is.
            LedgerFailed: It has an idempotency key, and nobody knows whether it was sent before.
            TransportError: It was not taken.
            ViewError: A view of the mailable is not there, or can not be rendered.
        """
        if isinstance(message, Mailable) and message.should_queue:
            return self.queue(message)
        return self.send_now(message)

    @overload
    async def asend(self, message: Message) -> Sent | None: ...
    @overload
    async def asend(self, message: Mailable) -> Sent | Dispatched | None: ...
    async def asend(self, message: Message | Mailable) -> Sent | Dispatched | None:
        """Async twin of :meth:`send`."""
        if isinstance(message, Mailable) and message.should_queue:
            return await self.aqueue(message)
        return await self.asend_now(message)

    def send_now(self, message: Message | Mailable, *, key: str = "") -> Sent | None:
        """Send *message* here and now, whatever it says of queues.

        Args:
            message: A message, or a mailable.
            key: The idempotency key of a mailable that has none.

        Raises:
            MailError: As for :meth:`send`.
        """
        return run(self._send(_sendable(message), key))

    async def asend_now(self, message: Message | Mailable, *, key: str = "") -> Sent | None:
        """Async twin of :meth:`send_now`."""
        return await arun(self._send(_sendable(message), key))

    def queue(
        self, mailable: Mailable, *, queue: str | None = None, connection: str | None = None
    ) -> Dispatched:
        """Have a worker send *mailable*.

        Args:
            mailable: The mailable; what it says of `tries`, `queue`, `delay` … holds for its job.
            queue: The queue it waits in; None for what the mailable says.
            connection: The connection that takes it; None for what the mailable says.

        Raises:
            NotQueueable: A value in it has no written form, or a worker can not import its class.
            QueueError: It was not taken.
        """
        return self._dispatch(_queueable(mailable), queue, connection).dispatch()

    async def aqueue(
        self, mailable: Mailable, *, queue: str | None = None, connection: str | None = None
    ) -> Dispatched:
        """Async twin of :meth:`queue`."""
        return await self._dispatch(_queueable(mailable), queue, connection).adispatch()

    def later(
        self,
        delay: Delay,
        mailable: Mailable,
        *,
        queue: str | None = None,
        connection: str | None = None,
    ) -> Dispatched:
        """Have a worker send *mailable* after *delay*, or at that moment.

        Args:
            delay: Seconds, a timedelta, text ("10m"), or an aware datetime.
            mailable: The mailable.
            queue: The queue it waits in; None for what the mailable says.
            connection: The connection that takes it; None for what the mailable says.

        Raises:
            QueueError: As for :meth:`queue`.
        """
        return self._dispatch(_queueable(mailable), queue, connection).delay(delay).dispatch()

    async def alater(
        self,
        delay: Delay,
        mailable: Mailable,
        *,
        queue: str | None = None,
        connection: str | None = None,
    ) -> Dispatched:
        """Async twin of :meth:`later`."""
        return (
            await self._dispatch(_queueable(mailable), queue, connection).delay(delay).adispatch()
        )

    @abstractmethod
    def _send(self, given: Message | Mailable, key: str) -> Steps[Sent | None]:
        """Send it, in either colour."""

    @abstractmethod
    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        """Return its job, which waits for its last options."""


def _sendable(given: object) -> Message | Mailable:
    """Return *given*, which callers without a type checker may have got wrong."""
    if isinstance(given, (Message, Mailable)):
        return given
    if isinstance(given, type):
        name = given.__name__
        raise NotSendable(f"{name} can not be sent: it is a class. Give one of it: {name}(…).")
    words = " For a text there is Mail.raw(text, to=…)." if isinstance(given, str) else ""
    what = "None" if given is None else type(given).__name__
    raise NotSendable(f"{what} is neither a message nor a mailable, and can not be sent.{words}")


def _queueable(given: object) -> Mailable:
    found = _sendable(given)
    if isinstance(found, Mailable):
        return found
    raise NotSendable(
        "A Message can not be queued: only a mailable can. Make one (make:mail), or send it now."
    )
