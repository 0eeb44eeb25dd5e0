"""Logger: debug … emergency, with_context; never raises into its caller."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self, cast

from securely.log import context
from securely.log.contracts import Handler
from securely.log.emergency import words_of
from securely.log.events import MessageLogged
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.masking import Masker, parts_of
from securely.log.record import Record, Verbatim
from securely.support import clock
from securely.support.masking import HIDDEN

__all__ = ["Logger", "kind_of"]

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
        fills: Whether placeholders are filled.

    Attributes:
        threshold: Messages of a lower level cost one comparison.
    """

    threshold: int

    def __init__(
        self,
        name: str,
        handlers: Iterable[Handler],
        hub: Hub,
        label: str | None = None,
        *,
        fills: bool = True,
    ) -> None:
        self._name = name
        self._handlers = tuple(handlers)
        self._hub = hub
        self._label = label or hub.environment
        self._fills = fills
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

    def process(self, processor: Callable[[Record], Record | None]) -> Self:
        """Let *processor* change each record before this channel's handlers get it.

        What it returns is written; for None nothing is.
        """
        from securely.log.drivers.base import Processing

        self._handlers = tuple(Processing(each, [processor]) for each in self._handlers)
        return self

    def reset(self) -> None:
        """Forget the records that this channel holds back for its `action_level`."""
        for handler in self._handlers:
            if (reset := getattr(handler, "reset", None)) is not None:
                reset()

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
            # What it says may be what is broken; its text is not.
            text = message if type(message) is str else f"<{type(message).__qualname__}>"
            hub.emergency.report(
                f"A message could not be logged: {words_of(error)}",
                Record(clock.timestamp(), level, self._label, hub.masker.text(text), _NONE, _NONE),
                kind=kind_of("record", error),
            )
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
                self._failed(error, record)
        if (events := hub.events) is not None:
            try:
                if events.has_listeners(MessageLogged):
                    hub.fire(self._name, record)
            except Exception as error:  # see the docstring
                hub.emergency.report(f"A listener of MessageLogged failed: {words_of(error)}")

    def _failed(self, error: Exception, record: Record) -> None:
        self._hub.emergency.report(
            f'Log channel "{self._name}" failed: {words_of(error)}',
            record,
            kind=kind_of(self._name, error),
        )

    def _record(self, level: int, message: object, fields: dict[str, object]) -> Record:
        hub = self._hub
        masker = hub.masker
        own = context.held().get(self._name)
        if own or hub.shared:
            fields = {**hub.shared, **(own or _NONE), **fields}
        exception: BaseException | None = None
        if "exception" in fields:
            exception, fields = _without_exception(fields)
        if type(message) is str:
            text = message
        else:
            text = _told(message, masker)
            # Of its class: an object of somebody's may raise when it is asked for anything.
            if issubclass(type(message), BaseException):
                exception = exception or cast("BaseException", message)
        shown: Mapping[str, object] = fields
        if fields:
            shown = masker.fields(fields)
            if "{" in text and self._fills and not issubclass(type(message), _FOREIGN):
                text = _filled(text, shown, fields, masker)
        extra = hub.extra() if hub.extra is not None else _NONE
        return _new_record(
            Record,
            (
                clock.timestamp(),
                level,
                self._label,
                masker.text(text),
                shown,
                masker.lasting(extra) if extra else _NONE,
                exception,
            ),
        )


# What `Record(…)` does, without its Python part.
_new_record: Final = cast("Callable[[type[Record], tuple[object, ...]], Record]", tuple.__new__)
# Words of somebody else, which are no template of ours.
_FOREIGN: Final = (Verbatim, BaseException)
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


def kind_of(where: str, error: BaseException) -> str:
    """Name a failure, so that it is told once however its text differs."""
    return f"{where}: {type(error).__qualname__} {getattr(error, 'errno', None)}"


def _told(message: object, masker: Masker) -> str:
    """Return what a message that is no text says; one that has parts says them, masked."""
    try:
        if isinstance(message, BaseException):
            return _said(message, masker) or type(message).__name__
        parts = None if isinstance(message, str) else parts_of(message)
    except Exception as error:  # as in _said()
        return _unsaid(message, error, masker)
    return _said(message if parts is None else masker.value(parts), masker)


def _said(value: object, masker: Masker) -> str:
    """Return *value* as text; what cannot say itself is named by its class."""
    try:
        return str(value)
    except Exception as error:  # a log line must not depend on the values in it
        return _unsaid(value, error, masker)


def _unsaid(value: object, error: Exception, masker: Masker) -> str:
    """Name *value* by its class, and say once that it cannot say itself."""
    kind, raised = type(value).__qualname__, type(error).__name__
    masker.note(f"A value of type {kind} in a log message cannot say itself: {raised}.")
    return f"<{kind}>"


def _filled(
    text: str, masked: Mapping[str, object], given: Mapping[str, object], masker: Masker
) -> str:
    """Fill the placeholders of *text* with fields, or parts of them; unknown ones stay."""

    def fill(match: re.Match[str]) -> str:
        path = match[1]
        if path in masked:
            return _said(masked[path], masker)
        name, *parts = path.split(".")
        # What is not public is not said: a message may hold words of somebody else.
        if name not in given or not parts or any(part[0] == "_" for part in parts):
            return match[0]
        value: Any = given[name]
        if any(masker.is_sensitive(part) for part in (name, *parts)):
            return HIDDEN
        try:
            for part in parts:
                value = _part(value, part)
        except (KeyError, AttributeError):
            return match[0]
        except Exception as error:  # an entity whose session is closed; as in _said()
            _unsaid(given[name], error, masker)
            return match[0]
        return HIDDEN if hasattr(value, "get_secret_value") else _said(value, masker)

    return _PLACEHOLDER.sub(fill, text)


def _part(value: Any, name: str) -> Any:
    """Return a part of *value*: what a mapping has at *name*, or an attribute.

    Raises:
        AttributeError: There is none.
        KeyError: The mapping has none.
    """
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)[name]
    return getattr(value, name)
