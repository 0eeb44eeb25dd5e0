"""What can go wrong with mail.

MailError                       the root
├── AttachmentUnavailable       what is attached is at a URL, and can not be had
├── InvalidMailable             a class of mailables can not be one (also a TypeError)
├── InvalidMessage              a field of a message can not be sent (also a ValueError)
├── KeyReused                   a mail was not sent, as another one of its key was; reported only
├── MailerUndefined             no mailer of that name is defined (also a LookupError)
├── NotSendable                 what is to be sent or queued is no mail (also a TypeError)
├── TransportError              a transport did not take a message, or not for everybody
│   ├── InFlight                somebody else sends the mail of the same key right now
│   ├── LedgerFailed            nobody can say whether the mail of a key was sent before
│   ├── RecipientsRefused       the server takes the message for none of its recipients
│   └── TransportExhausted      every transport of several failed; each cause is listed
├── UnknownTransport            a mailer names a transport that nobody provides (also a LookupError)
└── UnreadableEntry             what is kept of a mail was not written by us (also a ValueError)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "AttachmentUnavailable",
    "InFlight",
    "InvalidMailable",
    "InvalidMessage",
    "KeyReused",
    "LedgerFailed",
    "MailError",
    "MailerUndefined",
    "NotSendable",
    "RecipientsRefused",
    "TransportError",
    "TransportExhausted",
    "UnknownTransport",
    "UnreadableEntry",
]


class MailError(SecurelyError):
    """The root of every error of mail."""


class AttachmentUnavailable(MailError):
    """What is attached to a message is at a URL, and can not be had; nothing was sent.

    It is no error of a transport: another one would fetch the same URL.

    Attributes:
        field: Which field holds it: ``attachments`` or ``inline``.
        url: Where it is, without what may be secret.
        reason: What went wrong, as a sentence without its full stop.
        is_retryable: Whether it may be had later.
        status: The status of the server's answer, where that is what went wrong.
    """

    def __init__(
        self,
        field: str,
        url: str,
        reason: str,
        *,
        is_retryable: bool,
        status: int | None = None,
    ) -> None:
        self.field: str = field
        self.url: str = url
        self.reason: str = reason
        self.is_retryable: bool = is_retryable
        self.status: int | None = status
        super().__init__(
            f'The file at {url}, in "{field}" of this message, can not be had: {reason}.'
        )

    def __reduce__(self) -> tuple[Callable[..., AttachmentUnavailable], tuple[str, str, str]]:
        make = partial(type(self), is_retryable=self.is_retryable, status=self.status)
        return make, (self.field, self.url, self.reason)


class InvalidMailable(MailError, TypeError):
    """A class of mailables has a field with the name of a method.

    Attributes:
        mailable: The class, by its dotted name.
        field: The field.
    """

    def __init__(self, mailable: str, field: str) -> None:
        self.mailable: str = mailable
        self.field: str = field
        super().__init__(
            f'{mailable} can not be a mailable: its field "{field}" has the name of a method of '
            "Mailable. Rename the field."
        )

    def __reduce__(self) -> tuple[type[InvalidMailable], tuple[str, str]]:
        return type(self), (self.mailable, self.field)


class NotSendable(MailError, TypeError):
    """What is to be sent or queued is no mail.

    Attributes:
        reason: What it is, and what to give instead.
    """

    def __init__(self, reason: str) -> None:
        self.reason: str = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[type[NotSendable], tuple[str]]:
        return type(self), (self.reason,)


class InvalidMessage(MailError, ValueError):
    """A field of a message can not be sent as it is.

    Attributes:
        field: Which one: ``to``, ``subject``, ``headers.X-Id``, ``attachments``.
        reason: What is wrong with it, with the value where that may be shown.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field: str = field
        self.reason: str = reason
        super().__init__(f'The field "{field}" of this message can not be sent: {reason}')

    def __reduce__(self) -> tuple[type[InvalidMessage], tuple[str, str]]:
        return type(self), (self.field, self.reason)


class KeyReused(MailError, ValueError):
    """A mail was not sent, since one with its idempotency key and another Message-ID was.

    It is reported, not raised: the mail may be the same one, which a listener of MessageSending or
    a new address of its sender has given another Message-ID.

    Attributes:
        key: The idempotency key.
        message_id: The Message-ID of the mail that was not sent.
        sent_id: That of the mail that was sent.
    """

    def __init__(self, key: str, message_id: str, sent_id: str) -> None:
        self.key: str = key
        self.message_id: str = message_id
        self.sent_id: str = sent_id
        super().__init__(
            f'The mail {message_id} was not sent: its idempotency key "{key}" is that of the mail '
            f"{sent_id}, which was sent. If these are two mails, such as one for each of several "
            "people, give each a key of its own."
        )

    def __reduce__(self) -> tuple[type[KeyReused], tuple[str, str, str]]:
        return type(self), (self.key, self.message_id, self.sent_id)


class MailerUndefined(MailError, LookupError):
    """No mailer of that name is defined.

    Attributes:
        mailer: The name.
        mailers: Those that are defined.
    """

    def __init__(self, mailer: str, mailers: Iterable[str]) -> None:
        self.mailer: str = mailer
        self.mailers: tuple[str, ...] = tuple(sorted(mailers))
        super().__init__(
            f'Mailer "{mailer}" is not defined. '
            f"Defined mailers: {', '.join(self.mailers) or 'none'}.{_hint(mailer, self.mailers)}"
        )

    def __reduce__(self) -> tuple[type[MailerUndefined], tuple[str, tuple[str, ...]]]:
        return type(self), (self.mailer, self.mailers)


class TransportError(MailError):
    """A transport did not take a message, or not for everybody.

    Args:
        transport: The name of the transport.
        reason: What went wrong, as a sentence without its full stop.
        is_retryable: Whether the same message may be taken later.
        code: The server's reply code, where it gave one.
        reply: The server's own words.
        is_unknown: Whether nobody knows if the server took the message: the connection broke
            after the last byte and before the answer.
        is_refusal: Whether the server works, and refuses this message; another server may not.
    """

    def __init__(
        self,
        transport: str,
        reason: str,
        *,
        is_retryable: bool,
        code: int | None = None,
        reply: str = "",
        is_unknown: bool = False,
        is_refusal: bool = False,
    ) -> None:
        self.transport: str = transport
        self.reason: str = reason
        self.is_retryable: bool = is_retryable
        self.code: int | None = code
        self.reply: str = reply
        self.is_unknown: bool = is_unknown
        self.is_refusal: bool = is_refusal
        super().__init__(f'Mail transport "{transport}": {reason}.{_answer(code, reply)}')

    def __reduce__(self) -> tuple[Callable[..., TransportError], tuple[object, ...]]:
        make = partial(
            type(self),
            is_retryable=self.is_retryable,
            code=self.code,
            reply=self.reply,
            is_unknown=self.is_unknown,
            is_refusal=self.is_refusal,
        )
        return make, (self.transport, self.reason)


class InFlight(TransportError):
    """Somebody else sends the mail of the same idempotency key right now; nothing was sent here.

    Args:
        mailer: The name of the mailer that was asked.
        key: The idempotency key.
        seconds: When the claim ends at the latest, if who sends has died.
    """

    def __init__(self, mailer: str, key: str, seconds: float) -> None:
        self.key: str = key
        self.seconds: float = seconds
        super().__init__(
            mailer,
            f'the mail of the idempotency key "{key}" is being sent by another thread or process; '
            f"try again later: if that one has died, its claim ends within {seconds:g} seconds",
            is_retryable=True,
        )

    def __reduce__(self) -> tuple[Callable[..., TransportError], tuple[object, ...]]:
        return type(self), (self.transport, self.key, self.seconds)


class LedgerFailed(TransportError):
    """Nobody can say whether the mail of an idempotency key was sent before; nothing was sent now.

    Args:
        mailer: The name of the mailer that was asked.
        key: The idempotency key.
        reason: What went wrong, as a sentence without its full stop.
        is_retryable: Whether the ledger may know later.
    """

    def __init__(self, mailer: str, key: str, reason: str, *, is_retryable: bool) -> None:
        self.key: str = key
        self.failure: str = reason
        super().__init__(
            mailer,
            f'nobody can say whether the mail of the idempotency key "{key}" was sent before, so '
            f"it was not sent now: {reason}",
            is_retryable=is_retryable,
        )

    def __reduce__(self) -> tuple[Callable[..., TransportError], tuple[object, ...]]:
        make = partial(type(self), is_retryable=self.is_retryable)
        return make, (self.transport, self.key, self.failure)


class RecipientsRefused(TransportError):
    """The server takes the message for none of its recipients.

    Args:
        transport: The name of the transport.
        refused: The reason for each address.
        retryable: Those of them that may be taken later.
        where: Where the server is: host and port, or a command.
    """

    def __init__(
        self,
        transport: str,
        refused: Mapping[str, str],
        *,
        retryable: Iterable[str] = (),
        where: str = "",
    ) -> None:
        self.where: str = where
        self.refused: dict[str, str] = dict(refused)
        self.retryable: tuple[str, ...] = tuple(retryable)
        listed = "; ".join(f"{address}: {reason}" for address, reason in self.refused.items())
        super().__init__(
            transport,
            f"{where}: every recipient was refused ({listed})".removeprefix(": "),
            is_retryable=bool(self.retryable),
            is_refusal=True,
        )

    def __reduce__(self) -> tuple[Callable[..., TransportError], tuple[object, ...]]:
        make = partial(type(self), retryable=self.retryable, where=self.where)
        return make, (self.transport, self.refused)


class TransportExhausted(TransportError):
    """Every transport of several failed.

    Args:
        transport: The name of the transport that stands for them.
        causes: What went wrong with each, in the order they were tried.
    """

    def __init__(self, transport: str, causes: Mapping[str, TransportError]) -> None:
        self.causes: dict[str, TransportError] = dict(causes)
        listed = "; ".join(f"{name}: {_cause(error)}" for name, error in self.causes.items())
        super().__init__(
            transport,
            f"none of its transports took the message ({listed or 'it has none'})",
            is_retryable=any(error.is_retryable for error in self.causes.values()),
            is_unknown=any(error.is_unknown for error in self.causes.values()),
            is_refusal=bool(causes) and all(error.is_refusal for error in self.causes.values()),
        )

    def __reduce__(self) -> tuple[Callable[..., TransportError], tuple[object, ...]]:
        return type(self), (self.transport, self.causes)


class UnknownTransport(MailError, LookupError):
    """A mailer names a transport that nobody provides.

    Attributes:
        transport: The transport's name.
        mailer: The mailer that names it.
        transports: Those that are provided.
    """

    def __init__(self, transport: str, mailer: str, transports: Iterable[str]) -> None:
        self.transport: str = transport
        self.mailer: str = mailer
        self.transports: tuple[str, ...] = tuple(sorted(transports))
        super().__init__(
            f'Mail transport "{transport}" of the mailer "{mailer}" is not known. '
            f"Transports: {', '.join(self.transports)}.{_hint(transport, self.transports)}"
        )

    def __reduce__(self) -> tuple[type[UnknownTransport], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.transport, self.mailer, self.transports)


class UnreadableEntry(MailError, ValueError):
    """What the ledger keeps of a mail was not written by us, so nobody knows whether it was sent.

    Args:
        reason: What is wrong with it, as a sentence without its full stop.
    """

    def __init__(self, reason: str) -> None:
        self.reason: str = reason.removesuffix(".")
        super().__init__(
            f"The ledger of mails that were sent holds what it has not written: {self.reason}. "
            'To have the mail sent, remove the entry: app.make("mail.once").forget(key).'
        )

    def __reduce__(self) -> tuple[type[UnreadableEntry], tuple[str]]:
        return type(self), (self.reason,)


def _hint(word: str, choices: Iterable[str]) -> str:
    near = did_you_mean(word, choices)
    return f' Did you mean "{near}"?' if near else ""


def _answer(code: int | None, reply: str) -> str:
    said = _said(code, reply)
    return f" The server said: {said}" if said else ""


def _cause(error: TransportError) -> str:
    said = _said(error.code, error.reply)
    return f"{error.reason} ({said})" if said else error.reason


def _said(code: int | None, reply: str) -> str:
    return " ".join(str(part) for part in (code, reply.strip()) if part)
