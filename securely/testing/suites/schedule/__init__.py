"""What every Ledger must do: tests for the authors of ledgers, ours and yours.

Derive a class from the suite and give it the fixtures `ledger`, `kill` and `queues`; pytest does
the rest. Time stands still in these tests and is moved; a ledger reads `securely.support.clock`.

base.py           what all of them use: claims, jobs, members and a clock
claims.py         who runs a tick, and what is kept of it
locks.py          runs that may not overlap
deaths.py         what becomes of runs whose process is gone, and who may go on with them
keeping.py        what is kept, for how long, and what all are told
dispatching.py    ticks whose run is the dispatch of a job
"""

from __future__ import annotations

from securely.testing.suites.schedule.base import NOON, claim_of
from securely.testing.suites.schedule.claims import ClaimSuite
from securely.testing.suites.schedule.deaths import DeathSuite
from securely.testing.suites.schedule.dispatching import DispatchSuite
from securely.testing.suites.schedule.keeping import KeepingSuite
from securely.testing.suites.schedule.locks import LockSuite

__all__ = [
    "NOON",
    "ClaimSuite",
    "DeathSuite",
    "DispatchSuite",
    "KeepingSuite",
    "LedgerSuite",
    "LockSuite",
    "claim_of",
]


class LedgerSuite(ClaimSuite, LockSuite, DeathSuite, KeepingSuite, DispatchSuite):
    """What every ledger must do. Override the fixtures `ledger`, `kill` and `queues`."""
