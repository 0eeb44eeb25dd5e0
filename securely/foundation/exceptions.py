"""FoundationError and what can go wrong while an application is put together.

FoundationError (SecurelyError)
├── ProviderFailed          a provider cannot be imported, registered or booted
├── BadProviders            bootstrap/providers.py is not a list of providers
├── MissingRoutes           a file that `with_routing` names is not there
├── NotInMaintenance        `up` without `down`
├── NotYetBooted            something needs the configuration of an application before it boots
└── SkeletonExists          `securely new` where something is already
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import SecurelyError

__all__ = [
    "BadProviders",
    "FoundationError",
    "MissingRoutes",
    "NotInMaintenance",
    "NotYetBooted",
    "ProviderFailed",
    "SkeletonExists",
]


class FoundationError(SecurelyError):
    """The root of what goes wrong while an application is put together."""


class ProviderFailed(FoundationError):
    """A provider cannot be imported, registered or booted."""

    def __init__(self, provider: str, phase: str, reason: str) -> None:
        self.provider = provider
        self.phase = phase
        self.reason = reason
        super().__init__(f"Provider {provider} failed to {phase}: {reason}")

    def __reduce__(self) -> tuple[type[ProviderFailed], tuple[str, str, str]]:
        return type(self), (self.provider, self.phase, self.reason)


class BadProviders(FoundationError):
    """The file that lists the providers of an application does not."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(
            f"{file}: {reason}. It must define `providers`, a list of Provider classes "
            'or of "package.module:Class" strings.'
        )

    def __reduce__(self) -> tuple[type[BadProviders], tuple[Path, str]]:
        return type(self), (self.file, self.reason)


class MissingRoutes(FoundationError):
    """A file that `with_routing` names is not there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} does not exist, and bootstrap/app.py names it in `with_routing`. "
            "Write it, or do not name it."
        )

    def __reduce__(self) -> tuple[type[MissingRoutes], tuple[Path]]:
        return type(self), (self.file,)


class NotInMaintenance(FoundationError):
    """The application is asked to come up and is not down."""

    def __init__(self) -> None:
        super().__init__(
            "The application is not in maintenance mode; there is nothing to bring up."
        )

    def __reduce__(self) -> tuple[type[NotInMaintenance], tuple[()]]:
        return type(self), ()


class NotYetBooted(FoundationError, RuntimeError):
    """Something needs the configuration of an application that has not booted."""

    def __init__(self) -> None:
        super().__init__(
            "The application has not booted, so it has no configuration yet. Call app.boot() first."
        )

    def __reduce__(self) -> tuple[type[NotYetBooted], tuple[()]]:
        return type(self), ()


class SkeletonExists(FoundationError):
    """A new application would be written over something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} exists and is not an empty folder. Name another one, or empty this."
        )

    def __reduce__(self) -> tuple[type[SkeletonExists], tuple[Path]]:
        return type(self), (self.folder,)
