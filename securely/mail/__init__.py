"""Messages, and what brings them away.

``Mail`` is the default mailer, and ``Mail.mailer("smtp")`` a named one. A message is a value that
does not change; it is built afresh for each attempt, under one Message-ID. Every method that
sends has an async twin with an ``a`` before its name.

    message/        Message, Address, Attachment: what is sent, and its bytes
    contracts.py    Transport, Sent, Ledger: what a driver must do, and what it tells
    mailable/       Mailable, Envelope, Content, Headers: kinds of mail, as classes
    sender.py       Sender: sends, queues and schedules mails, in both colours
    mailer.py       Mailer: sends by one transport, and gives messages what they lack
    pending.py      PendingMail: whom the next message goes to
    once/           Once: the mail of an idempotency key is sent once
    manager.py      MailManager: the mailers, and itself the default one
    drivers/        smtp, sendmail, log, array, file, null, failover, roundrobin
    events.py       MessageSending, MessageSent
    exceptions.py   MailError and its tree
    options.py      the section ``mail`` of the configuration
    commands.py     mail:test
    fake.py         MailFake: assert_sent, assert_queued …
    provider.py     binds the manager
"""

from __future__ import annotations

from securely.mail.contracts import Ledger, Sent, Transport
from securely.mail.events import MailEvent, MessageSending, MessageSent
from securely.mail.exceptions import (
    AttachmentUnavailable,
    InFlight,
    InvalidMailable,
    InvalidMessage,
    KeyReused,
    LedgerFailed,
    MailError,
    MailerUndefined,
    NotSendable,
    RecipientsRefused,
    TransportError,
    TransportExhausted,
    UnknownTransport,
    UnreadableEntry,
)
from securely.mail.mailable import Content, Envelope, Headers, Mailable
from securely.mail.mailer import Mailer
from securely.mail.manager import MailManager
from securely.mail.message import Address, Attachable, Attachment, Message
from securely.mail.once import Once
from securely.mail.pending import PendingMail

__all__ = [
    "Address",
    "Attachable",
    "Attachment",
    "AttachmentUnavailable",
    "Content",
    "Envelope",
    "Headers",
    "InFlight",
    "InvalidMailable",
    "InvalidMessage",
    "KeyReused",
    "Ledger",
    "LedgerFailed",
    "MailError",
    "MailEvent",
    "MailManager",
    "Mailable",
    "Mailer",
    "MailerUndefined",
    "Message",
    "MessageSending",
    "MessageSent",
    "NotSendable",
    "Once",
    "PendingMail",
    "RecipientsRefused",
    "Sent",
    "Transport",
    "TransportError",
    "TransportExhausted",
    "UnknownTransport",
    "UnreadableEntry",
]
