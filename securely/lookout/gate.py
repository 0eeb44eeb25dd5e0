"""Gate: who may see the dashboard: all where the environment is local, else as a callback says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from securely.lookout.contracts import AuthCallback, Report

__all__ = ["Gate", "host_of"]

# Names that nobody can register, and that therefore never lead a browser here from elsewhere.
_OURS: Final = ("localhost", ".localhost", ".test")


class Gate:
    """Decides on each request whether it is answered.

    In the local environment all are who ask under a name of this machine: a page on the web whose
    own name was made to lead to 127.0.0.1 ("DNS rebinding") is not. Otherwise, the callback is
    asked; without one, or where it fails, nobody is.

    Args:
        environment: The application's, as in `app.env`.
        url: The application's own, as in `app.url`.
        report: Told of errors of the callback.
    """

    def __init__(self, environment: str, url: str, report: Report) -> None:
        self._is_local = environment == "local"
        self._own = (urlsplit(url).hostname or "") if "//" in url else ""
        self._report = report
        self.callback: AuthCallback | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody at all is allowed."""
        return self._is_local or self.callback is not None

    async def allows(self, request: Any, *, asks_always: bool = False) -> bool:
        """Return whether *request*, one of Starlette's, may be answered.

        Args:
            request: What was asked.
            asks_always: The callback decides in the local environment, too.
        """
        if self._is_local and not asks_always and self._is_here(request.headers):
            return True
        if self.callback is None:
            return False
        try:
            # In a thread: it may look into a database.
            answer: Any = await asyncio.to_thread(self.callback, request)
            return bool(await answer if hasattr(answer, "__await__") else answer)
        except Exception as error:  # whatever an application's callback raises: it has not said yes
            self._report(error)
            return False

    def _is_here(self, headers: Mapping[str, str]) -> bool:
        host = host_of(headers.get("host", ""))
        if not host:
            return False
        try:
            ip_address(host)
        except ValueError:
            return host == self._own or host == _OURS[0] or host.endswith(_OURS[1:])
        return True  # an address is no name, and is not made to lead elsewhere


def host_of(field: str) -> str:
    """Return the host of a field `Host`, in lower case and without its port; "" of a malformed one.

    Example:
        >>> host_of("Shop.test:8000"), host_of("[::1]:8199"), host_of("127.0.0.1"), host_of("[")
        ('shop.test', '::1', '127.0.0.1', '')
    """
    try:
        return urlsplit(f"//{field}").hostname or ""
    except ValueError:
        return ""
