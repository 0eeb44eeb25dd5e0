"""LogManager: the channels, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from securely.container import NotBooted, current
from securely.log import context
from securely.log.contracts import Handler
from securely.log.emergency import EmergencyHandler
from securely.log.exceptions import ChannelLoop, UndefinedChannel, UnknownDriver
from securely.log.hub import Hub
from securely.log.logger import Logger
from securely.support.importing import import_object
from securely.support.manager import Definition, Manager

if TYPE_CHECKING:
    from securely.log.fake import LogFake

__all__ = ["LogManager"]


class LogManager(Manager[Logger], Logger):
    """The log channels of an application; what is written to it goes to the default one.

    A channel that is not defined, or cannot be built, is replaced by one that writes to
    `storage/logs/emergency.log` and to the standard error output, and says why: logging never
    raises into its caller.

    Args:
        default: The channel that is meant when none is named.
        definitions: What the configuration says of each channel.
        hub: What the channels share.
        problem: What is wrong with all of the configuration; said wherever a channel is not found.

    Example:
        >>> from securely.log.options import ArrayChannel
        >>> log = LogManager("memory", {"memory": ArrayChannel(driver="array")}, Hub())
        >>> log.info("order {order} shipped", order=5)
        >>> log.channel("memory").handlers[0].records[0].message
        'order 5 shipped'
    """

    threshold: int

    kind: ClassVar[str] = "Log channel"

    drivers: ClassVar[Mapping[str, str]] = {
        "array": "securely.log.drivers.array:ArrayHandler",
        "daily": "securely.log.drivers.daily:DailyHandler",
        "null": "securely.log.drivers.null:NullHandler",
        "single": "securely.log.drivers.single:SingleHandler",
        "stack": "securely.log.drivers.stack:StackHandler",
        "stderr": "securely.log.drivers.stderr:StderrHandler",
        "stdlib": "securely.log.drivers.stdlib:StdlibHandler",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, Definition],
        hub: Hub,
        *,
        problem: str | None = None,
    ) -> None:
        super().__init__(default, definitions)
        Logger.__init__(self, default, (), hub)
        hub.handlers_of = self._handlers_of
        # Nothing is known of the default channel before the first message, so all may pass.
        self.threshold = 0
        self._path: tuple[str, ...] = ()
        self._problem = problem

    @property
    def name(self) -> str:
        """The name of the default channel."""
        return self._default

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Where the records of the default channel go."""
        return self.channel().handlers

    def channel(self, name: str | None = None) -> Logger:
        """Return the channel called *name*, or the default one. Never raises."""
        wanted = self._default if name is None else name
        try:
            return self._instance(wanted)
        except Exception as error:  # a broken channel is an emergency, not an exception
            return self._replaced(wanted, error)

    def _named(self, name: str) -> Logger:
        return self.channel(name)

    def stack(self, channels: list[str], name: str | None = None) -> Logger:
        """Return a channel made of several; it is not kept.

        Args:
            channels: Their names.
            name: What lines call it; the environment when None.
        """
        return self.build({"driver": "stack", "channels": channels, "name": name})

    def build(self, definition: Mapping[str, object]) -> Logger:
        """Return a channel made of *definition*, as it would stand in `config/log.py`; not kept."""
        label = "ondemand"
        try:
            from securely.log.options import channel_options

            with self._building:
                return self._build(label, channel_options(definition, f"log.channels.{label}"))
        except Exception as error:  # as in channel()
            return self._emergency_logger(label, error)

    def extend(self, driver: str, factory: Callable[[str, Any], Handler | Logger]) -> None:
        """Let *factory*, given name and definition, build the channels of *driver*.

        It returns a handler, or a whole logger.
        """
        super().extend(driver, cast("Any", factory))
        self.threshold = 0

    def forget(self, name: str | None = None) -> None:
        """Drop the built channel of *name* (or the default); its next use builds a new one."""
        self.drop(name)

    def drop(self, name: str | None = None) -> None:
        """Do the same; every manager has this word for it."""
        super().drop(name)
        self.threshold = 0

    def purge(self, name: str | None = None) -> None:
        """Close the built channel of *name* (or the default) and drop it."""
        super().purge(name)
        self.threshold = 0

    def set_default(self, name: str) -> None:
        """Make the channel called *name* the default one."""
        self._default = name
        self.threshold = 0

    def channels(self) -> Mapping[str, Logger]:
        """Return the channels that have been built, by name."""
        return self._built()

    def close(self) -> None:
        """Let go of the files of all channels; a later message opens them again."""
        super().close()
        self.threshold = 0

    def hide(self, *secrets: str) -> None:
        """Mask these values wherever a message or field contains them."""
        self._hub.masker.hide(*secrets)

    def reset_context(self) -> None:
        """Remove what `with_context` added, on every channel: a new request or job begins."""
        context.clear()

    def stdlib_handler(self, level: str | int = "debug") -> Any:
        """Return a `logging.Handler` whose records come into the default channel.

        `securely.log.bridge` installs one for the whole process. (The type is Any, because
        naming it would import `logging` into every start.)
        """
        from securely.log.bridge import BridgeHandler

        return BridgeHandler(self, level)

    # Testing

    def fake(self) -> LogFake:
        """Put a recording double in the place of this manager, and return it.

        It also takes what is written to this object, and to channels of it that are held.
        """
        from securely.log.fake import LogFake

        fake = LogFake(self)
        fake.install()
        return fake

    @contextmanager
    def fake_for(self) -> Generator[LogFake]:
        """Put a recording double in the place of this manager within the block."""
        fake = self.fake()
        try:
            yield fake
        finally:
            fake.restore()

    # Inside

    def _bind(self) -> None:
        """Be the log of the current application, if there is one."""
        try:
            container = current()
        except NotBooted:
            return
        container.instance(LogManager, self)

    def _write(self, level: int, message: object, fields: dict[str, object]) -> None:
        if self._hub.capture is not None:
            super()._write(level, message, fields)
            return
        channel = self.channel()
        self.threshold = channel.threshold
        if channel.threshold <= level:
            channel._write(level, message, fields)

    def _build(self, name: str, definition: Definition) -> Logger:
        if name in self._path:
            raise ChannelLoop((*self._path[self._path.index(name) :], name))
        before, self._path = self._path, (*self._path, name)
        try:
            made = self._made(name, definition)
        finally:
            self._path = before
        if isinstance(made, Logger):
            return made
        return Logger(name, [made], self._hub, getattr(definition, "name", None))

    def _made(self, name: str, definition: Definition) -> Handler | Logger:
        """Return what the driver of *definition* builds."""
        driver = definition.driver
        if (factory := self._extensions.get(driver)) is not None:
            return cast("Handler | Logger", factory(name, definition))
        path = self.drivers.get(driver, driver)
        if "." not in path:
            raise UnknownDriver(name, driver, tuple(sorted({*self.drivers, *self._extensions})))
        found = cast("Any", import_object(path))
        if hasattr(found, "configured"):
            return cast("Handler | Logger", found.configured(definition, self._hub))
        return cast("Handler | Logger", found(name, definition))

    def _handlers_of(self, name: str) -> tuple[Handler, ...]:
        """Return the handlers of the channel called *name*, for a stack that contains it."""
        if name in self._path:
            raise ChannelLoop((*self._path[self._path.index(name) :], name))
        return self.channel(name).handlers

    def _replaced(self, name: str, error: Exception) -> Logger:
        """Keep a channel that writes to the emergency log in the place of a broken one."""
        logger = self._emergency_logger(name, error)
        with self._building:
            # A channel that is not defined may be defined later; a broken one stays broken.
            if name in self._definitions:
                self._instances[name] = logger
        return logger

    def _emergency_logger(self, name: str, error: Exception) -> Logger:
        hub = self._hub
        reason = self._problem or str(error) or repr(error)
        hub.emergency.report(f'Log channel "{name}" cannot be used; its messages go here. {reason}')
        return Logger(name, [EmergencyHandler(hub.emergency)], hub)

    def _undefined(self, name: str) -> Exception:
        return UndefinedChannel(name, self.names())
