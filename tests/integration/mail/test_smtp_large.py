"""25 MB through little memory, to a server in a process of its own."""

from __future__ import annotations

import hashlib
import mailbox
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.mail import Attachment, Message
from securely.mail.drivers.smtp import SmtpTransport
from securely.support import clock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SIZE = 25_000_000
# A piece of the file, its encoding and what waits to be sent: nowhere near the whole.
PEAK_BYTES_MAX = 2_000_000
_START_SECONDS = 30


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Give the port of an aiosmtpd of its own, and the maildir it writes to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = tmp_path / "box"
    words = ["-n", "-l", f"127.0.0.1:{port}", "-s", "0", "-c", "aiosmtpd.handlers.Mailbox"]
    with subprocess.Popen([sys.executable, "-m", "aiosmtpd", *words, str(box)]) as process:
        until = clock.SystemClock().monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert clock.SystemClock().monotonic() < until
                clock.SystemClock().sleep(0.05)
        yield port, box
        process.terminate()


def test_send_when_an_attachment_is_large_then_it_is_streamed(
    server: tuple[int, Path],
    mailer: Callable[..., SmtpTransport],
    message: Callable[..., Message],
    tmp_path: Path,
) -> None:
    port, box = server
    path = tmp_path / "large.bin"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // 1_000_000):
            piece = hashlib.shake_256(b"%d" % number).digest(1_000_000)
            digest.update(piece)
            file.write(piece)
    mail = message(attachments=[Attachment.from_path(path)])
    transport = mailer(port, timeout_seconds=60)

    tracemalloc.start()
    try:
        transport.send(mail)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < PEAK_BYTES_MAX
    (arrived,) = mailbox.Maildir(box, create=False)
    (part,) = (part for part in arrived.walk() if part.get_filename() == "large.bin")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(content) == SIZE
    assert hashlib.sha256(content).digest() == digest.digest()
