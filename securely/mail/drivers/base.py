"""Envelope, Place: whom a mail is for, and what errors name. Several: what stands for others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

from securely.exceptions import ConfigurationError
from securely.mail.contracts import Sent, Transport
from securely.mail.exceptions import InvalidMessage, TransportError, TransportExhausted
from securely.mail.manager import Materials
from securely.mail.message import Message
from securely.support import clock

__all__ = ["Envelope", "Place", "Several"]

# Those that are sending in this context: one must not wait for itself.
_sending: ContextVar[tuple[str, ...]] = ContextVar("securely_mail_several", default=())


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom a mail comes and to whom it goes, as on the wire.

    Args:
        sender: Who hears of it when it can not be delivered.
        recipients: Whom it is for, those of Bcc included.
        needs_utf8: Whether an address has letters that only SMTPUTF8 can carry.
    """

    sender: str
    recipients: Sequence[str]
    needs_utf8: bool = False

    @classmethod
    def of(cls, message: Message) -> Self:
        """Return the envelope of *message*.

        Raises:
            InvalidMessage: It is for nobody, or from nobody.
        """
        recipients = message.recipients()
        if not recipients:
            raise InvalidMessage("to", "nobody is named. Give to, cc or bcc.")
        return cls(message.envelope_sender, recipients, message.needs_utf8)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose connection it is, and where it leads: what every error names.

    Args:
        mailer: The mailer's name in the configuration.
        where: Where its mail goes: host and port, or a command.
    """

    mailer: str
    where: str

    def error(
        self,
        what: str,
        *,
        is_retryable: bool,
        reply: tuple[int, str] | None = None,
        is_unknown: bool = False,
        is_refusal: bool = False,
    ) -> TransportError:
        """Return the error that *what* happened here.

        Args:
            what: A sentence without its full stop.
            is_retryable: Whether the same may succeed later.
            reply: The server's answer, if that is what went wrong: code and text.
            is_unknown: Whether the mail may have been taken nevertheless.
            is_refusal: Whether the server works, and does not want this mail.
        """
        code, text = (None, "") if reply is None else reply
        if code is not None and code < 0:
            code = None
        return TransportError(
            self.mailer,
            f"{self.where}: {what}",
            is_retryable=is_retryable,
            code=code,
            reply=text,
            is_unknown=is_unknown,
            is_refusal=is_refusal,
        )


class Several(ABC):
    """Stands for several transports: a message goes to the first that takes it.

    The message is built afresh for each, under the same Message-ID: should two have taken it, as
    when a connection broke between the end of the message and the answer, receivers can tell.

    One that fails is left alone for a while. It is asked nevertheless once all others have failed
    as well: late is better than never. A refusal of one message is no failure: the server works.

    Args:
        name: The mailer's name in the configuration.
        members: The names of the transports.
        connect: Gives a transport by its name.
        retry_seconds: How long one that failed is left alone.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[str],
        connect: Callable[[str], Transport],
        *,
        retry_seconds: float = 60.0,
    ) -> None:
        self.name: str = name
        self.members: tuple[str, ...] = tuple(members)
        self._connect = connect
        self._retry_seconds = retry_seconds
        # Member -> when it may be tried again.
        self._resting: dict[str, float] = {}

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name* as its options have it."""
        members = tuple(options.mailers)
        return cls(name, members, materials.transport, retry_seconds=options.retry_seconds)

    def send(self, message: Message) -> Sent:
        """Let the first one that can take *message*; the answer names it.

        Raises:
            AttachmentUnavailable: What is attached can not be had: no member could send it.
            ConfigurationError: It is one of its own members, or one of those leads back to it.
            InvalidMessage: The message can not be sent as it is.
            TransportExhausted: None took it; each cause is listed.
        """
        causes: dict[str, TransportError] = {}
        with self._once():
            for member in self._order():
                try:
                    sent = self._connect(member).send(message)
                except TransportError as error:
                    causes[member] = error
                    if not error.is_refusal:
                        self._resting[member] = clock.monotonic() + self._retry_seconds
                else:
                    self._resting.pop(member, None)
                    return sent
        raise TransportExhausted(self.name, causes) from next(reversed(causes.values()), None)

    def close(self) -> None:  # noqa: B027  # there is nothing to close, for either of them
        """Do nothing: the members are mailers of their own, and closed as such."""

    @abstractmethod
    def _turn(self) -> Sequence[str]:
        """Return the members in the order in which this message would go to them."""

    def _order(self) -> list[str]:
        """Return the members to try; those that have failed lately come last."""
        now = clock.monotonic()
        turn = self._turn()
        resting = [name for name in turn if self._resting.get(name, now) > now]
        return [*(name for name in turn if name not in resting), *resting]

    @contextmanager
    def _once(self) -> Generator[None]:
        way = _sending.get()
        if self.name in way:
            path = " -> ".join((*way[way.index(self.name) :], self.name))
            raise ConfigurationError(
                f'The mailer "{self.name}" leads back to itself ({path}). '
                f'Take it out of the mailers of "{way[-1]}".'
            )
        token = _sending.set((*way, self.name))
        try:
            yield
        finally:
            _sending.reset(token)
