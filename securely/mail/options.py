"""MailOptions: the mailers, the default one, and what every message is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from securely.mail.exceptions import InvalidMessage
from securely.mail.message.address import Address
from securely.support.options import Options, Seconds, kind_by, one_of
from securely.support.suggest import did_you_mean

__all__ = [
    "AddressOptions",
    "ArrayOptions",
    "CustomOptions",
    "FailoverOptions",
    "FileOptions",
    "LogOptions",
    "MailOptions",
    "MailerOptions",
    "MarkdownOptions",
    "NullOptions",
    "OnceOptions",
    "RoundRobinOptions",
    "SendmailOptions",
    "SeveralOptions",
    "SmtpOptions",
    "StandingOptions",
    "default_mailers",
    "mailer_options",
]


class AddressOptions(Options):
    """One mailbox; in the configuration it may be text, too: ``"Shop <shop@x.io>"``."""

    address: str = ""
    """The address; one that is empty is refused."""
    name: str = ""
    """Whose it is, as it is to be shown."""

    @property
    def value(self) -> Address:
        """What it says."""
        return Address(self.address, self.name)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        try:
            found = Address.of(data)
        except InvalidMessage as error:
            raise ValueError(error.reason) from None
        return {"address": found.email, "name": found.name}

    @field_validator("address")
    @classmethod
    def _is_one(cls, address: str) -> str:
        try:
            return Address(address).email
        except InvalidMessage as error:
            raise ValueError(error.reason) from None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        try:
            return Address("a@b", name).name
        except InvalidMessage as error:
            raise ValueError(error.reason) from None


class StandingOptions(Options):
    """What messages are given."""

    from_: AddressOptions | None = Field(default=None, alias="from")
    """Whom a message is from that does not say."""
    reply_to: AddressOptions | None = None
    """Whom answers go to, where a message does not say."""
    return_path: AddressOptions | None = None
    """Where failures are told, where a message does not say."""
    to: AddressOptions | None = None
    """Who gets every message instead of those it names; for machines that must write to nobody."""


class MailerOptions(StandingOptions):
    """What every mailer may be told; its own ``from``, ``reply_to`` … win over those of all."""

    @property
    def driver(self) -> str:
        """The transport, in the word of managers."""
        return str(getattr(self, "transport"))  # noqa: B009  # each mailer has its own kind


class SmtpOptions(MailerOptions):
    """A mailer that speaks to a server."""

    transport: Literal["smtp"]
    host: str = "127.0.0.1"
    """The server's name or address; its certificate is checked against this."""
    port: int = Field(default=587, ge=1, le=65_535)
    """The server's TCP port: 587 for submission, 465 with ``implicit``."""
    encryption: Literal["opportunistic", "required", "implicit", "none"] = "opportunistic"
    """``opportunistic`` encrypts where the server offers it, ``required`` fails where it does
    not, ``implicit`` is TLS from the first byte, ``none`` never encrypts."""
    verify: bool = True
    """Whether the certificate is checked; False is for tests alone."""
    ca_file: str | None = None
    """The authorities that are trusted, in PEM; those of the system where none is named."""
    username: str | None = None
    """Who logs in; nobody does where it is empty."""
    password: SecretStr | None = None
    """The user's password."""
    token: str | None = Field(default=None, json_schema_extra={"secret": False})
    """Dotted name of a function that gives an OAuth 2 access token, with each connection."""
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2"] = "auto"
    """How the user logs in; ``auto`` takes the best that the server offers."""
    local_hostname: str | None = None
    """How this machine introduces itself; its full name where none is given."""
    connect_seconds: Seconds = Field(default=10.0, gt=0)
    """How long a connection is waited for."""
    timeout_seconds: Seconds = Field(default=30.0, gt=0)
    """How long each answer is waited for."""
    total_seconds: Seconds = Field(default=300.0, gt=0)
    """How long one message may take, all in all."""
    messages_max: int = Field(default=100, ge=1)
    """How many messages one connection brings before it is opened anew: servers count, too."""
    lifetime_seconds: Seconds = Field(default=300.0, gt=0)
    """How long one connection is used."""
    ping_seconds: Seconds = Field(default=10.0, ge=0)
    """A connection that was idle for longer is asked whether it is alive before it is used."""

    @field_validator("username", "password", "local_hostname", "ca_file", "token", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # A variable that is set to nothing in .env means that there is none.
        return None if value == "" else value


class SendmailOptions(MailerOptions):
    """A mailer that runs the machine's own mail program."""

    transport: Literal["sendmail"]
    command: str = "/usr/sbin/sendmail -bs"
    """The program: with ``-bs`` it is spoken to in SMTP, else it reads the message."""
    timeout_seconds: Seconds = Field(default=60.0, gt=0)
    """How long the program may take."""


class LogOptions(MailerOptions):
    """A mailer that writes messages to the log, and sends nothing."""

    transport: Literal["log"]
    channel: str | None = None
    """The channel of the log; the default one where none is named."""
    level: str = "debug"
    """The level they are written at."""


class FileOptions(MailerOptions):
    """A mailer that keeps each message as a file, which mail programs open."""

    transport: Literal["file"]
    path: str = "storage/mail"
    """The directory; what begins with ``storage/`` lies under the application's storage."""

    @field_validator("path")
    @classmethod
    def _is_some(cls, path: str) -> str:
        if not path.strip():
            raise ValueError("must name a directory")
        return path


class ArrayOptions(MailerOptions):
    """A mailer that keeps messages in memory, for tests."""

    transport: Literal["array"]


class NullOptions(MailerOptions):
    """A mailer that drops messages."""

    transport: Literal["null"]


class SeveralOptions(MailerOptions):
    """A mailer that stands for others."""

    mailers: tuple[str, ...] = ()
    """The names of the mailers."""
    retry_seconds: Seconds = Field(default=60.0, ge=0)
    """For how many seconds a mailer that failed is left alone."""

    @field_validator("mailers")
    @classmethod
    def _are_some(cls, mailers: tuple[str, ...]) -> tuple[str, ...]:
        if not mailers:
            raise ValueError("must name at least one mailer")
        if len(set(mailers)) < len(mailers):
            raise ValueError("must not name a mailer twice")
        return mailers


class FailoverOptions(SeveralOptions):
    """The first of several mailers that takes a message."""

    transport: Literal["failover"]


class RoundRobinOptions(SeveralOptions):
    """Several mailers in turn."""

    transport: Literal["roundrobin"]


class CustomOptions(MailerOptions):
    """A mailer whose transport the application adds by ``Mail.extend``, with any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    transport: str


_kind = kind_by("transport", lambda: _CLASSES)

OneMailer: TypeAlias = (
    ArrayOptions
    | FailoverOptions
    | FileOptions
    | LogOptions
    | NullOptions
    | RoundRobinOptions
    | SendmailOptions
    | SmtpOptions
    | CustomOptions
)
AnyMailer: TypeAlias = Annotated[
    Annotated[ArrayOptions, Tag("array")]
    | Annotated[FailoverOptions, Tag("failover")]
    | Annotated[FileOptions, Tag("file")]
    | Annotated[LogOptions, Tag("log")]
    | Annotated[NullOptions, Tag("null")]
    | Annotated[RoundRobinOptions, Tag("roundrobin")]
    | Annotated[SendmailOptions, Tag("sendmail")]
    | Annotated[SmtpOptions, Tag("smtp")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(_kind),
]


def default_mailers() -> dict[str, OneMailer]:
    """Return the mailers there are where the configuration names none; none of them sends."""
    return {
        "array": ArrayOptions(transport="array"),
        "file": FileOptions(transport="file"),
        "log": LogOptions(transport="log"),
        "null": NullOptions(transport="null"),
    }


class OnceOptions(Options):
    """How the mail of an idempotency key is sent once."""

    driver: Literal["store", "cache", "none"] = "store"
    """Where it is remembered that a mail was sent: the store is for all processes of one machine,
    a cache on Redis for several machines; ``none`` sends each time."""
    store: str | None = None
    """The database of the store; the default one where none is named."""
    cache: str | None = None
    """The store of the cache; the default one where none is named."""
    days: float = Field(default=7.0, gt=0, le=3_650)
    """For how many days it is remembered: longer than any job is tried."""
    claim_seconds: Seconds = Field(default=60.0, gt=0)
    """After how long others may try the mail of a process that died while it sent."""


class MarkdownOptions(Options):
    """How markdown mails look."""

    theme: str = "default"
    """The theme of mails that name none: default, plain, dark, or one of the application's own."""


class MailOptions(StandingOptions):
    """The section ``mail`` of the configuration."""

    mailers: dict[str, AnyMailer] = Field(default_factory=default_mailers)
    """The mailers by name."""
    default: str = "log"
    """The mailer that is used when none is named."""
    once: OnceOptions = Field(default_factory=OnceOptions)
    """How the mail of an idempotency key is sent once."""
    markdown: MarkdownOptions = Field(default_factory=MarkdownOptions)
    """How markdown mails look."""

    @field_validator("mailers")
    @classmethod
    def _several_end(cls, mailers: dict[str, AnyMailer]) -> dict[str, AnyMailer]:
        for name, mailer in mailers.items():
            if isinstance(mailer, SeveralOptions):
                _check_several(name, mailers)
        return mailers

    @field_validator("default")
    @classmethod
    def _is_defined(cls, named: str, info: ValidationInfo) -> str:
        return one_of(named, info.data.get("mailers", {named: None}), "mailer")


def mailer_options(data: Mapping[str, object], key: str) -> OneMailer:
    """Return the options of one mailer, which stand at *key*.

    Raises:
        InvalidOptions: They are none.
    """
    return _CLASSES.get(str(data.get("transport")), CustomOptions).parse(data, key)


def _check_several(name: str, mailers: Mapping[str, object], way: tuple[str, ...] = ()) -> None:
    """Raise ValueError if the mailer *name* names one that is not there, or itself."""
    if name in way:
        path = " -> ".join((*way[way.index(name) :], name))
        raise ValueError(f'the mailer "{name}" leads back to itself ({path})')
    mailer = mailers[name]
    if not isinstance(mailer, SeveralOptions):
        return
    for each in mailer.mailers:
        if each not in mailers:
            near = did_you_mean(each, mailers)
            hint = f'; did you mean "{near}"?' if near else ""
            raise ValueError(
                f'the mailer "{name}" names "{each}", which is not defined, only '
                f"{', '.join(mailers)}{hint}"
            )
        _check_several(each, mailers, (*way, name))


_CLASSES: Mapping[
    str,
    type[
        ArrayOptions
        | FailoverOptions
        | FileOptions
        | LogOptions
        | NullOptions
        | RoundRobinOptions
        | SendmailOptions
        | SmtpOptions
    ],
] = {
    "array": ArrayOptions,
    "failover": FailoverOptions,
    "file": FileOptions,
    "log": LogOptions,
    "null": NullOptions,
    "roundrobin": RoundRobinOptions,
    "sendmail": SendmailOptions,
    "smtp": SmtpOptions,
}
