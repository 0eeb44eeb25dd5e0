"""What may be shown of a value: passwords in URLs are hidden, secrets altogether."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["HIDDEN", "looks_secret", "mask_urls"]

HIDDEN: Final = "********"

# Greedy to the last @ of the word: a password may hold an @ that nobody escaped.
_CREDENTIALS: Final = re.compile(r"(://[^/\s:@]*:)\S+@")
_SECRET_WORDS: Final = frozenset(
    {"key", "keys", "pass", "password", "passphrase", "passwd", "pwd", "secret", "token"}
    | {"tokens", "secrets", "passwords", "credential", "credentials", "salt", "dsn"}
)
_WORD: Final = re.compile(r"[^0-9A-Za-z]+")


def mask_urls(text: str) -> str:
    """Hide the password of each URL within *text*.

    Example:
        >>> mask_urls("redis://ann:hunter2@localhost/0")
        'redis://ann:********@localhost/0'
    """
    return _CREDENTIALS.sub(rf"\1{HIDDEN}@", text)


def looks_secret(name: str) -> bool:
    """Tell whether what is called *name* is better not shown.

    Example:
        >>> looks_secret("MAIL_PASSWORD"), looks_secret("app.key"), looks_secret("APP_NAME")
        (True, True, False)
    """
    return any(word in _SECRET_WORDS for word in _WORD.split(name.lower()))
