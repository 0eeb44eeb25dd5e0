"""The system's log."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from securely.log.contracts import Formatter
from securely.log.drivers.base import formatter_for
from securely.log.drivers.syslog_wire import Connection, Head, connected, parse_address
from securely.log.formatters import MessageFormatter
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import SyslogChannel
from securely.log.record import Record
from securely.support import clock
from securely.support.forking import renew_after_fork

__all__ = ["SyslogHandler"]

# Seconds between attempts to reach a receiver that is gone: in between, nobody waits for it.
_PAUSE_SECONDS: Final = 1.0
_PAUSE_SECONDS_MAX: Final = 30.0


class SyslogHandler:
    """Sends records to the system's log, or to one across the network.

    A connection that is lost is opened again, and the record sent anew. While nobody is there,
    attempts become rare, and records fail at once: whoever logs does not wait.

    Args:
        options: The channel's settings.
        formatter: Makes the text behind the head.
        timezone: Of the date in the head.
    """

    def __init__(
        self,
        options: SyslogChannel,
        formatter: Formatter | None = None,
        *,
        timezone: str = "UTC",
    ) -> None:
        self.level: int = level_number(options.level)
        self.formatter: Formatter = formatter or MessageFormatter(timezone=timezone)
        self._address = parse_address(options.address)
        protocol = options.protocol or ("local" if self._address.kind == "unix" else "rfc5424")
        self._head = Head(protocol, options.facility, options.ident)
        self._zone = ZoneInfo(timezone)
        self._timeout_seconds = options.timeout_seconds
        self._connection: Connection | None = None
        # Until when nothing is tried, how long the next pause is, and why.
        self._pause: tuple[float, float, OSError] | None = None
        self._lock = threading.Lock()
        renew_after_fork(self, "_lock", threading.Lock)
        # Two processes would write into one stream at once.
        renew_after_fork(self, "_connection", _none)

    @classmethod
    def configured(cls, options: SyslogChannel, hub: Hub) -> Self:
        """Build it as the configuration says."""
        made = formatter_for(options.formatter, "message", hub, options.formatter_with)
        return cls(options, made, timezone=hub.timezone)

    def handle(self, record: Record) -> None:
        """Send *record*.

        Raises:
            OSError: Nobody takes it.
        """
        moment = datetime.fromtimestamp(record.timestamp, self._zone)
        text = self.formatter.format(record)
        data = self._head.data(record.level, moment, record.channel, text)
        with self._lock:
            self._refuse_while_pausing()
            if self._connection is not None and self._sent(self._connection, data):
                return
            try:
                self._connection = connected(self._address, self._timeout_seconds)
                self._connection.send(data)
            except OSError as error:
                self._give_up(error)
                raise
            self._pause = None

    def close(self) -> None:
        """Close the connection; the next record opens it again."""
        with self._lock:
            self._drop()

    def _sent(self, connection: Connection, data: bytes) -> bool:
        """Try the connection that is open."""
        try:
            connection.send(data)
        except OSError:
            # It may have been closed long ago; whether anybody is there, a new one will tell.
            self._drop()
            return False
        return True

    def _refuse_while_pausing(self) -> None:
        if self._pause is not None and clock.monotonic() < self._pause[0]:
            raise self._pause[2]

    def _give_up(self, error: OSError) -> None:
        self._drop()
        pause = min(self._pause[1] * 2, _PAUSE_SECONDS_MAX) if self._pause else _PAUSE_SECONDS
        # Without its traceback, which would hold every frame of whoever logged.
        kept = type(error)(*error.args)
        self._pause = (clock.monotonic() + pause, pause, kept)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _none() -> None:
    """Return nothing: what stands for a connection that is not open."""
