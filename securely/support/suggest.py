"""The word somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]

# Below this share of common letters a guess is more often wrong than helpful (difflib's default).
_CLOSE = 0.6
# Slips for each letter; "Codec" shares enough letters with "Clock", but nobody mistypes so.
_SLIPS_PER_LETTER = 0.45
_SLIPS_MAX = 4
_BEGINNING = 4  # as many letters of a longer word may stand for it
_TRIED = 5


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice nearest to *word*; None when none is near.

    Near is what slips of the hand or of the ear lead to: letters too many, too few, others, or two
    that have changed places, in less than half of the word and four times at most; and what begins
    with the word. Case, and quotes around it, are ignored. A word that is a choice has none: nobody
    means what they have written.

    Args:
        word: What was written.
        choices: What could have been meant.

    Example:
        >>> did_you_mean("rediss", ["array", "disk", "redis"])
        'redis'
        >>> did_you_mean("mail", ["array", "disk", "redis"]) is None
        True
    """
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for choice in choices:
        if choice == word:
            return None
        folded.setdefault(_folded(choice), choice)
    written = _folded(word)
    slips = min(max(int(len(written) * _SLIPS_PER_LETTER), 1), _SLIPS_MAX)
    # The measure of difflib is cheap and sorts well; slips are dear, so they are counted last.
    for near in get_close_matches(written, folded, n=_TRIED, cutoff=_CLOSE):
        is_begun = near.startswith(written) and len(written) >= _BEGINNING
        if is_begun or _slips(written, near) <= slips:
            return folded[near]
    return None


def _folded(word: str) -> str:
    """Return *word* without case and quotes, which would count as letters in common."""
    return word.lower().strip("\"'")


def _slips(written: str, meant: str) -> int:
    """Return how many slips lie between two words: their optimal string alignment distance."""
    before: list[int] = []
    row: list[int] = [*range(len(meant) + 1)]
    for i, letter in enumerate(written, 1):
        before, above, row = row, before, [i]
        for j, other in enumerate(meant, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and written[i - 2] == other:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]
