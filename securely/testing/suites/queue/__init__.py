"""What every Connection must do: tests for the authors of drivers, ours and yours.

Derive a class from a suite and give it the fixture `connection`; pytest does the rest.
`ConnectionSuite` is for every connection, `WorkableSuite` for those that workers take jobs from.
Time stands still in most of these tests and is moved; a driver reads `securely.support.clock`.

base.py         envelopes, outcomes, seats and a clock
connections.py  every connection
deliveries.py   how jobs are handed out, in which order, and given back
failures.py     failed jobs
following.py    what follows from the end of a job: chains
exclusion.py    unique and debounced jobs
groups.py       jobs that run one after the other
batches.py      batches
controls.py     pause, clear, cancel, and a look at what waits
"""

from __future__ import annotations

from securely.testing.suites.queue.base import done, envelope
from securely.testing.suites.queue.batches import BatchSuite
from securely.testing.suites.queue.connections import ConnectionSuite
from securely.testing.suites.queue.controls import ControlSuite
from securely.testing.suites.queue.deliveries import DeliverySuite
from securely.testing.suites.queue.exclusion import ExclusionSuite
from securely.testing.suites.queue.failures import FailureSuite
from securely.testing.suites.queue.following import FollowingSuite
from securely.testing.suites.queue.groups import GroupSuite

__all__ = ["ConnectionSuite", "WorkableSuite", "done", "envelope"]


class WorkableSuite(
    ConnectionSuite,
    DeliverySuite,
    FailureSuite,
    FollowingSuite,
    ExclusionSuite,
    GroupSuite,
    BatchSuite,
    ControlSuite,
):
    """What a connection must do that workers take jobs from. Give it a fixture `connection`."""
