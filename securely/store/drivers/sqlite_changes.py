"""What the sqlite engine tells watches: changes as they were noted, and who still wants them."""

from __future__ import annotations

import sqlite3
from typing import Final

from securely.store.contracts import Change, Changes, Span
from securely.store.drivers.sqlite_schema import is_table, listen
from securely.support import clock
from securely.support.missing import MISSING

__all__ = ["changes_of", "last_position", "sweep_watchers"]

# How many changes a watch is told at once; it keeps them until they are asked for.
_CHANGES: Final = 256


def changes_of(
    connection: sqlite3.Connection, token: str, span: Span, position: int
) -> tuple[float | None, Changes]:
    """Return until when the watch *token* is kept, and what has changed in *span* since."""
    row = connection.execute(
        "SELECT until, tree FROM watchers WHERE token = ?", (token,)
    ).fetchone()
    last = last_position(connection)
    if row is None:
        return None, Changes((), last, lost=True)
    ((first,),) = connection.execute("SELECT min(position) FROM changes")
    # Positions have no gaps: where the next one is not there any more, it was pruned.
    if last > position and (first is None or first > position + 1):
        return row[0], Changes((), last, lost=True)
    found = connection.execute(
        "SELECT position, kind, k, e + 0.0, CAST(v AS BLOB) FROM changes WHERE position > ?"
        " AND tree = ? AND k >= ? AND (? IS NULL OR k < ?) ORDER BY position LIMIT ?",
        (position, row[1], span.lower, span.upper, span.upper, _CHANGES),
    ).fetchall()
    if len(found) == _CHANGES:
        last = found[-1][0]
    return row[0], Changes([_change(*each) for each in found], last, lost=False)


def last_position(connection: sqlite3.Connection) -> int:
    """Return the position of the last change that was ever noted."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return 0 if row is None else int(row[0])


def _change(
    _position: int, kind: int, key: object, expires: float | None, data: bytes | None
) -> Change:
    # What lies in the file may have been put there by a stranger: a key of a wrong type is none.
    raw = key if type(key) is bytes else b""
    if kind != 1:
        return Change(raw, None)
    return Change(raw, MISSING if data is None else (expires, data))


def sweep_watchers(connection: sqlite3.Connection) -> None:
    """Forget watches that have not looked in time, and note no more what nobody watches."""
    connection.execute("DELETE FROM watchers WHERE until <= ?", (clock.timestamp(),))
    unwatched = connection.execute(
        "SELECT id FROM trees WHERE name NOT IN (SELECT tree FROM watchers) AND EXISTS (SELECT"
        " 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tree_' || id)"
    ).fetchall()
    for (id_,) in unwatched:
        if is_table(id_):
            listen(connection, id_, on=False)
    if connection.execute("SELECT 1 FROM watchers LIMIT 1").fetchone() is None:
        connection.execute("DELETE FROM changes")
