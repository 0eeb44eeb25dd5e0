"""Fitting text into a place: limit, words, excerpt, mask, padding, wrapping."""

from __future__ import annotations

import re
from itertools import cycle, islice
from unicodedata import east_asian_width

__all__ = ["Fitting", "width"]


class Fitting:
    """Functions that make text fit."""

    @staticmethod
    def limit(value: str, limit: int = 100, end: str = "...", preserve_words: bool = False) -> str:
        """Return *value*, cut to *limit* columns, with *end* where something was cut.

        Args:
            value: The text; wide characters of East Asia take two columns.
            limit: Columns, *end* not counted; a negative one counts from the end.
            end: What stands for what was cut.
            preserve_words: Whether no word is cut in two.

        Raises:
            ValueError: *limit* is further from the end than the text is wide.

        Source: Laravel 13, Str::limit.

        Example:
            >>> Fitting.limit("The quick brown fox", 12, preserve_words=True)
            'The quick...'
        """
        columns = width(value)
        if columns <= limit:
            return value
        if limit < 0:
            limit += columns
            if limit < 0:
                raise ValueError(f"A text of {columns} columns cannot be cut by more than that.")
        if not preserve_words:
            return _trimmed(value, limit).rstrip(_PHP_SPACE) + end
        plain = re.sub(r"[\n\r]+", " ", re.sub(r"<[^>]*>", "", value)).strip(_PHP_SPACE)
        cut = _trimmed(plain, limit).rstrip(_PHP_SPACE)
        if plain[limit : limit + 1] == " ":
            return cut + end
        return re.sub(r"(.*)\s.*", r"\1", cut) + end

    @staticmethod
    def words(value: str, words: int = 100, end: str = "...") -> str:
        """Return the first *words* words of *value*, with *end* where something was cut.

        Raises:
            ValueError: *words* is 0.

        Source: Laravel 13, Str::words.

        Example:
            >>> Fitting.words("Perfectly balanced, as all things should be.", 3, " >>>")
            'Perfectly balanced, as >>>'
        """
        if words == 0:
            raise ValueError("Keep at least one word.")
        if words < 0:
            return value
        found = re.match(rf"\s*+(?:\S++\s*+){{1,{words}}}", value)
        if found is None or len(found[0]) == len(value):
            return value
        return found[0].rstrip(_PHP_SPACE) + end

    @staticmethod
    def excerpt(
        text: str, phrase: str = "", radius: int = 100, omission: str = "..."
    ) -> str | None:
        """Return *phrase* with what stands around it; ``None`` where it is not there.

        Args:
            text: Where to look, without regard to case.
            phrase: What to look for.
            radius: How many characters are kept on each side.
            omission: What stands for what was cut.

        Source: Laravel 13, Str::excerpt.

        Example:
            >>> Fitting.excerpt("This is my name", "my", radius=3)
            '...is my na...'
        """
        found = re.match(rf"(.*?)({re.escape(phrase)})(.*)$", text, re.IGNORECASE)
        if found is None:
            return None
        before, after = found[1].lstrip(_PHP_SPACE), found[3].rstrip(_PHP_SPACE)
        start = before[max(len(before) - radius, 0) :].lstrip()
        end = after[:radius].rstrip()
        return "".join(
            (
                start if start == before else omission + start,
                found[2],
                end if end == after else end + omission,
            )
        )

    @staticmethod
    def mask(value: str, character: str, index: int, length: int | None = None) -> str:
        """Return *value* with *character* in the place of those from *index* on.

        Args:
            value: The text.
            character: What hides; the first letter of it counts.
            index: Where to begin; a negative one counts from the end.
            length: How many to hide; a negative one leaves so many at the end; ``None`` hides all.

        Source: Laravel 13, Str::mask.

        Example:
            >>> Fitting.mask("ann@example.com", "*", 3)
            'ann************'
            >>> Fitting.mask("ann@example.com", "*", -15, 3)
            '***@example.com'
        """
        begin = max(len(value) + index, 0) if index < 0 else index
        hidden = len(_substring(value, index, length))
        if not character or not hidden:
            return value
        return value[:begin] + character[0] * hidden + value[begin + hidden :]

    @staticmethod
    def pad_both(value: str, length: int, pad: str = " ") -> str:
        """Return *value* with *pad* on both sides, *length* characters long; the right has more.

        Example:
            >>> Fitting.pad_both("James", 10, "_")
            '__James___'
        """
        missing = max(length - len(value), 0)
        return _repeated(pad, missing // 2) + value + _repeated(pad, missing - missing // 2)

    @staticmethod
    def pad_left(value: str, length: int, pad: str = " ") -> str:
        """Return *value* with *pad*, of any length, before it.

        Example:
            >>> Fitting.pad_left("James", 10, "-=")
            '-=-=-James'
        """
        return _repeated(pad, max(length - len(value), 0)) + value

    @staticmethod
    def pad_right(value: str, length: int, pad: str = " ") -> str:
        """Return *value* with *pad*, of any length, after it.

        Example:
            >>> Fitting.pad_right("James", 10, "-=")
            'James-=-=-'
        """
        return value + _repeated(pad, max(length - len(value), 0))

    @staticmethod
    def word_wrap(
        value: str, characters: int = 75, line_break: str = "\n", cut_long_words: bool = False
    ) -> str:
        """Return *value* in lines of at most *characters*, cut at spaces.

        Args:
            value: The text.
            characters: How many a line may have.
            line_break: What stands between lines.
            cut_long_words: Whether a word that is longer is cut.

        Source: PHP, wordwrap; Laravel 13, Str::wordWrap.

        Example:
            >>> Fitting.word_wrap("The quick brown fox", 10)
            'The quick\\nbrown fox'
        """
        lines = ""
        start = space = at = 0
        while at < len(value):
            if (
                line_break
                and value.startswith(line_break, at)
                and at + len(line_break) < len(value)
            ):
                lines += value[start : at + len(line_break)]
                at += len(line_break)
                start = space = at
                continue
            if value[at] == " ":
                if at - start >= characters:
                    lines += value[start:at] + line_break
                    start = at + 1
                space = at
            elif at - start >= characters and cut_long_words and start >= space:
                lines += value[start:at] + line_break
                start = space = at
            elif at - start >= characters and start < space:
                lines += value[start:space] + line_break
                start = space = space + 1
            at += 1
        return lines + value[start:]


# What PHP's trim takes away.
_PHP_SPACE = " \n\r\t\v\0"


def width(value: str) -> int:
    """Return how many columns *value* takes: wide characters of East Asia take two.

    Example:
        >>> width("日本"), width("ab")
        (4, 2)
    """
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in value)


def _trimmed(value: str, columns: int) -> str:
    taken = 0
    for number, each in enumerate(value):
        taken += 2 if east_asian_width(each) in "WF" else 1
        if taken > columns:
            return value[:number]
    return value


def _substring(value: str, index: int, length: int | None) -> str:
    """Return what PHP's mb_substr does."""
    rest = value[max(len(value) + index, 0) if index < 0 else index :]
    if length is None:
        return rest
    return rest[:length] if length >= 0 else rest[: max(len(rest) + length, 0)]


def _repeated(pad: str, count: int) -> str:
    return "".join(islice(cycle(pad), count)) if pad else ""
