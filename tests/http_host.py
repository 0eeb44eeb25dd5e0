"""A server of HTTP of one's own on loopback, which answers as a test wants, or not at all."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress
from typing import Any, NamedTuple

__all__ = ["Asked", "HttpHost"]


class Asked(NamedTuple):
    """A request that arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


class HttpHost:
    """Takes requests and answers them.

    Attributes:
        answer: What is written when a request is there, byte by byte as it is.
        asked: The requests that arrived, in order.
        cut: Close the connection, without an answer, before or after the request is read; "reset"
            closes it the hard way.
        holds: Write no answer, and keep the connection.
        trickles: Write the answer byte by byte, slowly.
        stop: Set when it is over; ends what holds and what trickles.

    Args:
        context: What encrypts; None for plain HTTP.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.asked: list[Asked] = []
        self.cut: str = ""
        self.stop = threading.Event()
        self.holds = False
        self.trickles = False
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def url(self, path: str = "/hook", user: str = "") -> str:
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://{user}127.0.0.1:{self.port}{path}"

    def says(self, status: str, body: bytes = b"", *headers: str) -> None:
        """Let it answer with *status*."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.answer = "\r\n".join(lines).encode() + body

    def close(self) -> None:
        self.stop.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            found: Any = connection
            if self._context is not None:
                found = self._context.wrap_socket(connection, server_side=True)
            with found:
                found.settimeout(50)
                self._answer(found)

    def _answer(self, connection: Any) -> None:
        if self.cut == "before":
            return
        asked = _read(connection)
        if not asked.line:
            return
        self.asked.append(asked)
        if self.cut == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if self.cut == "after":
            return
        if self.holds:
            self.stop.wait(10)
            return
        if self.trickles:
            for byte in self.answer:
                connection.sendall(bytes([byte]))
                if self.stop.wait(0.05):
                    return
        else:
            connection.sendall(self.answer)


def _read(connection: Any) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65_536)
    return Asked(line, headers, body)
