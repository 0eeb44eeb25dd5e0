"""Binds the context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from securely.container import Provider
from securely.context.contracts import Encrypts, Failures
from securely.context.repository import Context

__all__ = ["ContextProvider"]


class ContextProvider(Provider):
    """Binds the context."""

    provides: ClassVar[Mapping[str, type]] = {"context": Context}

    def register(self) -> None:
        """Bind it; keys are asked for when something travels."""
        self.app.singleton(Context, self.context)

    def context(self) -> Context:
        """Return the context of this application."""
        return Context(self.encrypter, self.failures)

    def encrypter(self, purpose: str) -> Encrypts:
        """Return what encrypts for *purpose*, under a key of its own."""
        from securely.encryption import Encrypter  # not before something travels

        return self.app.make(Encrypter).for_purpose(purpose)

    def failures(self) -> Failures | None:
        """Return who is told of what cannot be read."""
        # By its name: the handler of errors stands above the context, and need not be there.
        found: Any = self.app.make("errors") if self.app.bound("errors") else None
        return cast("Failures | None", found)
