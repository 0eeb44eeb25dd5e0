"""What text and bytes hold: JSON, base64, letters of an encoding."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ENCODINGS", "encoding_named", "has_encoding", "is_base64", "is_json"]

# What PHP reads by default; deeper than that nobody writes, but to do harm.
_DEPTH_MAX: Final = 512
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

# RFC 8259; of escapes, none that is half a pair of surrogates.
_STRING: Final = (
    r'"(?:[^"\\\x00-\x1f\ud800-\udfff]++|\\["\\/bfnrt]|\\u(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}'
    r'|[dD][0-7][0-9a-fA-F]{2}|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+"'
)
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_SPACE: Final = r"[ \t\r\n]*+"
_TOKEN: Final = re.compile(
    rf"{_SPACE}(?:([\[\]{{}}:,])|({_STRING})|(?:{_NUMBER}|true|false|null)){_SPACE}"
)

# What may follow where, and where that leads: a mark of its own, "s" for text, "v" for what has
# no parts. In front of a closing bracket what is open decides.
_MOVES: Final = {
    "value": {"s": "done", "v": "done", "[": "item", "{": "name"},
    "item": {"s": "done", "v": "done", "[": "item", "{": "name", "]": "done"},
    "name": {"s": "colon", "}": "done"},
    "next name": {"s": "colon"},
    "colon": {":": "value"},
    "done": {",": "", "]": "done", "}": "done"},
}
_CLOSERS: Final = {"[": "]", "{": "}"}


def is_json(text: str) -> bool:
    """Tell whether *text* is JSON (RFC 8259), nested no deeper than 512.

    The time is linear and nothing is built, so that numbers may have any number of digits, and
    names may come twice. `NaN`, a byte order mark and lone surrogates are refused.

    Source: PHP 8.3, json_validate.

    Example:
        >>> is_json('{"a": [1, null]}'), is_json("{'a': 1}"), is_json("1e999"), is_json("[" * 600)
        (True, False, True, False)
    """
    at, state = 0, "value"
    opened: list[str] = []
    while (token := _TOKEN.match(text, at)) is not None:
        at = token.end()
        mark = token[1] or ("v" if token[2] is None else "s")
        state = _MOVES[state].get(mark, "wrong")
        if mark in _CLOSERS:
            opened.append(_CLOSERS[mark])
        elif mark in {"]", "}"} and (not opened or opened.pop() != mark):
            return False
        elif mark == "," and state != "wrong":
            state = _behind_comma(opened)
        if state == "wrong" or len(opened) > _DEPTH_MAX:
            return False
    return at == len(text) and state == "done" and not opened


def _behind_comma(opened: list[str]) -> str:
    if not opened:
        return "wrong"
    return "value" if opened[-1] == "]" else "next name"


def is_base64(text: str) -> bool:
    """Tell whether *text* is base64 (RFC 4648, section 4), with its padding and nothing else.

    Example:
        >>> is_base64("Zm9vYg=="), is_base64("Zm9vYg"), is_base64("Zm9v Yg==")
        (True, False, False)
    """
    return _BASE64.fullmatch(text) is not None


ENCODINGS: Final = {
    "7bit": "ascii",
    "8bit": "latin_1",
    "ascii": "ascii",
    "big-5": "big5",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp51932": "euc_jp",
    "cp850": "cp850",
    "cp866": "cp866",
    "cp932": "cp932",
    "cp936": "gbk",
    "cp950": "cp950",
    "euc-cn": "gb2312",
    "euc-jp": "euc_jp",
    "euc-jp-2004": "euc_jis_2004",
    "euc-kr": "euc_kr",
    "eucjp-win": "euc_jp",
    "gb18030": "gb18030",
    "hz": "hz",
    "iso-2022-jp": "iso2022_jp",
    "iso-2022-jp-2004": "iso2022_jp_2004",
    "iso-2022-kr": "iso2022_kr",
    "iso-8859-1": "iso8859_1",
    "iso-8859-10": "iso8859_10",
    "iso-8859-13": "iso8859_13",
    "iso-8859-14": "iso8859_14",
    "iso-8859-15": "iso8859_15",
    "iso-8859-16": "iso8859_16",
    "iso-8859-2": "iso8859_2",
    "iso-8859-3": "iso8859_3",
    "iso-8859-4": "iso8859_4",
    "iso-8859-5": "iso8859_5",
    "iso-8859-6": "iso8859_6",
    "iso-8859-7": "iso8859_7",
    "iso-8859-8": "iso8859_8",
    "iso-8859-9": "iso8859_9",
    "jis": "iso2022_jp",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "sjis": "shift_jis",
    "sjis-2004": "shift_jis_2004",
    "sjis-win": "cp932",
    "ucs-2": "utf_16_be",
    "ucs-2be": "utf_16_be",
    "ucs-2le": "utf_16_le",
    "ucs-4": "utf_32_be",
    "ucs-4be": "utf_32_be",
    "ucs-4le": "utf_32_le",
    "uhc": "cp949",
    "utf-16": "utf_16_be",
    "utf-16be": "utf_16_be",
    "utf-16le": "utf_16_le",
    "utf-32": "utf_32_be",
    "utf-32be": "utf_32_be",
    "utf-32le": "utf_32_le",
    "utf-7": "utf_7",
    "utf-8": "utf_8",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1254": "cp1254",
}
"""The names that PHP's mb_list_encodings() has, in small letters, and what Python calls them."""

_MARKS: Final = {
    "utf-16": (b"\xff\xfe", "utf_16_le"),
    "ucs-2": (b"\xff\xfe", "utf_16_le"),
    "utf-32": (b"\xff\xfe\x00\x00", "utf_32_le"),
    "ucs-4": (b"\xff\xfe\x00\x00", "utf_32_le"),
}


def encoding_named(name: str) -> str | None:
    """Return what Python calls the encoding that PHP calls *name*, or None for what is none.

    Case does not matter; PHP's other names for them ("latin1", "utf8") are not taken, as Laravel
    does not take them.

    Example:
        >>> encoding_named("ISO-8859-1"), encoding_named("bogus")
        ('iso8859_1', None)
    """
    return ENCODINGS.get(name.lower())


def has_encoding(data: bytes | str, encoding: str) -> bool:
    """Tell whether *data* is whole in *encoding*; text counts as its bytes in UTF-8.

    Args:
        data: What is asked about.
        encoding: A name that :func:`encoding_named` knows.

    Raises:
        ValueError: The name is none that is known.

    Source: PHP, mb_check_encoding.

    Example:
        >>> has_encoding("é", "UTF-8"), has_encoding("é", "ASCII"), has_encoding(b"\\xe9", "UTF-8")
        (True, False, False)
    """
    codec = encoding_named(encoding)
    if codec is None:
        raise ValueError(f'No encoding is called "{encoding:.100}": see ENCODINGS.')
    held = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    mark, little = _MARKS.get(encoding.lower(), (b"", ""))
    try:
        held.decode(little if mark and held.startswith(mark) else codec)
    except UnicodeError:
        return False
    return True
