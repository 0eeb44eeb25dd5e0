"""Trail: what follows a job in its chain, and who is told when the chain breaks.

It travels inside the payload of the job before: the step that settles this one accepts the next
one, and nothing of a chain lies anywhere else.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Link", "Trail"]


class Link(NamedTuple):
    """A job that waits for the one before it.

    Attributes:
        connection: The name of the connection it goes to.
        queue: The queue it goes to.
        header: Its header as JSON, with the instant of the chain's dispatch.
        body: Its attributes, encrypted where it wants that.
        delay: Seconds it waits when its turn has come.
        priority: Higher goes first within its queue.
        group: Jobs of one group run one after the other.
        batch: The batch that counts it.
    """

    connection: str
    queue: str
    header: bytes
    body: bytes
    delay: float = 0.0
    priority: int = 0
    group: str | None = None
    batch: str | None = None


class Trail(NamedTuple):
    """What follows a job.

    Attributes:
        links: The jobs behind it, the next one first.
        catches: Functions as "package.module:name" that are called with the error when a job of
            the chain fails.
        queue: Where jobs go that are added while the chain runs; None for their own choice.
        connection: As *queue*.
    """

    links: tuple[Link, ...] = ()
    catches: tuple[str, ...] = ()
    queue: str | None = None
    connection: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing follows, nobody is told, and nothing is said of what may be added."""
        return not (self.links or self.catches or self.queue or self.connection)

    def members(self, batch: str | None) -> int:
        """Return how many of the links *batch* counts."""
        return 0 if batch is None else sum(link.batch == batch for link in self.links)

    def stake(self) -> tuple[str | None, int]:
        """Return the batch that waits for the first link, and how many members are behind it.

        A link that is no member itself, but has members behind it, stands for the first of those:
        where it ends and they do not follow, the batch must not wait for them.
        """
        batch = next((link.batch for link in self.links if link.batch is not None), None)
        return batch, max(0, self.members(batch) - 1)

    def kept(self, batch: str, connection: str) -> Trail:
        """Return this trail with all links that *batch* counts on *connection*."""
        return self.led_by(
            tuple(
                link._replace(connection=connection) if link.batch == batch else link
                for link in self.links
            )
        )

    def led_by(self, links: tuple[Link, ...]) -> Trail:
        """Return this trail with other links."""
        return self._replace(links=links)
