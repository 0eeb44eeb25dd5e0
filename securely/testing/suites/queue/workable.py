"""WorkableSuite: what a connection must do that workers take jobs from."""

from __future__ import annotations

from securely.testing.suites.queue.batches import BatchSuite
from securely.testing.suites.queue.cancelling import CancelSuite
from securely.testing.suites.queue.connections import ConnectionSuite
from securely.testing.suites.queue.controls import ControlSuite
from securely.testing.suites.queue.deliveries import DeliverySuite
from securely.testing.suites.queue.exclusion import ExclusionSuite
from securely.testing.suites.queue.failures import FailureSuite
from securely.testing.suites.queue.following import FollowingSuite
from securely.testing.suites.queue.groups import GroupSuite

__all__ = ["WorkableSuite"]


class WorkableSuite(
    ConnectionSuite,
    DeliverySuite,
    FailureSuite,
    FollowingSuite,
    ExclusionSuite,
    GroupSuite,
    BatchSuite,
    ControlSuite,
    CancelSuite,
):
    """What a connection must do that workers take jobs from. Give it a fixture `connection`."""
