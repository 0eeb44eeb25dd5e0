"""The story of an error in short: its frames, those of its causes, and of the members of a group.

Of each error, the frames of the application stand first, the innermost on top; those of Securely
and of packages are counted. Values of variables are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from securely.console.failure.frames import frames_of, is_framework, is_own, shown_path

__all__ = ["headline", "story"]

# The last frames say where; more of them is what -v is for.
_FRAMES_MAX: Final = 3
# So with causes, and with members of groups.
_CAUSES_MAX: Final = 3
_MEMBERS_MAX: Final = 5


def headline(error: BaseException) -> str:
    """Return class, message and notes of *error*, as Python writes them."""
    from traceback import format_exception_only  # a start need not have it

    try:
        return "".join(format_exception_only(error)).rstrip()
    except Exception:  # an author's __str__ or __repr__
        return type(error).__qualname__


def story(error: BaseException) -> list[str]:
    """Return the lines that are shown beneath the message of *error*."""
    lines = list(_frames(error))
    lines += _members(error)
    seen = {id(error)}
    while True:
        found = _cause(error)
        if found is None or id(found[1]) in seen:
            return lines
        if len(seen) > _CAUSES_MAX:
            return [*lines, "", "… and what was behind that"]
        words, error = found
        seen.add(id(error))
        lines += ["", f"{words} {headline(error)}", *_frames(error), *_members(error)]


def _cause(error: BaseException) -> tuple[str, BaseException] | None:
    if error.__cause__ is not None:
        return "Caused by", error.__cause__
    if error.__context__ is not None and not error.__suppress_context__:
        return "While handling", error.__context__
    return None


def _members(error: BaseException) -> Iterator[str]:
    if not isinstance(error, BaseExceptionGroup):
        return
    members = cast("tuple[BaseException, ...]", cast(Any, error).exceptions)
    for number, member in enumerate(members[:_MEMBERS_MAX], 1):
        yield ""
        lines = [f"{number}. {headline(member)}", *story(member)]
        for line in "\n".join(lines).splitlines():
            yield f"  {line}" if line else ""
    if len(members) > _MEMBERS_MAX:
        yield f"\n  … and {len(members) - _MEMBERS_MAX} more"


def _frames(error: BaseException) -> Iterator[str]:
    frames = frames_of(error)
    own = [frame for frame in frames if is_own(frame.filename)]
    best = own or [frame for frame in frames if not is_framework(frame.filename)] or frames
    shown = best[-_FRAMES_MAX:]
    for frame in reversed(shown):
        yield from _lines(frame)
    if own and frames[-1] is not shown[-1]:
        # Where the application has called what failed; and what did.
        yield f"  raised {_place(frames[-1])}"
    if left := _left(len(own[:-_FRAMES_MAX]), len(frames) - len(own or shown)):
        yield f"  … {left}"


def _lines(frame: Any) -> Iterator[str]:
    yield f"  {_place(frame)}"
    if frame.line:
        yield f"     {frame.line}"


def _place(frame: Any) -> str:
    return f"at {shown_path(frame.filename)}:{frame.lineno} in {frame.name}"


def _left(own: int, others: int) -> str:
    """Say how many frames are not shown."""
    parts = [f"{own} more of the application"] if own else []
    if others:
        parts.append(f"{others} of Securely and of packages")
    return " and ".join(parts)
