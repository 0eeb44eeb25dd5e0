"""Doctor: runs the checks, those of the framework and those of others, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from securely.container import Container, singleton
from securely.exceptions import SecurelyError
from securely.foundation.doctor.finding import Finding
from securely.support.importing import import_object

__all__ = ["Doctor"]

# Each a function that is imported when it runs. From what all else stands on to what stands on it.
CHECKS: Final = {
    "python": "securely.foundation.doctor.machine:python",
    "packages": "securely.foundation.doctor.machine:packages",
    "clock": "securely.foundation.doctor.machine:wall_clock",
    "storage": "securely.foundation.doctor.folders:storage",
    "bootstrap/cache": "securely.foundation.doctor.folders:bootstrap_cache",
    "space": "securely.foundation.doctor.folders:space",
    ".env": "securely.foundation.doctor.settings:env_file",
    "key": "securely.foundation.doctor.settings:key",
    "config": "securely.foundation.doctor.settings:configuration",
    "config:cache": "securely.foundation.doctor.settings:kept_configuration",
    "debug": "securely.foundation.doctor.settings:debug",
    "sqlite": "securely.foundation.doctor.machine:sqlite",
    "cache": "securely.foundation.doctor.services:cache_stores",
    "store": "securely.foundation.doctor.services:store_databases",
    "queue": "securely.foundation.doctor.services:queue_connection",
    "failed jobs": "securely.foundation.doctor.services:failed_jobs",
    "maintenance": "securely.foundation.doctor.settings:maintenance",
}

Check = Callable[..., "Finding | Iterable[Finding] | None"]


@singleton
class Doctor:
    """Looks whether the application can do its work here.

    Args:
        app: The application; what checks ask for is injected from it.

    Example:
        >>> doctor = Doctor(app)
        >>> doctor.check("moon", lambda: Finding.warn("it is full", "Wait a week."))
        >>> [finding.seen for finding in doctor.examine(["moon"])]
        ['it is full']
    """

    def __init__(self, app: Container) -> None:
        self._app = app
        self._checks: dict[str, Check | str] = dict(CHECKS)

    @property
    def names(self) -> tuple[str, ...]:
        """The checks there are, in the order in which they run."""
        return tuple(self._checks)

    def check(self, name: str, check: Check | str) -> None:
        """Add a check, or put another in the place of the one with that name.

        Args:
            name: What is looked at.
            check: Called with what its parameters ask for; returns a finding, several, or None for
                nothing to say. A dotted path, "package.module:function", is imported when it runs.
        """
        self._checks[name] = check

    def examine(self, only: Iterable[str] = (), *, fix: bool = False) -> list[Finding]:
        """Run the checks and return what they found; a check that fails is a finding, too.

        Args:
            only: Names of checks; all when empty.
            fix: Mend what can be mended without harm, and look again.
        """
        wanted = tuple(only) or self.names
        return [finding for name in wanted for finding in self._examined(name, fix)]

    def _examined(self, name: str, fix: bool) -> list[Finding]:
        found = self._found(name)
        fixes = [finding.fix for finding in found if finding.fix is not None] if fix else []
        if not fixes:
            return found
        for mend in fixes:
            try:
                mend()
            except OSError as error:
                found.append(_broken(name, error))
                return found
        return self._found(name)

    def _found(self, name: str) -> list[Finding]:
        check: Any = self._checks[name]
        try:
            if isinstance(check, str):
                check = import_object(check)
            answer: Any = self._app.call(check)
            findings = [answer] if isinstance(answer, Finding) else [*(answer or ())]
        except Exception as error:  # one check that fails keeps no other from looking
            findings = [_broken(name, error)]
        return [each if each.name else replace(each, name=name) for each in findings]


def _broken(name: str, error: Exception) -> Finding:
    # What we raise on purpose says what to do about it.
    if isinstance(error, SecurelyError):
        return Finding.error(str(error), "", name=name)
    return Finding.error(
        f"{type(error).__name__}: {error}", "Mend what the message names.", name=name
    )
