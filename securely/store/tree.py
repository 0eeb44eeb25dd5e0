"""Tree: an ordered map of keys to values, kept in a database.

It is long because every operation stands beside its async twin.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar, overload

from securely.store.arguments import refuse_async
from securely.store.batch import Batch
from securely.store.codec import Codec, Reading, is_same
from securely.store.contracts import Engine, Entry, Row, Span
from securely.store.exceptions import (
    InvalidArgument,
    InvalidKey,
    NoMergeOperator,
    ValueTooLarge,
    WrongType,
)
from securely.store.handover import GivenUp, Handover
from securely.store.keys import Key, encode_key, prefix_range
from securely.store.watch import Watch
from securely.support import clock
from securely.support.durations import Duration, seconds_until
from securely.support.finishing import finished
from securely.support.missing import MISSING, Missing

__all__ = ["Bound", "CasResult", "MergeOperator", "Tree", "Ttl", "as_written"]

V = TypeVar("V")
D = TypeVar("D")

Ttl: TypeAlias = Duration | datetime | None
"""How long a value is kept: seconds, a timedelta, "10m", or an aware datetime as its end. None is
for ever; zero, less, and an end that has passed mean not at all."""

MergeOperator: TypeAlias = Callable[[Any, V | Missing, Any], V | Missing]
"""Given key, present value (MISSING if there is none) and what is merged into it, returns the new
value; MISSING removes the key."""

# How many rows a scan reads at once, at first and then: a look at the first few costs little, and
# a long one few turns.
_PAGE: Final = 128
_PAGE_MAX: Final = 1_024


@dataclass(frozen=True, slots=True)
class CasResult(Generic[V]):
    """What came of a compare-and-swap; true if it swapped.

    Attributes:
        ok: Whether it swapped.
        current: What is there; MISSING for nothing.
        proposed: What was to be there.
    """

    ok: bool
    current: V | Missing
    proposed: V | Missing

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Bound(Generic[V]):
    """Where a tree lies, and how its values are written."""

    engine: Engine
    name: str
    codec: Codec[V]


class Tree(Generic[V]):
    """An ordered map of keys to values. Every method has an async twin with an ``a`` before it.

    Keys are bytes, str, int and tuples of these; :mod:`securely.store.keys` says in which order.
    Trees come from :meth:`securely.store.Database.tree`.

    Example:
        >>> from securely.store import Database
        >>> scores = Database.temporary().tree("scores", int)
        >>> scores.insert("ann", 7), scores.insert("ann", 8), scores.get("ann")
        (MISSING, 7, 8)
        >>> scores.insert("bob", 3)
        MISSING
        >>> list(scores.range()), scores.last()
        ([('ann', 8), ('bob', 3)], ('bob', 3))
    """

    def __init__(self, bound: Bound[V]) -> None:
        self._bound = bound
        self._merge: MergeOperator[V] | None = None

    @property
    def bound(self) -> Bound[V]:
        """Where this tree lies, and how its values are written."""
        return self._bound

    @property
    def name(self) -> str:
        """The name of the tree."""
        return self.bound.name

    # One key

    @overload
    def get(self, key: Key) -> V | None: ...
    @overload
    def get(self, key: Key, default: D) -> V | D: ...
    def get(self, key: Key, default: object = None) -> object:
        """Return the value of *key*, or *default*.

        Raises:
            Corrupted: The row is not one that we have written there.
        """
        bound = self.bound
        raw = encode_key(key)
        entry = bound.engine.get(bound.name, raw)
        return default if entry is None else bound.codec.open(raw, *entry)

    @overload
    async def aget(self, key: Key) -> V | None: ...
    @overload
    async def aget(self, key: Key, default: D) -> V | D: ...
    async def aget(self, key: Key, default: object = None) -> object:
        """Async twin of :meth:`get`."""
        return await self.bound.engine.aside(self.get, key, default)

    def contains(self, key: Key) -> bool:
        """Return whether *key* is there; its value is not looked at."""
        bound = self.bound
        return bound.engine.get(bound.name, encode_key(key)) is not None

    async def acontains(self, key: Key) -> bool:
        """Async twin of :meth:`contains`."""
        return await self.bound.engine.aside(self.contains, key)

    def insert(self, key: Key, value: V, ttl: Ttl = None) -> V | Missing:
        """Let *key* have *value*, and return the value that it had, or MISSING.

        Args:
            key: The key.
            value: Its value.
            ttl: How long it is kept; a lifetime that it had is replaced.

        Raises:
            Corrupted: What it had was not written by us. Nothing is changed; ``put`` does not look.
            ValueTooLarge: The database takes no values of that size.
            Unserializable: The value has no written form.
        """
        expires = _end(ttl)
        if _is_over(expires):
            return self.remove(key)
        bound, raw = self.bound, self._raw(key)
        entry = expires, bound.codec.seal(raw, value, expires)
        old: V | Missing = MISSING

        def change(found: Entry | None) -> Entry:
            nonlocal old
            if found is not None:
                old = bound.codec.open(raw, *found)
            return entry

        bound.engine.modify(bound.name, raw, change)
        return old

    async def ainsert(self, key: Key, value: V, ttl: Ttl = None) -> V | Missing:
        """Async twin of :meth:`insert`."""
        return await self.bound.engine.aside(self.insert, key, value, ttl)

    def put(self, key: Key, value: V, ttl: Ttl = None) -> None:
        """Let *key* have *value*, without a look at what it had: faster than :meth:`insert`."""
        expires = _end(ttl)
        if _is_over(expires):
            self.forget(key)
            return
        bound, raw = self.bound, self._raw(key)
        bound.engine.put(bound.name, raw, (expires, bound.codec.seal(raw, value, expires)))

    async def aput(self, key: Key, value: V, ttl: Ttl = None) -> None:
        """Async twin of :meth:`put`."""
        await self.bound.engine.aside(self.put, key, value, ttl)

    def remove(self, key: Key) -> V | Missing:
        """Remove *key*, and return the value that it had, or MISSING.

        Raises:
            Corrupted: What it had was not written by us, and stays; ``forget`` does not look.
        """
        bound, raw = self.bound, encode_key(key)
        old: V | Missing = MISSING

        def change(found: Entry | None) -> Missing | None:
            nonlocal old
            if found is None:
                return MISSING
            old = bound.codec.open(raw, *found)
            return None

        bound.engine.modify(bound.name, raw, change)
        return old

    async def aremove(self, key: Key) -> V | Missing:
        """Async twin of :meth:`remove`."""
        return await self.bound.engine.aside(self.remove, key)

    def forget(self, key: Key) -> bool:
        """Remove *key*, whatever it has; return whether it was there."""
        bound = self.bound
        return bound.engine.delete(bound.name, encode_key(key))

    async def aforget(self, key: Key) -> bool:
        """Async twin of :meth:`forget`."""
        return await self.bound.engine.aside(self.forget, key)

    def ttl(self, key: Key) -> float | Missing | None:
        """Return the seconds that *key* has left, None for no end, or MISSING."""
        bound, raw = self.bound, encode_key(key)
        entry = bound.engine.get(bound.name, raw)
        if entry is None:
            return MISSING
        bound.codec.unsealed(raw, *entry)
        return None if entry[0] is None else entry[0] - clock.timestamp()

    async def attl(self, key: Key) -> float | Missing | None:
        """Async twin of :meth:`ttl`."""
        return await self.bound.engine.aside(self.ttl, key)

    def touch(self, key: Key, ttl: Ttl = None) -> bool:
        """Give *key* a new lifetime, counted from now; return whether it was there."""
        expires = _end(ttl)
        if _is_over(expires):
            return self.forget(key)
        bound, raw = self.bound, encode_key(key)
        there = False

        def change(found: Entry | None) -> Entry | Missing:
            nonlocal there
            if found is None:
                return MISSING
            there = True
            # Written anew, since the signature covers the end of the lifetime.
            return expires, bound.codec.sealed(raw, expires, bound.codec.unsealed(raw, *found))

        bound.engine.modify(bound.name, raw, change)
        return there

    async def atouch(self, key: Key, ttl: Ttl = None) -> bool:
        """Async twin of :meth:`touch`."""
        return await self.bound.engine.aside(self.touch, key, ttl)

    # One key, by what it has

    def compare_and_swap(
        self, key: Key, old: V | Missing, new: V | Missing, ttl: Ttl = None
    ) -> CasResult[V]:
        """Let *key* have *new* if it has *old*; nobody comes between.

        Values are compared as Python compares them, and by their type, as are the items in them.
        MISSING as *old* means that the key is absent, as *new* that it shall be. An *old* that the
        tree can not hold is never there.

        Returns:
            Whether it swapped, and what is there now.

        Source: sled 0.34, Tree::compare_and_swap.
        """
        expires = _end(ttl)
        bound, raw = self.bound, self._raw(key)
        entry = None
        if not isinstance(new, Missing) and not _is_over(expires):
            entry = expires, bound.codec.seal(raw, new, expires)
            # What we wrote without an end has these very bytes, so that one statement will do.
            sealed = None if isinstance(old, Missing) else _sealed(bound.codec, raw, old)
            if sealed is not None and bound.engine.replace(bound.name, raw, sealed, entry):
                return CasResult(ok=True, current=new, proposed=new)
        current: V | Missing = MISSING
        swapped = False

        def change(found: Entry | None) -> Entry | Missing | None:
            nonlocal current, swapped
            current = MISSING if found is None else bound.codec.open(raw, *found)
            swapped = is_same(current, old)
            return entry if swapped else MISSING

        bound.engine.modify(bound.name, raw, change)
        if swapped:
            current = MISSING if entry is None else new
        return CasResult(ok=swapped, current=current, proposed=new)

    async def acompare_and_swap(
        self, key: Key, old: V | Missing, new: V | Missing, ttl: Ttl = None
    ) -> CasResult[V]:
        """Async twin of :meth:`compare_and_swap`."""
        return await self.bound.engine.aside(self.compare_and_swap, key, old, new, ttl)

    def update_and_fetch(
        self, key: Key, function: Callable[[V | Missing], V | Missing]
    ) -> V | Missing:
        """Let *key* have what *function* makes of its value, and return that.

        The function is called exactly once, while no other process can write; so it is short, and
        a plain one. It is given MISSING where there is no value, and removes the key by returning
        MISSING. The lifetime stays as it was.

        Raises:
            AsyncFunction: What it returned must be awaited; nothing was written.

        Source: sled 0.34, Tree::update_and_fetch.
        """
        return self._update("update_and_fetch", key, function)[1]

    async def aupdate_and_fetch(
        self, key: Key, function: Callable[[V | Missing], V | Missing]
    ) -> V | Missing:
        """Async twin of :meth:`update_and_fetch`."""
        return await self.bound.engine.aside(self.update_and_fetch, key, function)

    def fetch_and_update(
        self, key: Key, function: Callable[[V | Missing], V | Missing]
    ) -> V | Missing:
        """As :meth:`update_and_fetch`, but return the value that was there before.

        Source: sled 0.34, Tree::fetch_and_update.
        """
        return self._update("fetch_and_update", key, function)[0]

    async def afetch_and_update(
        self, key: Key, function: Callable[[V | Missing], V | Missing]
    ) -> V | Missing:
        """Async twin of :meth:`fetch_and_update`."""
        return await self.bound.engine.aside(self.fetch_and_update, key, function)

    def set_merge_operator(self, operator: MergeOperator[V] | None) -> None:
        """Let :meth:`merge` of this object use *operator*; it is not kept in the store."""
        self._merge = operator

    def merge(self, key: Key, value: object) -> V | Missing:
        """Let the merge operator put *value* into what *key* has; return what came of it.

        Raises:
            AsyncFunction: What the operator returned must be awaited; nothing was written.
            NoMergeOperator: The tree was given none.

        Source: sled 0.34, Tree::merge.
        """
        operator = self._merge
        if operator is None:
            raise NoMergeOperator(self.name)
        return self._update("merge", key, lambda old: operator(key, old, value))[1]

    async def amerge(self, key: Key, value: object) -> V | Missing:
        """Async twin of :meth:`merge`."""
        return await self.bound.engine.aside(self.merge, key, value)

    def apply_batch(self, batch: Batch[V]) -> None:
        """Do all writes of *batch*, or none.

        Raises:
            InvalidArgument: It is no Batch.
        """
        bound = self.bound
        if not _is_batch(batch):
            found = f"a value of type {type(batch).__name__}"
            raise InvalidArgument("apply_batch", found, 'Give Batch().insert("key", 1).')
        rows: list[Row] = []
        gone: list[bytes] = []
        for key, value, ttl in batch.writes():
            expires, raw = _end(ttl), self._raw(key)
            if isinstance(value, Missing) or _is_over(expires):
                gone.append(raw)
            else:
                rows.append((raw, expires, bound.codec.seal(raw, value, expires)))
        with bound.engine.write():
            bound.engine.put_many(bound.name, rows)
            for raw in gone:
                bound.engine.delete(bound.name, raw)

    async def aapply_batch(self, batch: Batch[V]) -> None:
        """Async twin of :meth:`apply_batch`."""
        await self.bound.engine.aside(self.apply_batch, batch)

    # In order

    def range(
        self, start: Key | None = None, stop: Key | None = None, *, reverse: bool = False
    ) -> Generator[tuple[Any, V]]:
        """Give keys and values from *start* on, up to and without *stop*, in order.

        Rows are read a page at a time, so that nothing large is held and no lock is; what others
        write meanwhile is seen or not. Within a transaction nobody writes meanwhile.

        Args:
            start: The first key; None for the least.
            stop: The key to end before; None for no end.
            reverse: Whether to go from the last one down.

        Raises:
            Corrupted: A row is not one that we have written there.

        Source: sled 0.34, Tree::range.
        """
        return self._scan(_span(start, stop), reverse)

    async def arange(
        self, start: Key | None = None, stop: Key | None = None, *, reverse: bool = False
    ) -> AsyncGenerator[tuple[Any, V]]:
        """Async twin of :meth:`range`."""
        async for item in self._ascan(_span(start, stop), reverse):
            yield item

    def scan_prefix(self, prefix: Key, *, reverse: bool = False) -> Generator[tuple[Any, V]]:
        """Give all keys that begin with *prefix*, and their values, in order.

        Bytes and text stand for all that begin so; a tuple for those whose first items these are.

        Source: sled 0.34, Tree::scan_prefix.
        """
        return self._scan(_prefix_span(prefix), reverse)

    async def ascan_prefix(
        self, prefix: Key, *, reverse: bool = False
    ) -> AsyncGenerator[tuple[Any, V]]:
        """Async twin of :meth:`scan_prefix`."""
        async for item in self._ascan(_prefix_span(prefix), reverse):
            yield item

    def first(self) -> tuple[Any, V] | None:
        """Return the least key and its value, or None."""
        return self._edge(Span(), reverse=False)

    async def afirst(self) -> tuple[Any, V] | None:
        """Async twin of :meth:`first`."""
        return await self.bound.engine.aside(self.first)

    def last(self) -> tuple[Any, V] | None:
        """Return the greatest key and its value, or None."""
        return self._edge(Span(), reverse=True)

    async def alast(self) -> tuple[Any, V] | None:
        """Async twin of :meth:`last`."""
        return await self.bound.engine.aside(self.last)

    def get_lt(self, key: Key) -> tuple[Any, V] | None:
        """Return the greatest key below *key* and its value, or None."""
        return self._edge(Span(b"", encode_key(key)), reverse=True)

    async def aget_lt(self, key: Key) -> tuple[Any, V] | None:
        """Async twin of :meth:`get_lt`."""
        return await self.bound.engine.aside(self.get_lt, key)

    def get_gt(self, key: Key) -> tuple[Any, V] | None:
        """Return the least key above *key* and its value, or None."""
        # Nothing stands between bytes and the same bytes with a zero behind them.
        return self._edge(Span(encode_key(key) + b"\x00"), reverse=False)

    async def aget_gt(self, key: Key) -> tuple[Any, V] | None:
        """Async twin of :meth:`get_gt`."""
        return await self.bound.engine.aside(self.get_gt, key)

    def pop_min(self) -> tuple[Any, V] | None:
        """Remove the least key and return it with its value, or None; one of many callers gets it.

        Source: sled 0.34, Tree::pop_min.
        """
        return self._pop(reverse=False)

    async def apop_min(self) -> tuple[Any, V] | None:
        """Async twin of :meth:`pop_min`; one that is cancelled has removed nothing."""
        return await self._apop(reverse=False)

    def pop_max(self) -> tuple[Any, V] | None:
        """Remove the greatest key and return it with its value, or None.

        Source: sled 0.34, Tree::pop_max.
        """
        return self._pop(reverse=True)

    async def apop_max(self) -> tuple[Any, V] | None:
        """Async twin of :meth:`pop_max`; one that is cancelled has removed nothing."""
        return await self._apop(reverse=True)

    # The whole tree

    def len(self) -> int:
        """Return how many keys there are; they are counted."""
        return self.bound.engine.count(self.bound.name)

    async def alen(self) -> int:
        """Async twin of :meth:`len`."""
        return await self.bound.engine.aside(self.len)

    def is_empty(self) -> bool:
        """Return whether there is no key; nothing is counted."""
        bound = self.bound
        return not bound.engine.rows(bound.name, Span(), limit=1)

    async def ais_empty(self) -> bool:
        """Async twin of :meth:`is_empty`."""
        return await self.bound.engine.aside(self.is_empty)

    def clear(self) -> int:
        """Remove all keys; return how many there were."""
        return self.bound.engine.clear(self.bound.name)

    async def aclear(self) -> int:
        """Async twin of :meth:`clear`."""
        return await self.bound.engine.aside(self.clear)

    def watch_prefix(self, prefix: Key | None = None) -> Watch[V]:
        """Begin to watch the keys that begin with *prefix*, or all keys.

        What is committed from now on, by any process, is told. Close the watch when you are done.

        Source: sled 0.34, Tree::watch_prefix.
        """
        bound = self.bound
        span = Span() if prefix is None else _prefix_span(prefix)
        return Watch(bound.engine, bound.codec, bound.name, span)

    async def awatch_prefix(self, prefix: Key | None = None) -> Watch[V]:
        """Async twin of :meth:`watch_prefix`."""
        return await self.bound.engine.aside(self.watch_prefix, prefix)

    def __contains__(self, key: Key) -> bool:
        return self.contains(key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    # What the operations above are made of

    def within(self, engine: Engine) -> Tree[V]:
        """Return this tree for a transaction that *engine* stands for."""
        bound = self.bound
        tree = Tree(Bound(engine, bound.name, bound.codec))
        tree._merge = self._merge
        return tree

    def _raw(self, key: Key) -> bytes:
        """Return *key* as bytes that may be written."""
        raw = encode_key(key)
        if len(raw) > self.bound.engine.key_bytes_max:
            reason = f"the database takes at most {self.bound.engine.key_bytes_max:,} bytes"
            raise InvalidKey(f"A key of {len(raw):,} bytes", reason)
        return raw

    def _update(
        self, operation: str, key: Key, function: Callable[[V | Missing], V | Missing]
    ) -> tuple[V | Missing, V | Missing]:
        """Change a value; return the old and the new one."""
        bound, raw = self.bound, self._raw(key)
        old: V | Missing = MISSING
        new: V | Missing = MISSING

        def change(found: Entry | None) -> Entry | Missing | None:
            nonlocal old, new
            expires = None if found is None else found[0]
            old = MISSING if found is None else bound.codec.open(raw, *found)
            new = function(old)
            refuse_async(operation, new)
            if isinstance(new, Missing):
                return MISSING if found is None else None
            return expires, bound.codec.seal(raw, new, expires)

        # In a block, so that what the function itself has written goes with it when it raises.
        with bound.engine.write():
            bound.engine.modify(bound.name, raw, change)
        return old, new

    def _edge(self, span: Span, *, reverse: bool) -> tuple[Any, V] | None:
        bound = self.bound
        rows = bound.engine.rows(bound.name, span, limit=1, reverse=reverse)
        return next(bound.codec.items(rows), None)

    def _pop(self, *, reverse: bool, handover: Handover | None = None) -> tuple[Any, V] | None:
        bound = self.bound
        taken: tuple[bytes, Entry] | None = None
        try:
            with bound.engine.write():
                rows = bound.engine.rows(bound.name, Span(), limit=1, reverse=reverse)
                found = next(bound.codec.items(rows), None)
                if found is not None:
                    bound.engine.delete(bound.name, rows[0][0])
                if handover is not None:
                    handover.take()
            taken = (rows[0][0], rows[0][1:]) if rows else None
        except GivenUp:
            return None
        finally:
            if handover is not None:
                handover.taken(taken)
        return found

    async def _apop(self, *, reverse: bool) -> tuple[Any, V] | None:
        import asyncio  # who is here has imported it; a sync program need not

        engine, handover = self.bound.engine, Handover()
        try:
            return await engine.aside(self._pop, reverse=reverse, handover=handover)
        except asyncio.CancelledError:
            if not handover.give_up():
                await finished(engine.aside(self._put_back, handover))
            raise

    def _put_back(self, handover: Handover) -> None:
        """Let a key that was taken out for nobody have what it had, unless it has a newer value."""
        bound = self.bound
        if (row := handover.wait()) is not None:
            key, entry = row
            bound.engine.modify(bound.name, key, lambda found: entry if found is None else MISSING)

    def _page(self, span: Span, reverse: bool, limit: int) -> list[Row]:
        bound = self.bound
        return bound.engine.rows(bound.name, span, limit=limit, reverse=reverse)

    def _scan(self, span: Span, reverse: bool) -> Generator[tuple[Any, V]]:
        limit = _PAGE
        while True:
            rows = self._page(span, reverse, limit)
            yield from self.bound.codec.items(rows)
            if len(rows) < limit:
                return
            span, limit = _rest(span, rows, reverse), _PAGE_MAX

    async def _ascan(self, span: Span, reverse: bool) -> AsyncGenerator[tuple[Any, V]]:
        engine, limit = self.bound.engine, _PAGE
        while True:
            rows = await engine.aside(self._page, span, reverse, limit)
            for item in self.bound.codec.items(rows):
                yield item
            if len(rows) < limit:
                return
            span, limit = _rest(span, rows, reverse), _PAGE_MAX


def as_written(tree: Tree[Any]) -> Tree[Any]:
    """Return *tree* for looking at: what holds a class that is not allowed is an AsWritten."""
    bound = tree.bound
    return Tree(Bound(bound.engine, bound.name, Reading.of(bound.codec)))


def _is_batch(batch: object) -> bool:
    return isinstance(batch, Batch)


def _rest(span: Span, rows: list[Row], reverse: bool) -> Span:
    """Return what of *span* lies behind *rows*, which were the first of it."""
    edge = rows[-1][0]
    return Span(span.lower, edge) if reverse else Span(edge + b"\x00", span.upper)


def _span(start: Key | None, stop: Key | None) -> Span:
    lower = b"" if start is None else encode_key(start)
    return Span(lower, None if stop is None else encode_key(stop))


def _prefix_span(prefix: Key) -> Span:
    return Span(*prefix_range(prefix))


def _sealed(codec: Codec[V], key: bytes, value: V) -> bytes | None:
    """Return *value* as the bytes of a row, None if the tree can not hold it."""
    try:
        return codec.seal(key, value, None)
    except (ValueTooLarge, WrongType):
        return None


def _end(ttl: Ttl) -> float | None:
    return None if ttl is None else clock.timestamp() + seconds_until(ttl)


def _is_over(expires: float | None) -> bool:
    return expires is not None and expires <= clock.timestamp()
