"""The tables of the sqlite connection, and how an older file becomes a newer one.

The table of jobs is slim, because every job is written three times: its key is a 63-bit integer
that grows with time (microseconds in the upper bits), there is no index of uuids, and the lease of
a reserved row is its worker's: a lock, and one column there. Three partial indexes hold what
waits, what is due later and what is reserved; a row is in exactly one of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

__all__ = ["DELAYED", "HOOK_NONE", "HOOK_PENDING", "MIGRATIONS", "READY", "RESERVED"]

READY: Final = 0
RESERVED: Final = 1
DELAYED: Final = 2

HOOK_NONE: Final = 0
HOOK_PENDING: Final = 1

_FIRST: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('schema_version', 1), ('restart', 0);

CREATE TABLE flags (scope TEXT PRIMARY KEY, value, until REAL) WITHOUT ROWID;

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  priority INTEGER NOT NULL DEFAULT 0,
  available_at REAL NOT NULL,
  token INTEGER NOT NULL DEFAULT 0,
  worker INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  exceptions INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,
  deferrals INTEGER NOT NULL DEFAULT 0,
  timeout REAL,
  max_lost INTEGER NOT NULL DEFAULT 3,
  uuid TEXT NOT NULL,
  name TEXT NOT NULL,
  unique_key TEXT,
  group_key TEXT,
  batch_id INTEGER,
  tags TEXT,
  payload BLOB NOT NULL
);
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, available_at) WHERE state = 0;
CREATE INDEX jobs_held ON jobs (worker) WHERE state = 1;
CREATE INDEX jobs_due ON jobs (queue, available_at) WHERE state = 2;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL;

CREATE TABLE failed (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL,
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL,
  timeout REAL,
  max_lost INTEGER NOT NULL,
  failed_at REAL NOT NULL,
  hook_state INTEGER NOT NULL DEFAULT 0,
  hook_worker INTEGER,
  batch_id INTEGER,
  tags TEXT,
  error BLOB NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX failed_uuid ON failed (uuid);
CREATE INDEX failed_hook ON failed (hook_worker) WHERE hook_state = 1;

CREATE TABLE workers (
  id INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  queues TEXT NOT NULL,
  started_at REAL NOT NULL
);
"""


def _run(connection: sqlite3.Connection, script: str) -> None:
    # Not executescript(): that would commit the transaction the migration runs in.
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def _first(connection: sqlite3.Connection) -> None:
    _run(connection, _FIRST)


def _second(connection: sqlite3.Connection) -> None:
    """Give workers a lease."""
    _run(
        connection,
        "ALTER TABLE workers ADD COLUMN lease_until REAL;"
        "UPDATE meta SET value = 2 WHERE key = 'schema_version'",
    )


MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (_first, _second)
