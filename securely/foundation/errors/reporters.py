"""Reporters: those who hear of errors beside the log, made when the first error comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from securely.foundation.errors.contracts import Level, Reporter
from securely.support.forking import renew_after_fork

__all__ = ["REPORTERS", "Reporters"]

REPORTERS: Final[Mapping[str, str]] = {"sentry": "securely.foundation.errors.sentry.SentryReporter"}
"""Those of ours, by the names that the configuration has for them."""


class Reporters:
    """Those who hear of errors beside the log.

    Args:
        makers: Make them; each is asked once.
        failed: Told of a reporter that cannot be made, or that fails.
    """

    def __init__(
        self,
        makers: Sequence[Callable[[], Reporter]],
        failed: Callable[[BaseException], object],
    ) -> None:
        self._makers = list(makers)
        self._failed = failed
        self._made: list[Reporter] = []
        self._making = threading.Lock()
        renew_after_fork(self, "_making", threading.Lock)

    def report(self, error: BaseException, level: Level, fields: Mapping[str, object]) -> None:
        """Tell all of *error*; nothing is raised."""
        for reporter in self._all():
            try:
                reporter.report(error, level, fields)
            except Exception as failure:  # whoever it is, the others are to hear
                self._failed(failure)

    def close(self) -> None:
        """Have all send what is still to be sent."""
        made, self._made = self._made, []
        for reporter in made:
            try:
                reporter.close()
            except Exception as failure:  # as above
                self._failed(failure)

    def _all(self) -> list[Reporter]:
        with self._making:
            while self._makers:
                # Taken away first: what it reports while it is made must not make it again.
                make = self._makers.pop(0)
                try:
                    self._made.append(make())
                except Exception as failure:  # the extra is missing, or its settings are wrong
                    self._failed(failure)
        return self._made
