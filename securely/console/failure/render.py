"""render_failure: an error on the error stream."""

from __future__ import annotations

from collections.abc import Callable

from securely.console.exceptions import (
    InvalidInput,
    InvalidSignature,
    NotInteractive,
    UnknownCommand,
)
from securely.console.failure.frames import frames_of, is_own, shown_path
from securely.console.failure.story import headline, story
from securely.console.output import Output, Verbosity
from securely.console.output.style import escape
from securely.exceptions import SecurelyError
from securely.support.masking import mask_urls

__all__ = ["render_failure"]

# Their place is on the command line, or in the message.
_PLACELESS = (InvalidInput, InvalidSignature, NotInteractive, UnknownCommand)


def render_failure(
    error: BaseException,
    output: Output,
    *,
    show_place: bool = False,
    mask: Callable[[str], str] = mask_urls,
) -> None:
    """Write *error* to the error stream of *output*.

    A :class:`SecurelyError` says in its message what to do, so the message is all; anything else is
    unexpected, so it is shown with the frames it came through.

    Args:
        error: What was not caught.
        output: Where to.
        show_place: Whether the message of a :class:`SecurelyError` is followed by the line of the
            application that it came from.
        mask: Hides what is secret in what is written; by itself, passwords of URLs.
    """
    lacking = _lacking(error)
    _head(error, lacking, output, mask)
    if output.verbosity >= Verbosity.VERBOSE:
        from traceback import format_exception

        output.error_line()
        output.error_line(mask("".join(format_exception(error)).rstrip()), raw=True)
    elif isinstance(error, SecurelyError):
        for note in _notes(error):
            output.error_line(mask(note), raw=True)
        if show_place and not isinstance(error, _PLACELESS):
            for line in _place(error):
                output.error_line(f"<muted>{escape(line)}</muted>")
    elif lacking is None:
        # In one piece: a secret may have several lines.
        if told := _hints(error) + story(error):
            output.error_line(mask("\n".join(told)), raw=True)
        output.error_line("\nRun it again with -v for all of it.", raw=True)


def _head(
    error: BaseException, lacking: str | None, output: Output, mask: Callable[[str], str]
) -> None:
    if lacking is not None:
        output.failure(mask(lacking))
    elif isinstance(error, SecurelyError):
        output.failure(mask(str(error) or type(error).__name__))
        if isinstance(error, InvalidInput) and error.usage:
            output.error_line(f"\n{error.usage}", raw=True)
    else:
        output.failure(mask(headline(error)))


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


def _place(error: BaseException) -> list[str]:
    """Return the last frame that is the application's own, as a line; none where none is."""
    for frame in reversed(frames_of(error)):
        if not frame.filename.startswith("<") and is_own(frame.filename):
            return [f"  at {shown_path(frame.filename)}:{frame.lineno} in {frame.name}"]
    return []
