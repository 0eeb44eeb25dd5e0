"""What lies in the keys and values of LMDB: rows of trees, changes, and what the engine knows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any, Final

from securely.store.contracts import Change, Changes, Entry, Span
from securely.support import clock
from securely.support.missing import Missing

__all__ = [
    "CHANGES_AT",
    "END",
    "FIRST_TREE",
    "NAMES",
    "NEXT_ID",
    "NEXT_TREE",
    "POSITION",
    "TREE",
    "WATCHERS",
    "add_number",
    "backward",
    "find_tree",
    "forward",
    "live_entry",
    "name_key",
    "note_change",
    "pack_entry",
    "read_changes",
    "read_number",
    "sweep_watchers",
    "unpack_entry",
    "watched_trees",
]

TREE: Final = struct.Struct(">I")
_NUMBER: Final = struct.Struct(">Q")
END: Final = struct.Struct(">d")
_CHANGE: Final = struct.Struct(">16sBH")
# What is in the numbers of trees below the first tree: what the engine knows, and the changes.
_OWN: Final = TREE.pack(0)
CHANGES_AT: Final = TREE.pack(1)
FIRST_TREE: Final = 16
NEXT_ID: Final = _OWN + b"id"
NEXT_TREE: Final = _OWN + b"tree"
POSITION: Final = _OWN + b"position"
NAMES: Final = _OWN + b"name:"
WATCHERS: Final = _OWN + b"watch:"
# As in the sqlite driver: how many changes are kept, how large with their value, how many are
# told at once.
_CHANGES_MAX: Final = 4_096
_DATA_BYTES_MAX: Final = 16_384
_CHANGES: Final = 256


def forward(transaction: Any, prefix: bytes, span: Span) -> Iterator[tuple[bytes, bytes]]:
    """Give the keys and values of a tree in *span*, in order."""
    cursor = transaction.cursor()
    upper = None if span.upper is None else prefix + span.upper
    if cursor.set_range(prefix + span.lower):
        for key, value in cursor:
            if not key.startswith(prefix) or (upper is not None and key >= upper):
                return
            yield key, value


def backward(transaction: Any, prefix: bytes, span: Span) -> Iterator[tuple[bytes, bytes]]:
    """Give them from the last one down."""
    cursor = transaction.cursor()
    lower = prefix + span.lower
    upper = _after(prefix) if span.upper is None else prefix + span.upper
    there = cursor.prev() if cursor.set_range(upper) else cursor.last()
    if there:
        for key, value in cursor.iterprev():
            if key < lower:
                return
            yield key, value


def _after(prefix: bytes) -> bytes:
    return (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix), "big")


def name_key(tree: str) -> bytes:
    """Return the key under which the number of a tree lies."""
    # A name may be longer than a key.
    return NAMES + _mark(tree)


def _mark(tree: str) -> bytes:
    """Return sixteen bytes that stand for the name of a tree."""
    return hashlib.sha256(tree.encode()).digest()[:16]


def find_tree(transaction: Any, tree: str) -> bytes | None:
    """Return what the keys of *tree* begin with, None if it has not begun."""
    found = transaction.get(name_key(tree))
    return None if found is None else found[: TREE.size]


def pack_entry(entry: Entry) -> bytes:
    """Return what lies in the value of a row."""
    expires, data = entry
    return END.pack(-1.0 if expires is None else expires) + data


def unpack_entry(packed: bytes) -> Entry:
    """Return what a value says; what is none of ours is not refused here."""
    if len(packed) < END.size:
        return None, packed  # not ours: its signature will not match
    (end,) = END.unpack_from(packed)
    return (None if end == -1.0 else end), packed[END.size :]


def live_entry(packed: bytes | None) -> Entry | None:
    """Return what a value says, unless its lifetime is over."""
    if packed is None:
        return None
    entry = unpack_entry(packed)
    return entry if entry[0] is None or entry[0] > clock.timestamp() else None


def read_number(transaction: Any, key: bytes, default: int) -> int:
    """Return a number that is kept, or *default*."""
    found = transaction.get(key)
    return default if found is None else int(_NUMBER.unpack(found)[0])


def add_number(transaction: Any, key: bytes, by: int, first: int) -> int:
    """Add to a number that is kept, and return what it was."""
    number = read_number(transaction, key, first)
    transaction.put(key, _NUMBER.pack(number + by))
    return number


def watched_trees(transaction: Any) -> dict[bytes, bytes]:
    """Return the numbers of the trees that somebody watches, and what stands for their names."""
    names = {value[END.size :].decode() for _, value in forward(transaction, WATCHERS, Span())}
    found = {name: find_tree(transaction, name) for name in names}
    return {prefix: _mark(name) for name, prefix in found.items() if prefix is not None}


def sweep_watchers(transaction: Any) -> None:
    """Forget watches that have not looked in time, and changes that nobody waits for."""
    now = clock.timestamp()
    watchers = list(forward(transaction, WATCHERS, Span()))
    gone = [key for key, value in watchers if END.unpack_from(value)[0] <= now]
    for key in gone:
        transaction.delete(key)
    if len(gone) == len(watchers):
        for key in [key for key, _ in forward(transaction, CHANGES_AT, Span())]:
            transaction.delete(key)


def note_change(transaction: Any, mark: bytes, key: bytes, entry: Entry | None) -> None:
    """Note a change, and forget the oldest one when there are too many."""
    position = add_number(transaction, POSITION, 1, 0) + 1
    large = entry is not None and len(entry[1]) > _DATA_BYTES_MAX
    kind = 0 if entry is None else 2 if large else 1
    head = _CHANGE.pack(mark, kind, len(key))
    data = b"" if entry is None or large else pack_entry(entry)
    transaction.put(CHANGES_AT + _NUMBER.pack(position), head + key + data)
    if position > _CHANGES_MAX:
        transaction.delete(CHANGES_AT + _NUMBER.pack(position - _CHANGES_MAX))


def read_changes(
    transaction: Any, token: str, span: Span, position: int
) -> tuple[float | None, Changes]:
    """Return until when the watch is kept, and what has changed."""
    watcher = transaction.get(WATCHERS + token.encode())
    last = read_number(transaction, POSITION, 0)
    if watcher is None:
        return None, Changes((), last, lost=True)
    (until,) = END.unpack_from(watcher)
    mark = _mark(watcher[END.size :].decode())
    found: list[Change] = []
    expected = position + 1
    behind = Span(_NUMBER.pack(expected))
    for raw, value in forward(transaction, CHANGES_AT, behind):
        (here,) = _NUMBER.unpack(raw[TREE.size :])
        # Positions have no gaps: where the next one is not there any more, it was pruned.
        if here != expected:
            return until, Changes((), last, lost=True)
        expected += 1
        change = _change(value)
        if value.startswith(mark) and _is_within(change.key, span):
            found.append(change)
            if len(found) == _CHANGES:
                return until, Changes(found, here, lost=False)
    return until, Changes(found, last, lost=expected <= last)


def _change(value: bytes) -> Change:
    _, kind, size = _CHANGE.unpack_from(value)
    key, data = value[_CHANGE.size : _CHANGE.size + size], value[_CHANGE.size + size :]
    if kind == 0:
        return Change(key, None)
    return Change(key, Missing.MISSING if kind == 2 else unpack_entry(data))  # noqa: PLR2004  # see note_change


def _is_within(key: bytes, span: Span) -> bool:
    return key >= span.lower and (span.upper is None or key < span.upper)
