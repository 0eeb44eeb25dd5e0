"""Inbox: what the store keeps for somebody; StoredNotification: one of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

from securely.store import Batch, Key, Tree
from securely.support import clock
from securely.support.missing import MISSING, Missing
from securely.support.steps import Steps, arun, call, run

__all__ = ["Inbox", "Row", "StoredNotification", "StoredNotifications", "prune"]

Row: TypeAlias = dict[str, Any]
"""What the store keeps: ``type``, ``data``, ``read_at`` and ``created_at`` (seconds since 1970)."""


@dataclass
class StoredNotification:
    """A notification that the store keeps.

    Attributes:
        id: What stands for it; the same that its other channels tell.
        type: The class of the notification, or what its `store_type` says.
        data: What it holds.
        read_at: When it was read; None while it was not.
        created_at: When it was stored.
    """

    id: str
    type: str
    data: dict[str, Any]
    read_at: datetime | None
    created_at: datetime
    _inbox: Inbox = field(repr=False, compare=False)

    @property
    def is_read(self) -> bool:
        """Whether it was read."""
        return self.read_at is not None

    def mark_as_read(self) -> None:
        """Let it be read, now; one that was read keeps its time."""
        run(self._mark(clock.timestamp()))

    async def amark_as_read(self) -> None:
        """Async twin of :meth:`mark_as_read`."""
        await arun(self._mark(clock.timestamp()))

    def mark_as_unread(self) -> None:
        """Let it be unread."""
        run(self._mark(None))

    async def amark_as_unread(self) -> None:
        """Async twin of :meth:`mark_as_unread`."""
        await arun(self._mark(None))

    def delete(self) -> bool:
        """Remove it; return whether it was there."""
        return self._inbox.delete(self.id)

    async def adelete(self) -> bool:
        """Async twin of :meth:`delete`."""
        return await self._inbox.adelete(self.id)

    def _mark(self, at: float | None) -> Steps[None]:
        row = yield from self._inbox.marked(self.id, at)
        if row is not None:
            self.read_at = _moment(row["read_at"])


class StoredNotifications(list[StoredNotification]):
    """Notifications that the store keeps, the latest first."""

    def unread(self) -> StoredNotifications:
        """Return those that were not read."""
        return StoredNotifications(each for each in self if not each.is_read)

    def read(self) -> StoredNotifications:
        """Return those that were read."""
        return StoredNotifications(each for each in self if each.is_read)

    def mark_as_read(self) -> None:
        """Let all of them be read, now."""
        for each in self:
            each.mark_as_read()

    async def amark_as_read(self) -> None:
        """Async twin of :meth:`mark_as_read`."""
        for each in self:
            await each.amark_as_read()

    def mark_as_unread(self) -> None:
        """Let all of them be unread."""
        for each in self:
            each.mark_as_unread()

    async def amark_as_unread(self) -> None:
        """Async twin of :meth:`mark_as_unread`."""
        for each in self:
            await each.amark_as_unread()


class Inbox:
    """What the store keeps for somebody.

    Args:
        tree: Where it is kept; rows of all owners lie in it, each under its owner and its id.
        owner: Whose it is.

    Example:
        >>> from securely.store import Database
        >>> inbox = Inbox(Database.temporary().tree("notifications"), ("user", 7))
        >>> inbox.add("01", "InvoicePaid", {"number": 5})
        True
        >>> [(each.data, each.is_read) for each in inbox.unread()]
        [({'number': 5}, False)]
        >>> inbox.mark_as_read()
        1
    """

    def __init__(self, tree: Tree[Any], owner: Key) -> None:
        self._tree = tree
        self.owner: Key = owner

    def add(self, id_: str, type_: str, data: Mapping[str, Any]) -> bool:
        """Keep a notification, unless one of that id is kept; return whether it was not.

        Raises:
            StoreError: The store can not keep it.
        """
        return run(self._add(id_, type_, data))

    async def aadd(self, id_: str, type_: str, data: Mapping[str, Any]) -> bool:
        """Async twin of :meth:`add`."""
        return await arun(self._add(id_, type_, data))

    def find(self, id_: str) -> StoredNotification | None:
        """Return the notification called *id_*; None if there is none."""
        row = self._tree.get((self.owner, id_))
        return None if row is None else self._stored(id_, row)

    async def afind(self, id_: str) -> StoredNotification | None:
        """Async twin of :meth:`find`."""
        row = await self._tree.aget((self.owner, id_))
        return None if row is None else self._stored(id_, row)

    def all(self) -> StoredNotifications:
        """Return all of them, the latest first."""
        return run(self._all(lambda _: True))

    async def aall(self) -> StoredNotifications:
        """Async twin of :meth:`all`."""
        return await arun(self._all(lambda _: True))

    def unread(self) -> StoredNotifications:
        """Return those that were not read, the latest first."""
        return run(self._all(_is_unread))

    async def aunread(self) -> StoredNotifications:
        """Async twin of :meth:`unread`."""
        return await arun(self._all(_is_unread))

    def mark_as_read(self, *ids: str) -> int:
        """Mark those called *ids* as read, or all if none is named; return how many were not."""
        return run(self._mark_as_read(ids))

    async def amark_as_read(self, *ids: str) -> int:
        """Async twin of :meth:`mark_as_read`."""
        return await arun(self._mark_as_read(ids))

    def delete(self, id_: str) -> bool:
        """Remove the notification called *id_*; return whether it was there."""
        return self._tree.forget((self.owner, id_))

    async def adelete(self, id_: str) -> bool:
        """Async twin of :meth:`delete`."""
        return await self._tree.aforget((self.owner, id_))

    def clear(self) -> int:
        """Remove all of them; return how many there were."""
        return run(self._clear())

    async def aclear(self) -> int:
        """Async twin of :meth:`clear`."""
        return await arun(self._clear())

    def marked(self, id_: str, at: float | None) -> Steps[Row | None]:
        """Let one be read at a time, or unread; the steps give its row, None if it is gone.

        One that was read keeps its time: who reads it again does not read it later.
        """

        def change(row: Row | Missing) -> Row | Missing:
            if isinstance(row, Missing) or (at is not None and row["read_at"] is not None):
                return row
            return {**row, "read_at": at}

        key = (self.owner, id_)
        update, aupdate = self._tree.update_and_fetch, self._tree.aupdate_and_fetch
        row = yield from call(update, aupdate, key, change)
        return None if isinstance(row, Missing) else cast("Row", row)

    def _add(self, id_: str, type_: str, data: Mapping[str, Any]) -> Steps[bool]:
        row = {
            "type": type_,
            "data": dict(data),
            "read_at": None,
            "created_at": clock.timestamp(),
        }
        swap, aswap = self._tree.compare_and_swap, self._tree.acompare_and_swap
        done = yield from call(swap, aswap, (self.owner, id_), MISSING, row)
        return done.ok

    def _all(self, wanted: Callable[[Row], bool]) -> Steps[StoredNotifications]:
        rows = yield from call(self._rows, self._arows)
        return StoredNotifications(self._stored(id_, row) for id_, row in rows if wanted(row))

    def _mark_as_read(self, ids: tuple[str, ...]) -> Steps[int]:
        rows = yield from call(self._rows, self._arows)
        chosen = [id_ for id_, row in rows if _is_unread(row) and (not ids or id_ in ids)]
        now = clock.timestamp()
        for id_ in chosen:
            yield from self.marked(id_, now)
        return len(chosen)

    def _clear(self) -> Steps[int]:
        rows = yield from call(self._rows, self._arows)
        batch: Batch[Any] = Batch()
        for id_, _ in rows:
            batch.remove((self.owner, id_))
        yield from call(self._tree.apply_batch, self._tree.aapply_batch, batch)
        return len(rows)

    def _rows(self) -> list[tuple[str, Row]]:
        return [(key[1], row) for key, row in self._tree.scan_prefix((self.owner,), reverse=True)]

    async def _arows(self) -> list[tuple[str, Row]]:
        found = self._tree.ascan_prefix((self.owner,), reverse=True)
        return [(key[1], row) async for key, row in found]

    def _stored(self, id_: str, row: Row) -> StoredNotification:
        created = datetime.fromtimestamp(row["created_at"], UTC)
        return StoredNotification(
            id_, row["type"], row["data"], _moment(row["read_at"]), created, self
        )


def prune(tree: Tree[Any], before: float, *, is_read: bool = False) -> int:
    """Remove the notifications of all owners that are older; return how many there were.

    Args:
        tree: Where they are kept.
        before: Those that were stored earlier, in seconds since 1970, are removed.
        is_read: Only those that were read.
    """
    removed = 0
    for keys in _pages(
        key
        for key, row in tree.range()
        if row["created_at"] < before and not (is_read and _is_unread(row))
    ):
        batch: Batch[Any] = Batch()
        for key in keys:
            batch.remove(key)
        tree.apply_batch(batch)
        removed += len(keys)
    return removed


def _pages(keys: Iterable[Key], size: int = 500) -> Iterable[list[Key]]:
    """Give *keys* in pages: a batch holds the write lock while it is applied."""
    page: list[Key] = []
    for key in keys:
        page.append(key)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page


def _is_unread(row: Row) -> bool:
    return row["read_at"] is None


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
