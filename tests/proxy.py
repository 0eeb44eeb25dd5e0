"""A way to a server that can be cut at a chosen moment, and that can lead elsewhere."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal, TypeAlias

__all__ = ["Cut", "Proxy"]

Cut: TypeAlias = Literal["request", "reply", "half"]
"""Before the request reaches the server; before its reply comes back; in the middle of that."""


class Proxy:
    """Takes connections on a port of its own and passes on what is said there.

    Args:
        port: Where the server is, on this machine.
    """

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.cuts = 0
        self._armed: tuple[Cut, bytes] | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, cut: Cut, marker: bytes = b"EVAL") -> None:
        """Cut the connection of the next request that holds *marker*."""
        self._armed = (cut, marker)

    def cut_all(self) -> None:
        """Cut every connection."""
        for pair in self._pairs:
            self._close(pair)
        self._pairs.clear()

    def end(self) -> None:
        """Take no more connections, and cut those that are there."""
        self._listener.close()
        self.cut_all()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                near.close()
                continue
            pair = (near, far)
            self._pairs.append(pair)
            state: dict[str, Cut] = {}
            threading.Thread(target=self._ask, args=(pair, state), daemon=True).start()
            threading.Thread(target=self._answer, args=(pair, state), daemon=True).start()

    def _ask(self, pair: tuple[socket.socket, socket.socket], state: dict[str, Cut]) -> None:
        near, far = pair
        with suppress(OSError):
            while data := near.recv(65536):
                if self._armed is not None and self._armed[1] in data:
                    cut, _ = self._armed
                    self._armed = None
                    if cut == "request":
                        self.cuts += 1
                        break
                    state["cut"] = cut
                far.sendall(data)
        self._close(pair)

    def _answer(self, pair: tuple[socket.socket, socket.socket], state: dict[str, Cut]) -> None:
        near, far = pair
        with suppress(OSError):
            while data := far.recv(65536):
                if "cut" in state:
                    self.cuts += 1
                    if state["cut"] == "half":
                        near.sendall(data[: len(data) // 2])
                    break
                near.sendall(data)
        self._close(pair)

    @staticmethod
    def _close(pair: tuple[socket.socket, socket.socket]) -> None:
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
