"""Control sockets: processes that run for long, and what others on the machine ask of them.

Each such process listens on a Unix socket in a folder of its application, for its owner alone. The
folder is the register of them: who wants to reach all asks on every socket that is there. A request
is a line of JSON, and so is each answer to it; the connection stays open until the process has no
more to say of it, so that its death is noticed at once.
"""

from __future__ import annotations

import json
import math
import os
import re
import socket
import sys
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from securely.support import clock, entropy

__all__ = [
    "ControlSocket",
    "ControlUnavailable",
    "Conversation",
    "Process",
    "Request",
    "attach",
    "begin_anew",
    "listening",
    "processes",
]

# What fits into an address of every Unix; a longer path is reached through an open folder.
_ADDRESS_BYTES_MAX: Final = 103
_DESCRIPTORS: Final = Path("/proc/self/fd")
# Who connects sends its line at once.
_LINE_SECONDS: Final = 1.0
_LINE_BYTES_MAX: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 16
# As many may wait while the process is busy with something else.
_BACKLOG: Final = 64
_STATUS: Final = "status"
# What every process here says of itself beside its own facts.
_OURS: Final[dict[str, object]] = {}


class ControlUnavailable(OSError):
    """A process cannot listen, so that nobody can ask anything of it."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        super().__init__(f"No control socket can be made in {folder}: {reason}.")

    def __reduce__(self) -> tuple[type[ControlUnavailable], tuple[Path, str]]:
        return type(self), (self.folder, self.reason)


class Request:
    """What somebody asks of this process; it is answered as often as there is something to say.

    Attributes:
        ask: What is asked for.
        details: What else was said.
    """

    def __init__(self, ask: str, details: Mapping[str, Any], end: socket.socket) -> None:
        self.ask = ask
        self.details = details
        self._end = end

    def answer(self, state: str, **facts: object) -> None:
        """Tell how it stands with what was asked; whoever has gone away is not missed."""
        line = json.dumps({"state": state, **facts}, default=str) + "\n"
        with suppress(OSError):
            self._end.sendall(line.encode())

    def close(self) -> None:
        """Say no more."""
        self._end.close()

    def __repr__(self) -> str:
        return f"Request({self.ask!r})"


class ControlSocket:
    """The socket on which this process takes requests, within a `with` block.

    It may be waited for together with other descriptors: it is readable when somebody asks.
    Whoever asks for ``status`` is answered by :meth:`take` itself.

    Args:
        folder: The register of the application's processes; it is made for its owner alone.
        kind: What the process is: ``queue:work``.
        facts: What it says of itself beside its kind and its number.

    Raises:
        ControlUnavailable: On entering: this system has no such sockets, or the folder is not ours.
    """

    def __init__(self, folder: Path, kind: str, facts: Mapping[str, object] | None = None) -> None:
        self._folder = folder
        self.facts: dict[str, object] = {"kind": kind, "pid": os.getpid(), **_OURS, **(facts or {})}
        self._socket: socket.socket | None = None
        self._path = folder / f"{_host()}.{os.getpid()}.{entropy.token_hex(2)}"

    def __enter__(self) -> Self:
        if not hasattr(socket, "AF_UNIX"):
            raise ControlUnavailable(self._folder, f"{sys.platform} has none")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self._listen(end)
            except BaseException:
                end.close()
                raise
        except OSError as error:
            raise ControlUnavailable(self._folder, error.strerror or str(error)) from error
        self._socket = end
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._path.unlink(missing_ok=True)
            self._socket.close()
            self._socket = None

    def _listen(self, end: socket.socket) -> None:
        """Let *end* have its name when it listens: one that does not yet is taken for dead."""
        unready = self._path.with_name(f".{self._path.name}")
        try:
            with _address(unready) as address:
                end.bind(address)
            unready.chmod(0o600)
            end.listen(_BACKLOG)
            end.setblocking(False)
            unready.rename(self._path)
        except BaseException:
            unready.unlink(missing_ok=True)
            raise

    def fileno(self) -> int:
        """Return the descriptor that is readable when somebody asks for something."""
        assert self._socket is not None, "used outside of its block"  # noqa: S101  # a bug of ours
        return self._socket.fileno()

    def take(self) -> list[Request]:
        """Return what was asked for since the last call; what is no request is passed over."""
        assert self._socket is not None, "used outside of its block"  # noqa: S101  # a bug of ours
        found: list[Request] = []
        while True:
            try:
                end, _ = self._socket.accept()
            except ConnectionAbortedError:
                continue  # it went away while it waited
            except OSError:
                return found  # no more ask, or there is no room for them now
            request = _read(end)
            if request is None:
                end.close()
            elif request.ask == _STATUS:
                request.answer(_STATUS, **self.facts)
                request.close()
            else:
                request.answer("taken", **self.facts)
                found.append(request)


@contextmanager
def listening(
    folder: Path,
    kind: str,
    facts: Mapping[str, object] | None = None,
    complain: Callable[[str], object] = lambda text: None,
) -> Generator[ControlSocket | None]:
    """Listen within a `with` block; where that is not possible, tell *complain* and go on.

    Args:
        folder: The register of the application's processes.
        kind: What this process is.
        facts: What it says of itself.
        complain: Told in a line why nobody will be able to reach this process.
    """
    with ExitStack() as stack:
        try:
            control = stack.enter_context(ControlSocket(folder, kind, facts))
        except ControlUnavailable as error:
            complain(str(error))
            control = None
        yield control


def attach(parent: int) -> None:
    """Let this process say that it belongs to process *parent*, and ends and begins with it."""
    _OURS["attached"] = parent


def begin_anew(close: Callable[[], object]) -> None:
    """Replace this process by one of the same command line and number, with the code as it is.

    Args:
        close: Called before: what would be done at the end of the process.
    """
    close()
    sys.stdout.flush()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606  # our own command line


class Conversation:
    """What a process answers to one request."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""

    def fileno(self) -> int:
        """Return the descriptor that is readable when there is an answer, or no more of them."""
        return self._end.fileno()

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """Return the next answer, None if there is none within *seconds*.

        Raises:
            EOFError: There is no more: the process has said all, or has ended.
        """
        deadline = clock.monotonic() + seconds
        while b"\n" not in self._rest:
            left = deadline - clock.monotonic()
            self._end.settimeout(None if left == math.inf else max(0.001, left))
            try:
                chunk = self._end.recv(_CHUNK_BYTES)
            except TimeoutError:
                return None
            except OSError as error:
                raise EOFError("The process has gone away.") from error
            if not chunk:
                raise EOFError("The process has gone away.")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Listen no more."""
        self._end.close()


class Process:
    """A process that listens.

    Attributes:
        pid: Its number on its host.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.pid: int = int(path.name.split(".")[1])

    @property
    def key(self) -> str:
        """What tells it from every other, and from itself before it began anew."""
        return self._path.name

    def exists(self) -> bool:
        """Tell whether there is a process of its number, listening or not."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def ask(self, ask: str, **details: object) -> Conversation:
        """Ask for something.

        Raises:
            ConnectionError: It has ended; `FileNotFoundError` where it did so in order.
            PermissionError: It is another user's.
            TimeoutError: It hears nobody, and more wait already than it has room for.
        """
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(self._path) as address:
                end.settimeout(_LINE_SECONDS)
                end.connect(address)
            end.sendall((json.dumps({"ask": ask, **details}) + "\n").encode())
        except BlockingIOError as error:  # what Linux says at once, instead of waiting
            end.close()
            raise TimeoutError(error.errno, error.strerror) from error
        except BaseException:
            end.close()
            raise
        return Conversation(end)

    def status(self, seconds: float = _LINE_SECONDS) -> dict[str, Any] | None:
        """Return what it says of itself, None if it says nothing within *seconds*."""
        try:
            talk = self.ask(_STATUS)
        except OSError:
            return None
        try:
            return talk.hear(seconds)
        except EOFError:
            return None
        finally:
            talk.close()

    def __repr__(self) -> str:
        return f"Process({self.key!r})"


def processes(folder: Path) -> list[Process]:
    """Return the processes of this machine that listen in *folder*, those that are dead removed.

    Raises:
        PermissionError: The folder is another user's.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    pattern = re.compile(rf"{_host()}\.[0-9]+\.[0-9a-f]+")
    ours = [Process(folder / name) for name in names if pattern.fullmatch(name)]
    return [process for process in ours if _is_alive(process, folder)]


def _is_alive(process: Process, folder: Path) -> bool:
    path = folder / process.key
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            end.settimeout(_LINE_SECONDS)
            end.connect(address)
    except ConnectionRefusedError:
        # Nobody listens any more: it was killed, and could not take its socket away.
        path.unlink(missing_ok=True)
        return False
    except FileNotFoundError:
        return False
    except (BlockingIOError, TimeoutError):
        return True  # more wait than it has room for
    finally:
        end.close()
    return True


def _read(end: socket.socket) -> Request | None:
    data = b""
    end.settimeout(_LINE_SECONDS)
    try:
        while b"\n" not in data and len(data) < _LINE_BYTES_MAX:
            chunk = end.recv(_CHUNK_BYTES)
            if not chunk:
                return None
            data += chunk
        asked: dict[str, Any] = json.loads(data.partition(b"\n")[0])
        return Request(str(asked.pop("ask")), asked, end)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _host() -> str:
    """Return what stands for this machine in names: containers share folders, and no processes."""
    import platform

    return f"{zlib.crc32(platform.node().encode()):08x}"


@contextmanager
def _address(path: Path) -> Generator[str]:
    """Give an address for *path* that is short enough for the kernel."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES_MAX:
        yield str(path)
        return
    if not _DESCRIPTORS.is_dir():
        raise OSError(f"its path is longer than {_ADDRESS_BYTES_MAX} bytes")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_DESCRIPTORS / str(folder) / path.name)
    finally:
        os.close(folder)
