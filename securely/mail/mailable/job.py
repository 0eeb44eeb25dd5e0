"""SendMailable: the job that sends a mailable."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import ClassVar, Final, Self
from weakref import WeakKeyDictionary

from securely.container import Container
from securely.log import LogManager
from securely.mail.contracts import Sent
from securely.mail.exceptions import (
    AttachmentUnavailable,
    InFlight,
    InvalidMessage,
    TransportError,
)
from securely.mail.mailable.composer import Composer
from securely.mail.mailable.mailable import Mailable
from securely.queue import Job, QueueManager, UnknownJob
from securely.queue.delivery.portrait import Portrait
from securely.queue.delivery.refusals import check_importable
from securely.queue.delivery.told import Told, give_up, tell
from securely.queue.job import Placement
from securely.support.importing import ImportFailed, import_object

__all__ = ["SendMailable"]

# Servers that put an address off ask for minutes (RFC 5321, 4.5.4.1, speaks of thirty).
_LATER_SECONDS: Final = 300.0
_portraits: Final[dict[type[Mailable], Portrait[Mailable]]] = {}  # looked at once per process
# What a job was made of, or has read already: its payload holds it in writing only.
_mailables: Final[WeakKeyDictionary[SendMailable, Mailable]] = WeakKeyDictionary()


class SendMailable(Job):
    """Sends a mailable; what that says of `tries`, `queue`, `delay` … holds for its job.

    Its message has the uuid of the job as its idempotency key, unless it says one: it is sent once
    however often the job is tried.

    Args:
        mailable: The class, as "package.module:Name".
        data: Its attributes, as the serializer wrote them.
        key: The idempotency key; "" for the job's uuid.
        only: Who gets it of those it is for; empty for everybody.
    """

    __queue_paths__: ClassVar[tuple[str, ...]] = ("mailable",)

    # What a mailable says of its job, in a form that a payload holds.
    backoff: Told | None
    timeout: Told | None
    retry_until: Told | None
    expires_after: Told | None

    def __init__(
        self, mailable: str, data: bytes, key: str = "", only: list[str] | None = None
    ) -> None:
        self.mailable = mailable
        self.data = data
        self.key = key
        self.only: list[str] = only or []

    @classmethod
    def of(cls, mailable: Mailable) -> Self:
        """Return the job that sends *mailable*.

        Raises:
            NotQueueable: An attribute of it has no written form.
        """
        check_importable(type(mailable))
        portrait = _portrait(type(mailable))
        job = cls(portrait.path, portrait.encode(mailable))
        _mailables[job] = mailable
        tell(job, mailable)
        return job

    async def handle(self, container: Container) -> None:
        """Send it.

        Raises:
            Fail: It can not be sent, now or later.
            TransportError: It was not taken, and may be later.
        """
        try:
            sent = await self._send(container)
        except InFlight as error:
            self.release(error.seconds)  # nothing is wrong with it: that consumes no try
        except (AttachmentUnavailable, TransportError) as error:
            if not error.is_retryable:
                await give_up(self, error, container)
            raise
        except InvalidMessage as error:
            await give_up(self, error, container)
        else:
            if sent is not None and sent.refused:
                await self._follow(container, sent)

    async def _send(self, container: Container) -> Sent | None:
        mailable = self.restored()
        composer = await container.amake(Composer)
        message = await composer.acompose(mailable, self.key or self.job_id)
        if self.only:
            message = message.only_to(self.only)
        mail = await container.amake("mail")
        sent: Sent | None = await mail.mailer(mailable.posting.mailer).asend_now(message)
        return sent

    async def _follow(self, container: Container, sent: Sent) -> None:
        """Have those get it later whom the server refused for now; say who never gets it.

        A job of its own is for them: the others have it already. That one is tried as this is.
        """
        log = await container.amake(LogManager)
        log.warning(
            "a mail was refused for some of its recipients",
            mailable=self.display_name(),
            message_id=sent.message_id,
            refused=dict(sent.refused),
        )
        if not sent.retryable:
            return
        job = type(self)(self.mailable, self.data, self.key or self.job_id, list(sent.retryable))
        tell(job, self.restored())
        # The same one when this job runs once more: it is placed once.
        name = sha256("\n".join([job.key, *sorted(job.only)]).encode()).hexdigest()
        queue = await container.amake(QueueManager)
        await queue.aplace(job, Placement(id=f"mail:{name}", delay=_LATER_SECONDS))

    async def failed(self, error: BaseException, container: Container) -> None:
        """Tell the mailable that it could not be sent, if it has a method `failed`."""
        hook: Callable[..., object] | None = getattr(self.restored(), "failed", None)
        if hook is None:
            return
        wanted = len(inspect.signature(hook).parameters)
        await container.acall(hook, *(error,)[:wanted])

    def middleware(self) -> Sequence[object]:
        """Return what the mailable's does."""
        return self.restored().middleware()

    def display_name(self) -> str:
        """Return the mailable's name: that is what people look for."""
        return self.mailable.replace(":", ".")

    def restored(self) -> Mailable:
        """Return the mailable.

        Raises:
            UnknownJob: Its class is not there, or is no mailable any more.
            InvalidPayload: Its attributes are not those of its class any more.
        """
        found = _mailables.get(self)
        if found is None:
            found = _mailables[self] = _portrait(_class_at(self.mailable)).decode(self.data)
        return found


def _portrait(cls: type[Mailable]) -> Portrait[Mailable]:
    found = _portraits.get(cls)
    if found is None:
        found = _portraits[cls] = Portrait(cls)
    return found


def _class_at(path: str) -> type[Mailable]:
    try:
        found = import_object(path)
    except ImportFailed as error:
        raise UnknownJob(path, error.reason) from error
    if not isinstance(found, type) or not issubclass(found, Mailable):
        raise UnknownJob(path, "it is no subclass of Mailable")
    return found
