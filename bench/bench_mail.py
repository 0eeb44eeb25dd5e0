"""Mail over loopback beside bare smtplib: 500 messages on one connection, and the ratio.

    python bench/bench_mail.py [--messages 500] [--rounds 9]

Both send the same mail, a text and HTML of a few lines, to the same server in a process of its
own, which takes messages and forgets them. Twice: as it is used, where each message is built
(ours and `SMTP.send_message` with an `EmailMessage`), and the wire alone, where both send bytes
that were made before. Sides take turns; a ratio is the median of the ratios of the rounds.
"""

from __future__ import annotations

import argparse
import platform
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from securely.mail import Message
from securely.mail.drivers.smtp import SmtpTransport
from securely.mail.drivers.smtp_server import Server
from securely.mail.message.prepared import Prepared, Writable

LIMIT = 1.3
TEXT = "Your invoice is attached. Thank you for your order.\n" * 5
HTML = "<p>Your invoice is attached. <b>Thank you</b> for your order.</p>\n" * 5

# Takes messages as fast as Python can, over one connection after the other.
SERVER = r"""
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as file:
        connection.sendall(b"220 bench\r\n")
        while line := file.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                connection.sendall(b"250-bench\r\n250-8BITMIME\r\n250 SIZE\r\n")
            elif verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                while file.readline() != b".\r\n":
                    pass
                connection.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                break
            else:
                connection.sendall(b"250 fine\r\n")
"""


def ours(port: int, count: int) -> None:
    server = Server(port=port, local_hostname="bench.example.com")
    transport = SmtpTransport("smtp", server, messages_max=count)
    for number in range(count):
        transport.send(
            Message(
                sender="Shop <shop@example.com>",
                to=["Ann <ann@example.com>"],
                subject=f"Invoice {number}",
                text=TEXT,
                html=HTML,
            )
        )
    transport.close()


class Ready(Prepared):
    """Bytes that are written as they are."""

    def __init__(self) -> None:
        """Hold nothing."""

    def __exit__(self, *_: object) -> None: ...

    @property
    def size(self) -> int:
        return len(RAW)

    def write_to(self, stream: Writable) -> None:
        stream.write(RAW)


class Made(Message):
    """A message that is bytes already."""

    def prepare(self, *, utf8: bool = False) -> Prepared:
        return Ready()


def ours_ready_made(port: int, count: int) -> None:
    server = Server(port=port, local_hostname="bench.example.com")
    transport = SmtpTransport("smtp", server, messages_max=count)
    message = Made(sender="shop@example.com", to=["ann@example.com"])
    for _ in range(count):
        transport.send(message)
    transport.close()


def built(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = "Ann <ann@example.com>"
    message["Subject"] = f"Invoice {number}"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content(TEXT)
    message.add_alternative(HTML, subtype="html")
    return message


def peer(port: int, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, "bench.example.com") as client:
        for number in range(count):
            client.send_message(built(number))


def ready_made(port: int, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, "bench.example.com") as client:
        for _ in range(count):
            client.sendmail("shop@example.com", ["ann@example.com"], RAW)


RAW = built(0).as_bytes(policy=SMTP)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {asked.messages} messages, {asked.rounds} rounds")

    sides: dict[str, Callable[[int, int], None]] = {
        "ours": ours,
        "smtplib": peer,
        "ours, bytes made before": ours_ready_made,
        "smtplib, bytes made before": ready_made,
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        names = list(sides)
        try:
            for turn in range(asked.rounds):
                shift = turn % len(names)
                for name in names[shift:] + names[:shift]:
                    began = time.perf_counter()
                    sides[name](port, asked.messages)
                    times[name].append(time.perf_counter() - began)
        finally:
            process.terminate()

    for name, values in times.items():
        each = statistics.median(values) / asked.messages * 1e6
        print(f"{name:28}{each:8,.0f} us a message")
    holds = True
    for suffix in ("", ", bytes made before"):
        pairs = zip(times[f"ours{suffix}"], times[f"smtplib{suffix}"], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        holds &= ratio <= LIMIT
        print(f"ours{suffix}: {ratio:.2f} x smtplib (limit {LIMIT})")
    print("within the limit" if holds else "OUTSIDE THE LIMIT")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
