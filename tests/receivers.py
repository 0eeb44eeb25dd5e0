"""What logs are sent to: a receiver of syslog, and a web server that keeps what it is told."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from securely.support import clock

SECONDS = 50.0


class Receiver:
    """A receiver of syslog on this machine.

    Args:
        kind: datagram, stream (Unix sockets), udp, tcp or tls.
        folder: Where a Unix socket is made.
        port: Of a TCP receiver that comes back; 0 for any.
        context: What a receiver encrypts with.
    """

    def __init__(
        self, kind: str, folder: Path, port: int = 0, context: ssl.SSLContext | None = None
    ) -> None:
        self._context = context
        self.kind = kind
        self._path = folder / "log"
        self._parts: list[bytes] = []
        self._connections: list[socket.socket] = []
        self._changed = threading.Condition()
        family = socket.AF_UNIX if kind in {"datagram", "stream"} else socket.AF_INET
        sort = socket.SOCK_DGRAM if kind in {"datagram", "udp"} else socket.SOCK_STREAM
        self._socket = socket.socket(family, sort)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)
        self._socket.bind(str(self._path) if family == socket.AF_UNIX else ("127.0.0.1", port))
        if sort == socket.SOCK_STREAM:
            self._socket.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self) -> str:
        if self.kind in {"datagram", "stream"}:
            return str(self._path)
        return f"{self.kind}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def data(self, least: int = 1) -> bytes:
        """Return what has come in, once it is quiet."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._parts) >= least, SECONDS)
            while self._changed.wait(0.15):
                pass
            return b"".join(self._parts)

    def text(self) -> str:
        return self.data().decode("utf-8", "replace")

    def drop(self) -> None:
        """Close what is connected, as a receiver does that is started anew."""
        for each in self._connections:
            with suppress(OSError):  # what was wrapped by TLS is one socket no more
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._connections.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.drop()
        if self.kind in {"datagram", "udp"}:
            # A receiver that waits is not woken by a close.
            with socket.socket(self._socket.family, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self._socket.getsockname())
        else:
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(SECONDS)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        if self.kind in {"datagram", "udp"}:
            while data := self._socket.recv(2**16):
                self._keep(data)
            return
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            while data := connection.recv(2**16):
                self._keep(data)
        except OSError:
            return

    def _keep(self, data: bytes) -> None:
        with self._changed:
            self._parts.append(data)
            self._changed.notify_all()


class Sink:
    """A web server that keeps what it is sent.

    Args:
        answers: The statuses it answers with, in order; the last one goes on.
        headers: What it answers beside.
    """

    def __init__(self, *answers: int, headers: dict[str, str] | None = None) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.open = threading.Event()
        self.open.set()
        pending = [*answers] or [200]
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.open.wait(SECONDS)
                sink.bodies.append(body)
                sink.headers.append(dict(self.headers))
                status = pending.pop(0) if len(pending) > 1 else pending[0]
                self.send_response(status)
                for name, value in {"Content-Length": "0", **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/planted-path-secret"

    def text(self) -> str:
        return "\n".join(body.decode() for body in self.bodies)

    def wait(self, count: int) -> list[bytes]:
        """Return what has come, once it is so many."""
        deadline = clock.SystemClock().monotonic() + SECONDS
        while len(self.bodies) < count and clock.SystemClock().monotonic() < deadline:
            threading.Event().wait(0.01)
        return self.bodies

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._thread.join(SECONDS)
        self._server.server_close()
