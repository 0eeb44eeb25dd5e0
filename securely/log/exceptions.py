"""What can go wrong with logging; callers of a logger see none of it but UnknownLevel.

LogError
├── UnknownLevel        a level that does not exist (also a ValueError)
├── UndefinedChannel    a channel that the configuration does not define (also a LookupError)
├── UnknownDriver       a channel asks for a driver that does not exist (also a LookupError)
└── ChannelLoop         a stack of channels contains itself
"""

from __future__ import annotations

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = ["ChannelLoop", "LogError", "UndefinedChannel", "UnknownDriver", "UnknownLevel"]


class LogError(SecurelyError):
    """The root of what the log component raises."""


class UnknownLevel(LogError, ValueError):
    """A level that does not exist."""

    def __init__(self, level: str, levels: tuple[str, ...]) -> None:
        self.level = level
        self.levels = levels
        super().__init__(
            f'There is no log level "{level}". '
            f"Levels: {', '.join(levels)}.{_nearest(level, levels)}"
        )

    def __reduce__(self) -> tuple[type[UnknownLevel], tuple[str, tuple[str, ...]]]:
        return type(self), (self.level, self.levels)


class UndefinedChannel(LogError, LookupError):
    """A channel that the configuration does not define."""

    def __init__(self, channel: str, defined: tuple[str, ...]) -> None:
        self.channel = channel
        self.defined = defined
        super().__init__(
            f'Log channel "{channel}" is not defined. '
            f"Defined channels: {', '.join(defined) or 'none'}.{_nearest(channel, defined)}"
        )

    def __reduce__(self) -> tuple[type[UndefinedChannel], tuple[str, tuple[str, ...]]]:
        return type(self), (self.channel, self.defined)


class UnknownDriver(LogError, LookupError):
    """A channel asks for a driver that does not exist."""

    def __init__(self, channel: str, driver: str, known: tuple[str, ...]) -> None:
        self.channel = channel
        self.driver = driver
        self.known = known
        super().__init__(
            f'Log channel "{channel}" asks for the driver "{driver}", which does not exist. '
            f"Drivers: {', '.join(known)}, or the dotted path of a handler."
            f"{_nearest(driver, known)}"
        )

    def __reduce__(self) -> tuple[type[UnknownDriver], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.channel, self.driver, self.known)


class ChannelLoop(LogError):
    """A stack of channels contains itself."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(
            f"Log channel {' -> '.join(path)} contains itself. Take it out of its own stack."
        )

    def __reduce__(self) -> tuple[type[ChannelLoop], tuple[tuple[str, ...]]]:
        return type(self), (self.path,)


def _nearest(word: str, choices: tuple[str, ...]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""
