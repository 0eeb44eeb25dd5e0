"""Database: named trees in one place, transactions over them, and the care of the whole."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Final, TypeVar, TypeVarTuple, cast, overload

from securely.store.arguments import check_class, check_lines, check_text_file, refuse_async
from securely.store.codec import Codec, Seal
from securely.store.contracts import Engine, Span
from securely.store.dump import crc32, plain_rows, read_dump, reseal, write_dump
from securely.store.exceptions import (
    Corrupted,
    ForeignTree,
    InvalidArgument,
    InvalidKey,
    InvalidTree,
    StoreError,
    WithinTransaction,
)
from securely.store.transaction import AsyncTransaction, Transaction
from securely.store.tree import Bound, Tree
from securely.support import entropy
from securely.support.forking import renew_after_fork

__all__ = ["DEFAULT_TREE", "Compaction", "Database", "Problem", "Verification"]

T = TypeVar("T")
V = TypeVar("V")
Ts = TypeVarTuple("Ts")

DEFAULT_TREE: Final = "default"
"""The tree that the database itself is."""

# How long the name of a tree may be; it is part of each row's signature.
_NAME_MAX: Final = 200
# How many numbers a process reserves at once: one write for so many.
_IDS: Final = 1_024
# How many rows are looked at, or imported, at once.
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """What a verification has found.

    Attributes:
        tree: The tree; empty for the file itself.
        key: The key; None for the file or the tree itself.
        reason: What is wrong.
    """

    tree: str
    key: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of looking at everything; true if all is well.

    Attributes:
        rows: How many rows were looked at.
        problems: What is wrong with which.
    """

    rows: int
    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Compaction:
    """What came of compacting.

    Attributes:
        expired: How many rows whose lifetime was over were removed.
        bytes_before: How much the database took.
        bytes_after: How much it takes.
    """

    expired: int
    bytes_before: int
    bytes_after: int


class _Ids:
    """Numbers that this process has reserved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0
        # A child must not give what its parent gives.
        renew_after_fork(self, "_lock", threading.Lock)
        renew_after_fork(self, "_end", int)

    def prepare(self, engine: Engine) -> None:
        """Have numbers at hand before a transaction, which could not reserve any for good."""
        if self._next >= self._end and not engine.in_transaction():
            self._fill(engine)

    def take(self, engine: Engine) -> int:
        """Return the next number."""
        while True:
            with self._lock:
                if self._next < self._end:
                    self._next += 1
                    return self._next - 1
            if engine.in_transaction():
                # It is given back if that is rolled back; so none is kept beyond it.
                return engine.reserve(1)
            self._fill(engine)

    def _fill(self, engine: Engine) -> None:
        # Not with the lock held: who holds the store's may be waiting for this one.
        first = engine.reserve(_IDS)
        with self._lock:
            if self._next >= self._end:
                self._next, self._end = first, first + _IDS


class Database(Tree[Any]):
    """Named trees of ordered keys, and itself the tree ``default``.

    Args:
        engine: Where rows are kept.
        codec: How the values of the default tree are written; it knows the others.

    Example:
        >>> store = Database.temporary()
        >>> orders, stock = store.tree("orders"), store.tree("stock", int)
        >>> stock.put("apple", 3)
        >>> with store.transaction(orders, stock) as (o, s):
        ...     _ = s.update_and_fetch("apple", lambda left: (left or 0) - 1)
        ...     o.put(("order", store.generate_id()), {"apple": 1})
        >>> stock.get("apple"), list(orders.scan_prefix(("order",)))
        (2, [(('order', 1), {'apple': 1})])
    """

    def __init__(self, engine: Engine, codec: Codec[Any]) -> None:
        super().__init__(Bound(engine, DEFAULT_TREE, codec))
        self._ids = _Ids()

    @classmethod
    def over(cls, engine: Engine, seal: Seal, **codec: Any) -> Database:
        """Return a database of *engine* whose rows are signed by *seal*."""
        return cls(engine, Codec(engine.name, DEFAULT_TREE, seal, **codec))

    @classmethod
    def temporary(cls) -> Database:
        """Return a database in memory, signed with a key that is forgotten with it."""
        from securely.encryption import KeyRing
        from securely.support.importing import import_object

        engine: Any = import_object("securely.store.drivers.array:ArrayEngine")
        return cls.over(engine("temporary"), KeyRing(entropy.token_bytes(32)).purpose("store"))

    @property
    def ids(self) -> _Ids:
        """The numbers that this process has reserved."""
        return self._ids

    # Trees

    @overload
    def tree(self, name: str) -> Tree[Any]: ...
    @overload
    def tree(self, name: str, of: type[V]) -> Tree[V]: ...
    def tree(self, name: str, of: type[Any] = object) -> Tree[Any]:
        """Return the tree *name*; it begins with its first row.

        Args:
            name: Its name: 1 to 200 printable characters.
            of: What all its values are: a type of plain data, or an enum, a dataclass or a
                pydantic model. Values of another type are refused, in both directions.

        A merge operator belongs to the object that this returns, and each call returns a new one.

        Raises:
            InvalidArgument: *of* is no class.
            InvalidTree: The name is none.
        """
        bound = self.bound
        if not (_is_text(name) and 0 < len(name) <= _NAME_MAX and name.isprintable()):
            raise InvalidTree(name)
        check_class(of)
        return Tree(Bound(bound.engine, name, bound.codec.for_tree(name, of)))

    def trees(self) -> list[str]:
        """Return the names of all trees that have begun, sorted."""
        return self.bound.engine.trees()

    async def atrees(self) -> list[str]:
        """Async twin of :meth:`trees`."""
        return await self.bound.engine.aside(self.trees)

    def contains_tree(self, name: str) -> bool:
        """Return whether the tree *name* has begun; an empty one that is left has.

        Source: sled, Db::contains_tree.
        """
        return name in self.bound.engine.trees()

    async def acontains_tree(self, name: str) -> bool:
        """Async twin of :meth:`contains_tree`."""
        return await self.bound.engine.aside(self.contains_tree, name)

    def drop_tree(self, name: str) -> bool:
        """Remove the tree *name* with all its rows; return whether it was there."""
        return self.bound.engine.drop(name)

    async def adrop_tree(self, name: str) -> bool:
        """Async twin of :meth:`drop_tree`."""
        return await self.bound.engine.aside(self.drop_tree, name)

    # Transactions

    def transaction(self, *trees: *Ts) -> Transaction[*Ts]:
        """Return a block in which all writes happen, or none: ``with … as (orders, stock):``.

        An error undoes all of it and goes on its way; raise :class:`securely.store.Abort` to undo
        it on purpose. Nobody else writes to the database meanwhile, so keep it short. A block
        within another undoes its own writes alone.

        Args:
            trees: The trees that it gives. Others of the database belong to it as well.

        Raises:
            Conflict: Another writer did not give way within ``busy_seconds``.
            ForeignTree: One of them belongs to another database.
        """
        engine = self._engine_for(trees)
        return Transaction(engine, trees, partial(self.ids.prepare, engine))

    def atransaction(self, *trees: *Ts) -> AsyncTransaction[*Ts]:
        """Return such a block for coroutines: ``async with … as (orders, stock):``.

        Only what goes through the trees that it gives belongs to it, and those have async methods
        only. It may be open across awaits; others wait for its end.

        Args:
            trees: The trees that it gives.

        Raises:
            Conflict: Another writer did not give way within ``busy_seconds``.
            ForeignTree: One of them belongs to another database.
        """
        engine = self._engine_for(trees)
        return AsyncTransaction(engine, trees, partial(self.ids.prepare, engine))

    def transact(self, function: Callable[[*Ts], T], *trees: *Ts) -> T:
        """Call *function* with *trees* in a transaction, once, and return what it returns.

        Raises:
            Abort: The function raised it; all that it wrote is undone.
            AsyncFunction: What it returned must be awaited; all that it wrote is undone.
        """
        return self._transact("transact", function, *trees)

    async def atransact(self, function: Callable[[*Ts], T], *trees: *Ts) -> T:
        """Async twin of :meth:`transact`: a plain function runs in a thread, a coroutine here."""
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004  # an object that is called: is it async?
        ):
            async with self.atransaction(*trees) as given:
                return cast("T", await cast("Any", function)(*given))
        return await self.bound.engine.aside(lambda: self._transact("atransact", function, *trees))

    def _transact(self, operation: str, function: Callable[[*Ts], T], *trees: *Ts) -> T:
        with self.transaction(*trees) as given:
            answer = function(*given)
            refuse_async(operation, answer)
            return answer

    def generate_id(self) -> int:
        """Return a number that this database has given to nobody before, in any process.

        Within a process numbers grow; some are skipped, at a restart up to a thousand. They are
        reserved before a transaction begins; of those beyond the first thousand of one transaction,
        what is taken is given back when it is rolled back.

        Source: sled 0.34, Db::generate_id.
        """
        return self.ids.take(self.bound.engine)

    async def agenerate_id(self) -> int:
        """Async twin of :meth:`generate_id`."""
        return await self.bound.engine.aside(self.generate_id)

    # The whole

    def flush(self) -> None:
        """Return when all that was written is on the disk and survives a power cut.

        Raises:
            WithinTransaction: This thread has one open.
        """
        self._outside("flush").flush()

    async def aflush(self) -> None:
        """Async twin of :meth:`flush`."""
        await self.bound.engine.aside(self.flush)

    def size_on_disk(self) -> int:
        """Return how many bytes the database takes; 0 in memory."""
        return self.bound.engine.size_bytes()

    async def asize_on_disk(self) -> int:
        """Async twin of :meth:`size_on_disk`."""
        return await self.bound.engine.aside(self.size_on_disk)

    def checksum(self) -> int:
        """Return a number that is equal where trees, keys, values and lifetimes are.

        They are those of one moment, as if nobody wrote meanwhile.

        Raises:
            Corrupted: A row is not one that we have written there.

        Source: sled 0.34, Db::checksum.
        """
        bound = self.bound
        with bound.engine.read():
            return crc32(plain_rows(bound.engine, bound.codec))

    async def achecksum(self) -> int:
        """Async twin of :meth:`checksum`."""
        return await self.bound.engine.aside(self.checksum)

    def export(self, file: IO[str]) -> int:
        """Write all trees to *file* as lines of text; return how many rows.

        The lines are neither signed nor encrypted: keep the file as the secrets in it deserve.
        It is all of one moment, as if nobody wrote meanwhile: a transaction of others is in it
        as a whole or not at all.

        Args:
            file: A file that is open for text.

        Raises:
            Corrupted: A row is not one that we have written there.
            InvalidArgument: It is a path, or a file of bytes.

        Source: sled 0.34, Db::export.
        """
        check_text_file(file)
        bound = self.bound
        with bound.engine.read():
            return write_dump(plain_rows(bound.engine, bound.codec), file)

    async def aexport(self, file: IO[str]) -> int:
        """Async twin of :meth:`export`."""
        return await self.bound.engine.aside(self.export, file)

    def import_(self, file: Iterable[str]) -> int:
        """Write all rows of an export over what is here, all or none; return how many.

        Args:
            file: A file that is open for reading, or other lines.

        Raises:
            DumpInvalid: The lines are no whole export.
            InvalidArgument: It is a path, or text as a whole.
            InvalidKey: A key is longer than this database takes.

        Source: sled 0.34, Db::import.
        """
        check_lines(file)
        bound = self.bound
        count = 0
        codecs: dict[str, Codec[Any]] = {}
        with bound.engine.write():
            for tree, key, expires, body in read_dump(file):
                if (codec := codecs.get(tree)) is None:
                    codec = codecs[tree] = self.tree(tree).bound.codec
                if len(key) > bound.engine.key_bytes_max:
                    reason = f"the database takes at most {bound.engine.key_bytes_max:,} bytes"
                    raise InvalidKey(f"A key of {len(key):,} bytes", reason)
                bound.engine.put(tree, key, (expires, codec.sealed(key, expires, body)))
                count += 1
        return count

    async def aimport_(self, file: Iterable[str]) -> int:
        """Async twin of :meth:`import_`."""
        return await self.bound.engine.aside(self.import_, file)

    def verify(self) -> Verification:
        """Look at the file, and at the key and the signature of every row of one moment."""
        bound = self.bound
        problems = [Problem("", None, reason) for reason in bound.engine.check()]
        rows = 0
        try:
            with bound.engine.read():
                for tree in bound.engine.trees():
                    codec = bound.codec.for_tree(tree, object)
                    rows += _verify_tree(bound.engine, tree, codec, problems)
        except StoreError as error:
            # A file that is damaged enough can not be read to its end.
            problems.append(Problem("", None, str(error)))
        return Verification(rows, tuple(problems))

    async def averify(self) -> Verification:
        """Async twin of :meth:`verify`."""
        return await self.bound.engine.aside(self.verify)

    @contextmanager
    def resealed(self, seal: Seal) -> Generator[int]:
        """Return a block in which every row is signed anew; it is given how many there are.

        At its end all of it is committed, and after an error in it all is as before. Nobody else
        writes meanwhile. From then on, only who has the new key reads: open the database anew.

        Args:
            seal: Signs, under the new key.

        Raises:
            Conflict: Another writer did not give way within ``busy_seconds``.
            Corrupted: A row is not one that we have written there.
        """
        bound = self.bound
        with bound.engine.write():
            yield reseal(bound.engine, bound.codec, seal)

    def compact(self) -> Compaction:
        """Remove all rows whose lifetime is over, and give their room back to the disk.

        The sqlite driver writes the file anew, for which there must be as much room again.

        Raises:
            WithinTransaction: This thread has one open.
        """
        engine = self._outside("compact")
        before = engine.size_bytes()
        expired = engine.expire()
        engine.compact()
        return Compaction(expired, before, engine.size_bytes())

    async def acompact(self) -> Compaction:
        """Async twin of :meth:`compact`."""
        return await self.bound.engine.aside(self.compact)

    def close(self) -> None:
        """Give connections and files back; the database opens them again when it is used again."""
        self.bound.engine.close()

    async def aclose(self) -> None:
        """Async twin of :meth:`close`."""
        import asyncio  # who is here has imported it; not in the threads that this closes

        await asyncio.to_thread(self.close)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.bound.codec.store!r}>"

    def _outside(self, operation: str) -> Engine:
        engine = self.bound.engine
        if engine.in_transaction():
            raise WithinTransaction(operation)
        return engine

    def _engine_for(self, trees: tuple[object, ...]) -> Engine:
        """Return the engine of this database, which must be that of all *trees*."""
        bound = self.bound
        for each in trees:
            if not isinstance(each, Tree):
                found = f"{each!r} as a tree" if isinstance(each, str) else _kind(each)
                raise InvalidArgument("transaction", found, "Give trees: store.tree(name).")
            tree: Bound[Any] = cast(Any, each).bound
            if tree.engine is not bound.engine:
                raise ForeignTree(bound.codec.store, tree.name, tree.codec.store)
        return bound.engine


def _is_text(name: object) -> bool:
    return isinstance(name, str)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__} as a tree"


def _verify_tree(engine: Engine, tree: str, codec: Codec[Any], problems: list[Problem]) -> int:
    """Look at all rows of a tree, and add what is wrong to *problems*; return how many rows."""
    count = 0
    span = Span()
    while rows := engine.rows(tree, span, limit=_PAGE):
        for key, expires, data in rows:
            count += 1
            try:
                codec.key(key)
                codec.unsealed(key, expires, data)
            except Corrupted as error:
                problems.append(Problem(tree, error.key, error.reason))
        span = Span(rows[-1][0] + b"\x00")
    return count
