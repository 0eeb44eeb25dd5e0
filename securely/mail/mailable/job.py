"""SendMailable: the job that sends a mailable."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Self
from weakref import WeakKeyDictionary

from securely.container import Container
from securely.mail.contracts import Sent
from securely.mail.exceptions import (
    AttachmentUnavailable,
    InFlight,
    InvalidMessage,
    TransportError,
)
from securely.mail.mailable.composer import Composer
from securely.mail.mailable.late import follow, part_of
from securely.mail.mailable.mailable import Mailable
from securely.queue import Job, UnknownJob
from securely.queue.delivery.portrait import Portrait
from securely.queue.delivery.refusals import check_importable
from securely.queue.delivery.told import Told, give_up, tell
from securely.queue.job import Placement
from securely.support.importing import ImportFailed, import_object

__all__ = ["SendMailable"]

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
            if sent is not None:
                key = self.key or self.job_id
                await follow(container, sent, key, self.display_name(), self._later)

    async def _send(self, container: Container) -> Sent | None:
        mailable = self.restored()
        composer = await container.amake(Composer)
        message = await composer.acompose(mailable, self.key or self.job_id)
        if self.only:
            part = part_of(message, self.only)
            if part is None:
                return None
            message = part
        mail = await container.amake("mail")
        sent: Sent | None = await mail.mailer(mailable.posting.mailer).asend_now(message)
        return sent

    def _later(self, addresses: list[str]) -> tuple[Job, Placement]:
        """Return the job that sends the same mail to *addresses* alone."""
        job = type(self)(self.mailable, self.data, self.key or self.job_id, addresses)
        tell(job, self.restored())
        return job, Placement()

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
