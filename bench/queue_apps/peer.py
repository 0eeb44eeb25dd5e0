"""huey's side: `python peer.py push|bulk|latency …`; the worker is `huey_consumer peer.huey`."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from common import produce
from huey import Huey
from huey.storage import SqliteStorage
from marks import mark


class Storage(SqliteStorage):
    """huey knows OFF and FULL; this sets what the run compares."""

    def _create_connection(self) -> sqlite3.Connection:
        connection = super()._create_connection()
        connection.execute(f"PRAGMA synchronous={os.environ['BENCH_SYNC']}")
        return connection


huey = Huey(
    "bench",
    results=False,
    storage_class=Storage,
    filename=str(Path(os.environ["BENCH_DIR"]) / "huey.db"),
)


@huey.task()
def noop(number: int) -> None:
    mark(number)


@huey.task()
def wait(number: int) -> None:
    time.sleep(0.001)
    mark(number)


if __name__ == "__main__":
    import peer  # the task's module, under the name that the consumer imports

    task = peer.wait if os.environ.get("BENCH_JOB") == "wait" else peer.noop
    produce(task, lambda numbers: [task(n) for n in numbers])
