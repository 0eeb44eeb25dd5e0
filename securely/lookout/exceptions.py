"""What can go wrong with the dashboard.

LookoutError         the root
├── AddressUnusable  the dashboard can not listen there (also an OSError)
└── NotGuarded       others would reach a dashboard that asks nobody who they are
"""

from __future__ import annotations

from securely.exceptions import SecurelyError

__all__ = ["AddressUnusable", "LookoutError", "NotGuarded"]


class LookoutError(SecurelyError):
    """The root of every error of the dashboard."""


class AddressUnusable(LookoutError, OSError):
    """The dashboard can not listen there.

    Args:
        host: The host of the address.
        port: Its port.
        reason: Why not.
    """

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"The dashboard can not listen on {host}:{port}: {reason}. "
            "Choose another with --host and --port."
        )

    def __reduce__(self) -> tuple[type[AddressUnusable], tuple[str, int, str]]:
        return type(self), (self.host, self.port, self.reason)


class NotGuarded(LookoutError):
    """Others would reach a dashboard that asks nobody who they are.

    Args:
        host: Where it was to be served.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"Other machines would reach the dashboard on {host}, and nothing says who may see it. "
            "Serve it on 127.0.0.1, or register who may with Lookout.auth(callback) in a provider."
        )

    def __reduce__(self) -> tuple[type[NotGuarded], tuple[str]]:
        return type(self), (self.host,)
