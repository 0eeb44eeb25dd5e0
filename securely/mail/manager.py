"""MailManager: the mailers, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol, TypeAlias, cast

from securely.container import current
from securely.exceptions import ConfigurationError
from securely.mail.contracts import Transport
from securely.mail.exceptions import MailerUndefined, UnknownTransport
from securely.mail.mailable.mailable import Mailable
from securely.mail.mailer import Events, Mailer, Office, Route, Standing
from securely.mail.once.once import Once
from securely.queue import NotQueueable
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager

if TYPE_CHECKING:
    from securely.mail.fake import MailFake

__all__ = ["MailManager", "Materials", "TransportFactory", "no_queue", "standing_of"]

TransportFactory: TypeAlias = Callable[[str, Any], Transport | Mailer]
"""What builds a mailer's transport: the mailer's name, and what the configuration says of it."""


def _no_log(channel: str | None, level: str) -> Callable[[str], object]:
    raise ConfigurationError(
        "This mailer writes to the log, and was given none. Build the mail manager with "
        "Materials(write=…)."
    )


def no_queue() -> NoReturn:
    """Raise what is to be said to who queues by a mailer that no worker could find.

    Raises:
        NotQueueable: Always.
    """
    raise NotQueueable(
        "A mail to a mailer that is built on the spot",
        "a worker has the configuration alone. Define the mailer in mail.mailers, or send the "
        "mail now: send_now().",
    )


def _no_mailers(name: str) -> Transport:
    raise MailerUndefined(name, ())


@dataclass(frozen=True, slots=True)
class Materials:
    """What the drivers of Securely are built from, besides their options.

    Args:
        locate: Gives the place of a path in the configuration.
        write: Gives what writes a text to a channel of the log (None for the default one) at a
            level.
        transport: Gives the transport of another mailer by name; the manager's own.
    """

    locate: Callable[[str], Path] = Path
    write: Callable[[str | None, str], Callable[[str], object]] = _no_log
    transport: Callable[[str], Transport] = _no_mailers


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials, /) -> Transport: ...


class MailManager(Manager[Mailer], Mailer):
    """The mailers by name, each built on first use, and itself the default one.

    ``Mail.to(…)`` and ``Mail.mailer("smtp").to(…)`` are the same method. What is set by
    ``always_from`` and its kin here holds for all mailers, and there for the one.

    Args:
        default: The mailer that is used when none is named.
        definitions: What the configuration says of each mailer.
        standing: What every message is given, by whichever mailer.
        events: Who is told what happens; None for nobody.
        materials: What the drivers are built from.
        once: Who sees to it that the mail of an idempotency key is sent once; None for nobody.
        office: What makes messages of mailables, and where their jobs go; None for mailers that
            send messages only.

    Example:
        >>> from securely.mail.options import ArrayOptions
        >>> mail = MailManager("memory", {"memory": ArrayOptions(transport="array")})
        >>> mail.always_from("shop@x.io")
        >>> mail.raw("There", to="ann@x.io", subject="Hi").transport
        'memory'
    """

    kind = "Mailer"
    drivers: ClassVar[Mapping[str, str]] = {
        "array": "securely.mail.drivers.array:ArrayTransport",
        "failover": "securely.mail.drivers.failover:FailoverTransport",
        "file": "securely.mail.drivers.file:FileTransport",
        "log": "securely.mail.drivers.log:LogTransport",
        "null": "securely.mail.drivers.null:NullTransport",
        "roundrobin": "securely.mail.drivers.roundrobin:RoundrobinTransport",
        "sendmail": "securely.mail.drivers.sendmail:SendmailTransport",
        "smtp": "securely.mail.drivers.smtp:SmtpTransport",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, Definition],
        *,
        standing: Standing | None = None,
        events: Events | None = None,
        materials: Materials | None = None,
        once: Once | None = None,
        office: Office | None = None,
    ) -> None:
        super().__init__(default, definitions)
        self._standing: Standing = standing or Standing()
        self._events: Events | None = events
        self._once: Once | None = once
        self._office: Office | None = office
        self._materials = replace(materials or Materials(), transport=self._transport_of)

    def mailer(self, name: str | None = None) -> Mailer:
        """Return the mailer *name*, or the default one.

        Raises:
            MailerUndefined: It is not defined.
            UnknownTransport: Nobody provides its transport.
        """
        return self._instance(name)

    def build(self, definition: Mapping[str, object]) -> Mailer:
        """Return a mailer that is defined here and now; it is not kept, and queues nothing.

        Args:
            definition: What would stand in the configuration: ``{"transport": "smtp", …}``.

        Raises:
            ConfigurationError: The definition is not one.
            UnknownTransport: Nobody provides its transport.
        """
        from securely.mail.options import mailer_options  # pydantic: not before

        options = mailer_options(definition, "mail.build")
        made = copy(self._build(options.driver, options))  # one of an application's own may be kept
        if made._office is not None:
            made._office = replace(made._office, queue=no_queue)
        return made

    def extend(self, driver: str, factory: TransportFactory) -> None:
        """Let *factory* build the mailers of the transport *driver*; it wins over one of ours.

        Args:
            driver: The name, as in the configuration.
            factory: Given the mailer's name and definition, returns a Transport (or a Mailer of
                one's own making).
        """
        super().extend(driver, lambda name, options: self._mailer(name, options, factory))

    def forget_mailers(self) -> None:
        """Close every mailer that was built, and drop them all; the next use builds new ones."""
        self.close()

    def fake(self, *only: type[Mailable], except_: Iterable[type[Mailable]] = ()) -> MailFake:
        """Put a recording double in the place of this manager, and return it.

        Args:
            only: The mailables that are recorded instead of sent; all when empty.
            except_: Those that are sent all the same.
        """
        from securely.mail.fake import MailFake

        fake = MailFake(self, only, tuple(except_))
        current().instance(MailManager, fake)
        return fake

    @contextmanager
    def faking(
        self, *only: type[Mailable], except_: Iterable[type[Mailable]] = ()
    ) -> Generator[MailFake]:
        """Do what :meth:`fake` does within the block, and put this manager back behind it."""
        fake = self.fake(*only, except_=except_)
        try:
            yield fake
        finally:
            current().instance(MailManager, self)

    def close(self) -> None:
        """Close every mailer that was built, and drop them all."""
        Manager[Mailer].close(self)

    def _route(self) -> Route:
        return self._instance()._route()  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _route_of(self, mailable: Mailable) -> Route:
        named = self._instance(mailable.posting.mailer)
        return named._route()  # pyright: ignore[reportPrivateUsage]  # one of our own kind

    def _addressed(self, mailable: Mailable) -> Mailable:
        return mailable  # the default mailer is the one that is so when it is sent

    def _driver(self, name: str, driver: str) -> Driver[Mailer]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("type[_Buildable]", import_object(self.drivers[driver]))
        return lambda name, options: self._mailer(
            name, options, lambda name, options: cls.build(name, options, self._materials)
        )

    def _mailer(self, name: str, options: Any, factory: TransportFactory) -> Mailer:
        made = factory(name, options)
        if isinstance(made, Mailer):
            return made
        return Mailer(
            made,
            name=name,
            standing=standing_of(options),
            events=self._events,
            shared=lambda: self._standing,
            once=self._once,
            office=self._office,
        )

    def _transport_of(self, name: str) -> Transport:
        return self.mailer(name).transport

    def _undefined(self, name: str) -> Exception:
        return MailerUndefined(name, self.names())

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        return UnknownTransport(driver, name, {*self.drivers, *self._extensions})


def standing_of(options: Any) -> Standing:
    """Return what *options* say that messages are given."""
    found = {
        field: getattr(options, setting, None)
        for field, setting in (
            ("sender", "from_"),
            ("reply_to", "reply_to"),
            ("return_path", "return_path"),
            ("to", "to"),
        )
    }
    return Standing(
        sender=found["sender"] and found["sender"].value,
        reply_to=() if found["reply_to"] is None else (found["reply_to"].value,),
        return_path=found["return_path"] and found["return_path"].value,
        to=() if found["to"] is None else (found["to"].value,),
    )
