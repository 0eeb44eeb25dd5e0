"""LogOptions: the section `log` of the configuration; one model per driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, TypeAlias, cast

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
from securely.support.options import Options
from securely.support.suggest import did_you_mean

__all__ = [
    "AnyChannel",
    "ArrayChannel",
    "Channel",
    "DailyChannel",
    "LogOptions",
    "NullChannel",
    "OtherChannel",
    "SingleChannel",
    "StackChannel",
    "StderrChannel",
    "StdlibChannel",
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


class _Written(Channel):
    """A channel that writes text."""

    formatter: str | None = Field(
        None,
        description="line, json, console or the dotted path of a class. None: the driver's own.",
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


class DailyChannel(SingleChannel):
    """One file per day."""

    days: int = Field(
        14, ge=0, description="How many files are kept; two weeks, as in Laravel. 0 keeps all."
    )


class StderrChannel(_Written):
    """The standard error output."""


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


def _kind(data: Any) -> str:
    """Return which of the models above *data* is for."""
    driver = cast("Any", data).get("driver") if isinstance(data, Mapping) else data.driver
    return driver if driver in _MODELS else "other"


AnyChannel: TypeAlias = Annotated[
    Annotated[ArrayChannel, Tag("array")]
    | Annotated[DailyChannel, Tag("daily")]
    | Annotated[NullChannel, Tag("null")]
    | Annotated[SingleChannel, Tag("single")]
    | Annotated[StackChannel, Tag("stack")]
    | Annotated[StderrChannel, Tag("stderr")]
    | Annotated[StdlibChannel, Tag("stdlib")]
    | Annotated[OtherChannel, Tag("other")],
    Discriminator(_kind),
]


class LogOptions(Options):
    """The section `log` of the configuration."""

    channels: dict[str, AnyChannel] = Field(
        default_factory=dict, description="The channels by name."
    )
    default: str = Field("single", description="The channel that is meant when none is named.")

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
    "daily": DailyChannel,
    "null": NullChannel,
    "single": SingleChannel,
    "stack": StackChannel,
    "stderr": StderrChannel,
    "stdlib": StdlibChannel,
}


def channel_options(data: Mapping[str, object], key: str) -> Channel:
    """Check *data*, which stands at *key*, as the options of the driver it names.

    Raises:
        InvalidOptions: It does not fit; each problem names its dotted key.
    """
    return _MODELS.get(str(data.get("driver")), OtherChannel).parse(data, key)
