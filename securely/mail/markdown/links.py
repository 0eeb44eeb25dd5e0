"""Links: which addresses a mail may lead to, and how they are written."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from securely.mail.markdown.exceptions import UnsafeLink

__all__ = ["address", "checked", "is_safe"]

_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
# Browsers skip these before they look for a scheme: "java\nscript:" is one.
_SKIPPED: Final = re.compile(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]+")
# Everything that may stand in an address as it is; "%" is taken for the begin of a %xx.
_KEPT: Final = "!#$%&'()*+,-./:;=?@[]_~"
_PLAIN: Final = re.compile(r"[a-zA-Z0-9!#$%&()*+,\-./:;=?@\[\]_~]*")
_TAIL: Final = re.compile(r"[/?#]")


def address(text: str) -> str:
    """Return *text* as it stands in a link: what an address can not hold is encoded.

    Example:
        >>> address(" https://example.com/a b?c=<d>")
        'https://example.com/a%20b?c=%3Cd%3E'
    """
    if _PLAIN.fullmatch(text):
        return text
    return quote(_SKIPPED.sub("", text), safe=_KEPT, errors="replace")


def is_safe(text: str) -> bool:
    """Tell whether *text* leads nowhere but to the web, to mail or to a telephone.

    Addresses without a scheme lead to where they stand, and are safe.

    Example:
        >>> is_safe("https://example.com"), is_safe("java\\nscript:alert(1)"), is_safe("#top")
        (True, False, True)
    """
    match = _SCHEME.match(text := _SKIPPED.sub("", text))
    if match:
        return match[1].lower() in _SCHEMES
    return ":" not in _TAIL.split(text, maxsplit=1)[0]


def checked(text: str) -> str:
    """Return the address of a button; it must be a whole one.

    Raises:
        UnsafeLink: It is none that a mail may lead to.
    """
    match = _SCHEME.match(cleaned := _SKIPPED.sub("", text))
    if match is None or match[1].lower() not in _SCHEMES:
        raise UnsafeLink(text)
    return address(cleaned)
