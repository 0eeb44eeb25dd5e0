"""follow: says whom a server refused, and has those get it later whom it put off."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from securely.container import Container
from securely.log import LogManager
from securely.mail.contracts import Sent
from securely.queue import Job, QueueManager
from securely.queue.job import Placement

__all__ = ["follow"]

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
    await queue.aplace(job, placement._replace(id=f"mail:{name}", delay=_LATER_SECONDS))
