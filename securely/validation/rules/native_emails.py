"""Addresses of mail as PHP's FILTER_VALIDATE_EMAIL takes them: routable, without comments."""

from __future__ import annotations

import re
from typing import Final

from securely.validation.rules.addresses import is_ip

__all__ = ["is_native_email"]

# RFC 3696 before its erratum: 64, the @, and 255.
_BYTES_MAX: Final = 320
# RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3, as PHP counts: what is escaped is one letter.
_LETTERS_MAX: Final = 254
# The first of those sections: what stands before the @.
_LOCAL_LETTERS_MAX: Final = 64
# RFC 1035, section 2.3.4.
_LABEL_LETTERS_MAX: Final = 63
# RFC 5321, section 4.1.3: groups of hexadecimal digits around "::".
_GROUPS_MAX: Final = 6
# The same, where its last two are written as IPv4.
_GROUPS_BEFORE_IPV4_MAX: Final = 4

_ATOM: Final = r"A-Za-z0-9!#-'*+\-/=?^_`{-~"
_QUOTABLE: Final = r"\x01-\x08\x0b\x0c\x0e-\x1f!#-\[\]-\x7f"


def _local(others: str) -> re.Pattern[str]:
    """Return the pattern of words between dots, in which *others* are letters as well."""
    word = rf'(?:(?:[{_ATOM}]|{others})++|"(?:[{_QUOTABLE}]|{others}|\\[\x00-\x7f])*+")'
    return re.compile(rf"{word}(?:\.{word})*+")


_LOCAL: Final = _local("(?!)")
_LOCAL_UNICODE: Final = _local(r"[^\W_\x00-\x7f]")
# What counts as one: a letter, or one behind a backslash, whatever quotes are next to it.
_UNIT: Final = re.compile(r'"?(?:\\[\x00-\x7e]|[^\\"])"?', re.DOTALL)
_LABEL: Final = re.compile(r"[A-Za-z0-9]++(?:-++[A-Za-z0-9]++)*+")


def is_native_email(text: str, *, unicode: bool = False) -> bool:
    """Tell whether PHP's filter takes *text* for an address of mail.

    Args:
        text: What may be an address.
        unicode: Whether letters and digits of all scripts may stand before the @.

    Source: PHP 8.2, FILTER_VALIDATE_EMAIL and FILTER_FLAG_EMAIL_UNICODE.

    Example:
        >>> is_native_email("ann@example.com"), is_native_email("ann@localhost")
        (True, False)
    """
    if len(text) > _BYTES_MAX or len(text.encode("utf-8", "surrogatepass")) > _BYTES_MAX:
        return False
    found = (_LOCAL_UNICODE if unicode else _LOCAL).match(text)
    if found is None or text[found.end() : found.end() + 1] != "@":
        return False
    domain = text[found.end() + 1 :]
    if not (_is_literal(domain) if domain.startswith("[") else _is_routable(domain)):
        return False
    return _letters(text) <= _LETTERS_MAX and _letters(found[0]) <= _LOCAL_LETTERS_MAX


def _letters(text: str) -> int:
    count = at = 0
    while (unit := _UNIT.match(text, at)) is not None:
        count += 1
        at = unit.end()
    return count


def _is_routable(domain: str) -> bool:
    labels = domain.split(".")
    return (
        len(labels) > 1
        and labels[-1][:1].isalpha()
        and all(len(each) <= _LABEL_LETTERS_MAX and _LABEL.fullmatch(each) for each in labels)
    )


def _is_literal(domain: str) -> bool:
    """Tell whether *domain* is an IP address in brackets, marked where it is of version 6.

    Version 6 is taken where "::" stands for at least two groups, which RFC 5321 wants.
    """
    address = domain[1:-1]
    if not domain.endswith("]"):
        return False
    if address[:5].lower() != "ipv6:":
        return is_ip(address, 4)
    address = address[5:]
    if not is_ip(address, 6):
        return False
    groups = [each for each in address.split(":") if each and "." not in each]
    most = _GROUPS_BEFORE_IPV4_MAX if "." in address else _GROUPS_MAX
    return "::" not in address or len(groups) <= most
