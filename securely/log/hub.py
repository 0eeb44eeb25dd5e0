"""Hub: what all channels of one application share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path

from securely.events import Dispatcher
from securely.log.contracts import Handler
from securely.log.emergency import Emergency
from securely.log.events import MessageLogged
from securely.log.levels import level_name
from securely.log.masking import Masker
from securely.log.record import Record
from securely.support.paths import Paths

__all__ = ["Hub", "delivering"]

# A listener of MessageLogged that logs must not call itself.
_firing: ContextVar[bool] = ContextVar("securely_log_firing", default=False)

delivering: ContextVar[bool] = ContextVar("securely_log_delivering", default=False)
"""Set while records are delivered: what libraries tell `logging` of that is not logged in turn."""


class Hub:
    """What all channels of one application share.

    Args:
        paths: Where relative paths of log files lead.
        environment: Stands in a line where a channel has no name of its own.
        timezone: Of dates in lines and in names of files, such as "Europe/Berlin".
        events: Is told of each message, if anyone listens.
        masker: Hides what is secret.

    Attributes:
        shared: The fields of every message of every channel.
        extra: Gives what follows the request or job, for the `extra` of each record.
        capture: Takes the records in the place of all handlers, while a fake is in place.
        emergency: Where messages go when their own way is broken.
    """

    def __init__(
        self,
        *,
        paths: Paths | None = None,
        environment: str = "production",
        timezone: str = "UTC",
        events: Dispatcher | None = None,
        masker: Masker | None = None,
    ) -> None:
        self.paths: Paths = paths or Paths(Path.cwd())
        self.environment = environment
        self.timezone = timezone
        self.events = events
        self.masker: Masker = masker or Masker()
        self.shared: Mapping[str, object] = {}
        self.extra: Callable[[], Mapping[str, object]] | None = None
        self.capture: Callable[[str, Record], None] | None = None
        self.emergency: Emergency = Emergency(
            self.paths.storage / "logs" / "emergency.log", self.masker, timezone
        )
        self.masker.note = self.emergency.report
        # Set by the manager: a stack asks for the handlers of the channels it is made of.
        self.handlers_of: Callable[[str], tuple[Handler, ...]] = _no_channels

    def fire(self, channel: str, record: Record) -> None:
        """Tell who listens that *record* has been written."""
        if self.events is None or _firing.get():
            return
        token = _firing.set(True)
        try:
            self.events.dispatch(
                MessageLogged(level_name(record.level), record.message, record.fields, channel)
            )
        finally:
            _firing.reset(token)


def _no_channels(name: str) -> tuple[Handler, ...]:  # the manager's place
    return ()
