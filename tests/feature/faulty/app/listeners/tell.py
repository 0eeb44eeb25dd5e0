"""A listener that cannot hear."""

from securely.foundation.events import CommandStarting


class Tell:
    """The event it is given, the rest it is not."""

    def handle(self, event: CommandStarting, volume: int) -> None:  # planted: listener
        """Do nothing."""
