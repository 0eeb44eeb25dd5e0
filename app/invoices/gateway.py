"""The service that registers invoices, and fails now and then."""

from collections.abc import Callable
from hashlib import sha256

__all__ = ["Gateway", "GatewayRefused", "GatewayUnavailable"]

REFUSED = frozenset({"INV-0137"})
FLAKY_ONE_IN = 12


class GatewayUnavailable(Exception):
    """The gateway did not answer; it may the next time."""


class GatewayRefused(Exception):
    """The gateway will not register this invoice."""


class Gateway:
    """A stand-in for a service on a network: some calls fail, and one invoice never works.

    Which ones is decided by *seed*, so that every run of the example shows the same.

    Args:
        count: Counts one call under a key and returns how many there have been.
        seed: Which calls fail.
    """

    def __init__(self, count: Callable[[str], int], seed: int) -> None:
        self._count = count
        self._seed = seed

    def register(self, number: str) -> None:
        """Register the invoice *number*.

        Raises:
            GatewayUnavailable: This call failed; the next may succeed.
            GatewayRefused: Calling again is of no use.
        """
        if number in REFUSED:
            raise GatewayRefused(f"Invoice {number} was refused: the customer's account is closed.")
        call = self._count(f"gateway.calls.{number}")
        if call <= self._failures(number):
            raise GatewayUnavailable(f"The gateway did not answer for invoice {number}.")

    def _failures(self, number: str) -> int:
        """Return how many calls for *number* fail before one succeeds: 0, 1 or 2."""
        draw = int.from_bytes(sha256(f"{self._seed}:{number}".encode()).digest()[:4], "big")
        return 0 if draw % FLAKY_ONE_IN else 1 + draw // FLAKY_ONE_IN % 2
