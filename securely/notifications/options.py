"""NotificationOptions: the channels of notifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, SecretStr, Tag, field_validator

from securely.support.options import Options, Seconds, kind_by

__all__ = [
    "CustomOptions",
    "LogOptions",
    "MailOptions",
    "NotificationOptions",
    "StoreOptions",
    "WebhookOptions",
]


class MailOptions(Options):
    """A channel that sends mails."""

    driver: Literal["mail"]
    mailer: str | None = None
    """The mailer of mails that name none; the default one where it is empty."""
    theme: str | None = None
    """The theme of mails that name none; that of the application's mail where it is empty."""


class StoreOptions(Options):
    """A channel that keeps notifications in the embedded store."""

    driver: Literal["store"]
    database: str | None = None
    """The database of the store; the default one where it is empty."""
    tree: str = "notifications"
    """The tree that they lie in."""


class LogOptions(Options):
    """A channel that writes to the log."""

    driver: Literal["log"]
    channel: str | None = None
    """The channel of the log; the default one where it is empty."""
    level: str = "info"
    """The level of notifications that say none."""


class WebhookOptions(Options):
    """A channel that posts to webhooks."""

    driver: Literal["webhook"]
    secret: SecretStr | tuple[SecretStr, ...] = ()
    """What requests are signed with, or several while one replaces another; none for unsigned."""
    connect_seconds: Seconds = Field(default=5.0, gt=0)
    """How long a connection is waited for."""
    timeout_seconds: Seconds = Field(default=10.0, gt=0)
    """How long each silence of the server may last."""
    total_seconds: Seconds = Field(default=30.0, gt=0)
    """How long the answer to one request may take, all in all."""
    ca_file: str | None = None
    """The authorities that are trusted, in PEM; those of the system where none is named."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What requests are signed with, each; what is empty signs nothing."""
        several = self.secret if isinstance(self.secret, tuple) else (self.secret,)
        return tuple(each.get_secret_value() for each in several if each.get_secret_value())


class CustomOptions(Options):
    """A channel of the application, with any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


_CLASSES: Mapping[
    str, type[LogOptions] | type[MailOptions] | type[StoreOptions] | type[WebhookOptions]
] = {
    "log": LogOptions,
    "mail": MailOptions,
    "store": StoreOptions,
    "webhook": WebhookOptions,
}


def _items(channels: Any) -> Iterable[tuple[Any, Any]]:
    found: Iterable[tuple[Any, Any]] = channels.items()
    return found


_kind = kind_by("driver", lambda: _CLASSES)

OneChannel: TypeAlias = LogOptions | MailOptions | StoreOptions | WebhookOptions | CustomOptions
AnyChannel: TypeAlias = Annotated[
    Annotated[LogOptions, Tag("log")]
    | Annotated[MailOptions, Tag("mail")]
    | Annotated[StoreOptions, Tag("store")]
    | Annotated[WebhookOptions, Tag("webhook")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(_kind),
]


class NotificationOptions(Options):
    """The section ``notifications`` of the configuration."""

    channels: dict[str, AnyChannel] = Field(default_factory=dict)
    """The channels by name; `mail`, `store`, `log` and `webhook` are there without being named."""

    @field_validator("channels", mode="before")
    @classmethod
    def _with_ours(cls, channels: Any) -> Any:
        if not isinstance(channels, Mapping):
            return channels
        named: dict[Any, Any] = {name: {"driver": name} for name in sorted(_CLASSES)}
        for name, said in _items(channels):
            # What is said of one of ours need not say that it is.
            is_ours = name in _CLASSES and isinstance(said, Mapping)
            named[name] = {"driver": name, **said} if is_ours else said
        return named
