"""MailFake: assert_sent, assert_queued, assert_outgoing_count …

Source: Laravel 13, Illuminate\\Support\\Testing\\Fakes\\MailFake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, get_type_hints

from securely.container import current
from securely.mail.contracts import Sent
from securely.mail.drivers.array import ArrayTransport
from securely.mail.exceptions import MailerUndefined
from securely.mail.mailable.mailable import Mailable
from securely.mail.mailer import Mailer, Route
from securely.mail.manager import MailManager, TransportFactory, no_queue
from securely.mail.message.address import addresses
from securely.mail.message.message import Message
from securely.queue import Dispatched, PendingDispatch
from securely.queue.job import Delay
from securely.support import entropy
from securely.support.steps import Steps

__all__ = ["MailFake", "Mailed"]

M = TypeVar("M", bound=Mailable | Message)

Kind: TypeAlias = type[M] | Callable[[M], bool]
Expected: TypeAlias = Callable[[M], bool] | int | str | Sequence[str] | None
Way: TypeAlias = Literal["sent", "queued"]

_TOLD_MAX: Final = 8  # mails that a failed assertion lists: as many as one looks at


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail that a fake recorded.

    Attributes:
        mail: The mailable, with whom it was addressed to; or the message.
        way: Whether it was sent, or queued.
        mailer: The mailer it was given to.
        queue: The queue it was to wait in; None for what the mailable says.
        connection: The connection; None for what the mailable says.
        delay: How long it was to wait; None for not at all.
    """

    mail: Mailable | Message
    way: Way
    mailer: str
    queue: str | None = None
    connection: str | None = None
    delay: Delay | None = None


class MailFake(MailManager):
    """Mailers that record mails instead of sending them, and answer what was sent.

    Made by `Mail.fake()`. With classes named, only these are recorded and all others go their way.
    What was queued was not sent: those are two lists, and *outgoing* is both.

    Args:
        real: The manager whose place it takes.
        only: The mailables that are recorded; all when empty.
        except_: Those that are sent all the same.

    Example:
        >>> from securely.mail.options import ArrayOptions
        >>> mail = MailManager("memory", {"memory": ArrayOptions(transport="array")})
        >>> fake = MailFake(mail)
        >>> _ = fake.raw("There", to="ann@x.io", subject="Hi")
        >>> fake.assert_sent(Message, "ann@x.io")
    """

    def __init__(
        self,
        real: MailManager,
        only: Sequence[type[Mailable]] = (),
        except_: Sequence[type[Mailable]] = (),
    ) -> None:
        # Nothing of a manager's own is used: all that would reach a transport is overridden.
        super().__init__(real.default, {})
        self._real = real
        self._only = tuple(only)
        self._except = tuple(except_)
        self._mailed: list[Mailed] = []

    # -- instead of sending

    def mailer(self, name: str | None = None) -> Mailer:
        """Return what records as the mailer *name*.

        Raises:
            MailerUndefined: It is not defined.
        """
        name = name or self.default
        if name not in self._real.names():
            raise MailerUndefined(name, self._real.names())
        return _FakeMailer(self, name, lambda: self._real.mailer(name))

    def build(self, definition: Mapping[str, object]) -> Mailer:
        """Return what records as a mailer that is defined here and now.

        Raises:
            ConfigurationError: The definition is not one.
            UnknownTransport: Nobody provides its transport.
        """
        real = self._real.build(definition)
        return _BuiltMailer(self, real.name, lambda: real)

    def extend(self, driver: str, factory: TransportFactory) -> None:
        """Let *factory* build the mailers of the transport *driver*, for those that are sent."""
        self._real.extend(driver, factory)

    def names(self) -> tuple[str, ...]:
        """Return the names of the mailers that are defined."""
        return self._real.names()

    def _route(self) -> Route:
        return self.mailer()._route()  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _send(self, given: Message | Mailable, key: str) -> Steps[Sent | None]:
        mailer = self.mailer(_named(given))
        return mailer._send(given, key)  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        mailer = self.mailer(_named(mailable))
        return mailer._dispatch(mailable, queue, connection)  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def records(self, mail: object) -> bool:
        """Return whether *mail* is recorded, and not sent."""
        return (not self._only or isinstance(mail, self._only)) and not isinstance(
            mail, self._except
        )

    def record(self, mailed: Mailed) -> None:
        """Keep *mailed*."""
        self._mailed.append(mailed)

    def close(self) -> None:
        """Close the mailers that this one stands for."""
        self._real.close()

    # -- what was recorded

    def mailed(self) -> Sequence[Mailed]:
        """Return everything that was recorded, in order."""
        return tuple(self._mailed)

    def sent(self, kind: Kind[M], expected: Expected[M] = None) -> list[M]:
        """Return the mails of *kind* that were sent, and meet *expected*.

        Args:
            kind: A class of mailables, or Message for messages.
            expected: A predicate, or who must be among the recipients.
        """
        return self._found("sent", kind, expected)

    def queued(self, kind: Kind[M], expected: Expected[M] = None) -> list[M]:
        """Return the mails of *kind* that were queued, and meet *expected*."""
        return self._found("queued", kind, expected)

    def has_sent(self, kind: type[Any]) -> bool:
        """Return whether a mail of *kind* was sent."""
        return bool(self.sent(kind))

    def has_queued(self, kind: type[Any]) -> bool:
        """Return whether a mail of *kind* was queued."""
        return bool(self.queued(kind))

    # -- assertions

    def assert_sent(self, kind: Kind[M], expected: Expected[M] = None) -> None:
        """Assert that a mail of *kind* was sent.

        Args:
            kind: A class of mailables, or Message for messages.
            expected: A predicate that at least one must meet, who must be among its recipients,
                or how many there must be.
        """
        self._assert("sent", kind, expected)

    def assert_sent_times(self, kind: type[Any], times: int) -> None:
        """Assert how many mails of *kind* were sent."""
        self._assert("sent", kind, times)

    def assert_sent_count(self, count: int) -> None:
        """Assert how many mails were sent."""
        self._count("sent", self._of("sent"), count)

    def assert_not_sent(self, kind: Kind[M], expected: Expected[M] = None) -> None:
        """Assert that no mail of *kind* (that meets *expected*) was sent."""
        self._assert_not("sent", kind, expected)

    def assert_nothing_sent(self) -> None:
        """Assert that no mail was sent."""
        self._nothing("sent", self._of("sent"))

    def assert_queued(self, kind: Kind[M], expected: Expected[M] = None) -> None:
        """Assert that a mail of *kind* was queued.

        Args:
            kind: A class of mailables.
            expected: A predicate that at least one must meet, who must be among its recipients,
                or how many there must be.
        """
        self._assert("queued", kind, expected)

    def assert_queued_times(self, kind: type[Any], times: int) -> None:
        """Assert how many mails of *kind* were queued."""
        self._assert("queued", kind, times)

    def assert_queued_count(self, count: int) -> None:
        """Assert how many mails were queued."""
        self._count("queued", self._of("queued"), count)

    def assert_not_queued(self, kind: Kind[M], expected: Expected[M] = None) -> None:
        """Assert that no mail of *kind* (that meets *expected*) was queued."""
        self._assert_not("queued", kind, expected)

    def assert_nothing_queued(self) -> None:
        """Assert that no mail was queued."""
        self._nothing("queued", self._of("queued"))

    def assert_outgoing_count(self, count: int) -> None:
        """Assert how many mails were sent or queued."""
        self._count("sent or queued", self._mailed, count)

    def assert_not_outgoing(self, kind: Kind[M], expected: Expected[M] = None) -> None:
        """Assert that no mail of *kind* (that meets *expected*) was sent, and none queued."""
        self._assert_not("sent", kind, expected)
        self._assert_not("queued", kind, expected)

    def assert_nothing_outgoing(self) -> None:
        """Assert that no mail was sent, and none queued."""
        self._nothing("sent or queued", self._mailed)

    # -- inside

    def _of(self, way: Way) -> list[Mailed]:
        return [one for one in self._mailed if one.way == way]

    def _found(self, way: Way, kind: Kind[M], expected: Expected[M]) -> list[M]:
        cls, wanted = _kind(kind), _predicate(expected)
        mails = [cast("M", one.mail) for one in self._of(way) if isinstance(one.mail, cls)]
        if not isinstance(kind, type):
            mails = [mail for mail in mails if kind(mail)]
        return mails if wanted is None else [mail for mail in mails if wanted(mail)]

    def _assert(self, way: Way, kind: Kind[M], expected: Expected[M]) -> None:
        name = _kind(kind).__qualname__
        if isinstance(expected, int) and not isinstance(expected, bool):
            count = len(self._found(way, kind, None))
            if count != expected:
                raise AssertionError(
                    f"{name} was {way} {count} times instead of {expected}. {self._summary()}"
                )
            return
        if self._found(way, kind, expected):
            return
        what = "" if expected is None else f" {_words(expected)}"
        raise AssertionError(f"No {name}{what} was {way}. {self._hint(way, kind)}{self._summary()}")

    def _hint(self, way: Way, kind: Kind[M]) -> str:
        other: Way = "queued" if way == "sent" else "sent"
        if not self._found(other, kind, None):
            return ""
        name = _kind(kind).__qualname__
        return f"{name} was {other}, which is not {way}: use assert_{other}. "

    def _assert_not(self, way: Way, kind: Kind[M], expected: Expected[M]) -> None:
        if found := self._found(way, kind, expected):
            name = _kind(kind).__qualname__
            raise AssertionError(f"{name} was {way} {len(found)} times. {self._summary()}")

    def _count(self, way: str, found: Sequence[Mailed], count: int) -> None:
        if len(found) != count:
            raise AssertionError(
                f"{len(found)} mails were {way} instead of {count}. {self._summary()}"
            )

    def _nothing(self, way: str, found: Sequence[Mailed]) -> None:
        if found:
            raise AssertionError(f"Mails were {way}. {self._summary()}")

    def _summary(self) -> str:
        if not self._mailed:
            return "Nothing was sent or queued."
        told = [
            f"{type(one.mail).__qualname__} {one.way}{_to(one.mail)} by {one.mailer}"
            for one in self._mailed
        ]
        rest = len(told) - _TOLD_MAX
        more = f" and {rest} more" if rest > 0 else ""
        return f"Mails: {', '.join(told[:_TOLD_MAX])}{more}."


class _FakeMailer(Mailer):
    """One mailer of a fake: it records, or lets the real one send."""

    def __init__(self, fake: MailFake, name: str, real: Callable[[], Mailer]) -> None:
        super().__init__(ArrayTransport(name))
        self._fake = fake
        self._real = real

    def _send(self, given: Message | Mailable, key: str) -> Steps[Sent | None]:
        if not self._fake.records(given):
            return (yield from self._real()._send(given, key))
        self._fake.record(Mailed(given, "sent", self._name))
        id_ = given.message_id if isinstance(given, Message) else ""
        return Sent(id_ or f"<{entropy.token_hex(16)}@fake>", self._name, {}, "")

    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        if not self._fake.records(mailable):
            return self._real()._dispatch(mailable, queue, connection)
        return self._placed(_Recorded(self._fake, self._name, mailable), queue, connection)


class _BuiltMailer(_FakeMailer):
    """One that is built on the spot, which queues nothing, in tests as elsewhere."""

    def _dispatch(
        self, mailable: Mailable, queue: str | None, connection: str | None
    ) -> PendingDispatch[Any]:
        no_queue()


class _Recorded(PendingDispatch[Mailable]):
    """A mailable that is about to be recorded as queued."""

    __slots__ = ("_fake", "_mailer")

    def __init__(self, fake: MailFake, mailer: str, mailable: Mailable) -> None:
        super().__init__(mailable)
        self._fake = fake
        self._mailer = mailer

    def dispatch(self) -> Dispatched:
        """Record it."""
        where = self.placement
        self._fake.record(
            Mailed(self.job, "queued", self._mailer, where.queue, where.connection, where.delay)
        )
        return Dispatched(str(entropy.uuid7()), where.connection or "", where.queue or "")

    async def adispatch(self) -> Dispatched:
        """Async twin of :meth:`dispatch`."""
        return self.dispatch()


def _named(mail: Message | Mailable) -> str | None:
    return mail.posting.mailer if isinstance(mail, Mailable) else None


def _kind(kind: Kind[Any]) -> type[Any]:
    """Return the class that *kind* means: itself, or what the parameter of a function is.

    Raises:
        TypeError: It is neither.
    """
    given = cast(object, kind)
    if isinstance(given, type):
        return given
    if isinstance(given, Mailable | Message):
        name = type(given).__qualname__
        raise TypeError(
            f"{name} was given as a mail. Give the class, and what tells which one: "
            f"({name}, lambda mail: …)."
        )
    if not callable(given):
        raise TypeError(f"Give a class of mailables, and not {given!r}.")
    hints = [hint for name, hint in get_type_hints(given).items() if name != "return"]
    if len(hints) == 1 and isinstance(hints[0], type):
        return hints[0]
    raise TypeError(
        "The parameter of this function has no annotation that says which mails it looks at. "
        "Give the class first: (Invoice, lambda mail: …)."
    )


def _predicate(expected: Expected[M]) -> Callable[[M], bool] | None:
    if expected is None or callable(expected):
        return expected
    if isinstance(expected, int):
        raise TypeError(f"{expected!r} is a number of mails: use assert_sent_times.")
    wanted = {each.email.lower() for each in addresses("address", expected)}

    def is_for_them(mail: M) -> bool:
        return wanted <= {email.lower() for email in _recipients(mail)}

    return is_for_them


def _recipients(mail: Mailable | Message) -> list[str]:
    if isinstance(mail, Message):
        return [each.email for each in (*mail.to, *mail.cc, *mail.bcc)]
    said = current().make("mail.composer").envelope(mail)  # with those that it was addressed to
    return [each.email for field in ("to", "cc", "bcc") for each in getattr(said, field)]


def _words(expected: Expected[Any]) -> str:
    if callable(expected):
        return "that meets the predicate"
    return f"to {', '.join(map(str, addresses('address', cast('str', expected))))}"


def _to(mail: Mailable | Message) -> str:
    posted = mail.posting.to if isinstance(mail, Mailable) else mail.to
    return f" to {', '.join(each.email for each in posted)}" if posted else ""
