"""follow, part_of: those whom a server put off get a mail later, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from securely.container import Container
from securely.log import LogManager
from securely.mail.contracts import Sent
from securely.mail.exceptions import TransportError
from securely.mail.message.message import Message
from securely.queue import Job, QueueManager
from securely.queue.job import Placement

__all__ = ["follow", "part_of"]

# Servers that put an address off ask for minutes (RFC 5321, 4.5.4.1, speaks of thirty).
_LATER_SECONDS: Final = 300.0


async def follow(
    container: Container,
    sent: Sent,
    key: str,
    words: str,
    later: Callable[[list[str]], tuple[Job, Placement]],
) -> None:
    """Say who was refused; queue a job of its own for those who may get it later.

    The others have it already. That job is tried as the one before it was, and where that runs
    once more, the job is not queued twice.

    Args:
        container: Gives the log and the queue.
        sent: What became of the mail.
        key: The idempotency key of the mail.
        words: What the mail is called in the log.
        later: Makes the job for some addresses, and says where it goes.
    """
    if not sent.refused:
        return
    log = await container.amake(LogManager)
    log.warning(
        "a mail was refused for some of its recipients",
        mail=words,
        message_id=sent.message_id,
        refused=dict(sent.refused),
    )
    if not sent.retryable:
        return
    job, placement = later(list(sent.retryable))
    name = sha256("\n".join([key, *sorted(sent.retryable)]).encode()).hexdigest()
    queue = await container.amake(QueueManager)
    try:
        await queue.aplace(job, placement._replace(id=f"mail:{name}", delay=_LATER_SECONDS))
    except TransportError as error:
        # A queue that does not wait has tried it at once; for the others the mail was sent.
        log.warning("a mail was refused once more", mail=words, error=str(error))


def part_of(message: Message, addresses: Sequence[str]) -> Message | None:
    """Return *message* for those of *addresses* that it is still for; None for nobody.

    A route may have changed since they were put off, and a mailer may have sent to others than the
    message says (`always_to`).
    """
    mine = message.recipients()
    late = [each for each in addresses if each in mine]
    return message.only_to(late) if late else None
