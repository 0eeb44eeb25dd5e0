"""Leash: kills what a scheduler runs when the scheduler is killed.

It is a process, `python -I -S leash.py`, which reads "+GROUP" and "-GROUP" in lines. When there
is nothing more to read, whichever way the writer ended, it kills the process groups that are left:
so no command goes on beside the one that is started because its run counts as lost.
"""

from __future__ import annotations

import os
import signal
import sys

__all__ = ["Leash", "main"]

# The writing ends that this process holds: a fork that outlives it must not keep them open.
_ends: set[int] = set()


class Leash:
    """The scheduler's end of the leash; it is not to be used by two threads at once."""

    def __init__(self) -> None:
        import subprocess

        reading, self._end = os.pipe()
        _ends.add(self._end)
        self._pid = os.getpid()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and script
                [sys.executable, "-I", "-S", __file__],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            _ends.discard(self._end)
            os.close(self._end)
            raise
        finally:
            os.close(reading)

    def hold(self, group: int) -> None:
        """Kill this process group when we are killed."""
        self._say(f"+{group}\n")

    def let_go(self, group: int) -> None:
        """Leave this process group alone: its leader has ended."""
        self._say(f"-{group}\n")

    def close(self) -> None:
        """End the process; what is still held dies."""
        if self._pid == os.getpid() and self._end in _ends:
            _ends.discard(self._end)
            os.close(self._end)
            self._process.wait()

    def _say(self, line: str) -> None:
        if self._pid != os.getpid():  # a fork, whose number is perhaps another file
            return
        try:
            os.write(self._end, line.encode())
        except BrokenPipeError:  # somebody has killed it; what runs can still be waited for
            return


def _let_go() -> None:
    while _ends:
        os.close(_ends.pop())


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_let_go)


def main() -> None:
    """Follow standard input to its end, and kill what is left then."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Signals for all processes of a machine reach this one before the scheduler has ended.
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        group = int(line[1:])
        if line.startswith(b"+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue


if __name__ == "__main__":
    main()
