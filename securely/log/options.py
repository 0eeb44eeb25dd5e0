"""LogOptions: the section `log` of the configuration; one model per driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)

from securely.log.levels import level_number
from securely.support.options import Options, Seconds, kind_by, one_of
from securely.support.suggest import did_you_mean

__all__ = [
    "AnyChannel",
    "ArrayChannel",
    "Channel",
    "CustomChannel",
    "DailyChannel",
    "DatedChannel",
    "Deprecations",
    "HandlerChannel",
    "HourlyChannel",
    "JsonChannel",
    "LogOptions",
    "Mask",
    "MonthlyChannel",
    "NullChannel",
    "OtherChannel",
    "SingleChannel",
    "SlackChannel",
    "StackChannel",
    "StderrChannel",
    "StdlibChannel",
    "StdoutChannel",
    "SyslogChannel",
    "WebhookChannel",
    "channel_options",
]

# Files are for their owner alone; an application whose web server is another user widens it.
_OWNER_ONLY: Final = 0o600


def _level(value: object) -> object:
    """Let levels be written in any case, and refuse those that do not exist."""
    if isinstance(value, str):
        level_number(value)
        return value.lower()
    return value


def _names(value: object) -> object:
    """Let several names be written as a list, or in one text with commas, as `.env` has it."""
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


def _octal(value: object) -> object:
    """Read text as octal digits: a mode in `.env` is written "640" or "0640"."""
    return int(value, 8) if isinstance(value, str) and value.strip("01234567") == "" else value


class Channel(Options):
    """What every channel may say."""

    driver: str
    name: str | None = Field(
        None, description="What lines call the channel. None: the environment, as in Laravel."
    )
    level: Annotated[str, BeforeValidator(_level)] = Field(
        "debug", description="The lowest level that is written; debug, so that nothing is missed."
    )
    async_: bool = Field(
        False,
        alias="async",
        description="Write in a thread of the channel's own; slack and webhook do so anyway.",
    )
    queue_max: int = Field(
        10_000, ge=1, description="How many records wait for that thread; what comes is dropped."
    )
    flush_seconds: Annotated[Seconds, Field(ge=0)] = Field(
        5, description="How long the end of the process waits for what has not been written."
    )
    replace_placeholders: bool = Field(
        True, description="Let {name} in a message stand for the field of that name."
    )
    bubble: bool = Field(
        True, description="In a stack, hand what it has written on to the channels that follow."
    )
    tap: list[Any] = Field(
        default_factory=list[Any],
        description="Called with the channel when it is made, in order: functions, classes, their "
        "dotted paths, or pairs of one and its arguments.",
    )
    processors: list[Any] = Field(
        default_factory=list[Any],
        description="Change each record, in order; written as `tap` is.",
    )
    action_level: Annotated[str, BeforeValidator(_level)] | None = Field(
        None,
        description="Hold records back until one reaches this level. None: nothing is held back.",
    )
    buffer_size: int = Field(
        1000, ge=1, description="How many records a task holds back; the oldest go first."
    )
    stop_buffering: bool = Field(
        True, description="After a record of `action_level`, hold nothing back any more."
    )


class _Written(Channel):
    """A channel that writes text."""

    formatter: str | None = Field(
        None,
        description="line, message, json, logfmt, console or the dotted path of a class. None: the "
        "driver's own.",
    )
    formatter_with: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="What the formatter is given beside."
    )


class SingleChannel(_Written):
    """One file."""

    path: str = Field(
        "storage/logs/securely.log", description="The file, absolute or under the application."
    )
    permission: Annotated[int, BeforeValidator(_octal)] = Field(
        _OWNER_ONLY, ge=0, le=0o777, description="The mode of a new file, in octal digits."
    )
    locking: bool = Field(
        False,
        description="Take a lock per record; needed on file systems where appending is not atomic.",
    )


class JsonChannel(SingleChannel):
    """One file of JSON."""

    path: str = Field(
        "storage/logs/securely.jsonl", description="The file, absolute or under the application."
    )


class DatedChannel(SingleChannel):
    """One file per day, or another time."""

    file_name: str = Field(
        "{name}-{date}",
        pattern=r"\{date\}",
        description="The files' names without their suffix; {name} is that of `path`.",
    )
    current: str | None = Field(
        None,
        description='The name of a link to the file that is written now, such as "{name}.log"; '
        "None makes none.",
    )

    @field_validator("file_name", "current")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and ("/" in value or "\\" in value):
            raise ValueError("is a name; the folder is that of path")
        return value

    @property
    def kept(self) -> int:
        """How many files are kept; 0 keeps all."""
        return 0


class DailyChannel(DatedChannel):
    """One file per day."""

    days: int = Field(
        14, ge=0, description="How many files are kept; two weeks, as in Laravel. 0 keeps all."
    )

    @property
    def kept(self) -> int:
        """How many files are kept; 0 keeps all."""
        return self.days


class MonthlyChannel(DatedChannel):
    """One file per month."""

    months: int = Field(
        3, ge=0, description="How many files are kept; three, as in Laravel. 0 keeps all."
    )

    @property
    def kept(self) -> int:
        """How many files are kept; 0 keeps all."""
        return self.months


class HourlyChannel(DatedChannel):
    """One file per hour."""

    hours: int = Field(48, ge=0, description="How many files are kept; two days. 0 keeps all.")

    @property
    def kept(self) -> int:
        """How many files are kept; 0 keeps all."""
        return self.hours


class StderrChannel(_Written):
    """The standard error output."""


class StdoutChannel(_Written):
    """The standard output."""


class SyslogChannel(_Written):
    """The system's log, or one across the network."""

    address: str | None = Field(
        None,
        description="The path of a Unix socket, or udp://host:514, tcp://host:601, "
        "tls://host:6514. None: the system's own socket.",
    )
    facility: str = Field("user", description="What kind of program writes, by name; as in PHP.")
    ident: str = Field("securely", description="What the program is called; no blanks.")
    protocol: Literal["rfc5424", "rfc3164"] | None = Field(
        None,
        description="The form of messages. None: RFC 5424 over the network, and over a local "
        "socket what syslog(3) writes, which is all that journald understands.",
    )
    timeout_seconds: Annotated[Seconds, Field(gt=0)] = Field(
        1, description="How long a message may take over TCP; short, because somebody waits."
    )

    @field_validator("facility")
    @classmethod
    def _is_facility(cls, value: str) -> str:
        from securely.log.drivers.syslog_wire import FACILITIES

        return one_of(value.lower(), FACILITIES, "facility")

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        from securely.log.drivers.syslog_wire import parse_address

        parse_address(value)
        return value


class WebhookChannel(_Written):
    """Messages as HTTP requests, sent by a thread of the channel's own."""

    url: str = Field(
        "", json_schema_extra={"secret": True}, description="Where they go; treated as a secret."
    )
    headers: dict[str, str] = Field(
        default_factory=dict[str, str],
        json_schema_extra={"secret": True},
        description="What each request carries beside.",
    )
    timeout_seconds: Annotated[Seconds, Field(gt=0, le=60)] = Field(
        2, description="How long a request may take; two seconds, since others wait behind it."
    )
    queue_max: int = Field(
        1000, ge=1, description="How many records wait at most; what comes then is dropped."
    )
    rate_max: int = Field(
        60, ge=0, description="How many records are sent per minute; 0 knows no limit."
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value


class SlackChannel(WebhookChannel):
    """Messages in a channel of Slack."""

    level: Annotated[str, BeforeValidator(_level)] = Field(
        "critical", description="The lowest level that is written; critical, as in Laravel."
    )
    username: str | None = Field(None, description="Who writes; None: as the webhook has it.")
    emoji: str | None = Field(None, description="The face of who writes, such as :boom:.")
    channel: str | None = Field(None, description="Where in Slack; None: as the webhook has it.")
    attachment: bool = Field(True, description="Write fields as a coloured attachment.")
    short: bool = Field(False, description="Write fields in one block, not one by one.")
    context: bool = Field(True, description="Write the fields; False leaves the message alone.")


class HandlerChannel(_Written):
    """A handler of Python's `logging`, by its dotted path."""

    handler: str = Field("", description="The dotted path of the handler's class.")
    with_: dict[str, Any] = Field(
        default_factory=dict[str, Any], alias="with", description="Its arguments."
    )


class CustomChannel(Channel):
    """What a factory of the application makes."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    via: Any = Field(None, description="The factory or its dotted path; is given the settings.")


class StdlibChannel(Channel):
    """A logger of the standard library's `logging`."""

    logger: str = Field("securely", description="The logger's name.")


class StackChannel(Channel):
    """Several channels at once, each with its own level and form."""

    channels: Annotated[list[str], BeforeValidator(_names)] = Field(
        default_factory=list, description="Their names, a list or a text with commas."
    )
    ignore_exceptions: bool = Field(
        False,
        description="Do not report a channel of the stack that fails; the others still write.",
    )


class NullChannel(Channel):
    """Nowhere."""


class ArrayChannel(Channel):
    """Memory, for tests."""

    records_max: int = Field(
        10_000, ge=1, description="How many records are kept; the oldest go first."
    )


class OtherChannel(Channel):
    """A driver of the application's own; what else it says is for that driver."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    @field_validator("driver")
    @classmethod
    def _is_no_slip(cls, driver: str) -> str:
        """Refuse what was probably meant to be one of our drivers."""
        near = did_you_mean(driver, tuple(_MODELS))
        if near:
            raise ValueError(
                f'is not a driver. Drivers: {", ".join(_MODELS)}. Did you mean "{near}"?'
            )
        return driver


_kind = kind_by("driver", lambda: _MODELS, "other")

AnyChannel: TypeAlias = Annotated[
    Annotated[ArrayChannel, Tag("array")]
    | Annotated[CustomChannel, Tag("custom")]
    | Annotated[DailyChannel, Tag("daily")]
    | Annotated[HandlerChannel, Tag("handler")]
    | Annotated[HourlyChannel, Tag("hourly")]
    | Annotated[JsonChannel, Tag("json")]
    | Annotated[MonthlyChannel, Tag("monthly")]
    | Annotated[NullChannel, Tag("null")]
    | Annotated[SingleChannel, Tag("single")]
    | Annotated[SlackChannel, Tag("slack")]
    | Annotated[StackChannel, Tag("stack")]
    | Annotated[StderrChannel, Tag("stderr")]
    | Annotated[StdlibChannel, Tag("stdlib")]
    | Annotated[StdoutChannel, Tag("stdout")]
    | Annotated[SyslogChannel, Tag("syslog")]
    | Annotated[WebhookChannel, Tag("webhook")]
    | Annotated[OtherChannel, Tag("other")],
    Discriminator(_kind),
]


class Deprecations(Options):
    """Where Python's warnings of deprecations go."""

    channel: str | None = Field(
        None, description="The channel; None leaves warnings to Python, as they are."
    )
    trace: bool = Field(False, description="Tell how the deprecated thing was reached.")


class Mask(Options):
    """What is masked, beside what says itself that it is secret."""

    fields: Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_names)] = Field(
        default_factory=list,
        description="Names whose values nobody may read, such as iban; a list or a text with "
        "commas.",
    )


class LogOptions(Options):
    """The section `log` of the configuration."""

    channels: dict[str, AnyChannel] = Field(
        default_factory=dict, description="The channels by name."
    )
    default: str = Field("single", description="The channel that is meant when none is named.")
    deprecations: Deprecations = Field(
        default_factory=lambda: Deprecations.parse({}, "log.deprecations"),
        description="Where warnings of deprecations go.",
    )
    mask: Mask = Field(
        default_factory=lambda: Mask.parse({}, "log.mask"),
        description="What is masked beside passwords, tokens and their like.",
    )

    @field_validator("default")
    @classmethod
    def _is_defined(cls, default: str, info: ValidationInfo) -> str:
        channels = info.data.get("channels") or {default: None}
        if default not in channels:
            near = did_you_mean(default, tuple(channels))
            hint = f'; did you mean "{near}"?' if near else ""
            raise ValueError(f"no such channel is defined, only {', '.join(channels)}{hint}")
        return default


_MODELS: Final[Mapping[str, type[Channel]]] = {
    "array": ArrayChannel,
    "custom": CustomChannel,
    "daily": DailyChannel,
    "handler": HandlerChannel,
    "hourly": HourlyChannel,
    "json": JsonChannel,
    "monthly": MonthlyChannel,
    "null": NullChannel,
    "single": SingleChannel,
    "slack": SlackChannel,
    "stack": StackChannel,
    "stderr": StderrChannel,
    "stdlib": StdlibChannel,
    "stdout": StdoutChannel,
    "syslog": SyslogChannel,
    "webhook": WebhookChannel,
}


def channel_options(data: Mapping[str, object], key: str) -> Channel:
    """Check *data*, which stands at *key*, as the options of the driver it names.

    Raises:
        InvalidOptions: It does not fit; each problem names its dotted key.
    """
    return _MODELS.get(str(data.get("driver")), OtherChannel).parse(data, key)
