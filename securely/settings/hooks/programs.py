"""Runs programs that are told of a change: it is their standard input, as JSON."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from securely.settings.exceptions import HookFailed
from securely.settings.secrets import KEY_VARIABLE

__all__ = ["Programs"]

_REASON_LETTERS_MAX: Final = 300  # of what it has said: a line for people


class Programs:
    """Runs programs in the application's folder, without the key of the secrets.

    Args:
        base: That folder.
        variables: Returns the environment that they have.
    """

    def __init__(self, base: Path, variables: Callable[[], Mapping[str, str]]) -> None:
        self._base = base
        self._variables = variables

    def run(self, line: str, data: Mapping[str, object], seconds: float) -> str:
        """Run the command *line* with *data* as its input; return what it has printed.

        Args:
            line: The program and its arguments; no shell reads it.
            data: What it is told.
            seconds: How long it may take; then all of its processes are killed.

        Raises:
            HookFailed: It could not be started, took too long, or ended with another code than 0.
        """
        process = self._start(line)
        try:
            output, errors = process.communicate(json.dumps(data), seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise HookFailed(line, f"it did not end within {seconds:g} seconds") from None
        except BaseException:
            _kill(process)
            raise
        if process.returncode:
            raise HookFailed(line, _reason(process.returncode, errors or output))
        return output

    def _start(self, line: str) -> subprocess.Popen[str]:
        variables = {**self._variables()}
        variables.pop(KEY_VARIABLE, None)
        try:
            return subprocess.Popen(  # noqa: S603  # the application's own configuration names it
                shlex.split(line),
                cwd=self._base,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                encoding="utf-8",
                errors="replace",  # what it says is for people
            )
        except OSError as error:
            reason = f"it cannot be started: {error.strerror or error}"
            raise HookFailed(line, reason) from None


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _reason(code: int, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    return f"{how}: {lines[-1][:_REASON_LETTERS_MAX]}" if lines else how
