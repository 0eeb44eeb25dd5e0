"""Mailer: sends messages by one transport, and gives them what they lack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Unpack

from securely.exceptions import ConfigurationError
from securely.mail.contracts import Sent, Transport
from securely.mail.events import MailEvent, MessageSending, MessageSent
from securely.mail.exceptions import InvalidMessage
from securely.mail.mailable.composer import Composer
from securely.mail.mailable.mailable import Mailable
from securely.mail.message.address import Address, Who, addresses, one_address
from securely.mail.message.message import Message, MessageFields
from securely.mail.once.once import Once
from securely.mail.pending import PendingMail
from securely.mail.sender import Sender
from securely.queue import Dispatched, Job, PendingDispatch, QueueManager
from securely.support.steps import Steps, call

__all__ = ["Events", "Mailer", "Office", "Route", "Standing"]


class Events(Protocol):
    """Who is told of events; a :class:`securely.events.Dispatcher` is one."""

    def has_listeners(self, event: type[MailEvent], /) -> bool:
        """Return whether anybody listens to *event*."""
        ...

    def until(self, event: MailEvent, /) -> object:
        """Tell the listeners until one answers, and return that answer."""
        ...

    async def auntil(self, event: MailEvent, /) -> object:
        """Async twin of :meth:`until`."""
        ...

    def dispatch(self, event: MailEvent, /) -> object:
        """Tell the listeners."""
        ...

    async def adispatch(self, event: MailEvent, /) -> object:
        """Async twin of :meth:`dispatch`."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What every message is given.

    Attributes:
        sender: Whom it is from, if it does not say.
        reply_to: Whom answers go to, if it does not say.
        return_path: Where failures are told, if it does not say.
        to: Who gets it instead of those it names; empty for those.
    """

    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    return_path: Address | None = None
    to: tuple[Address, ...] = ()

    def over(self, other: Standing) -> Standing:
        """Return what is said here, and by *other* where nothing is."""
        return Standing(
            self.sender or other.sender,
            self.reply_to or other.reply_to,
            self.return_path or other.return_path,
            self.to or other.to,
        )

    def given_to(self, message: Message) -> Message:
        """Return *message* with what it lacks."""
        message = message.changed(
            sender=message.sender or self.sender,
            reply_to=message.reply_to or self.reply_to,
            return_path=message.return_path or self.return_path,
        )
        return self._diverted(message) if self.to else message

    def _diverted(self, message: Message) -> Message:
        """Return *message* for those who get everything, and say whom it was for."""
        before = {"X-To": message.to, "X-Cc": message.cc, "X-Bcc": message.bcc}
        lower = {name.lower() for name in before}
        headers = {
            name: value for name, value in message.headers.items() if name.lower() not in lower
        }
        headers |= {name: ", ".join(map(str, found)) for name, found in before.items() if found}
        return message.changed(to=self.to, cc=(), bcc=(), only=(), headers=headers)


@dataclass(frozen=True, slots=True)
class Office:
    """What mailables need.

    Attributes:
        composer: Gives what makes messages of them.
        queue: Gives where the jobs go that send them.
    """

    composer: Callable[[], Composer]
    queue: Callable[[], QueueManager]


@dataclass(frozen=True, slots=True)
class Route:
    """How a mailer sends.

    Attributes:
        name: The mailer's name.
        transport: What brings messages away.
        events: Who is told; None for nobody.
        standing: What messages are given now.
        once: Who sees to it that the mail of an idempotency key is sent once; None for nobody.
        office: What makes messages of mailables, and where their jobs go.
    """

    name: str
    transport: Transport
    events: Events | None
    standing: Standing
    once: Once | None = None
    office: Office | None = None


class Mailer(Sender):
    """Sends messages by one transport, and gives them what they lack.

    Args:
        transport: What brings messages away.
        name: What it is called; the transport's name if empty.
        standing: What every message is given.
        events: Who is told what happens; None for nobody.
        shared: Gives what all mailers give to messages; what is said here wins.
        once: Who sees to it that the mail of an idempotency key is sent once; None for nobody.
        office: What makes messages of mailables, and where their jobs go; None for a mailer that
            sends messages only.

    Example:
        >>> from securely.mail.drivers.array import ArrayTransport
        >>> mailer = Mailer(ArrayTransport("array"))
        >>> mailer.always_from("shop@x.io")
        >>> sent = mailer.to("ann@x.io").send(Message(subject="Hi", text="There"))
        >>> sent.transport
        'array'
    """

    def __init__(
        self,
        transport: Transport,
        *,
        name: str = "",
        standing: Standing | None = None,
        events: Events | None = None,
        shared: Callable[[], Standing] = Standing,
        once: Once | None = None,
        office: Office | None = None,
    ) -> None:
        self._name: str = name or transport.name
        self._transport: Transport = transport
        self._events: Events | None = events
        self._shared: Callable[[], Standing] = shared
        self._once: Once | None = once
        self._office: Office | None = office
        self._standing: Standing = standing or Standing()

    @property
    def name(self) -> str:
        """What it is called in the configuration."""
        return self._route().name

    @property
    def transport(self) -> Transport:
        """What brings its messages away."""
        return self._route().transport

    def to(self, *who: Who | Iterable[Who]) -> PendingMail:
        """Begin a message to *who*: addresses, objects that have one, or lists of them."""
        return PendingMail(self).to(*who)

    def cc(self, *who: Who | Iterable[Who]) -> PendingMail:
        """Begin a message of which *who* get a copy that all others see."""
        return PendingMail(self).cc(*who)

    def bcc(self, *who: Who | Iterable[Who]) -> PendingMail:
        """Begin a message of which *who* get a copy that nobody sees."""
        return PendingMail(self).bcc(*who)

    def raw(self, text: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Send *text* as it is.

        Args:
            text: The body.
            **fields: What else a :class:`Message` has: ``to``, ``subject``, ``attachments`` …

        Raises:
            InvalidMessage: It can not be sent as it is.
            TransportError: It was not taken.
        """
        fields["text"] = text
        return self.send_now(Message(**fields))

    async def araw(self, text: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Async twin of :meth:`raw`."""
        fields["text"] = text
        return await self.asend_now(Message(**fields))

    def plain(self, text: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Do what :meth:`raw` does."""
        fields["text"] = text
        return self.send_now(Message(**fields))

    async def aplain(self, text: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Async twin of :meth:`plain`."""
        fields["text"] = text
        return await self.asend_now(Message(**fields))

    def html(self, html: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Send *html* as it is; ``text=`` gives it a plain body beside.

        Args:
            html: The body.
            **fields: What else a :class:`Message` has.

        Raises:
            InvalidMessage: It can not be sent as it is.
            TransportError: It was not taken.
        """
        fields["html"] = html
        return self.send_now(Message(**fields))

    async def ahtml(self, html: str, /, **fields: Unpack[MessageFields]) -> Sent | None:
        """Async twin of :meth:`html`."""
        fields["html"] = html
        return await self.asend_now(Message(**fields))

    def always_from(self, who: Who) -> None:
        """Have messages that name no sender be from *who*."""
        self._standing = replace(self._standing, sender=_one("sender", who))

    def always_reply_to(self, who: Who) -> None:
        """Have answers go to *who*, where a message says nothing else."""
        self._standing = replace(self._standing, reply_to=(_one("reply_to", who),))

    def always_return_path(self, who: Who) -> None:
        """Have failures be told to *who*, where a message says nothing else."""
        self._standing = replace(self._standing, return_path=_one("return_path", who))

    def always_to(self, *who: Who | Iterable[Who]) -> None:
        """Have every message go to *who* alone: for machines that must write to nobody else.

        Whom it was for stands in its fields ``X-To``, ``X-Cc`` and ``X-Bcc``.

        Raises:
            InvalidMessage: Nobody is named.
        """
        found = tuple(address for each in who for address in addresses("to", each))
        if not found:
            raise InvalidMessage("to", "nobody is named. Give an address.")
        self._standing = replace(self._standing, to=found)

    def close(self) -> None:
        """Let go of the transport's connections; it opens new ones when it is used again."""
        self._route().transport.close()

    def _route(self) -> Route:
        standing = self._standing.over(self._shared())
        return Route(self._name, self._transport, self._events, standing, self._once, self._office)

    def _route_of(self, mailable: Mailable) -> Route:
        """Return how *mailable* is sent, which may name a mailer; this one is one already."""
        del mailable
        return self._route()

    def _addressed(self, mailable: Mailable) -> Mailable:
        """Return *mailable* as it is queued: this mailer is to send it."""
        return mailable.mailer(self._name)

    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        from securely.mail.mailable.job import SendMailable  # msgspec: with the first payload

        office = _office_of(self._route_of(mailable))
        job = SendMailable.of(self._addressed(mailable))
        return self._placed(_Posted(job, office.queue()), queue, connection)

    def _placed(
        self, posted: PendingDispatch[Any], queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        if queue is not None:
            posted.on_queue(queue)
        if connection is not None:
            posted.on_connection(connection)
        return posted

    def _send(self, given: Message | Mailable, key: str) -> Steps[Sent | None]:
        if isinstance(given, Mailable):
            route = self._route_of(given)
            composer = _office_of(route).composer()
            message = yield from call(composer.compose, composer.acompose, given, key)
        else:
            route, message = self._route(), given
        message = route.standing.given_to(message)
        _check_ends(message)
        if route.once is None or not message.idempotency_key:
            return (yield from self._bring(route, message, route.transport.send))
        sending = route.once.sending(route.name, message, route.transport.send)
        found = yield from call(sending.open, sending.aopen)
        if found is not None:
            return found
        try:
            return (yield from self._bring(route, message, sending.send))
        finally:
            yield from call(sending.close, sending.aclose)

    def _bring(
        self, route: Route, message: Message, send: Callable[[Message], Sent]
    ) -> Steps[Sent | None]:
        events = route.events
        if events is not None and events.has_listeners(MessageSending):
            sending = MessageSending(route.name, message)
            if (yield from call(events.until, events.auntil, sending)) is False:
                return None
            message = sending.message
            _check_ends(message)
        sent = yield from call(send, _in_thread(send), message)
        if events is not None and events.has_listeners(MessageSent):
            told = MessageSent(route.name, message, sent)
            yield from call(events.dispatch, events.adispatch, told)
        return sent


class _Posted(PendingDispatch[Job]):
    """The job of a mailable, and where it goes."""

    __slots__ = ("_queue",)

    def __init__(self, job: Job, queue: QueueManager) -> None:
        super().__init__(job)
        self._queue = queue

    def dispatch(self) -> Dispatched:
        """Send it now."""
        return self._queue.place(self.job, self.placement)

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        return await self._queue.aplace(self.job, self.placement)


def _office_of(route: Route) -> Office:
    if route.office is None:
        raise ConfigurationError(
            f'The mailer "{route.name}" sends messages only: it was given nothing that makes them '
            "of mailables. Use the one of the application: Mail.mailer(…)."
        )
    return route.office


def _in_thread(send: Callable[[Message], Sent]) -> Callable[[Message], Awaitable[Sent]]:
    async def asend(message: Message) -> Sent:
        return await asyncio.to_thread(send, message)

    return asend


def _check_ends(message: Message) -> None:
    """Raise InvalidMessage unless *message* is from somebody, and for somebody."""
    if message.sender is None:
        raise InvalidMessage("sender", "nobody is named. Give the message one, or set mail.from.")
    if not (message.to or message.cc or message.bcc):
        raise InvalidMessage(
            "to", 'nobody is named. Say whom it is for: Mail.to("ann@x.io").send(message).'
        )


def _one(field: str, who: Who) -> Address:
    found = one_address(field, who)
    if found is None:
        raise InvalidMessage(field, "nobody is named. Give an address.")
    return found
