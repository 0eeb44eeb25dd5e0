"""How an uncaught error is shown: one line if known, else short frames; everything with -v."""

from __future__ import annotations

import os
from pathlib import Path

from securely.console.exceptions import InvalidInput
from securely.console.output import Output, Verbosity
from securely.exceptions import SecurelyError

__all__ = ["render_failure"]

# The last frames say where; more of them is what -v is for.
_FRAMES = 3


def render_failure(error: BaseException, output: Output) -> None:
    """Write *error* to the error stream of *output*.

    A :class:`SecurelyError` says in its message what to do, so the message is all; anything else is
    unexpected, so it is shown with the frames it came through.
    """
    from traceback import format_exception, format_exception_only  # a start need not have it

    if isinstance(error, SecurelyError):
        output.failure(str(error) or type(error).__name__)
        if isinstance(error, InvalidInput) and error.usage:
            output.error_line(f"\n{error.usage}", raw=True)
    else:
        output.failure("".join(format_exception_only(error)).rstrip())
    if output.verbosity >= Verbosity.VERBOSE:
        output.error_line()
        output.error_line("".join(format_exception(error)).rstrip(), raw=True)
        return
    if isinstance(error, SecurelyError):
        for note in _notes(error):
            output.error_line(note, raw=True)
        return
    for line in _frames(error):
        output.error_line(line, raw=True)
    output.error_line("\nRun it again with -v for all of it.", raw=True)


def _notes(error: BaseException) -> list[str]:
    notes: list[str] = getattr(error, "__notes__", [])
    return notes


def _frames(error: BaseException) -> list[str]:
    """Return the last frames, those outside the framework first where there are any."""
    from traceback import extract_tb

    # Those of the import system stand between any two modules and say nothing.
    frames = [f for f in extract_tb(error.__traceback__) if not f.filename.startswith("<frozen ")]
    framework = str(Path(__file__).parents[1]) + os.sep
    own = [frame for frame in frames if not frame.filename.startswith(framework)]
    lines: list[str] = []
    for frame in reversed((own or frames)[-_FRAMES:]):
        lines.append(f"  at {_relative(frame.filename)}:{frame.lineno} in {frame.name}")
        if frame.line:
            lines.append(f"     {frame.line}")
    return lines


def _relative(filename: str) -> str:
    try:
        path = Path(filename).relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere, or the directory is gone
        return filename
    return str(path)
