"""Kills a process between the server's answer and the end of a job, and notes how far it came."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from securely.container import Provider
from securely.events import Dispatcher
from securely.mail import MailManager, Message, MessageSent, Sent
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.manager import Materials
from securely.mail.options import SmtpOptions
from securely.support import clock

JOURNAL = os.environ.get("POST_JOURNAL", "")
PAUSE = float(os.environ.get("POST_PAUSE", "0"))


def note(event: str, message: Message) -> None:
    """Append a line, whole, whatever happens to this process next."""
    line = f"{event} {message.subject.split()[-1]} {os.getpid()}\n"
    descriptor = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def die_once(point: str) -> None:
    """Kill this process if there is a file for *point*."""
    flag = Path(JOURNAL).with_name(f"kill-{point}")
    if flag.exists():
        flag.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


class FatalTransport:
    """Speaks to the server, and may die once it has answered."""

    def __init__(self, inner: SmtpTransport) -> None:
        self.inner = inner
        self.name = inner.name

    def send(self, message: Message) -> Sent:
        note("began", message)
        if PAUSE:
            clock.sleep(PAUSE)
        sent = self.inner.send(message)
        note("accepted", message)
        die_once("window")
        if PAUSE:
            clock.sleep(PAUSE)
        return sent

    def close(self) -> None:
        self.inner.close()


def _told(event: MessageSent) -> None:
    note("remembered", event.message)
    die_once("sent")
    if PAUSE:
        clock.sleep(2 * PAUSE)


class PostProvider(Provider):
    """Adds the transport, and listens."""

    def boot(self) -> None:
        self.app.make(Dispatcher).listen(MessageSent, _told)
        self.app.make(MailManager).extend("fatal", _build)


def _build(name: str, options: object) -> FatalTransport:
    given = {**vars(options), **(getattr(options, "model_extra", None) or {}), "transport": "smtp"}
    settings = SmtpOptions.parse(
        {key: given[key] for key in ("transport", "host", "port", "local_hostname")}, "mail"
    )
    return FatalTransport(SmtpTransport.build(name, settings, Materials()))
