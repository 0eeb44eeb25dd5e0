"""Locales: what a locale is in HTML, its language and the direction it is written in."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

__all__ = ["direction", "language"]

# Languages that are written from right to left, and scripts, where a locale names one.
# Source: CLDR 46, layout/orientation/characterOrder.
_RIGHT: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "khw", "ks", "ku_arab", "mzn", "nqo", "pa_arab"}
    | {"ps", "sd", "sdh", "syr", "ug", "ur", "uz_arab", "yi", "ji"}
)
_RIGHT_SCRIPTS: Final = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"})
_SCRIPT_LETTERS: Final = 4  # ISO 15924


@lru_cache(maxsize=256)  # locales of an application are few
def language(locale: str) -> str:
    """Return *locale* as HTML names languages.

    Example:
        >>> language("de_CH")
        'de-CH'
    """
    return locale.partition(".")[0].replace("_", "-")


@lru_cache(maxsize=256)
def direction(locale: str) -> Literal["ltr", "rtl"]:
    """Return the direction that the language of *locale* is written in.

    Example:
        >>> direction("ar_EG"), direction("uz_Latn"), direction("pt")
        ('rtl', 'ltr', 'ltr')
    """
    words = locale.lower().replace("-", "_").split("_")
    scripts = [word for word in words[1:] if len(word) == _SCRIPT_LETTERS and word.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in _RIGHT_SCRIPTS else "ltr"
    return "rtl" if words[0] in _RIGHT else "ltr"
