"""LogManager: the channels, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

from securely.container import Container, NotBooted, current
from securely.events import Dispatcher
from securely.log import context
from securely.log.contracts import Handler
from securely.log.emergency import EmergencyHandler, words_of
from securely.log.events import MessageLogged
from securely.log.exceptions import ChannelLoop, UndefinedChannel, UnknownDriver
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.logger import Logger
from securely.log.masking import Masker
from securely.log.record import Record
from securely.support.importing import import_object
from securely.support.manager import Definition, Manager

if TYPE_CHECKING:
    from securely.log.fake import LogFake

__all__ = ["DEPRECATIONS", "LogManager"]

DEPRECATIONS: Final = "deprecations"
"""The channel that warnings of deprecations go to where the configuration names no other."""

# Places with deprecated calls are few; text that differs each time must not fill the memory.
_PLACES_MAX: Final = 4096
# How many calls are told of the way to a deprecated one; the last say what is to be changed.
_FRAMES_MAX: Final = 12


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
        deprecations: The channel of warnings of deprecations, and whether they tell how the
            deprecated thing was reached.

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
        "custom": "securely.log.drivers.custom:CustomHandler",
        "daily": "securely.log.drivers.daily:DailyHandler",
        "handler": "securely.log.drivers.handler:HandlerHandler",
        "hourly": "securely.log.drivers.hourly:HourlyHandler",
        "json": "securely.log.drivers.json:JsonHandler",
        "monthly": "securely.log.drivers.monthly:MonthlyHandler",
        "null": "securely.log.drivers.null:NullHandler",
        "single": "securely.log.drivers.single:SingleHandler",
        "slack": "securely.log.drivers.slack:SlackHandler",
        "stack": "securely.log.drivers.stack:StackHandler",
        "stderr": "securely.log.drivers.stderr:StderrHandler",
        "stdlib": "securely.log.drivers.stdlib:StdlibHandler",
        "stdout": "securely.log.drivers.stdout:StdoutHandler",
        "syslog": "securely.log.drivers.syslog:SyslogHandler",
        "webhook": "securely.log.drivers.webhook:WebhookHandler",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, Definition],
        hub: Hub,
        *,
        problem: str | None = None,
        deprecations: tuple[str | None, bool] = (None, False),
    ) -> None:
        super().__init__(default, definitions)
        Logger.__init__(self, default, (), hub)
        hub.handlers_of = self._handlers_of
        # Nothing is known of the default channel before the first message, so all may pass.
        self.threshold = 0
        # The default channel, once it is known: what is written most goes the shortest way.
        self._quick: Logger | None = None
        self._deprecations = deprecations
        self._deprecated: set[str] = set()
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
        self._look_again()

    def forget(self, name: str | None = None) -> None:
        """Drop the built channel of *name* (or the default); its next use builds a new one."""
        self.drop(name)

    def drop(self, name: str | None = None) -> None:
        """Do the same; every manager has this word for it."""
        super().drop(name)
        self._look_again()

    def purge(self, name: str | None = None) -> None:
        """Close the built channel of *name* (or the default) and drop it."""
        super().purge(name)
        self._look_again()

    def process(self, processor: Callable[[Record], Record | None]) -> Self:
        """Let *processor* change each record before the default channel's handlers get it.

        What it returns is written; for None nothing is.
        """
        self.channel().process(processor)
        return self

    def set_default(self, name: str) -> None:
        """Make the channel called *name* the default one."""
        self._default = self._name = name
        self._look_again()

    def channels(self) -> Mapping[str, Logger]:
        """Return the channels that have been built, by name."""
        return self._built()

    def close(self) -> None:
        """Let go of the files of all channels; a later message opens them again."""
        super().close()
        self._look_again()

    def listen(self, listener: Callable[[MessageLogged], object]) -> None:
        """Call *listener* with each message that has been written, as `MessageLogged`.

        What it logs itself is not told to it again.
        """
        if self._hub.events is None:
            self._hub.events = Dispatcher(Container())
        self._hub.events.listen(MessageLogged, listener)

    def deprecated(self, warning: str, place: str = "") -> bool:
        """Write a warning of what is deprecated to the channel for these, once per place.

        Args:
            warning: What it says.
            place: Where it comes from; the warning's own text where it says so.

        Returns:
            Whether there is such a channel: that of `log.deprecations`, or one of that name.
        """
        channel, trace = self._deprecations
        if channel is None and DEPRECATIONS in self._definitions:
            channel = DEPRECATIONS
        if channel is None:
            return False
        key = place or warning
        if key not in self._deprecated:
            if len(self._deprecated) >= _PLACES_MAX:
                self._deprecated.clear()
            self._deprecated.add(key)
            told: dict[str, object] = {"trace": _way_here()} if trace else {}
            self.channel(channel).warning(warning, **told)
        return True

    @property
    def masker(self) -> Masker:
        """What hides secrets in messages and fields; others may use it for what they show."""
        return self._hub.masker

    def hide(self, *secrets: str) -> None:
        """Mask these values wherever a message or field contains them."""
        self._hub.masker.hide(*secrets)

    def hide_fields(self, *names: str) -> None:
        """Mask the values of fields with these names, in text too; as `log.mask.fields` does."""
        self._hub.masker.hide_fields(*names)

    def reset_context(self) -> None:
        """Remove what `with_context` added, on every channel: a new request or job begins."""
        context.clear()
        for logger in self.channels().values():
            logger.reset()

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
        channel = self._quick
        if channel is None:
            channel = self.channel()
            self.threshold = channel.threshold
            if self._instances.get(self._default) is channel:
                self._quick = channel
        if channel.threshold <= level:
            channel._write(level, message, fields)

    def _look_again(self) -> None:
        """Forget what is known of the default channel."""
        self.threshold = 0
        self._quick = None

    def _build(self, name: str, definition: Definition) -> Logger:
        if name in self._path:
            raise ChannelLoop((*self._path[self._path.index(name) :], name))
        from securely.log.drivers.base import resolved

        before, self._path = self._path, (*self._path, name)
        try:
            made = self._made(name, definition)
            logger = made if isinstance(made, Logger) else self._wrapped(name, made, definition)
            # A tap that writes to the channel that is being made does not make it again.
            for each in getattr(definition, "tap", ()):
                resolved(each)(logger)
        finally:
            self._path = before
        return logger

    def _wrapped(self, name: str, made: Handler, definition: Definition) -> Logger:
        """Return the channel of a handler, with what its configuration asks for in between."""
        from securely.log.drivers.base import Aside, Holding, Processing, resolved

        said: Any = definition
        hub = self._hub
        # Those that send over the network have a thread of their own; several may be of one driver.
        if (outbox := getattr(made, "outbox", None)) is not None:
            outbox.name = name
        elif getattr(said, "async_", False):
            size, seconds = said.queue_max, said.flush_seconds
            tell = hub.emergency.report
            made = Aside(made, name, tell, queue_max=size, flush_seconds=seconds)
        if (level := getattr(said, "action_level", None)) is not None:
            size, stop = said.buffer_size, said.stop_buffering
            made = Holding(made, level_number(level), size=size, stop=stop)
        processors = [resolved(each) for each in getattr(said, "processors", ())]
        bubble = getattr(said, "bubble", True)
        if processors or not bubble:
            made = Processing(made, processors, bubble=bubble)
        fills = getattr(said, "replace_placeholders", True)
        return Logger(name, [made], hub, getattr(said, "name", None), fills=fills)

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
        reason = self._problem or _reason(error)
        told = f'Log channel "{name}" cannot be used; see {hub.emergency.path}. {reason}'
        return Logger(name, [EmergencyHandler(hub.emergency, told)], hub)

    def _undefined(self, name: str) -> Exception:
        return UndefinedChannel(name, self.names())


def _reason(error: Exception) -> str:
    """Return what *error* says, or what it is."""
    try:
        return str(error) or words_of(error)
    except Exception:  # a factory's or a tap's own
        return words_of(error)


def _way_here() -> list[str]:
    """Return the calls that led here, without those of the warning itself."""
    from traceback import extract_stack

    frames = [each for each in extract_stack() if not each.filename.endswith("warnings.py")]
    outside = [each for each in frames if each.filename != __file__][-_FRAMES_MAX:]
    return [f"{each.filename}:{each.lineno} {each.name}" for each in outside]
