"""Tokens: proofs that a form was on a page of ours, without a session that would be kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from securely.support import entropy

__all__ = ["Signs", "Tokens"]

_COOKIE_BYTES: Final = 16  # of randomness: 128 bits are not guessed
_COOKIE: Final = re.compile(r"[0-9a-f]{32}")
_TOKEN: Final = re.compile(r"[0-9a-f]{64}")


class Signs(Protocol):
    """What signs; `KeyRing.purpose("lookout")` gives one."""

    def sign(self, data: bytes) -> bytes:
        """Return the 32-byte signature of *data*."""
        ...

    def verify(self, data: bytes, mac: bytes) -> bool:
        """Return whether *mac* is the signature of *data* under a current or previous key."""
        ...


class Tokens:
    """Makes and proves the tokens of forms: a signature over a random cookie and the host.

    Another site can make a browser send the cookie (if it is not kept from that by `SameSite`), but
    can read neither the cookie nor the form, and sign neither. A subdomain that plants a cookie of
    its own has no token for it.

    Args:
        signer: Gives what signs, under a key of the dashboard's own.

    Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet, signed double-submit cookie.
    """

    def __init__(self, signer: Callable[[], Signs]) -> None:
        self._signer = signer

    def cookie(self, sent: str | None = None) -> str:
        """Return the cookie that was *sent*; a new one for none, or for a malformed one."""
        if sent is not None and _COOKIE.fullmatch(sent):
            return sent
        return entropy.token_hex(_COOKIE_BYTES)

    def token(self, cookie: str, host: str) -> str:
        """Return the token of *cookie* for forms that are sent to *host*."""
        return self._signer().sign(_joined(cookie, host)).hex()

    def proves(self, token: str, cookie: str, host: str) -> bool:
        """Return whether *token* was made for *cookie* and *host*."""
        if not (_COOKIE.fullmatch(cookie) and _TOKEN.fullmatch(token)):
            return False
        return self._signer().verify(_joined(cookie, host), bytes.fromhex(token))


def _joined(cookie: str, host: str) -> bytes:
    # The cookie has a fixed length: no two pairs come to the same bytes.
    return f"{cookie}{host}".encode("utf-8", "surrogateescape")
