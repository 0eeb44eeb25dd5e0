"""Writers that are killed in the midst of it, and what must be true of the store afterwards."""

from __future__ import annotations

import os
import random  # noqa: TID251  # real writers die at random moments
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic  # noqa: TID251  # real processes take real time
from typing import Any

from securely.encryption import KeyRing
from securely.store import Database
from securely.store.drivers.lmdb import LmdbEngine
from securely.store.drivers.sqlite import SqliteEngine

ROOT = Path(__file__).parents[3]
ACCOUNTS = 16
EACH = 1_000

WRITER = """
import random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.integration.store.storm import ACCOUNTS, opened
store = opened(sys.argv[2], Path(sys.argv[3]))
writer, chance = int(sys.argv[4]), random.Random(int(sys.argv[5]))
acks, left, right = store.tree("acks"), store.tree("left"), store.tree("right")
accounts = store.tree("accounts", int)

def both(a, b):
    key = (writer, n)
    a.put(key, n)
    b.put(key, "x" * chance.randrange(2_000))
    a.forget((writer, n - 40))
    b.forget((writer, n - 40))

def move(a):
    source, target = chance.sample(range(ACCOUNTS), 2)
    amount = chance.randrange(10)
    a.update_and_fetch(source, lambda old: old - amount)
    a.update_and_fetch(target, lambda old: old + amount)

n = 0
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    n += 1
    acks.put((writer, n), ["value", n])
    store.transact(both, left, right)
    store.transact(move, accounts)
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""


def opened(driver: str, directory: Path) -> Database:
    """The store of the storm, at full durability."""
    # Eight writers on two busy cores: who waits shall not be turned away.
    if driver == "lmdb":
        engine: Any = LmdbEngine(directory, "storm", durability="full", busy_seconds=50)
    else:
        engine = SqliteEngine(directory, "storm", durability="full", busy_seconds=50)
    return Database.over(engine, KeyRing(b"k" * 32).purpose("store"))


@dataclass
class Storm:
    """Eight writers at a time, until so many were killed."""

    driver: str
    directory: Path
    kills: int
    seed: int = 1
    writers: int = 8
    acknowledged: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    def rage(self) -> None:
        """Let it happen."""
        chance = random.Random(self.seed)
        began = monotonic()
        with_accounts = opened(self.driver, self.directory)
        accounts = with_accounts.tree("accounts", int)
        for number in range(ACCOUNTS):
            accounts.put(number, EACH)
        with_accounts.close()
        running: list[tuple[int, subprocess.Popen[bytes]]] = []
        number = 0
        try:
            while number < self.kills or running:
                while len(running) < self.writers and number < self.kills:
                    running.append((number, self.start(number, chance.randrange(2**30))))
                    number += 1
                writer, process = running.pop(chance.randrange(len(running)))
                self.kill(writer, process, chance.uniform(0.0, 0.05))
        finally:
            for _, process in running:
                process.kill()
                process.wait()
        self.seconds = monotonic() - began

    def start(self, writer: int, seed: int) -> subprocess.Popen[bytes]:
        words = [str(ROOT), self.driver, str(self.directory), str(writer), str(seed)]
        return subprocess.Popen(
            [sys.executable, "-c", WRITER, *words], stdout=subprocess.PIPE, cwd=ROOT
        )

    def kill(self, writer: int, process: subprocess.Popen[bytes], after: float) -> None:
        """Kill a writer at a random moment, and note what it had said was written."""
        assert process.stdout is not None
        said = os.read(process.stdout.fileno(), 1)
        assert said, "a writer ended before it began"
        select.select([], [], [], after)
        process.kill()
        process.wait()
        lines = (said + process.stdout.read()).decode().split("\n")
        process.stdout.close()
        # What stands behind the last end of line was not said to its end.
        self.acknowledged[writer] = int(lines[-2]) if len(lines) > 2 else 0

    def check(self) -> dict[str, int]:
        """Look at everything; return what there is of it."""
        store = opened(self.driver, self.directory)
        try:
            acks = store.tree("acks")
            for writer, count in self.acknowledged.items():
                found = dict(acks.scan_prefix((writer,)))
                for n in range(1, count + 1):
                    assert found.pop((writer, n)) == ["value", n], "an acknowledged write is lost"
                # One more may have been written and not said; never two.
                assert len(found) <= 1
            left = [key for key, _ in store.tree("left").range()]
            right = [key for key, _ in store.tree("right").range()]
            assert left == right, "a transaction is half there"
            balances = dict(store.tree("accounts", int).range())
            assert len(balances) == ACCOUNTS
            assert sum(balances.values()) == ACCOUNTS * EACH, "a transfer is half there"
            verified = store.verify()
            assert verified, verified.problems
            return {
                "kills": len(self.acknowledged),
                "acknowledged": sum(self.acknowledged.values()),
                "rows": verified.rows,
            }
        finally:
            store.close()
