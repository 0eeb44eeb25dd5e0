"""Logger: debug … emergency, with_context; never raises into its caller."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self, cast

from securely.log import context
from securely.log.contracts import Handler
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.masking import is_sensitive
from securely.log.record import Record
from securely.support import clock
from securely.support.masking import HIDDEN

__all__ = ["Logger"]

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")


class Logger:
    """One channel: writes messages with their fields to its handlers.

    A message is a constant sentence; data are fields: ``log.info("order shipped", order=5)``.
    ``{name}`` in the message stands for the field of that name, ``{user.id}`` for a part of it;
    what has no field is left as it is. Fields whose names are those of secrets are masked.

    Args:
        name: The channel's name.
        handlers: Where its records go.
        hub: What all channels share.
        label: What lines call the channel; the environment when None.

    Attributes:
        threshold: Messages of a lower level cost one comparison.
    """

    threshold: int

    def __init__(
        self, name: str, handlers: Iterable[Handler], hub: Hub, label: str | None = None
    ) -> None:
        self._name = name
        self._handlers = tuple(handlers)
        self._hub = hub
        self._label = label or hub.environment
        self.threshold = self._lowest()

    @property
    def name(self) -> str:
        """The name of the channel."""
        return self._name

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Where its records go."""
        return self._handlers

    # Writing

    def debug(self, message: object, /, **fields: object) -> None:
        """Write what helps to find an error."""
        if self.threshold <= 10:  # noqa: PLR2004  # the level's number, as in levels.py
            self._write(10, message, fields)

    def info(self, message: object, /, **fields: object) -> None:
        """Write what happens as it should."""
        if self.threshold <= 20:  # noqa: PLR2004  # as above
            self._write(20, message, fields)

    def notice(self, message: object, /, **fields: object) -> None:
        """Write what is normal, and worth a look."""
        if self.threshold <= 25:  # noqa: PLR2004  # as above
            self._write(25, message, fields)

    def warning(self, message: object, /, **fields: object) -> None:
        """Write what may need a person."""
        if self.threshold <= 30:  # noqa: PLR2004  # as above
            self._write(30, message, fields)

    def error(self, message: object, /, **fields: object) -> None:
        """Write what needs a person, at some time."""
        if self.threshold <= 40:  # noqa: PLR2004  # as above
            self._write(40, message, fields)

    def critical(self, message: object, /, **fields: object) -> None:
        """Write that a part of the application does not work."""
        if self.threshold <= 50:  # noqa: PLR2004  # as above
            self._write(50, message, fields)

    def alert(self, message: object, /, **fields: object) -> None:
        """Write what needs a person at once."""
        if self.threshold <= 55:  # noqa: PLR2004  # as above
            self._write(55, message, fields)

    def emergency(self, message: object, /, **fields: object) -> None:
        """Write that the application does not work."""
        if self.threshold <= 60:  # noqa: PLR2004  # as above
            self._write(60, message, fields)

    def log(self, level: str | int, message: object, /, **fields: object) -> None:
        """Write *message* at *level*, a name or a number.

        Raises:
            UnknownLevel: There is no level of that name.
        """
        number = level_number(level)
        if self.threshold <= number:
            self._write(number, message, fields)

    def exception(self, message: object, /, **fields: object) -> None:
        """Write *message* as an error, with the exception that is being handled."""
        if self.threshold <= 40:  # noqa: PLR2004  # as above
            fields.setdefault("exception", sys.exc_info()[1])
            self._write(40, message, fields)

    # Context

    def with_context(self, **fields: object) -> Self:
        """Add *fields* to every message of this channel, in this task and those it starts."""
        context.add(self.name, fields)
        return self

    def without_context(self, *names: str) -> Self:
        """Take these fields, or all, from the messages of this channel in this task."""
        context.drop(self.name, names)
        return self

    @contextmanager
    def context(self, **fields: object) -> Generator[Self]:
        """Add *fields* to every message of this channel within the block."""
        with context.adding(self.name, fields):
            yield self

    def share_context(self, **fields: object) -> Self:
        """Add *fields* to every message of every channel, in the whole process."""
        self._hub.shared = {**self._hub.shared, **fields}
        return self

    def shared_context(self) -> Mapping[str, object]:
        """Return the fields that every channel adds."""
        return dict(self._hub.shared)

    def flush_shared_context(self) -> Self:
        """Remove the fields that every channel adds."""
        self._hub.shared = {}
        return self

    def close(self) -> None:
        """Let go of the files of this channel; a later message opens them again."""
        for handler in self._handlers:
            handler.close()

    # Inside

    def _lowest(self) -> int:
        """Return the lowest level that any handler takes; above all levels if there is none."""
        return min((handler.level for handler in self._handlers), default=_SILENT)

    def _write(self, level: int, message: object, fields: dict[str, object]) -> None:
        """Hand the message to the handlers.

        Logging never raises into its caller: what fails is reported to the emergency log.
        """
        hub = self._hub
        try:
            record = self._record(level, message, fields)
        except Exception as error:  # see the docstring
            hub.emergency.report(f"A message could not be logged: {error!r}")
            return
        if hub.capture is not None:
            hub.capture(self.name, record)
            return
        for handler in self._handlers:
            if level < handler.level:
                continue
            try:
                handler.handle(record)
            except Exception as error:  # see the docstring
                hub.emergency.report(f'Log channel "{self._name}" failed: {error!r}', record)
        if hub.events is not None:
            try:
                hub.fire(self._name, record)
            except Exception as error:  # see the docstring
                hub.emergency.report(f"A listener of MessageLogged failed: {error!r}")

    def _record(self, level: int, message: object, fields: dict[str, object]) -> Record:
        hub = self._hub
        own = context.fields(self.name)
        if own or hub.shared:
            fields = {**hub.shared, **own, **fields}
        exception: BaseException | None = None
        if fields and "exception" in fields:
            exception, fields = _without_exception(fields)
        if isinstance(message, BaseException):
            exception = exception or message
            message = str(message) or type(message).__name__
        text = message if isinstance(message, str) else str(message)
        given = fields
        if fields:
            fields = hub.masker.fields(fields)
            if "{" in text:
                text = _filled(text, fields, given)
        extra = hub.extra() if hub.extra is not None else _NONE
        return Record(
            clock.timestamp(),
            level,
            self._label,
            hub.masker.text(text),
            fields,
            hub.masker.fields(extra) if extra else _NONE,
            exception,
        )


# Above every level: a channel without handlers writes nothing.
_SILENT: Final = 1000
_NONE: Final[Mapping[str, object]] = {}


def _without_exception(
    fields: dict[str, object],
) -> tuple[BaseException | None, dict[str, object]]:
    """Take the exception out of *fields*, where it is one."""
    found = fields["exception"]
    if found is not None and not isinstance(found, BaseException):
        return None, fields
    return found, {name: value for name, value in fields.items() if name != "exception"}


def _filled(text: str, masked: Mapping[str, object], given: Mapping[str, object]) -> str:
    """Fill the placeholders of *text* with fields, or parts of them; unknown ones stay."""

    def fill(match: re.Match[str]) -> str:
        path = match[1]
        if path in masked:
            return str(masked[path])
        name, *parts = path.split(".")
        if name not in given or not parts:
            return match[0]
        value: Any = given[name]
        for part in (name, *parts):
            if is_sensitive(part):
                return HIDDEN
        for part in parts:
            if isinstance(value, Mapping):
                items = cast("Mapping[str, object]", value)
                if part not in items:
                    return match[0]
                value = items[part]
            elif hasattr(value, part):
                value = getattr(value, part)
            else:
                return match[0]
        return HIDDEN if hasattr(value, "get_secret_value") else str(value)

    return _PLACEHOLDER.sub(fill, text)
