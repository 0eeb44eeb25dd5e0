"""The tables of the sqlite connection, and how an older file becomes a newer one.

The table of jobs is slim, because every job is written three times: its key is a 63-bit integer
that grows with time (microseconds in the upper bits), there is no index of uuids, and the lease of
a reserved row is its worker's: a lock, and one column there. Four partial indexes hold what
waits, what is due later, what is reserved and what waits for its group; a row is in exactly one of
them. Keys, groups and batches cost a byte each where there are none; behind the payload, and so
behind its overflow pages, lies only what nobody reads but of a job that fails: its history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

__all__ = [
    "DELAYED",
    "GROUPED",
    "GROUPED_DELAYED",
    "HOOK_NONE",
    "HOOK_PENDING",
    "MIGRATIONS",
    "READY",
    "RESERVED",
    "TOKEN_OF_GROUPS",
]

READY: Final = 0
RESERVED: Final = 1
DELAYED: Final = 2
# Behind an older job of its group: one that may then be claimed, and one with a time of its own.
# (Two states, so that the first never waits for a clock: it may have been set back meanwhile.)
GROUPED: Final = 3
GROUPED_DELAYED: Final = 4

# A job of a group has tokens from here on: who settles it sees that another one may go on, and all
# other jobs need not be asked.
TOKEN_OF_GROUPS: Final = 1 << 40

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

_THIRD: Final = """
CREATE TABLE jobs_3 (
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
  unique_at REAL,
  unique_for REAL,
  group_key TEXT,
  batch TEXT,
  links INTEGER NOT NULL DEFAULT 0,
  payload BLOB NOT NULL
);
INSERT INTO jobs_3 (id, queue, state, priority, available_at, token, worker, attempts, exceptions,
    lost, deferrals, timeout, max_lost, uuid, name, payload)
  SELECT id, queue, state, priority, available_at, token, worker, attempts, exceptions,
    lost, deferrals, timeout, max_lost, uuid, name, payload FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_3 RENAME TO jobs;
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, available_at) WHERE state = 0;
CREATE INDEX jobs_held ON jobs (worker) WHERE state = 1;
CREATE INDEX jobs_due ON jobs (queue, available_at) WHERE state = 2;
CREATE INDEX jobs_grouped ON jobs (queue, available_at) WHERE state > 2;
CREATE INDEX jobs_group ON jobs (group_key) WHERE group_key IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL;

ALTER TABLE failed DROP COLUMN batch_id;
ALTER TABLE failed DROP COLUMN tags;
ALTER TABLE failed ADD COLUMN unique_key TEXT;
ALTER TABLE failed ADD COLUMN unique_for REAL;
ALTER TABLE failed ADD COLUMN group_key TEXT;
ALTER TABLE failed ADD COLUMN batch TEXT;
ALTER TABLE failed ADD COLUMN links INTEGER NOT NULL DEFAULT 0;

CREATE TABLE batches (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  allow_failures INTEGER NOT NULL,
  fired TEXT NOT NULL,
  created_at REAL NOT NULL,
  cancelled_at REAL,
  finished_at REAL,
  options BLOB NOT NULL,
  error BLOB
);
CREATE TABLE batch_calls (
  batch INTEGER NOT NULL,
  event TEXT NOT NULL,
  position INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  PRIMARY KEY (batch, event, position)
) WITHOUT ROWID;
CREATE TABLE batch_failures (id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, uuid TEXT NOT NULL);
CREATE INDEX batch_failures_of ON batch_failures (batch, uuid)
"""

# What was accepted and must not be a second time; and what workers have measured: `kind` is what
# a number is of, `bucket` the order of magnitude of the duration that was measured.
_FOURTH: Final = """
CREATE TABLE accepted (uuid TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX accepted_at ON accepted (at);
CREATE TABLE metrics (
  minute INTEGER NOT NULL,
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (minute, queue, name, kind, bucket)
) WITHOUT ROWID
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


def _third(connection: sqlite3.Connection) -> None:
    """Keep unique keys, groups and batches."""
    _run(connection, _THIRD)
    connection.execute("UPDATE meta SET value = 3 WHERE key = 'schema_version'")


_FIFTH: Final = """
CREATE TABLE results (uuid TEXT PRIMARY KEY, until REAL NOT NULL, value BLOB, error BLOB);
CREATE INDEX results_until ON results (until)
"""


def _fourth(connection: sqlite3.Connection) -> None:
    """Remember what was accepted once, and what workers measure."""
    _run(connection, _FOURTH)
    connection.execute("UPDATE meta SET value = 4 WHERE key = 'schema_version'")


# The jobs that were cancelled while somebody held them. A table of its own: there are next to none,
# and a column that is added to `jobs` would lie behind the overflow pages of its payload.
_SIXTH: Final = "CREATE TABLE cancelled (job INTEGER PRIMARY KEY)"


def _fifth(connection: sqlite3.Connection) -> None:
    """Keep results."""
    _run(connection, _FIFTH)
    connection.execute("UPDATE meta SET value = 5 WHERE key = 'schema_version'")


def _sixth(connection: sqlite3.Connection) -> None:
    """Remember which jobs are to be stopped."""
    _run(connection, _SIXTH)
    connection.execute("UPDATE meta SET value = 6 WHERE key = 'schema_version'")


# How attempts ended, a line of JSON for each; empty where none has ended badly. (A column: it goes
# with its row, so that the end of a job that was tried again is no dearer than that of any other.)
_SEVENTH: Final = """
ALTER TABLE jobs ADD COLUMN history TEXT;
ALTER TABLE failed ADD COLUMN history TEXT
"""


def _seventh(connection: sqlite3.Connection) -> None:
    """Keep how the attempts of a job ended."""
    _run(connection, _SEVENTH)
    connection.execute("UPDATE meta SET value = 7 WHERE key = 'schema_version'")


MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (
    _first,
    _second,
    _third,
    _fourth,
    _fifth,
    _sixth,
    _seventh,
)
