"""SqliteVerifier: tells what is stored in the tables of a SQLite file."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Final

from securely.validation.contracts import Query
from securely.validation.exceptions import RulesError
from securely.validation.rules.loose import text

__all__ = ["SqliteVerifier"]

_NAME: Final = re.compile(r"[^\W\d]\w*").fullmatch
# As long as the standard library waits for a writer, unless told otherwise.
_BUSY_SECONDS: Final = 5.0
# Below what a statement may have been built to take (999), conditions included.
_AT_ONCE: Final = 400
# What an INTEGER of SQLite has, without its sign; and what is worth to be written as text.
_INTEGER_BITS: Final = 63
_TEXT_BITS_MAX: Final = 4_096
_COMPARE: Final = {"=": "=", "!=": "<>", "in": "IN", "not in": "NOT IN"}


class SqliteVerifier:
    """Tells what is stored in the tables of a SQLite file, and never writes to it.

    Each question opens the file anew, so that threads and forks share nothing. How values are
    compared is up to the columns: their type and their collation.

    Args:
        path: The file; it has to be there when something is asked.

    Example:
        >>> verifier = SqliteVerifier("database/app.db")
        >>> app.make("validator").answer_with("presence", verifier)
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def present(
        self, collection: str, column: str, values: Sequence[Any], query: Query, /
    ) -> list[Any]:
        """Return those of *values* that stand in *column* of a row that fits *query*.

        Raises:
            RulesError: The file, the table or a column is not there, or can not be named so.
        """
        where, bound = _conditions(query)
        table = ".".join(f'"{_checked(part)}"' for part in collection.split(".", 1))
        held = f'held."{_checked(column)}"'
        askable = [(value, known) for value in values if (known := _bindable(value)) is not None]
        found: list[Any] = []
        try:
            with closing(self._open()) as connection:
                for part in _parts(askable):
                    rows = ", ".join(f"({index}, ?)" for index in range(len(part)))
                    cursor = connection.execute(
                        # Names are checked and quoted, everything else is bound.
                        f"WITH asked(place, value) AS (VALUES {rows}) SELECT place FROM asked "  # noqa: S608
                        f"WHERE EXISTS (SELECT 1 FROM {table} AS held "
                        f"WHERE {held} = asked.value{where})",
                        [*(known for _, known in part), *bound],
                    )
                    places: list[tuple[int]] = cursor.fetchall()
                    found.extend(part[place][0] for (place,) in places)
        except sqlite3.Error as error:
            raise RulesError(
                f'"{collection}.{column}" can not be looked up in "{self._path}": {error}.'
            ) from error
        return found

    async def apresent(
        self, collection: str, column: str, values: Sequence[Any], query: Query, /
    ) -> list[Any]:
        """Async twin of :meth:`present`."""
        import asyncio  # who is here has imported it; a sync program need not

        return await asyncio.to_thread(self.present, collection, column, values, query)

    def _open(self) -> sqlite3.Connection:
        # Not read-only: a file in WAL mode could not be opened then where nobody has it open.
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
        return connection


def _parts(askable: list[tuple[Any, Any]]) -> Iterator[list[tuple[Any, Any]]]:
    for start in range(0, len(askable), _AT_ONCE):
        yield askable[start : start + _AT_ONCE]


def _conditions(query: Query) -> tuple[str, list[Any]]:
    written: list[str] = []
    bound: list[Any] = []
    ignored = [] if query.ignored is None else [(query.ignored[0], "!=", query.ignored[1])]
    for column, operator, value in [*query.wheres, *ignored]:
        # Behind the table's name: alone, SQLite takes a column that is not there for text.
        name = f'held."{_checked(column)}"'
        if operator in ("null", "not null"):
            written.append(f"{name} IS {operator.upper()}")
            continue
        values = [*value] if operator in ("in", "not in") else [value]
        marks = ", ".join("?" * len(values))
        written.append(f"{name} {_COMPARE[operator]} ({marks})")
        bound.extend(map(_bindable, values))
    return "".join(f" AND {each}" for each in written), bound


def _checked(name: str) -> str:
    """Return *name* if it can be one of a table or of a column.

    Raises:
        RulesError: It has characters that names do not have.
    """
    if _NAME(name) is None:
        raise RulesError(
            f'"{name:.100}" can name no table and no column: use letters, digits and underscores.'
        )
    return name


def _bindable(value: Any) -> Any:
    """Return *value* as SQLite takes it; None for what can not be stored there."""
    if isinstance(value, str):
        # Half a pair of surrogates is no text that a database holds.
        return value if value.isascii() or _is_encodable(value) else None
    if isinstance(value, int):
        if value.bit_length() <= _INTEGER_BITS:
            return int(value)
        return text(value) if value.bit_length() <= _TEXT_BITS_MAX else None
    if isinstance(value, (float, bytes)) or value is None:
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
