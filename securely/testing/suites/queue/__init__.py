"""What every Connection must do: tests for the authors of drivers, ours and yours.

Derive a class from a suite and give it the fixture `connection`; pytest does the rest.
`ConnectionSuite` is for every connection, `WorkableSuite` for those that workers take jobs from.
Time stands still in most of these tests and is moved; a driver reads `securely.support.clock`.

base.py         what all of them use: envelopes, outcomes, seats and a clock
connections.py  every connection
workable.py     all of what follows, together
deliveries.py   how jobs are handed out, in which order, and given back
failures.py     failed jobs
following.py    what follows from the end of a job: chains
exclusion.py    unique and debounced jobs
groups.py       jobs that run one after the other
batches.py      batches
limits.py       limits of single queues, for connections that have them
results.py      what jobs have returned, for connections that keep it
controls.py     pause, clear, and a look at what waits
cancelling.py   cancelled jobs: those that wait, and those that run
"""

from __future__ import annotations

from securely.testing.suites.queue.base import done, envelope
from securely.testing.suites.queue.connections import ConnectionSuite
from securely.testing.suites.queue.limits import LimitSuite
from securely.testing.suites.queue.results import ResultSuite
from securely.testing.suites.queue.workable import WorkableSuite

__all__ = ["ConnectionSuite", "LimitSuite", "ResultSuite", "WorkableSuite", "done", "envelope"]
