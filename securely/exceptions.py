"""SecurelyError, the root of every error; ConfigurationError, MissingExtra.

SecurelyError
├── ConfigurationError      a setting is missing, unknown, of the wrong type or out of range
├── MissingExtra            an optional package is not installed (also an ImportError)
└── one root per component  ContainerError, ConsoleError, CacheError, QueueError …
"""

from __future__ import annotations

__all__ = ["ConfigurationError", "MissingExtra", "SecurelyError"]


class SecurelyError(Exception):
    """The root of every error that Securely raises on purpose.

    The message says what happened, with the value, and what to do about it.
    """


class ConfigurationError(SecurelyError):
    """A setting is missing, unknown, of the wrong type or out of range."""


class MissingExtra(SecurelyError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f'The package "{package}" is not installed. '
            f'Install it with: pip install "securely[{extra}]"'
        )

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), (self.package, self.extra)
