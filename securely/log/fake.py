"""LogFake: assert_logged, assert_not_logged, assert_nothing_logged."""

from __future__ import annotations

from typing import NamedTuple

from securely.log.levels import level_name, level_number
from securely.log.logger import Logger
from securely.log.manager import LogManager
from securely.log.record import Record

__all__ = ["LogFake", "Logged"]


class Logged(NamedTuple):
    """A record, and the channel it was written to."""

    channel: str
    record: Record


class LogFake(LogManager):
    """A log manager that keeps what is written to any channel, whatever the level.

    Args:
        original: The manager it stands in for.

    Example:
        >>> from securely.log.hub import Hub
        >>> log = LogManager("single", {}, Hub()).fake()
        >>> log.error("payment failed", order=5)
        >>> log.assert_logged("error", "payment", order=5)
    """

    def __init__(self, original: LogManager) -> None:
        hub = original._hub
        told = original._deprecations
        super().__init__(original.default, original._definitions, hub, deprecations=told)
        hub.handlers_of = original._handlers_of
        self._original = original
        self._logged: list[Logged] = []
        self._thresholds: list[tuple[Logger, int]] = []

    def install(self) -> None:
        """Take the original's place, also in channels of it that somebody holds."""
        self._bind()
        self._hub.capture = self._keep
        for logger in (self._original, *self._original.channels().values()):
            self._thresholds.append((logger, logger.threshold))
            logger.threshold = 0

    def restore(self) -> None:
        """Put the original manager back in its place."""
        self._original._bind()
        self._hub.capture = None
        for logger, threshold in self._thresholds:
            logger.threshold = threshold
        self._thresholds.clear()

    def channel(self, name: str | None = None) -> Logger:
        """Return a channel that is recorded; nothing is opened."""
        logger = Logger(self._default if name is None else name, (), self._hub)
        logger.threshold = 0
        return logger

    # Looking

    def logged(
        self,
        level: str | int | None = None,
        containing: str = "",
        /,
        *,
        channel: str | None = None,
        **fields: object,
    ) -> list[Record]:
        """Return the records that fit.

        Args:
            level: Of this level; None for any.
            containing: Whose message contains this.
            channel: Written to this channel; None for any.
            fields: That have at least these fields.
        """
        number = None if level is None else level_number(level)
        return [
            each.record
            for each in self._logged
            if (number is None or each.record.level == number)
            and containing in each.record.message
            and (channel is None or each.channel == channel)
            and all(
                name in each.record.fields and each.record.fields[name] == value
                for name, value in fields.items()
            )
        ]

    # Asserting

    def assert_logged(
        self,
        level: str | int | None = None,
        containing: str = "",
        /,
        *,
        channel: str | None = None,
        **fields: object,
    ) -> None:
        """Fail unless something was written that fits, as in :meth:`logged`."""
        if not self.logged(level, containing, channel=channel, **fields):
            self._fail(f"Nothing was logged that fits {self._say(level, containing, fields)}.")

    def assert_logged_times(
        self, level: str | int, times: int, containing: str = "", /, **fields: object
    ) -> None:
        """Fail unless exactly that many messages fit."""
        count = len(self.logged(level, containing, **fields))  # type: ignore[arg-type]  # fields are not the channel
        if count != times:
            wanted = self._say(level, containing, fields)
            self._fail(f"{count} messages fit {wanted}, not {times}.")

    def assert_not_logged(
        self, level: str | int | None = None, containing: str = "", /, **fields: object
    ) -> None:
        """Fail if something was written that fits."""
        if self.logged(level, containing, **fields):  # type: ignore[arg-type]  # as above
            self._fail(f"Something was logged that fits {self._say(level, containing, fields)}.")

    def assert_nothing_logged(self) -> None:
        """Fail if anything was written."""
        if self._logged:
            self._fail("Something was logged.")

    # Inside

    def _keep(self, channel: str, record: Record) -> None:
        self._logged.append(Logged(channel, record))

    @staticmethod
    def _say(level: str | int | None, containing: str, fields: dict[str, object]) -> str:
        wanted = "any level" if level is None else level_name(level_number(level))
        return f'{wanted} "{containing}" {fields or ""}'.rstrip()

    def _fail(self, message: str) -> None:
        lines = [
            f"  {each.channel}.{level_name(each.record.level)}: {each.record.message} "
            f"{dict(each.record.fields) or ''}".rstrip()
            for each in self._logged
        ]
        raise AssertionError("\n".join([message, "Logged:", *(lines or ["  nothing"])]))
