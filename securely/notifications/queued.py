"""SendNotification: the job of one notification, one notifiable and one channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

from securely.container import Container
from securely.mail.contracts import Sent
from securely.mail.exceptions import (
    AttachmentUnavailable,
    InFlight,
    InvalidMessage,
    TransportError,
)
from securely.mail.mailable.late import follow
from securely.notifications.drivers.mail import MailChannel
from securely.notifications.exceptions import (
    AftermathFailed,
    InvalidContent,
    RouteMissing,
    UnknownNotification,
    WebhookFailed,
)
from securely.notifications.notification import ChannelName, Notification, channel_name
from securely.notifications.sending import Plan
from securely.queue.delivery.portrait import Portrait
from securely.queue.delivery.refusals import check_importable
from securely.queue.delivery.told import Told, give_up, tell
from securely.queue.exceptions import EntityNotFound, NotQueueable, RecordedFailure
from securely.queue.job import Delay, Job, Placement
from securely.support.durations import seconds_until
from securely.support.importing import ImportFailed, import_object
from securely.support.serializer import Serializer

__all__ = ["SendNotification", "jobs_of"]

_portraits: Final[dict[type[Any], Portrait[Any]]] = {}  # looked at once per process
_REFERENCES: Final = Serializer()  # plain data, as `__queue_ref__` gives it
# What another try can not change.
_FINAL: Final = (InvalidContent, InvalidMessage, RouteMissing)


class SendNotification(Job):
    """Sends one notification to one notifiable by one channel.

    Its options are those of the notification, as they were when it was queued.

    Args:
        notification: The class of the notification, as "package.module:Name".
        notifiable: The class of the notifiable.
        channel: The channel: its name, or its class.
        data: The attributes of the notification, in writing.
        person: The attributes of the notifiable, or the reference that stands for it.
        is_reference: *person* is a reference (`__queue_ref__`).
        only: Who is told of those whom the channel would tell; empty for everybody.
    """

    __queue_paths__: ClassVar[tuple[str, ...]] = ("notification", "notifiable", "channel")

    # What a notification says of its jobs, in a form that a payload holds.
    backoff: Told | None
    timeout: Told | None
    retry_until: Told | None
    expires_after: Told | None
    only: Sequence[str] = ()  # of jobs that were queued before there was such a part

    def __init__(
        self,
        notification: str,
        notifiable: str,
        channel: str,
        data: bytes,
        person: bytes,
        is_reference: bool,
        only: Sequence[str] = (),
    ) -> None:
        self.notification = notification
        self.notifiable = notifiable
        self.channel = channel
        self.data = data
        self.person = person
        self.is_reference = is_reference
        self.only = [*only]

    async def handle(self, container: Container) -> None:
        """Send it; what can not succeed another time fails at once."""
        manager: Any = await container.amake("notifications")
        try:
            notifiable, notification = self.restored()
        except EntityNotFound:
            if not self.kind().delete_when_missing:
                raise
            self.delete()
            return
        try:
            answer = await manager.adeliver(notifiable, notification, self.through())
        except AftermathFailed as error:
            await self._follow(container, manager, error.answer)
            await give_up(self, error, container)
        except InFlight as error:
            self.release(error.seconds)  # nothing is wrong with it: that consumes no try
        except _FINAL as error:
            await give_up(self, error, container)
        except (AttachmentUnavailable, TransportError, WebhookFailed) as error:
            if not error.is_retryable:
                await give_up(self, error, container)
            raise
        else:
            await self._follow(container, manager, answer)

    async def _follow(self, container: Container, manager: Any, answer: object) -> None:
        """Have those told later whom a mail server put off while it took the mail for others."""
        # A channel of an application that sends mails would send to all of them again.
        if isinstance(answer, Sent) and isinstance(manager.channel(self.through()), MailChannel):
            key = f"{self.told().id}:{self.channel}"
            await follow(container, answer, key, self.display_name(), self._later)

    def _later(self, addresses: list[str]) -> tuple[Job, Placement]:
        """Return the job that tells *addresses* alone, made of what this one was made of."""
        job = type(self)(
            self.notification,
            self.notifiable,
            self.channel,
            self.data,
            self.person,
            self.is_reference,
            addresses,
        )
        return job, _placement(job, *self.restored(), self.through())

    async def failed(self, error: BaseException, container: Container) -> None:
        """Tell that it is over, once, and have the notification know."""
        if _was_sent(error):
            return
        manager: Any = await container.amake("notifications")
        notifiable: Any = None
        notification = self.told()
        with suppress(EntityNotFound):  # it is the reason, perhaps
            notifiable, notification = self.restored()
        try:
            await manager.afail(notifiable, notification, self.through(), error)
        finally:
            await container.acall(notification.failed, error)

    def restored(self) -> tuple[Any, Notification]:
        """Return the notifiable and the notification, as they were when it was queued.

        Raises:
            EntityNotFound: One of them, or what they name, is gone.
            InvalidPayload: They can not be read, or are not those of their classes any more.
            UnknownNotification: A class is gone.
        """
        portrait = _portrait(self.kind())
        notification = cast("Notification", portrait.decode(self.data))
        if self.only:
            notification = notification._postponed_for(self.only)  # pyright: ignore[reportPrivateUsage]  # its family
        return self._restored_person(), notification

    def told(self) -> Notification:
        """Return the notification alone; entities that it names stay references."""
        portrait = _portrait(self.kind())
        attributes = cast("dict[str, object]", portrait.serializer.decode(self.data))
        return cast("Notification", portrait.restore(attributes))

    def kind(self) -> type[Notification]:
        """Return the class of the notification.

        Raises:
            UnknownNotification: It is gone, or is none.
        """
        found = _imported(self.notification)
        if not isinstance(found, type) or not issubclass(found, Notification):
            raise UnknownNotification(self.notification, "that is no notification any more")
        return found

    def through(self) -> ChannelName:
        """Return the channel, as `via` named it.

        Raises:
            UnknownNotification: Its class is gone.
        """
        if ":" not in self.channel:
            return self.channel
        found = _imported(self.channel)
        if not isinstance(found, type) or not callable(getattr(found, "send", None)):
            raise UnknownNotification(self.channel, "that is no channel any more")
        return found

    def display_name(self) -> str:
        """Return the notification's name, which is what people look for, and its channel."""
        return f"{self.notification.replace(':', '.')} ({self.channel.rpartition(':')[2]})"

    def tags(self) -> Sequence[str]:
        """Return the channel: of one notification there is a job for each."""
        return [f"channel:{self.channel}"]

    def dont_retry(self) -> Any:
        """Return what the notification says."""
        said = self.kind().dont_retry
        return self.told().dont_retry() if callable(said) and not isinstance(said, type) else said

    def _restored_person(self) -> Any:
        kind: Any = _imported(self.notifiable)
        if not isinstance(kind, type):
            raise UnknownNotification(self.notifiable, "that is no class any more")
        if not self.is_reference:
            return _portrait(kind).decode(self.person)
        reference = _REFERENCES.decode(self.person)
        found = cast("Any", kind).__from_queue_ref__(reference)
        if found is None:
            raise EntityNotFound(kind.__qualname__, reference)
        return found


def jobs_of(plans: Sequence[Plan]) -> list[tuple[Job, Placement]]:
    """Return a job for each channel of each plan, and where it goes.

    Raises:
        NotQueueable: A worker could not import a class, or an attribute has no written form.
    """
    return [_job(plan, channel) for plan in plans for channel in plan.channels]


def _job(plan: Plan, channel: ChannelName) -> tuple[Job, Placement]:
    notifiable, notification = plan.notifiable, plan.notification
    kind = _class_of(notifiable)
    portrait = _checked(type(notification))
    if not isinstance(channel, str):
        check_importable(channel)
    person = _checked(kind)
    is_reference = hasattr(notifiable, "__queue_ref__") and hasattr(kind, "__from_queue_ref__")
    written = (
        _REFERENCES.encode(notifiable.__queue_ref__())
        if is_reference
        else person.encode(notifiable)
    )
    job = SendNotification(
        portrait.path,
        person.path,
        channel_name(channel),
        portrait.encode(notification),
        written,
        is_reference,
    )
    return job, _placement(job, notifiable, notification, channel)


def _placement(
    job: SendNotification, notifiable: Any, notification: Notification, channel: ChannelName
) -> Placement:
    """Give *job* the options that *notification* says; return where it goes."""
    tell(job, notification, notifiable, channel)
    delay = _of(notification.with_delay(notifiable), channel)
    if delay is not None:
        try:
            job.delay = max(0.0, seconds_until(delay))
        except (TypeError, ValueError) as error:
            name = _portrait(type(notification)).name
            raise NotQueueable(f"{name}.with_delay", str(error)) from error
    return Placement(
        queue=_of(notification.via_queues(), channel),
        connection=_of(notification.via_connections(), channel),
        through=tuple(notification.middleware(notifiable, channel)),
    )


def _class_of(thing: object) -> type[Any]:
    return type(thing)


def _of(said: Mapping[Any, Any] | Delay | None, channel: ChannelName) -> Any:
    """Return what *said* is of *channel*: a dict of them, or one for all."""
    if isinstance(said, Mapping):
        return said.get(channel, said.get(channel_name(channel)))
    return said


def _portrait(cls: type[Any]) -> Portrait[Any]:
    found = _portraits.get(cls)
    if found is None:
        found = _portraits[cls] = Portrait(cls)
    return found


def _checked(cls: type[Any]) -> Portrait[Any]:
    check_importable(cls)
    return _portrait(cls)


def _imported(path: str) -> object:
    try:
        return import_object(path)
    except ImportFailed as error:
        raise UnknownNotification(path, error.reason.rstrip(".")) from error


def _was_sent(error: BaseException) -> bool:
    """Return whether the notification was sent, and something after that failed."""
    if isinstance(error, RecordedFailure):
        return error.type.rpartition(".")[2] == AftermathFailed.__name__
    return isinstance(error, AftermathFailed)
