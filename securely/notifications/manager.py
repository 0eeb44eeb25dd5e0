"""ChannelManager: sends notifications, now or by the queue, through channels by name.

It is long because each of its verbs has an async twin, and both say what they take and raise.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol, TypeAlias, cast

from securely.container import Container, current
from securely.exceptions import ConfigurationError
from securely.log import LogManager
from securely.mail import MailManager
from securely.mail.mailable.composer import Composer
from securely.mail.markdown import Markdown
from securely.notifications.exceptions import (
    ChannelUndefined,
    DriverUnknown,
    InvalidNotification,
)
from securely.notifications.inbox import Inbox, prune
from securely.notifications.notifiable import AnonymousNotifiable, owner_of
from securely.notifications.notification import ChannelName, Notification, channel_name
from securely.notifications.sending import Events, Plan, Sender
from securely.queue.manager import QueueManager
from securely.store import Database, Key, Tree
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager
from securely.support.steps import Steps, arun, call, run
from securely.translation import Translator
from securely.view import ViewFactory

if TYPE_CHECKING:
    from securely.notifications.fake import NotificationFake

__all__ = ["ChannelFactory", "ChannelManager", "Localized", "Materials"]

ChannelFactory: TypeAlias = Callable[[str, Any], Any]
"""What builds a channel: its name, and what the configuration says of it."""


def _nothing(what: str) -> Callable[..., Any]:
    def missing(*_: object) -> Any:
        raise ConfigurationError(
            f"This channel needs {what}, and was given none. Build the manager with Materials(…)."
        )

    return missing


# What says which material is missing, for managers that are built without an application.
_NO_STORE: Final = _nothing("the store")
_NO_LOG: Final = _nothing("the log")
_NO_MAIL: Final = _nothing("mail")
_NO_QUEUE: Final = _nothing("the queue")
_NO_TRANSLATOR: Final = _nothing("the translator")
_NO_VIEWS: Final = _nothing("views")


@dataclass(frozen=True, slots=True)
class Materials:
    """What channels are built from, besides their options.

    Attributes:
        container: Builds channels, and gives the methods of notifications what they ask for.
        database: Gives a database of the store by name; None for the default one.
        log: Gives the log.
        mail: Gives the mailers.
        queue: Gives where the jobs of queued notifications go.
        translator: Gives what holds the locale.
        composer: Gives what makes messages of mailables.
        markdown: Gives what renders views in Markdown.
        views: Gives the views.
        app_name: What the application is called, under each mail.
    """

    container: Container
    database: Callable[[str | None], Database] = _NO_STORE
    log: Callable[[], LogManager] = _NO_LOG
    mail: Callable[[], MailManager] = _NO_MAIL
    queue: Callable[[], QueueManager] = _NO_QUEUE
    translator: Callable[[], Translator] = _NO_TRANSLATOR
    composer: Callable[[], Composer] = _NO_MAIL
    markdown: Callable[[], Markdown] = _NO_VIEWS
    views: Callable[[], ViewFactory] = _NO_VIEWS
    app_name: str = ""


class _Buildable(Protocol):
    @classmethod
    def build(cls, name: str, options: Any, materials: Materials, /) -> Any: ...


class _Keeping(Protocol):
    """A channel that keeps what it is given: the store's."""

    @property
    def tree(self) -> Tree[Any]: ...

    def inbox(self, owner: Key, /) -> Inbox: ...


class _Named(NamedTuple):
    """The definition of a channel that the application added, and the configuration does not."""

    driver: str


class ChannelManager(Manager[Any]):
    """The channels by name, each built on first use, and what sends notifications by them.

    Args:
        definitions: What the configuration says of each channel.
        materials: What channels are built from.
        events: Who is told what happens; None for nobody.

    Example:
        >>> from securely.container import Container
        >>> manager = ChannelManager({}, Materials(Container()))
        >>> class Pager:
        ...     def send(self, notifiable: str, notification: Notification) -> None: ...
        >>> manager.extend("pager", lambda name, options: Pager())
        >>> manager.names()
        ('pager',)

    Source: Laravel 13, Illuminate\\Notifications\\ChannelManager.
    """

    kind = "Notification channel"
    drivers: ClassVar[Mapping[str, str]] = {
        "log": "securely.notifications.drivers.log:LogChannel",
        "mail": "securely.notifications.drivers.mail:MailChannel",
        "store": "securely.notifications.drivers.store:StoreChannel",
        "webhook": "securely.notifications.drivers.webhook:WebhookChannel",
    }

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        materials: Materials,
        events: Events | None = None,
    ) -> None:
        super().__init__("mail", definitions)
        self._materials = materials
        self._events = events
        self._classes: dict[type[Any], Any] = {}
        self._sender = Sender(
            self.channel,
            self._check,
            container=materials.container,
            events=events,
            translator=materials.translator,
        )

    # Sending.

    def send(self, notifiables: object, notification: Notification) -> None:
        """Tell *notifiables* of *notification*: by the queue if it says so, else now.

        Queued is one job for each notifiable and channel, all of a connection in one step.

        Args:
            notifiables: One, or several.
            notification: What they are told; each gets a copy with an id of its own.

        Raises:
            ChannelUndefined: There is no such channel; nothing was sent.
            NotNotifiable: One of the notifiables is none; nothing was sent.
            NotificationErrors: Channels failed, of one that is not queued.
            QueueError: It can not be queued; nothing was.
        """
        run(self._send(notifiables, notification))

    async def asend(self, notifiables: object, notification: Notification) -> None:
        """Async twin of :meth:`send`."""
        await arun(self._send(notifiables, notification))

    def send_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None = None,
    ) -> None:
        """Tell *notifiables* of *notification* here and now.

        A channel that fails stops no other one.

        Args:
            notifiables: One, or several.
            notification: What they are told.
            channels: By these channels, whatever `via` says.

        Raises:
            ChannelUndefined: There is no such channel; nothing was sent.
            NotNotifiable: One of the notifiables is none; nothing was sent.
            NotificationErrors: Channels failed; raised when all of them were asked.
        """
        run(self._send_now(notifiables, notification, channels))

    async def asend_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None = None,
    ) -> None:
        """Async twin of :meth:`send_now`."""
        await arun(self._send_now(notifiables, notification, channels))

    def deliver(self, notifiable: Any, notification: Notification, channel: ChannelName) -> object:
        """Tell one notifiable by one channel: what the job of a queued notification does.

        Returns:
            What the channel answered; SKIPPED where nothing was sent.

        Raises:
            AftermathFailed: It was sent, and what was to follow failed.
            Exception: Whatever the channel raised.
        """
        return run(self._sender.deliver(notifiable, notification, channel))

    async def adeliver(
        self, notifiable: Any, notification: Notification, channel: ChannelName
    ) -> object:
        """Async twin of :meth:`deliver`."""
        return await arun(self._sender.deliver(notifiable, notification, channel))

    def fail(
        self,
        notifiable: Any,
        notification: Notification,
        channel: ChannelName,
        error: BaseException,
    ) -> None:
        """Tell that a channel failed: what the job of a queued notification does at its end."""
        run(self._sender.fail(notifiable, notification, channel, error))

    async def afail(
        self,
        notifiable: Any,
        notification: Notification,
        channel: ChannelName,
        error: BaseException,
    ) -> None:
        """Async twin of :meth:`fail`."""
        await arun(self._sender.fail(notifiable, notification, channel, error))

    def route(self, channel: ChannelName, route: Any) -> AnonymousNotifiable:
        """Return a notifiable that is an address of *channel* alone."""
        return AnonymousNotifiable({channel_name(channel): route})

    def routes(self, routes: Mapping[str, Any]) -> AnonymousNotifiable:
        """Return a notifiable that is an address for each of several channels."""
        return AnonymousNotifiable(routes)

    def locale(self, locale: str) -> Localized:
        """Return what sends in *locale*, where a notification says no other."""
        return Localized(self, locale)

    # Channels.

    def channel(self, channel: ChannelName) -> Any:
        """Return a channel, by its name or its class.

        Raises:
            ChannelUndefined: There is none of that name.
            DriverUnknown: Nobody provides its driver.
            InvalidNotification: The class is no channel.
        """
        if isinstance(channel, str):
            return self._instance(channel)
        if channel not in self._classes:
            self._check(channel)
            self._classes[channel] = self._materials.container.make(channel)
        return self._classes[channel]

    def extend(self, driver: str, factory: ChannelFactory | type[Any]) -> None:
        """Add a channel, or let *factory* build those of a driver; it wins over one of ours.

        Args:
            driver: The name of the channel, or of the driver in the configuration.
            factory: Given the channel's name and definition, returns what has a method ``send``.
                A class is built by the container.
        """
        is_class = isinstance(factory, type)
        super().extend(driver, self._built_by(cast("type[Any]", factory)) if is_class else factory)
        self.drop(driver)
        self._definitions.setdefault(driver, _Named(driver))

    def inbox(self, notifiable: Any) -> Inbox:
        """Return what the channel `store` keeps for *notifiable*.

        Raises:
            RouteMissing: Nothing says what it is kept under.
        """
        return self._keeping().inbox(owner_of(notifiable))

    def prune(self, before: float, *, is_read: bool = False) -> int:
        """Remove older notifications from the channel `store`; return how many there were.

        Args:
            before: Those that were stored earlier, in seconds since 1970.
            is_read: Only those that were read.
        """
        return prune(self._keeping().tree, before, is_read=is_read)

    # Testing.

    def fake(self) -> NotificationFake:
        """Put a recording double in the place of this manager, and return it."""
        from securely.notifications.fake import NotificationFake

        fake = NotificationFake(self, self._definitions, self._materials)
        current().instance(ChannelManager, fake)
        return fake

    @contextmanager
    def fake_for(self) -> Generator[NotificationFake]:
        """Put a recording double in the place of this manager within the block."""
        fake = self.fake()
        try:
            yield fake
        finally:
            fake.restore()

    # Inside.

    def _send(self, notifiables: object, notification: Notification) -> Steps[None]:
        plans = self._sender.plans(notifiables, notification)
        if not notification.should_queue:
            yield from self._sender.send(plans)
            return
        yield from self._enqueue(plans)

    def _send_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None,
    ) -> Steps[None]:
        plans = self._sender.plans(notifiables, notification, channels)
        yield from self._sender.send(plans)

    def _enqueue(self, plans: Sequence[Plan]) -> Steps[None]:
        from securely.notifications.queued import jobs_of  # who queues nothing does without

        jobs = jobs_of(plans)
        if jobs:
            queue = self._materials.queue()
            yield from call(queue.place_all, queue.aplace_all, jobs)

    def _built_by(self, cls: type[Any]) -> ChannelFactory:
        def build(name: str, options: Any) -> Any:
            return self._materials.container.make(cls)

        return build

    def _keeping(self) -> _Keeping:
        return cast("_Keeping", self.channel("store"))

    def _check(self, channel: ChannelName) -> None:
        if isinstance(channel, str):
            self.definition(channel)
        elif not callable(getattr(channel, "send", None)):
            reason = 'it is no channel: it has no method "send".'
            raise InvalidNotification(channel_name(channel), reason)

    def _driver(self, name: str, driver: str) -> Driver[Any]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("type[_Buildable]", import_object(self.drivers[driver]))
        return lambda name, options: cls.build(name, options, self._materials)

    def _undefined(self, name: str) -> Exception:
        return ChannelUndefined(name, self.names())

    def _unknown_driver(self, name: str, driver: str) -> Exception:
        return DriverUnknown(name, driver, {*self.drivers, *self._extensions})


class Localized:
    """What sends notifications in one locale; those that say another keep theirs.

    Args:
        manager: What sends them.
        locale: The locale.
    """

    def __init__(self, manager: ChannelManager, locale: str) -> None:
        self._manager = manager
        self._locale = locale

    def send(self, notifiables: object, notification: Notification) -> None:
        """Do what :meth:`ChannelManager.send` does."""
        self._manager.send(notifiables, self._told(notification))

    async def asend(self, notifiables: object, notification: Notification) -> None:
        """Async twin of :meth:`send`."""
        await self._manager.asend(notifiables, self._told(notification))

    def send_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None = None,
    ) -> None:
        """Do what :meth:`ChannelManager.send_now` does."""
        self._manager.send_now(notifiables, self._told(notification), channels)

    async def asend_now(
        self,
        notifiables: object,
        notification: Notification,
        channels: Sequence[ChannelName] | None = None,
    ) -> None:
        """Async twin of :meth:`send_now`."""
        await self._manager.asend_now(notifiables, self._told(notification), channels)

    def _told(self, notification: Notification) -> Notification:
        if notification.preferred_locale is not None:
            return notification
        return notification.locale(self._locale)
