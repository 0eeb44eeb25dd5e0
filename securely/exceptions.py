"""SecurelyError, the root of every error; ConfigurationError, MissingExtra.

SecurelyError
├── ConfigurationError      a setting is missing, unknown, of the wrong type or out of range
├── HttpException           a request ends here, with a status: abort(404)
├── MissingExtra            an optional package is not installed (also an ImportError)
└── one root per component  ContainerError, ConsoleError, CacheError, QueueError …
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ConfigurationError", "HttpException", "MissingExtra", "SecurelyError"]


class SecurelyError(Exception):
    """The root of every error that Securely raises on purpose.

    The message says what happened, with the value, and what to do about it.
    """


class ConfigurationError(SecurelyError):
    """A setting is missing, unknown, of the wrong type or out of range."""


class HttpException(SecurelyError):
    """A request ends here; whatever serves it answers with the status. It is never reported.

    Args:
        status: The status code of HTTP; unknown ones are allowed.
        message: What the answer says; the status's own phrase unless given.
        headers: Fields for the answer.

    Source: Laravel 13, abort(); Symfony's HttpException.
    """

    def __init__(
        self, status: int, message: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self.status: int = status
        self.message: str = message or _phrase(status)
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type[HttpException], tuple[int, str, dict[str, str]]]:
        return type(self), (self.status, self.message, self.headers)


class MissingExtra(SecurelyError, ImportError):
    """An optional package is needed and not installed.

    Args:
        package: What is to be imported.
        extra: The extra of Securely that it belongs to.
        needed_by: What needs it, as the configuration calls it; empty where that is plain.
    """

    def __init__(self, package: str, extra: str, needed_by: str = "") -> None:
        self.package = package
        self.extra = extra
        self.needed_by = needed_by
        whose = f", which {needed_by} needs," if needed_by else ""
        super().__init__(
            f'The package "{package}"{whose} is not installed. '
            f'Install it with: pip install "securely[{extra}]"'
        )

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str, str]]:
        return type(self), (self.package, self.extra, self.needed_by)


def _phrase(status: int) -> str:
    from http import HTTPStatus  # not at the start, which is to be light

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP {status}"
