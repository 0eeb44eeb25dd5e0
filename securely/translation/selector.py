"""MessageSelector: of the forms of a line, the one for a number."""

from __future__ import annotations

import re
from typing import Final

from securely.translation.plurals import Number, plural_index
from securely.translation.replacing import written

__all__ = ["MessageSelector"]

_CONDITION: Final = re.compile(r"[{\[]([-?0-9|*,.]*)[}\]](.*)", re.DOTALL)
_NUMERIC: Final = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_BLANKS: Final = " \t\n\r\0\x0b"


class MessageSelector:
    """Chooses of the forms of a line, which stand between ``|``, the one for a number.

    A form may say for which numbers it is: ``{0} none|[1,5] some|[6,*] many``. Where none does
    that fits, the rule of the language decides, and the conditions are cut off.

    Source: Laravel 13, Illuminate\\Translation\\MessageSelector.
    """

    def choose(self, line: str, number: Number, locale: str) -> str:
        """Return the form of *line* for *number*.

        Example:
            >>> MessageSelector().choose("{0} none|one apple|apples", 0, "en")
            'none'
            >>> MessageSelector().choose("яблоко|яблока|яблок", 21, "ru")
            'яблоко'
        """
        forms = line.split("|")
        texts: list[str] = []
        for form in forms:
            condition = _CONDITION.match(form)
            if condition is None:
                texts.append(form)
            elif _holds(condition[1], number):
                return condition[2].strip(_BLANKS)
            else:
                texts.append(condition[2])
        index = plural_index(locale, number)
        return texts[index] if index < len(texts) else texts[0]

    def plural_index(self, locale: str, number: Number) -> int:
        """Return which form *number* takes in *locale*; 0 is the first."""
        return plural_index(locale, number)


def _holds(condition: str, number: Number) -> bool:
    low, comma, high = condition.partition(",")
    if comma and (
        (high == "*" and _compare(number, low) >= 0)
        or (low == "*" and _compare(number, high) <= 0)
        or (_compare(number, low) >= 0 and _compare(number, high) <= 0)
    ):
        return True
    return _compare(number, condition) == 0


def _compare(number: Number, text: str) -> int:
    """Return whether *number* is less than, equal to or greater than *text*: -1, 0 or 1.

    As text, where the text is no number: so PHP compares them.
    """
    if not _NUMERIC.fullmatch(text):
        shown = written(number)
        return (shown > text) - (shown < text)
    bound = float(text) if "." in text else int(text)
    return (number > bound) - (number < bound)
