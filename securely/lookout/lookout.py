"""Lookout: who may see the dashboard, and the application that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from securely.lookout.contracts import AsgiApp, AuthCallback
from securely.lookout.gate import Gate
from securely.support.importing import require

__all__ = ["Lookout"]

_C = TypeVar("_C", bound=AuthCallback)


class Lookout:
    """The dashboard of the queue.

    Args:
        gate: Decides who may see it.
        make: Makes the application; given whether the callback is asked in the local environment,
            and what tells that its server stops.
    """

    def __init__(
        self, gate: Gate, make: Callable[[Gate, bool, Callable[[], bool]], AsgiApp]
    ) -> None:
        self._gate = gate
        self._make = make

    def auth(self, callback: _C) -> _C:
        """Let *callback* decide who may see the dashboard where the environment is not local.

        Args:
            callback: Given Starlette's `Request`; it returns whether it is allowed, or a coroutine
                of that. What it raises is reported, and denies. The last one that was registered
                counts.

        Returns:
            *callback*, so that this can be a decorator.

        Source: Laravel Horizon 5, Horizon::auth.
        """
        self._gate.callback = callback
        return callback

    @property
    def has_auth(self) -> bool:
        """Whether a callback is registered."""
        return self._gate.callback is not None

    @property
    def is_open(self) -> bool:
        """Whether anybody is allowed: the environment is local, or a callback is registered."""
        return self._gate.is_open

    def app(self, *, asks_always: bool = False, is_stopping: Callable[[], bool] = bool) -> AsgiApp:
        """Return the dashboard as an application of Starlette, to be mounted or served.

        Args:
            asks_always: The callback decides in the local environment, too: for a dashboard that
                other machines reach.
            is_stopping: Asked several times a second whether the server stops; live updates end
                then.

        Raises:
            MissingExtra: Starlette is not installed.
        """
        require("starlette", "lookout", "the dashboard of the queue")
        return self._make(self._gate, asks_always, is_stopping)
