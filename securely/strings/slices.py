"""Parts of text: after, before, between; and what is put at its ends."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Slices"]


class Slices:
    """Functions that cut text at other text, or put some at its ends."""

    @staticmethod
    def after(subject: str, search: str) -> str:
        """Return what follows the first *search*; all, where it is not there.

        Example:
            >>> Slices.after("This is my name", "This is")
            ' my name'
        """
        return subject.split(search, 1)[-1] if search else subject

    @staticmethod
    def after_last(subject: str, search: str) -> str:
        """Return what follows the last *search*; all, where it is not there.

        Example:
            >>> Slices.after_last("app.http.controllers", ".")
            'controllers'
        """
        return subject.rsplit(search, 1)[-1] if search else subject

    @staticmethod
    def before(subject: str, search: str) -> str:
        """Return what stands before the first *search*; all, where it is not there.

        Example:
            >>> Slices.before("This is my name", " my name")
            'This is'
        """
        return subject.split(search, 1)[0] if search else subject

    @staticmethod
    def before_last(subject: str, search: str) -> str:
        """Return what stands before the last *search*; all, where it is not there.

        Example:
            >>> Slices.before_last("This is my name", "is")
            'This '
        """
        return subject.rsplit(search, 1)[0] if search else subject

    @staticmethod
    def between(subject: str, start: str, end: str) -> str:
        """Return what stands between the first *start* and the last *end*.

        Example:
            >>> Slices.between("[a] bc [d]", "[", "]")
            'a] bc [d'
        """
        if not (start and end):
            return subject
        return Slices.before_last(Slices.after(subject, start), end)

    @staticmethod
    def between_first(subject: str, start: str, end: str) -> str:
        """Return what stands between the first *start* and the first *end* after it.

        Example:
            >>> Slices.between_first("[a] bc [d]", "[", "]")
            'a'
        """
        if not (start and end):
            return subject
        return Slices.before(Slices.after(subject, start), end)

    @staticmethod
    def chop_start(subject: str, needle: str | Iterable[str]) -> str:
        """Return *subject* without *needle*, or the first of several that fits, at its start.

        Example:
            >>> Slices.chop_start("https://example.com", ["http://", "https://"])
            'example.com'
        """
        for each in _several(needle):
            if each and subject.startswith(each):
                return subject[len(each) :]
        return subject

    @staticmethod
    def chop_end(subject: str, needle: str | Iterable[str]) -> str:
        """Return *subject* without *needle*, or the first of several that fits, at its end.

        Example:
            >>> Slices.chop_end("app/models/photo.py", ".py")
            'app/models/photo'
        """
        for each in _several(needle):
            if each and subject.endswith(each):
                return subject[: -len(each)]
        return subject

    @staticmethod
    def start(value: str, prefix: str) -> str:
        """Return *value* with exactly one *prefix* at its start.

        Example:
            >>> Slices.start("this/string", "/"), Slices.start("//this/string", "/")
            ('/this/string', '/this/string')
        """
        return prefix + re.sub(rf"^(?:{re.escape(prefix)})+", "", value)

    @staticmethod
    def finish(value: str, cap: str) -> str:
        """Return *value* with exactly one *cap* at its end.

        Example:
            >>> Slices.finish("this/string", "/"), Slices.finish("this/string//", "/")
            ('this/string/', 'this/string/')
        """
        return re.sub(rf"(?:{re.escape(cap)})+\Z", "", value) + cap

    @staticmethod
    def wrap(value: str, before: str, after: str | None = None) -> str:
        """Return *value* between *before* and *after*, which is *before* again unless given.

        Example:
            >>> Slices.wrap("is", "This ", " Laravel!")
            'This is Laravel!'
        """
        return before + value + (before if after is None else after)

    @staticmethod
    def unwrap(value: str, before: str, after: str | None = None) -> str:
        """Return *value* without *before* at its start and *after* at its end.

        Example:
            >>> Slices.unwrap("{framework}", "{", "}")
            'framework'
        """
        end = before if after is None else after
        return value.removeprefix(before).removesuffix(end) if before or end else value


def _several(needle: str | Iterable[str]) -> Iterable[str]:
    return [needle] if isinstance(needle, str) else needle
