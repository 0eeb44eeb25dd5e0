"""Children: the processes that tasks run in: started, heard, and ended with us."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from os import environ
from pathlib import Path
from typing import IO, Final, NamedTuple, Protocol

from securely.schedule.exceptions import InvalidTask
from securely.schedule.running.output import Sink
from securely.schedule.running.processes.leash import Leash
from securely.support.forking import renew_after_fork
from securely.support.paths import Paths

__all__ = ["Children", "Process", "Shell", "variables_of", "words_of"]

# How much is read from a child at once: what a pipe holds.
_CHUNK_BYTES: Final = 65_536

# After a child's end, for what it wrote last; a grandchild may hold the pipe open for ever.
_LAST_SECONDS: Final = 1.0

# Where the application writes, as its processes are told.
_STORAGE: Final = "SECURELY_STORAGE_PATH"

# Added to the number of a signal, as shells do, where a child was killed by it.
_SIGNALLED: Final = 128


class Process(Protocol):
    """A child, as `subprocess` has it, which is imported when there is one."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Our end of its output."""
        ...

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        ...

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


class Shell(NamedTuple):
    """What is to be run.

    Attributes:
        command: Words, which no shell sees; or text for one.
        user: On behalf of whom; None for ours.
    """

    command: Sequence[str] | str
    user: str | None = None


class Children:
    """The child processes of one scheduler.

    Each leads a session of its own: what is typed into our terminal does not reach it. All die
    when this process is killed; on systems without process groups, they are left alone then.

    Args:
        base: The folder they run in.
        environment: The variables that they have beside ours.
        carried: Returns more of them, for the run in which a process is started.
    """

    def __init__(
        self,
        base: Path,
        environment: Mapping[str, str],
        carried: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._base = base
        self._environment = dict(environment)
        self._carried = carried
        self._running: set[Process] = set()
        # A signal may ask us to terminate while the same thread starts a child.
        self._mutex = threading.RLock()
        self._leash: Leash | None = None
        self._was_terminated = False
        renew_after_fork(self, "_mutex", threading.RLock)
        renew_after_fork(self, "_leash", lambda: None)

    def run(self, shell: Shell, sink: Sink) -> int:
        """Run a process to its end, and return its exit code; 128 and more if it was killed.

        Raises:
            OSError: It cannot be started.
            InvalidTask: It cannot be run on behalf of that user.
        """
        process = self._start(shell)
        reader = threading.Thread(target=_pump, args=(process, sink), daemon=True)
        reader.start()
        try:
            code = process.wait()
        except BaseException:
            _signal(process, is_final=True)
            process.wait()
            raise
        finally:
            self._forget(process)
        reader.join(_LAST_SECONDS)
        return code if code >= 0 else _SIGNALLED - code

    def detach(self, command: Sequence[str]) -> Process:
        """Start a process that outlives us; its output and error output are one pipe to us.

        Raises:
            OSError: It cannot be started.
        """
        return self._popen(Shell(command))

    def terminate(self) -> int:
        """Ask those that run to end; asked again, kill them. Return how many there are."""
        with self._mutex:
            is_final, self._was_terminated = self._was_terminated, True
            running = list(self._running)
        for process in running:
            _signal(process, is_final=is_final)
        return len(running)

    def close(self) -> None:
        """Let go of the leash; nothing runs any more."""
        with self._mutex:
            leash, self._leash = self._leash, None
        if leash is not None:
            leash.close()

    def _start(self, shell: Shell) -> Process:
        with self._mutex:
            if self._leash is None and hasattr(os, "killpg"):
                self._leash = Leash()
        process = self._popen(shell)
        with self._mutex:
            self._running.add(process)
            if self._leash is not None:
                self._leash.hold(process.pid)
            was_terminated = self._was_terminated
        if was_terminated:  # while it was started: it was not among those that were asked
            _signal(process, is_final=False)
        return process

    def _forget(self, process: Process) -> None:
        with self._mutex:
            self._running.discard(process)
            if self._leash is not None:
                self._leash.let_go(process.pid)

    def _popen(self, shell: Shell) -> Process:
        import subprocess

        identity = _identity_of(shell.user)
        return subprocess.Popen(  # noqa: S603  # what the application has scheduled
            shell.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._base,
            # (Ours is handed on as it is; nothing is read from it.)
            env={**environ, **self._environment, **self._carried(), **identity.environment},
            shell=isinstance(shell.command, str),
            start_new_session=True,
            user=identity.user,
            group=identity.group,
            extra_groups=identity.groups,
        )


class _Identity(NamedTuple):
    """On behalf of whom a process runs; None is whoever we are."""

    environment: Mapping[str, str] = {}
    user: int | None = None
    group: int | None = None
    groups: Sequence[int] | None = None


def variables_of(app: object, paths: Paths) -> dict[str, str]:
    """Return the variables by which a child process finds the application as it is here."""
    found: dict[str, str] = dict(getattr(app, "environment_overrides", {}))
    if paths.storage != paths.base / "storage":
        found[_STORAGE] = str(paths.storage)
    return found


def words_of(exit_code: int) -> str:
    """Return what an exit code says, for people.

    Example:
        >>> words_of(3), words_of(137)
        ('exit code 3', 'killed by SIGKILL')
    """
    if exit_code > _SIGNALLED:
        from signal import Signals

        with suppress(ValueError):
            return f"killed by {Signals(exit_code - _SIGNALLED).name}"
    return f"exit code {exit_code}"


def _pump(process: Process, sink: Sink) -> None:
    """Read what *process* writes to its end, also what nobody wants any more."""
    stream = process.stdout
    if stream is None:
        return
    with stream:
        while data := os.read(stream.fileno(), _CHUNK_BYTES):
            sink.write(data)


def _signal(process: Process, *, is_final: bool) -> None:
    """Send a signal to *process* and to all that it has started in its session."""
    if process.poll() is not None:
        return
    if not hasattr(os, "killpg"):  # Windows
        process.kill() if is_final else process.terminate()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL if is_final else signal.SIGTERM)


def _identity_of(user: str | None) -> _Identity:
    """Return what makes a process that of *user*, with its groups and without ours."""
    if user is None:
        return _Identity()
    if not hasattr(os, "geteuid"):
        raise InvalidTask(f'it is to run as "{user}", and this system knows no such users')
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise InvalidTask(f'it is to run as "{user}", and this machine has no such user') from None
    variables = {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user}
    if entry.pw_uid == os.geteuid():
        return _Identity(variables)
    if os.geteuid() != 0:
        raise InvalidTask(
            f'it is to run as "{user}", which only a scheduler of root can do; run that, or take '
            "user() away"
        )
    groups = os.getgrouplist(user, entry.pw_gid)
    return _Identity(variables, entry.pw_uid, entry.pw_gid, groups)
