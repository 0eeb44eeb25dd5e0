"""Binds over another provider."""

from app.services import Gateway
from securely.container import Provider


class SecondProvider(Provider):
    """Binds over another provider."""

    def register(self) -> None:
        """Bind."""
        self.app.bind(Gateway)  # planted: bound over
