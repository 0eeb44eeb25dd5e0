"""What may be shown of a value: passwords in URLs are hidden, secrets altogether."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["HIDDEN", "looks_secret", "mask_urls"]

HIDDEN: Final = "********"

# Where a password may begin. It goes to the last @ of the word: it may hold one itself.
_USER: Final = re.compile(r"://[^/\s:@]*:")
# Who is named alone, or with something that is no secret: a token that stands for a user.
_ALONE: Final = re.compile(r"(?<=://)[^/\s:@?#]+(?=@|:[^/\s@]*@)")
# What tokens begin with: those of GitHub, GitLab, npm, PyPI, Hugging Face, Slack, Stripe …
_TOKEN: Final = re.compile(
    r"(?:gh[pousr]|github_pat|npm|hf|sk|pk|rk|pat|token|dop_v1|shp[a-z]{2})_"
    r"|(?:gl[a-z]{2,5}|pypi|xox[a-z]|sk)-"
)
# A name of a person or a program is shorter, or has no digits.
_TOKEN_CHARACTERS_MIN: Final = 16
_TEXT_WORD: Final = re.compile(r"\S+")
_SECRET_WORDS: Final = frozenset(
    {"key", "keys", "pass", "password", "passphrase", "passwd", "pwd", "secret", "token"}
    | {"tokens", "secrets", "passwords", "credential", "credentials", "salt", "dsn"}
)
_WORD: Final = re.compile(r"[^0-9A-Za-z]+")


def mask_urls(text: str) -> str:
    """Hide the password of each URL within *text*, and a token that stands in place of a user.

    Example:
        >>> mask_urls("redis://ann:hunter2@localhost/0")
        'redis://ann:********@localhost/0'
        >>> mask_urls("https://ghp_16C7e42F292c69@github.com/shop.git, ssh://git@github.com")
        'https://********@github.com/shop.git, ssh://git@github.com'
    """
    if "://" not in text or "@" not in text:
        return text
    masked = _TEXT_WORD.sub(_without_password, text)
    return text if masked == text else masked


def _without_password(match: re.Match[str]) -> str:
    """Do so for a word. (In one expression, the time would grow with the square of its length.)"""
    word = match[0]
    if "://" in word:
        word = _ALONE.sub(_without_token, word)
    end = word.rfind("@")
    user = _USER.search(word, 0, max(end, 0))
    if user is None or user.end() == end:
        return word
    return f"{word[: user.end()]}{HIDDEN}{word[end:]}"


def _without_token(match: re.Match[str]) -> str:
    return HIDDEN if _is_token(match[0]) else match[0]


def _is_token(user: str) -> bool:
    """Tell whether what stands in place of a user is nobody's name."""
    if _TOKEN.match(user) is not None:
        return True
    return (
        len(user) >= _TOKEN_CHARACTERS_MIN
        and user.replace("_", "").replace("-", "").isalnum()
        and any(letter.isdigit() for letter in user)
    )


def looks_secret(name: str) -> bool:
    """Tell whether what is called *name* is better not shown.

    Example:
        >>> looks_secret("MAIL_PASSWORD"), looks_secret("app.key"), looks_secret("APP_NAME")
        (True, True, False)
    """
    return any(word in _SECRET_WORDS for word in _WORD.split(name.lower()))
