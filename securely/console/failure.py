"""How an uncaught error is shown: one line if known, else short frames; everything with -v."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from securely.console.exceptions import (
    InvalidInput,
    InvalidSignature,
    NotInteractive,
    UnknownCommand,
)
from securely.console.output import Output, Verbosity
from securely.console.output.style import escape
from securely.exceptions import SecurelyError

__all__ = ["own_traceback", "render_failure", "shown_path"]

# The last frames say where; more of them is what -v is for.
_FRAMES = 3
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_FRAMEWORK = str(Path(__file__).parents[1]) + os.sep
# Their place is on the command line, or in the message.
_PLACELESS = (InvalidInput, InvalidSignature, NotInteractive, UnknownCommand)


def render_failure(error: BaseException, output: Output, *, show_place: bool = False) -> None:
    """Write *error* to the error stream of *output*.

    A :class:`SecurelyError` says in its message what to do, so the message is all; anything else is
    unexpected, so it is shown with the frames it came through.

    Args:
        error: What was not caught.
        output: Where to.
        show_place: Whether the message of a :class:`SecurelyError` is followed by the line of the
            application that it came from.
    """
    lacking = _lacking(error)
    _head(error, lacking, output)
    if output.verbosity >= Verbosity.VERBOSE:
        from traceback import format_exception

        output.error_line()
        output.error_line("".join(format_exception(error)).rstrip(), raw=True)
    elif isinstance(error, SecurelyError):
        for note in _notes(error):
            output.error_line(note, raw=True)
        if show_place and not isinstance(error, _PLACELESS):
            for line in _place(error):
                output.error_line(f"<muted>{escape(line)}</muted>")
    elif lacking is None:
        for line in _hints(error) + _frames(error):
            output.error_line(line, raw=True)
        output.error_line("\nRun it again with -v for all of it.", raw=True)


def _head(error: BaseException, lacking: str | None, output: Output) -> None:
    from traceback import format_exception_only  # a start need not have it

    if lacking is not None:
        output.failure(lacking)
    elif isinstance(error, SecurelyError):
        output.failure(str(error) or type(error).__name__)
        if isinstance(error, InvalidInput) and error.usage:
            output.error_line(f"\n{error.usage}", raw=True)
    else:
        output.failure("".join(format_exception_only(error)).rstrip())


def _lacking(error: BaseException) -> str | None:
    from securely.support.requirements import lacking  # a start need not have it

    return lacking(error)


def _notes(error: BaseException) -> list[str]:
    """Return what was added to the message, and the advice that an error of ours carries."""
    notes: list[str] = [*getattr(error, "__notes__", [])]
    return notes + _hints(error)


def _hints(error: BaseException) -> list[str]:
    hint: object = getattr(error, "hint", None)
    # Some have it in their message already.
    return [hint] if isinstance(hint, str) and hint and hint not in str(error) else []


def _frames(error: BaseException) -> list[str]:
    """Return the last frames, those outside the framework first where there are any."""
    from traceback import extract_tb

    # Those of the import system stand between any two modules and say nothing.
    frames = [f for f in extract_tb(error.__traceback__) if not f.filename.startswith("<frozen ")]
    own = [frame for frame in frames if not frame.filename.startswith(_FRAMEWORK)]
    lines: list[str] = []
    for frame in reversed((own or frames)[-_FRAMES:]):
        lines.append(f"  at {shown_path(frame.filename)}:{frame.lineno} in {frame.name}")
        if frame.line:
            lines.append(f"     {frame.line}")
    return lines


def _place(error: BaseException) -> list[str]:
    """Return the last frame that is the application's own, as a line; none where none is."""
    from traceback import extract_tb

    for frame in reversed(extract_tb(error.__traceback__)):
        if not frame.filename.startswith("<") and _is_own(frame.filename):
            return [f"  at {shown_path(frame.filename)}:{frame.lineno} in {frame.name}"]
    return []


def own_traceback(error: BaseException) -> str:
    """Return the traceback of *error* as Python writes it, without the frames of what is installed.

    What remains are those of the application and of what was typed.
    """
    from traceback import TracebackException

    told = TracebackException.from_exception(error)
    _leave_own(told)
    return "".join(told.format())


def _leave_own(told: Any) -> None:
    frames = [frame for frame in told.stack if _is_own(frame.filename)]
    told.stack[:] = frames
    for each in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if each is not None:
            _leave_own(each)


def _is_own(filename: str) -> bool:
    """Tell whether a frame's file belongs neither to Securely nor to Python or a package."""
    library = str(Path(os.__file__).parent) + os.sep
    others = filename.startswith(("<frozen ", _FRAMEWORK, library))
    return not others and _PACKAGES.isdisjoint(Path(filename).parts)


def shown_path(filename: str) -> str:
    """Return *filename* relative to the working directory where it lies in it."""
    try:
        path = Path(filename).relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere, or the directory is gone
        return filename
    return str(path)
