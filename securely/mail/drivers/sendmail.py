"""A command of this machine, which takes mail as ``sendmail`` does."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, Self

from securely.exceptions import ConfigurationError
from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope, Place
from securely.mail.drivers.smtp_server import local_name, said
from securely.mail.drivers.smtp_session import Delivered, Session
from securely.mail.drivers.smtp_wire import Wire
from securely.mail.manager import Materials
from securely.mail.message import Message
from securely.mail.message.prepared import Prepared
from securely.support import clock

__all__ = ["SendmailTransport"]

# Source: sysexits.h. What is marked False does not get better by itself.
_EXITS: Final[dict[int, tuple[str, bool]]] = {
    64: ("it was called in a wrong way", False),
    65: ("the message is malformed", False),
    67: ("a recipient is unknown", False),
    68: ("a recipient's host is unknown", False),
    69: ("a service is not available", True),
    70: ("it has an error of its own", False),
    71: ("the system has not enough of something", True),
    73: ("it can not write a file", True),
    74: ("it can not read or write", True),
    75: ("it can not do so now", True),
    77: ("it may not do so", False),
    78: ("its configuration is wrong", False),
}
# The message, and not the command, is what was refused.
_REFUSALS: Final = frozenset({65, 67, 68})
# How much of what a command complains of is read.
_COMPLAINT_BYTES_MAX: Final = 2_000
# How long a command may take to end, once it has taken a message, or has failed to.
_END_SECONDS: Final = 5.0
_FAILED_SECONDS: Final = 0.5
_LINE_END: Final = re.compile(rb"\r\n|\r")


class SendmailTransport:
    """Hands mail to a command, one process per message.

    ``-bs`` speaks SMTP with it, so that each recipient has an answer. ``-t`` lets it find the
    recipients in the message. With neither, they stand on the command line.

    Args:
        name: The mailer's name in the configuration.
        command: The command with its arguments; no shell is involved.
        timeout_seconds: How long one message may take.

    Raises:
        ConfigurationError: The command is empty, or has a quote without its pair.
    """

    def __init__(
        self, name: str, command: str = "/usr/sbin/sendmail -bs", *, timeout_seconds: float = 60.0
    ) -> None:
        self.name: str = name
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise ConfigurationError(
                f'The command of the mailer "{name}" can not be read: {command!a} ({error}).'
            ) from error
        if not self._words:
            raise ConfigurationError(f'The mailer "{name}" has no command to run.')
        self._timeout_seconds = timeout_seconds
        self._place = Place(name, self._words[0])

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name* as its options have it."""
        del materials
        return cls(name, options.command, timeout_seconds=options.timeout_seconds)

    def send(self, message: Message) -> Sent:
        """Hand *message* to the command, and return once it has taken it.

        Raises:
            AttachmentUnavailable: What is attached can not be had.
            InvalidMessage: The message can not be sent as it is.
            RecipientsRefused: The command speaks SMTP, and wants none of the recipients.
            TransportError: The command can not be run, or fails.
        """
        envelope = Envelope.of(message)
        with message.prepare(utf8=envelope.needs_utf8) as prepared:
            if "-bs" in self._words:
                done = self._converse(envelope, prepared)
            else:
                done = self._pipe(envelope, prepared, message)
        return Sent(message.message_id, self.name, done.refused, done.reply, done.retryable)

    def close(self) -> None:
        """Do nothing: no process outlives its message."""

    def _converse(self, envelope: Envelope, prepared: Prepared) -> Delivered:
        ours, theirs = socket.socketpair()
        with ours, tempfile.TemporaryFile() as complaints:
            with theirs:
                process = self._start(self._words, theirs, theirs, complaints)
            wire = Wire(ours, "localhost", local_name(), self._timeout_seconds)
            session = Session(wire, self._place)
            session.allow(clock.monotonic() + self._timeout_seconds)
            patience = _FAILED_SECONDS
            try:
                session.greet()
                done = session.deliver(envelope, prepared)
                patience = _END_SECONDS
            finally:
                session.quit()
                _end(process, patience)
        return done

    def _pipe(self, envelope: Envelope, prepared: Prepared, message: Message) -> Delivered:
        # Written first: what the message is made of may fail, and then no half of it is sent.
        with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as complaints:
            words = list(self._words)
            if "-i" not in words and "-oi" not in words:
                words.append("-i")  # a line of one dot is not the end
            words += ["-f", envelope.sender]
            if message.only and "-t" in words:
                words.remove("-t")  # the fields name more than those it is for now
            if "-t" in words:
                text.write(_blind_copies(message))
            else:
                words += ["--", *envelope.recipients]
            prepared.write_to(_Local(text))
            text.seek(0)
            process = self._start(words, text, subprocess.DEVNULL, complaints)
            try:
                status = process.wait(self._timeout_seconds)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise self._place.error(
                    f"the command did not end within {self._timeout_seconds:g} seconds, and was "
                    "ended: nobody knows whether it has taken the message",
                    is_retryable=True,
                    is_unknown=True,
                ) from error
            finally:
                _end(process, _FAILED_SECONDS)
            if status:
                raise self._failed(status, complaints)
        return Delivered("", {})

    def _start(
        self, words: Sequence[str], source: Any, target: Any, complaints: BinaryIO
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  # its words come from the configuration
                words, stdin=source, stdout=target, stderr=complaints
            )
        except OSError as error:
            raise self._place.error(
                f"the command can not be run: {error.strerror or error}", is_retryable=False
            ) from error

    def _failed(self, status: int, complaints: BinaryIO) -> Exception:
        complaints.seek(0)
        words = said(complaints.read(_COMPLAINT_BYTES_MAX))
        if status < 0:
            what = f"the command was ended by {signal.Signals(-status).name}"
            return self._place.error(what, is_retryable=True, is_unknown=True)
        meaning, later = _EXITS.get(status, ("it does not say why", True))
        return self._place.error(
            f"the command failed with exit code {status}: {meaning}",
            is_retryable=later,
            reply=(-1, words),
            is_refusal=status in _REFUSALS,
        )


class _Local:
    """Takes a message with the line ends of mail, and writes it with those of this machine."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held = b""

    def write(self, data: bytes, /) -> int:
        text = self._held + data
        self._held = b"\r" if text.endswith(b"\r") else b""
        self._file.write(_LINE_END.sub(b"\n", text[: len(text) - len(self._held)]))
        return len(data)


def _blind_copies(message: Message) -> bytes:
    """Return the field of those who get blind copies, which the command takes out again."""
    addresses = [each.wire for each in message.bcc]
    return f"Bcc: {', '.join(addresses)}\n".encode() if addresses else b""


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Let *process* end within so many *seconds*, or make it."""
    if process.poll() is None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
