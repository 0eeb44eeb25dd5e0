"""The embedded, ordered database: named trees of keys in order, transactions, and watches.

``Store`` is the default database and its tree ``default``; ``Store.tree("orders")`` is another
tree, ``Store.database("array")`` another database. Every row is signed. Every method has an async
twin with an ``a`` before its name.

    contracts.py    Engine: what a driver must do, with rows of bytes
    database.py     Database: trees, transactions, and the care of the whole
    tree.py         Tree: get, insert, range, pop_min, compare_and_swap and their kin
    keys.py         keys as bytes whose order is theirs
    codec.py        the envelope of a value: codec, signature, lifetime
    batch.py        Batch: writes that happen together
    transaction.py  all or nothing over several trees
    watch.py        Watch: tells when keys change
    arguments.py    what is of another kind than is wanted is named, before anything is written
    handover.py     what is taken out for a task that may be cancelled goes to it, or stays
    dump.py         all trees as lines of text, and back
    manager.py      StoreManager: the databases, and itself the default one
    drivers/        array, lmdb, sqlite
    exceptions.py   StoreError and its tree
    options.py      the section ``store`` of the configuration
    commands.py     store:info, store:get, store:scan, store:verify …
    provider.py     binds the manager
"""

from __future__ import annotations

from securely.store.batch import Batch
from securely.store.contracts import Engine
from securely.store.database import Compaction, Database, Problem, Verification
from securely.store.exceptions import (
    Abort,
    AsyncFunction,
    Closed,
    Conflict,
    Corrupted,
    DumpInvalid,
    EventsLost,
    ForeignTree,
    InvalidArgument,
    InvalidDriver,
    InvalidKey,
    InvalidTree,
    NoMergeOperator,
    StoreError,
    StoreFull,
    StoreUnavailable,
    UnknownDatabase,
    UnknownDriver,
    ValueTooLarge,
    WithinTransaction,
    WrongThread,
    WrongType,
)
from securely.store.keys import Key
from securely.store.manager import StoreManager
from securely.store.transaction import AsyncTransaction, Transaction
from securely.store.tree import CasResult, Tree
from securely.store.watch import Event, Watch

__all__ = [
    "Abort",
    "AsyncFunction",
    "AsyncTransaction",
    "Batch",
    "CasResult",
    "Closed",
    "Compaction",
    "Conflict",
    "Corrupted",
    "Database",
    "DumpInvalid",
    "Engine",
    "Event",
    "EventsLost",
    "ForeignTree",
    "InvalidArgument",
    "InvalidDriver",
    "InvalidKey",
    "InvalidTree",
    "Key",
    "NoMergeOperator",
    "Problem",
    "StoreError",
    "StoreFull",
    "StoreManager",
    "StoreUnavailable",
    "Transaction",
    "Tree",
    "UnknownDatabase",
    "UnknownDriver",
    "ValueTooLarge",
    "Verification",
    "Watch",
    "WithinTransaction",
    "WrongThread",
    "WrongType",
]
