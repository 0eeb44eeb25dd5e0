"""Names of secrets: which fields are not shown, by what they are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

__all__ = ["NAME_CHARACTERS_MAX", "PASS", "Judge", "is_sensitive", "judge_of"]

Judge: TypeAlias = Callable[[str], bool]
"""Tells whether the value of a field of that name must not be written."""

_WORDS: Final = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "cookie"}
    | {"apikey", "credential", "credentials", "otp", "totp", "jwt", "cvv", "cvc"}
    | {"sessionid", "phpsessid", "jsessionid"}
)
_PAIRS: Final = frozenset(
    {("api", "key"), ("app", "key"), ("private", "key"), ("secret", "key"), ("access", "key")}
    | {("encryption", "key"), ("signing", "key"), ("previous", "keys"), ("card", "number")}
)
# Who has it is somebody else: other ids are harmless.
_SESSIONS: Final = (["session", "id"], ["session", "ids"])
# In a sentence, `pass` is too common a word; as the whole name of a field it is a password.
PASS: Final = "pass"  # noqa: S105  # the word
# And so behind these.
_BEFORE_PASS: Final = frozenset(
    {"admin", "auth", "database", "db", "ftp", "http", "imap", "ldap", "login", "mail", "mysql"}
    | {"pg", "postgres", "proxy", "redis", "root", "sftp", "smtp", "ssh", "sudo", "user"}
)
# Longer names are data; of these, the end is looked at, and nothing kept.
NAME_CHARACTERS_MAX: Final = 256
# What counts or describes a secret is none: token_count, password_changed_at, cookie_names.
_HARMLESS: Final = frozenset(
    {"count", "counts", "length", "size", "name", "names", "type", "id", "at", "on", "expired"}
    | {"expires", "ttl", "seconds", "limit", "valid", "changed", "used", "age", "is", "has"}
)
_SPLIT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Names are few; names made from data must not fill the memory.
_REMEMBERED_MAX: Final = 2048

_remembered: dict[str, bool] = {}


def is_sensitive(name: str) -> bool:
    """Tell whether the value of a field called *name* must not be written.

    Example:
        >>> [is_sensitive(name) for name in ("db_password", "X-Api-Key", "accessToken", "key")]
        [True, True, True, False]
    """
    if len(name) > NAME_CHARACTERS_MAX:
        return _judge(name[-NAME_CHARACTERS_MAX:])
    known = _remembered.get(name)
    if known is None:
        if len(_remembered) >= _REMEMBERED_MAX:
            _remembered.clear()
        known = _remembered[name] = _judge(name)
    return known


def judge_of(own: Iterable[str]) -> Judge:
    """Return what tells whether a name is that of a secret: by itself, or as one of *own*.

    A name of *own* is looked for by its words, wherever they stand in a name; unless what stands
    behind them counts or describes, as everywhere.

    Args:
        own: What the application calls its secrets, in any spelling: "tax no", "tax_no", "taxNo".

    Example:
        >>> judge = judge_of(["tax_no"])
        >>> [judge(name) for name in ("customerTaxNo", "TAX-NO", "tax_no_length", "password")]
        [True, True, False, True]
    """
    wanted = [each for each in map(_words_of, own) if each]
    # A name of other letters has no words for us, and is one as it is.
    whole = {each.casefold() for each in own} | {"".join(each) for each in wanted}
    if not whole:
        return is_sensitive
    remembered: dict[str, bool] = {}

    def judge(name: str) -> bool:
        if is_sensitive(name):
            return True
        if len(name) > NAME_CHARACTERS_MAX:
            return _is_one_of(name[-NAME_CHARACTERS_MAX:], wanted, whole)
        known = remembered.get(name)
        if known is None:
            if len(remembered) >= _REMEMBERED_MAX:
                remembered.clear()
            known = remembered[name] = _is_one_of(name, wanted, whole)
        return known

    return judge


def _is_one_of(name: str, wanted: Sequence[list[str]], whole: Container[str]) -> bool:
    words = _words_of(name)
    if name.casefold() in whole or "".join(words) in whole:
        return True
    ends = [
        begin + len(each)
        for each in wanted
        for begin in range(len(words) - len(each) + 1)
        if words[begin : begin + len(each)] == each
    ]
    return bool(ends) and (len(words) in ends or _SPLIT.findall(name)[-1].lower() not in _HARMLESS)


def _words_of(name: str) -> list[str]:
    """Return the words of *name*, each as one of it: `tax_nos` is asked for as `tax_no` is."""
    return [word.lower().removesuffix("s") for word in _SPLIT.findall(name)]


def _judge(name: str) -> bool:
    words = [word.lower() for word in _SPLIT.findall(name)]
    if not words:
        return False
    if words == [PASS] or words[-2:] in _SESSIONS:
        return True
    if words[-1] in _HARMLESS:
        return False
    singular = [word.removesuffix("s") if word != "credentials" else word for word in words]
    if any(word in _WORDS for word in (*words, *singular)):
        return True
    # PGPASSWORD, and -Dpassword of a command line.
    if any(word.endswith(("password", "passwd")) for word in singular):
        return True
    return any(
        pair in _PAIRS or (pair[1] == "pass" and pair[0] in _BEFORE_PASS)
        for pair in pairwise(words)
    )
