"""What can go wrong with the store.

StoreError                  the root
├── Abort                   raised by you: the transaction is rolled back
├── AsyncFunction           `transact` was given what must be awaited (also a TypeError)
├── Closed                  a watch or a transaction is used after its end
├── Conflict                another writer held the store for too long (also a TimeoutError)
├── Corrupted               a row was edited, swapped or planted; it is not returned
├── DumpInvalid             a file to import is no whole export (also a ValueError)
├── EventsLost              a watch was too slow, and has missed changes
├── ForeignTree             a tree of another database is named in a transaction (also a ValueError)
├── InvalidArgument         an argument is of another kind than is wanted (also a TypeError)
├── InvalidDriver           what a driver of the application made is no engine (also a TypeError)
├── InvalidKey              a key has no place in the order of keys (also a ValueError)
├── InvalidTree             what is no name of a tree (also a ValueError)
├── NoMergeOperator         `merge` on a tree that was given no operator (also a LookupError)
├── StoreUnavailable        the file can not be opened, read or written (also an OSError)
│   └── StoreFull           there is no room; nothing was written
├── UnknownDatabase         no database of that name is defined (also a LookupError)
├── UnknownDriver           a database names a driver that nobody provides (also a LookupError)
├── ValueTooLarge           a value is larger than its database takes (also a ValueError)
├── WithinTransaction       what is for the whole database is asked for within a transaction
├── WrongThread             a transaction of a loop is used by a sync method (also a RuntimeError)
└── WrongType               a value is not of the type of its tree (also a TypeError)
"""

from __future__ import annotations

from collections.abc import Iterable

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "Abort",
    "AsyncFunction",
    "Closed",
    "Conflict",
    "Corrupted",
    "DumpInvalid",
    "EventsLost",
    "ForeignTree",
    "InvalidArgument",
    "InvalidDriver",
    "InvalidKey",
    "InvalidTree",
    "NoMergeOperator",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "UnknownDatabase",
    "UnknownDriver",
    "ValueTooLarge",
    "WithinTransaction",
    "WrongThread",
    "WrongType",
]


class StoreError(SecurelyError):
    """The root of every error of the store."""


class Abort(StoreError):
    """Raise it within a transaction: all that was written in it is undone, and it reaches you.

    Args:
        value: Whatever who began the transaction should know; it is not in the message.
    """

    def __init__(self, value: object = None) -> None:
        self.value = value
        super().__init__("The transaction was aborted, and all of it is undone.")

    def __reduce__(self) -> tuple[type[Abort], tuple[object]]:
        return type(self), (self.value,)


class AsyncFunction(StoreError, TypeError):
    """What was to run while others wait returned what must be awaited; nothing was written."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"{operation}() was given a function that returned an awaitable, which would run after "
            "the write. Give it a plain function, or await within a transaction: give "
            "`await store.atransact(…)` an `async def`, and use the async methods of its trees."
        )

    def __reduce__(self) -> tuple[type[AsyncFunction], tuple[str]]:
        return type(self), (self.operation,)


class Closed(StoreError):
    """A watch or a transaction is used after its end."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"The {what} is over and can not be used any more. Begin another one.")

    def __reduce__(self) -> tuple[type[Closed], tuple[str]]:
        return type(self), (self.what,)


class Conflict(StoreError, TimeoutError):
    """Another writer held the store for too long."""

    def __init__(self, store: str, seconds: float) -> None:
        self.store = store
        self.seconds = seconds
        super().__init__(
            f'The store "{store}" is held by another writer: waited {seconds:g} seconds. Keep '
            "transactions short, or raise busy_seconds. Within `async with store.atransaction()` "
            "use the trees that it gives: others wait for its end."
        )

    def __reduce__(self) -> tuple[type[Conflict], tuple[str, float]]:
        return type(self), (self.store, self.seconds)


class Corrupted(StoreError):
    """A row was edited, swapped with another or planted; its value is neither returned nor shown.

    Attributes:
        store: The name of the database.
        tree: The tree it lies in.
        key: Its key, as the tree has it; the bytes in the file where they are no key.
        reason: What is wrong with it.
    """

    def __init__(self, store: str, tree: str, key: object, reason: str) -> None:
        self.store = store
        self.tree = tree
        self.key = key
        self.reason = reason
        super().__init__(
            f'The store "{store}" refused the row {key!r} of the tree "{tree}": {reason}. If the '
            "application key has changed, put the old one into APP_PREVIOUS_KEYS; if not, somebody "
            f'else can write to the store. `store:verify` lists such rows, and "forget" removes '
            "one unread."
        )

    def __reduce__(self) -> tuple[type[Corrupted], tuple[str, str, object, str]]:
        return type(self), (self.store, self.tree, self.key, self.reason)


class DumpInvalid(StoreError, ValueError):
    """A file to import is no export, was cut short, or was changed; nothing was imported."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(
            f"Line {line} can not be imported: {reason}. Nothing was imported. "
            "Export again with store:export."
        )

    def __reduce__(self) -> tuple[type[DumpInvalid], tuple[int, str]]:
        return type(self), (self.line, self.reason)


class EventsLost(StoreError):
    """A watch was too slow and has missed changes. Read what you need anew; the watch goes on."""

    def __init__(self, tree: str) -> None:
        self.tree = tree
        super().__init__(
            f'Changes of the tree "{tree}" were lost to a watch that was too slow, or had not '
            "looked for a minute. Read what you need anew; the watch goes on from here."
        )

    def __reduce__(self) -> tuple[type[EventsLost], tuple[str]]:
        return type(self), (self.tree,)


class ForeignTree(StoreError, ValueError):
    """A tree of another database is named in a transaction."""

    def __init__(self, store: str, tree: str, other: str) -> None:
        self.store = store
        self.tree = tree
        self.other = other
        super().__init__(
            f'The tree "{tree}" is one of the store "{other}"; a transaction of the store '
            f'"{store}" can not hold it. Keep together in one database what changes together.'
        )

    def __reduce__(self) -> tuple[type[ForeignTree], tuple[str, str, str]]:
        return type(self), (self.store, self.tree, self.other)


class InvalidArgument(StoreError, TypeError):
    """An argument is of another kind than is wanted.

    Args:
        operation: What it was given to.
        found: What was given, in words that show no value.
        remedy: What to give instead: a sentence.
    """

    def __init__(self, operation: str, found: str, remedy: str) -> None:
        self.operation = operation
        self.found = found
        self.remedy = remedy
        super().__init__(f"{operation}() can do nothing with {found}. {remedy}")

    def __reduce__(self) -> tuple[type[InvalidArgument], tuple[str, str, str]]:
        return type(self), (self.operation, self.found, self.remedy)


class InvalidDriver(StoreError, TypeError):
    """A driver that the application has added can not make the database."""

    def __init__(self, driver: str, database: str, reason: str) -> None:
        self.driver = driver
        self.database = database
        self.reason = reason
        super().__init__(
            f'The driver "{driver}" can not make the database "{database}": {reason}. '
            "Store.extend takes a function that is given name and options, and returns an Engine."
        )

    def __reduce__(self) -> tuple[type[InvalidDriver], tuple[str, str, str]]:
        return type(self), (self.driver, self.database, self.reason)


class InvalidKey(StoreError, ValueError):
    """A key has no place in the order of keys, or is too long for its database."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(
            f"{key} can not be a key: {reason}. Keys are bytes, str, int, or tuples of these."
        )

    def __reduce__(self) -> tuple[type[InvalidKey], tuple[str, str]]:
        return type(self), (self.key, self.reason)


class InvalidTree(StoreError, ValueError):
    """What is no name of a tree."""

    def __init__(self, name: object) -> None:
        self.name = name
        super().__init__(
            f"{name!a} is no name of a tree: "
            "that is text of 1 to 200 characters, all of them printable."
        )

    def __reduce__(self) -> tuple[type[InvalidTree], tuple[object]]:
        return type(self), (self.name,)


class NoMergeOperator(StoreError, LookupError):
    """Something is to be merged into a tree that was given no operator."""

    def __init__(self, tree: str) -> None:
        self.tree = tree
        super().__init__(
            f'The tree "{tree}" has no merge operator. Call tree.set_merge_operator(function) '
            "first, on this object: it is not kept in the store."
        )

    def __reduce__(self) -> tuple[type[NoMergeOperator], tuple[str]]:
        return type(self), (self.tree,)


class StoreUnavailable(StoreError, OSError):
    """The store can not be opened, read or written."""

    def __init__(self, store: str, place: str, reason: str) -> None:
        self.store = store
        self.place = place
        self.reason = reason
        super().__init__(self._message())

    def _message(self) -> str:
        return f'The store "{self.store}" at {self.place} is unavailable: {self.reason}'

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[type[StoreUnavailable], tuple[str, str, str]]:
        return type(self), (self.store, self.place, self.reason)


class StoreFull(StoreUnavailable):
    """There is no room left; nothing was written."""

    def _message(self) -> str:
        return (
            f'The store "{self.store}" at {self.place} has no room: {self.reason}. '
            "Nothing was written."
        )


class UnknownDatabase(StoreError, LookupError):
    """No database of that name is defined."""

    def __init__(self, database: str, databases: Iterable[str]) -> None:
        self.database = database
        self.databases: tuple[str, ...] = tuple(sorted(databases))
        super().__init__(
            f'The database "{database}" of the store is not defined. '
            f"Defined: {', '.join(self.databases) or 'none'}.{_hint(database, self.databases)}"
        )

    def __reduce__(self) -> tuple[type[UnknownDatabase], tuple[str, tuple[str, ...]]]:
        return type(self), (self.database, self.databases)


class UnknownDriver(StoreError, LookupError):
    """A database names a driver that nobody provides."""

    def __init__(self, driver: str, database: str, drivers: Iterable[str]) -> None:
        self.driver = driver
        self.database = database
        self.drivers: tuple[str, ...] = tuple(sorted(drivers))
        super().__init__(
            f'The driver "{driver}" of the database "{database}" is not known. '
            f"Drivers: {', '.join(self.drivers)}.{_hint(driver, self.drivers)}"
        )

    def __reduce__(self) -> tuple[type[UnknownDriver], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.driver, self.database, self.drivers)


class ValueTooLarge(StoreError, ValueError):
    """A value is larger than its database takes."""

    def __init__(self, tree: str, size_bytes: int, size_bytes_max: int) -> None:
        self.tree = tree
        self.size_bytes = size_bytes
        self.size_bytes_max = size_bytes_max
        super().__init__(
            f'A value for the tree "{tree}" takes {size_bytes:,} bytes; the store takes at most '
            f"{size_bytes_max:,}. Keep large things in files, or raise value_bytes_max."
        )

    def __reduce__(self) -> tuple[type[ValueTooLarge], tuple[str, int, int]]:
        return type(self), (self.tree, self.size_bytes, self.size_bytes_max)


class WithinTransaction(StoreError, RuntimeError):
    """What is for the whole database is asked for within a transaction."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"{operation}() can do nothing within a transaction, which is not committed yet. "
            "Call it after its end."
        )

    def __reduce__(self) -> tuple[type[WithinTransaction], tuple[str]]:
        return type(self), (self.operation,)


class WrongThread(StoreError, RuntimeError):
    """A transaction of a loop is used by a sync method, or from a thread that is not its own."""

    def __init__(self) -> None:
        super().__init__(
            "The trees of `async with store.atransaction()` have async methods only: "
            "await tree.aget(key)."
        )

    def __reduce__(self) -> tuple[type[WrongThread], tuple[()]]:
        return type(self), ()


class WrongType(StoreError, TypeError):
    """A value is not of the type of its tree; it is named by its type, never shown."""

    def __init__(self, tree: str, expected: str, found: str) -> None:
        self.tree = tree
        self.expected = expected
        self.found = found
        super().__init__(f'The tree "{tree}" holds values of type {expected}, not {found}.')

    def __reduce__(self) -> tuple[type[WrongType], tuple[str, str, str]]:
        return type(self), (self.tree, self.expected, self.found)


def _hint(word: str, choices: Iterable[str]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""
