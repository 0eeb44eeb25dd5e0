"""The word somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]

# Below this share of common letters a guess is more often wrong than helpful (difflib's default).
_CLOSE = 0.6


def did_you_mean(word: str, choices: Iterable[str], closeness: float = _CLOSE) -> str | None:
    """Return the choice nearest to *word*; None when none is near.

    Case is ignored. A word that is a choice has none: nobody means what they have written.

    Args:
        word: What was written.
        choices: What could have been meant.
        closeness: The share of letters in common, 0 to 1, from which on a choice is near.

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
        folded.setdefault(choice.lower(), choice)
    near = get_close_matches(word.lower(), folded, n=1, cutoff=closeness)
    return folded[near[0]] if near else None
