"""Addresses of mail: whether they are such, by RFC 5322 as Laravel reads it, or by PHP's filter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import category, name, normalize

from securely.validation.rules.hosts import Resolver, has_mail_host
from securely.validation.rules.native_emails import is_native_email

__all__ = ["Resolver", "has_mail_host", "is_email", "mail_domain"]

# RFC 1035, section 2.3.4, as text without the last dot.
_DOMAIN_BYTES_MAX: Final = 253
# The same section; a label of other scripts counts as it is encoded.
_LABEL_BYTES_MAX: Final = 63
# RFC 5321, section 4.5.3.1: what is longer has a warning, which `strict` refuses.
_LOCAL_BYTES_ADVISED: Final = 64
_ADDRESS_BYTES_ADVISED: Final = 254

# Of controls none but the tab; outside ASCII neither controls nor symbols.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# A letter or a digit; outside ASCII all that is left, but for the two marks of Spanish.
_WORD: Final = r"A-Za-z0-9\u00a0\u00a2-\u00be\u00c0-\U0010ffff"
_SPECIALS: Final = r',\[\]<>:;"\\'
# What stands before the first quote or comment: dots neither at the ends nor next to each other,
# backslashes not before letters, and blanks, which are obsolete, not before letters either.
_PLAIN: Final = re.compile(
    rf"(?!\.)(?:[^ \t.()@{_SPECIALS}]++|\.(?![.@])|\\(?![{_WORD}])"
    rf"|(?<=\\)[ \t]|[ \t](?![{_WORD}]))*+"
)
_QUOTED: Final = re.compile(r'"\t?(?:\\"|(?<=\\)\t|[^"\t])*+"')
_IN_WORD: Final = re.compile(rf'[{_WORD}]"[{_WORD}]')
_BLANK: Final = re.compile(r"(?<!\\)[ \t]")
_PARENTHESES: Final[re.Pattern[str]] = re.compile(r"([()])")
_LITERAL: Final = re.compile(r"\[[^\[\]\\]*(?<![.-])\]")
_DOMAIN: Final = re.compile(rf"(?!-)[{_WORD}-]++(?:(?<!-)\.[{_WORD}-]++)*+(?<!-)")
_BELOW_TOP: Final = re.compile(rf"\.[{_WORD}]")

# Scripts that are written together, beside any script that is alone: Unicode Technical
# Standard 39, section 5.2, "Highly Restrictive". Named as the names of their letters begin.
_TOGETHER: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)


def is_email(text: str, kinds: Sequence[str] = ()) -> bool:
    """Tell whether *text* is an address of mail in every one of the ways asked for.

    - `rfc`: as RFC 5322 has it, with comments, quotes, and letters of all scripts; "a@b" is one.
    - `strict`: `rfc` without what is obsolete, unusual, or too long for a server: no comments,
      quotes or address literals, a dot in the domain, at most 64 bytes before the @, 254 in all.
    - `filter`: what PHP's FILTER_VALIDATE_EMAIL takes: ASCII, and a domain with a dot.
    - `filter_unicode`: the same, with letters and digits of all scripts before the @.
    - `spoof`: no letters of scripts that are not written together, as Latin and Cyrillic are not.

    Never two lines, whatever the kind. The time is linear in the length of *text*.

    `rfc` is stricter than what Laravel has from egulias/email-validator where that lets pass what
    no RFC allows: a NUL, "::" outside quotes, anything behind the "]" of a literal, a literal
    that is a part of the domain, and what is no word or comment between a comment and the @.

    Args:
        text: What may be an address.
        kinds: The ways; none is `rfc`, and so is one that is unknown. `dns` is not looked at:
            see :func:`has_mail_host` and :func:`mail_domain`.

    Source: Laravel 13, ValidatesAttributes::validateEmail.

    Example:
        >>> is_email("ann@example.com"), is_email("ann@localhost"), is_email("a..b@example.com")
        (True, True, False)
        >>> is_email("ann@localhost", ["strict"]), is_email("ann@localhost", ["filter"])
        (False, False)
    """
    if "\n" in text or "\r" in text:
        return False
    return all(_is(kind, text) for kind in dict.fromkeys(kinds or ["rfc"]))


def mail_domain(address: str) -> str:
    """Return what stands behind the last @ of *address*, or the whole where there is none.

    Example:
        >>> mail_domain("ann@example.com")
        'example.com'
    """
    return address.rpartition("@")[2]


def _is(kind: str, text: str) -> bool:
    match kind:
        case "dns":
            return True
        case "strict":
            return _is_strict(text)
        case "filter":
            return is_native_email(text)
        case "filter_unicode":
            return is_native_email(text, unicode=True)
        case "spoof":
            return not _is_suspicious(text)
        case _:
            return _sides(text) is not None


def _is_strict(text: str) -> bool:
    sides = _sides(text)
    if sides is None:
        return False
    local, domain = sides
    return (
        _PLAIN.fullmatch(local) is not None
        and _BLANK.search(local) is None
        and _BELOW_TOP.search(domain) is not None
        and not {"(", "["}.intersection(domain)
        and _bytes(local) <= _LOCAL_BYTES_ADVISED
        and _bytes(local) + 1 + _bytes(domain) <= _ADDRESS_BYTES_ADVISED
    )


def _sides(text: str) -> tuple[str, str] | None:
    """Return what stands before the @ and behind it, or None for what is no address."""
    if _CONTROLS.search(text) or not (text.isascii() or _has_no_symbols(text)):
        return None
    plain = _PLAIN.match(text)
    end = plain.end() if plain else 0
    match text[end : end + 1]:
        case '"':
            quoted = _QUOTED.match(text, end)
            apart = quoted and _IN_WORD.match(text, max(end - 1, 0)) is None
            end = quoted.end() if quoted and apart else 0
        case "(":
            end = _comments_end(text, end)
        case _:
            pass
    if end == 0 or text[end : end + 1] != "@" or not _is_domain(text[end + 1 :]):
        return None
    return text[:end], text[end + 1 :]


def _has_no_symbols(text: str) -> bool:
    return all(category(letter)[0] not in "SC" for letter in set(text) if not letter.isascii())


def _comments_end(text: str, start: int) -> int:
    """Return where the @ is behind comments and words that begin at *start*; 0 where none is."""
    end = text.find("@", start)
    words = _uncommented(text[start:end]) if end > 0 else None
    if words is None or re.search(f"[{_SPECIALS}]", words):
        return 0
    whole = (text[:start] + words).strip(" \t")
    fits = whole and not whole.startswith(".") and not whole.endswith(".") and ".." not in whole
    return end if fits else 0


def _uncommented(text: str) -> str | None:
    """Return *text* without its comments, or None where the parentheses are no pairs."""
    kept: list[str] = []
    depth = 0
    for piece in _PARENTHESES.split(text):
        if piece in {"(", ")"}:
            depth += 1 if piece == "(" else -1
        elif depth == 0:
            kept.append(piece)
        if depth < 0:
            return None
    return "".join(kept) if depth == 0 else None


def _is_domain(domain: str) -> bool:
    if not domain or len(domain) > _DOMAIN_BYTES_MAX or _bytes(domain) > _DOMAIN_BYTES_MAX:
        return False
    if domain.startswith("["):
        return _LITERAL.fullmatch(domain) is not None
    # A dot has to follow a comment.
    bare = _uncommented(domain) if "." in domain[domain.rfind(")") + 1 :] else domain
    if bare is None or _DOMAIN.fullmatch(bare) is None:
        return False
    first, *others = bare.split(".")
    # The original takes the dot before a label for a part of it.
    return _label_fits(first) and all(_label_fits(f".{label}") for label in others)


def _label_fits(label: str) -> bool:
    if label.isascii():
        return len(label) <= _LABEL_BYTES_MAX
    folded = normalize("NFKC", label.removeprefix(".")).lower()
    encoded = folded if folded.isascii() else f"xn--{folded.encode('punycode').decode('ascii')}"
    return len(encoded) <= _LABEL_BYTES_MAX


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _is_suspicious(text: str) -> bool:
    """Tell whether *text* has letters of scripts that are not written together.

    The script of a letter is the first word of its name in Unicode, which the standard library
    has; forms for compatibility count as the letters they stand for. Laravel asks ICU, whose
    scripts are the same for all that people write; digits, marks and signs belong to all there.
    """
    if text.isascii():
        return False
    scripts = {_script(letter) for letter in set(normalize("NFKC", text))} - {""}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def _script(letter: str) -> str:
    if category(letter) not in {"Lu", "Ll", "Lt", "Lo"}:
        return ""
    word = name(letter, "UNNAMED").partition(" ")[0]
    return "CJK" if word == "IDEOGRAPHIC" else word
