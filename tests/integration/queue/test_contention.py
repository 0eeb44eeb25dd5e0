"""Many processes at one store: nobody is told of locks, nobody waits for long, nobody starves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from securely.queue.drivers.sqlite import SqliteConnection

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

# The work of a job that takes no time at all, so that all of them want the store all the time.
SCRIPT = """
import json, sys
from securely.queue.contracts import BatchRecord, Envelope, Kind, Outcome
from securely.queue.drivers.sqlite import SqliteConnection
from securely.support import clock
path, me, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
connection = SqliteConnection("sqlite", path)
end = clock.monotonic() + seconds
waits, done = [], []
if me.startswith("push"):
    n = 0
    while clock.monotonic() < end:
        began = clock.monotonic()
        one = Envelope(f"{me}-{n}", "job", "default", b"x" * 200)
        if n % 4 == 1:
            connection.push([one._replace(unique=f"{me}-{n % 7}")] * 2)
        elif n % 50 == 2:
            members = [one._replace(uuid=f"{me}-{n}-{k}", batch=f"{me}-{n}") for k in range(9)]
            connection.batches.create(BatchRecord(f"{me}-{n}"), members)
        else:
            connection.push([one])
        waits.append(clock.monotonic() - began)
        n += 1
        clock.sleep(0.002)
else:
    seat, outcomes = connection.join(["default"]), []
    while clock.monotonic() < end:
        began = clock.monotonic()
        turn = seat.turn(outcomes, 4)
        assert not turn.stale
        waits.append(clock.monotonic() - began)
        outcomes = [
            Outcome(one.id, one.token, Kind.DONE, is_member=True) for one in turn.deliveries
        ]
        done.append(len(outcomes))
        clock.sleep(0.002)
    seat.leave(outcomes)
connection.close()
waits.sort()
print(json.dumps({"p99": waits[len(waits) * 99 // 100], "count": len(waits), "done": sum(done)}))
"""


def contend(path: Path, *, pushers: int, workers: int, seconds: float) -> list[list[Any]]:
    """Have so many processes push and work, and return what the two kinds of them tell."""
    names = [f"push{n}" for n in range(pushers)] + [f"work{n}" for n in range(workers)]
    crew = [
        subprocess.Popen(  # the script above
            [sys.executable, "-c", SCRIPT, str(path), name, str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    told = [(one.communicate(), one.returncode) for one in crew]

    assert [error for (_, error), code in told if code] == []
    found = [json.loads(output) for (output, _), _ in told]
    connection = SqliteConnection("sqlite", path)
    waiting = Counter(one.batch for one in connection.jobs("default", limit=10**6))
    for record in connection.batches.all(10_000):
        assert record.total == record.done + waiting[record.id]
    assert connection._database.query("PRAGMA integrity_check") == [("ok",)]
    connection.close()
    return [found[:pushers], found[pushers:]]


def test_contention_of_eight_processes_tells_nobody_of_locks(tmp_path: Path) -> None:
    pushed, worked = contend(tmp_path / "queue", pushers=4, workers=4, seconds=3.0)

    assert all(one["count"] for one in (*pushed, *worked))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_contention_of_sixteen_processes_for_half_a_minute_tells_nobody_of_locks(
    tmp_path: Path,
) -> None:
    for group in contend(tmp_path / "queue", pushers=8, workers=8, seconds=30.0):
        assert max(one["p99"] for one in group) < 0.25
        fair = sum(one["count"] for one in group) / len(group)
        assert min(one["count"] for one in group) > fair / 2
