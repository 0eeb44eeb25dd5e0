"""The tables of the sqlite engine: one per tree, one that names them, changes and who wants them.

A tree's table is called after a random number, so that no two trees ever had the same one: a
process that knows the table of a tree which was dropped meanwhile finds none, never another's.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from securely.store.contracts import Entry
from securely.support import clock, entropy
from securely.support.missing import Missing
from securely.support.sqlite import DatabaseError

__all__ = [
    "CHANGES_MAX",
    "MIGRATIONS",
    "QUIET",
    "Table",
    "Theirs",
    "create",
    "drop",
    "is_table",
    "listen",
    "modify_row",
]

CHANGES_MAX: Final = 4_096
"""How many changes are kept at most; a watch that is further behind is told so."""

# A change holds the bytes of its row up to this size, and is read from the tree beyond: so all
# changes together take at most 64 mebibytes.
_DATA_BYTES_MAX: Final = 16_384

QUIET: Final = "quiet"
"""While the meta table has this key, removals tell nobody: a lifetime that is over is no event."""

_FIRST: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('next_id', 1), ('flushes', 0)",
    "CREATE TABLE trees (name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE) WITHOUT ROWID",
    (
        "CREATE TABLE watchers (token TEXT PRIMARY KEY, tree TEXT NOT NULL, until REAL NOT NULL)"
        " WITHOUT ROWID"
    ),
    (
        "CREATE TABLE changes (position INTEGER PRIMARY KEY AUTOINCREMENT, tree TEXT NOT NULL,"
        " kind INTEGER NOT NULL, k BLOB NOT NULL, e REAL, v BLOB)"
    ),
)


class Table(NamedTuple):
    """The statements of one tree. Each column is read in the one type in which we write it.

    Anyone who can write to the file can have put anything there. Keys are compared with bytes,
    which come after all numbers and text; so what is no bytes is never seen.
    """

    id: str
    get: str
    put: str
    replace: str
    delete: str
    delete_live: str
    forward: str
    backward: str
    forward_below: str
    backward_below: str
    size: str
    clear: str
    expired: str
    expire: str

    @classmethod
    def of(cls, id_: str) -> Table:
        """Return the statements for the table whose number is *id_*."""
        name = f"tree_{id_}"
        live = "(e IS NULL OR e > ?)"
        # What is no value at all reads as an empty one, whose signature does not match.
        what = "e + 0.0, coalesce(CAST(v AS BLOB), x'')"
        rows = f"SELECT k, {what} FROM {name} WHERE k >= ?"  # noqa: S608  # id_ is hexadecimal
        put = f"INSERT INTO {name} (k, e, v) VALUES (?, ?, ?)"  # noqa: S608  # as above
        return cls(
            id=id_,
            get=f"SELECT {what} FROM {name} WHERE k = ?",  # noqa: S608  # as above
            put=f"{put} ON CONFLICT (k) DO UPDATE SET e = excluded.e, v = excluded.v",
            replace=f"UPDATE {name} SET e = ?, v = ? WHERE k = ? AND v = ? AND e IS NULL",  # noqa: S608  # as above
            delete=f"DELETE FROM {name} WHERE k = ?",  # noqa: S608  # as above
            delete_live=f"DELETE FROM {name} WHERE k = ? AND {live}",  # noqa: S608  # as above
            forward=f"{rows} AND {live} ORDER BY k LIMIT ?",
            backward=f"{rows} AND {live} ORDER BY k DESC LIMIT ?",
            forward_below=f"{rows} AND k < ? AND {live} ORDER BY k LIMIT ?",
            backward_below=f"{rows} AND k < ? AND {live} ORDER BY k DESC LIMIT ?",
            size=f"SELECT count(*) FROM {name} WHERE k >= x'' AND {live}",  # noqa: S608  # as above
            clear=f"DELETE FROM {name}",  # noqa: S608  # as above
            expired=f"SELECT 1 FROM {name} WHERE e IS NOT NULL AND e <= ? LIMIT 1",  # noqa: S608  # as above
            expire=f"DELETE FROM {name} WHERE k IN"  # noqa: S608  # as above
            f" (SELECT k FROM {name} WHERE e IS NOT NULL AND e <= ? LIMIT ?)",
        )


def is_table(id_: object) -> bool:
    """Tell whether *id_* is the number of a table of ours: it becomes part of statements."""
    return isinstance(id_, str) and re.fullmatch(r"[0-9a-f]{16}", id_) is not None


def create(connection: sqlite3.Connection, tree: str) -> str:
    """Make the table of *tree*, within a transaction; return its number."""
    id_ = entropy.token_hex(8)
    connection.execute("INSERT INTO trees VALUES (?, ?)", (tree, id_))
    # The value comes last: what does not fit into the page is not read to find the other columns.
    connection.execute(
        f"CREATE TABLE tree_{id_} (k BLOB PRIMARY KEY, e REAL, v BLOB NOT NULL) WITHOUT ROWID"
    )
    connection.execute(f"CREATE INDEX tree_{id_}_e ON tree_{id_} (e) WHERE e IS NOT NULL")
    if connection.execute("SELECT 1 FROM watchers WHERE tree = ?", (tree,)).fetchone():
        listen(connection, id_, on=True)
    return id_


def drop(connection: sqlite3.Connection, table: Table) -> None:
    """Remove the table of a tree, within a transaction; who watches is told of each row."""
    connection.execute(table.clear)
    connection.execute(f"DROP TABLE tree_{table.id}")
    connection.execute("DELETE FROM trees WHERE id = ?", (table.id,))


def listen(connection: sqlite3.Connection, id_: str, *, on: bool) -> None:
    """Let each write to a table be noted as a change, or no more.

    Triggers do it, so that writers in all processes note changes while somebody watches, and pay
    nothing while nobody does.
    """
    table = f"tree_{id_}"
    old = (
        f"DELETE FROM changes WHERE position <= (SELECT max(position) FROM changes) - {CHANGES_MAX}"  # noqa: S608  # constants
    )
    tree = f"(SELECT name FROM trees WHERE id = '{id_}')"  # noqa: S608  # as above
    kept = f"CASE WHEN length(NEW.v) <= {_DATA_BYTES_MAX} THEN NEW.v END"
    note = "INSERT INTO changes (tree, kind, k, e, v) VALUES"
    written = f"BEGIN {note} ({tree}, 1, NEW.k, NEW.e, {kept}); {old}; END"
    removed = f"BEGIN {note} ({tree}, 0, OLD.k, NULL, NULL); {old}; END"
    loud = f"WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = '{QUIET}')"  # noqa: S608  # as above
    for name, when, body in (
        ("i", f"AFTER INSERT ON {table}", written),
        ("u", f"AFTER UPDATE ON {table}", written),
        ("d", f"AFTER DELETE ON {table} {loud}", removed),
    ):
        if on:
            connection.execute(f"CREATE TRIGGER IF NOT EXISTS {table}_{name} {when} {body}")
        else:
            connection.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")


class Theirs(Exception):  # never leaves the driver
    """An error of another database, which what we were given to call has let through."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def modify_row(
    connection: sqlite3.Connection,
    table: Table,
    key: bytes,
    change: Callable[[Entry | None], Entry | Missing | None],
) -> None:
    """Let *key* have what *change* makes of what it has, within a transaction."""
    row = connection.execute(table.get, (key,)).fetchone()
    if row is not None and row[0] is not None and row[0] <= clock.timestamp():
        row = None
    try:
        entry = change(cast("Entry | None", row))
    except (sqlite3.Error, DatabaseError) as error:
        raise Theirs(error) from error
    if entry is None:
        # What is over already is removed in silence, and later.
        if row is not None:
            connection.execute(table.delete, (key,))
    elif not isinstance(entry, Missing):
        connection.execute(table.put, (key, *entry))


def _first(connection: sqlite3.Connection) -> None:
    for statement in _FIRST:
        connection.execute(statement)


MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (_first,)
