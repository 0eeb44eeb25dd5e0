"""The other workers of this machine: one that dies is noticed at once, not at the next look.

Where the system has process descriptors (Linux), each peer's becomes readable when it ends.
Elsewhere nobody is watched, and the look once a second has to do.
"""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable, Sequence

__all__ = ["Peers"]


class Peers:
    """Watches processes on a selector.

    Args:
        selector: The supervisor's.
        on_death: Called when a peer has ended, once for each.
    """

    def __init__(self, selector: selectors.BaseSelector, on_death: Callable[[], None]) -> None:
        self._selector = selector
        self._on_death = on_death
        self._watched: dict[int, int] = {}
        # A worker in another container has a number that means nobody here, or somebody else. It
        # stays a peer, alive by its lock, so that each look would tell of its death again.
        self._told: set[int] = set()

    def update(self, pids: Sequence[int]) -> None:
        """Watch exactly *pids*; one that has ended already counts as a death."""
        if not hasattr(os, "pidfd_open"):
            return
        self._told.intersection_update(pids)
        for pid in self._watched.keys() - set(pids):
            self._forget(pid)
        for pid in pids:
            if pid not in self._watched and pid not in self._told:
                self._watch(pid)

    def _watch(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._tell(pid)
            return
        except OSError:
            return  # no such call in this kernel, or too many descriptors: the regular look remains
        self._watched[pid] = descriptor
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._died(pid))

    def _died(self, pid: int) -> None:
        self._forget(pid)
        self._tell(pid)

    def _tell(self, pid: int) -> None:
        self._told.add(pid)
        self._on_death()

    def _forget(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        self._selector.unregister(descriptor)
        os.close(descriptor)

    def close(self) -> None:
        """Watch nobody."""
        for pid in list(self._watched):
            self._forget(pid)
