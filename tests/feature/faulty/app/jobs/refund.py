"""A job that cannot be run."""

from app.services import Clock
from securely.queue import Job


class Refund(Job):
    """Takes what nobody gives: its constructor may, its handle may not."""

    def __init__(self, order: int) -> None:
        self.order = order

    def handle(self, clock: Clock) -> None:  # planted: job
        """Do nothing."""

    def failed(self, error: BaseException, reason: str) -> None:  # planted: hook
        """Do nothing."""
