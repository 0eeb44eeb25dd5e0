"""The tables of a sqlite ledger, made in a queue's file when it is first used there.

Their version is a row of `meta`, not that of the queue's schema: a file that never saw a schedule
has none of them. `schedule_runs` has one row per tick, in the order in which `Run` has its fields;
what is looked at by itself lies before the output, and so not behind its overflow pages.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from securely.support.sqlite import SchemaTooNew

__all__ = ["MIGRATIONS", "VERSION", "VERSION_OF", "prepare"]

VERSION: Final = 1
"""The newest schema that this code knows."""

VERSION_OF: Final = "SELECT value FROM meta WHERE key = 'schedule_schema'"

_FIRST: Final = """
CREATE TABLE schedule_runs (
  id INTEGER PRIMARY KEY,
  task TEXT NOT NULL,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  token INTEGER NOT NULL,
  member TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_at REAL NOT NULL,
  finished_at REAL,
  exit_code INTEGER,
  output TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  UNIQUE (task, at, scope)
);
CREATE INDEX schedule_runs_at ON schedule_runs (at);
CREATE INDEX schedule_runs_run ON schedule_runs (task, at) WHERE state <> 'skipped';
CREATE INDEX schedule_runs_held ON schedule_runs (member) WHERE state = 'running';
CREATE TABLE schedule_locks (
  lock TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  member TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  since REAL NOT NULL,
  until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE schedule_seen (task TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('schedule_schema', 1), ('schedule_token', 0), ('schedule_interrupts', 0)
"""


def _meta(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID")


MIGRATIONS: Final = (_meta,)
"""Of a file of the ledger's own; that of a queue has its table `meta` already."""


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables where they are missing, within a transaction of the caller's.

    Raises:
        SchemaTooNew: A newer version of this code has made them.
    """
    found = connection.execute(VERSION_OF).fetchone()
    if found is None:
        # Not executescript(): that would commit the transaction.
        for statement in _FIRST.split(";"):
            connection.execute(statement)
    elif found[0] != VERSION:
        reason = (
            f"its schedule has schema version {found[0]}, this code knows up to {VERSION}. "
            "Upgrade Securely, or name another connection in schedule.connection."
        )
        raise SchemaTooNew(path, reason)
