"""The cookie of who knows the secret of `down --secret`: signed with it, good for 12 hours."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Final

from securely.support import clock

__all__ = ["COOKIE", "COOKIE_SECONDS", "is_bearer", "new_cookie"]

COOKIE: Final = "securely_maintenance"
COOKIE_SECONDS: Final = 12 * 3600  # Laravel's: a day's work


def new_cookie(secret: str, *, is_secure: bool) -> str:
    """Return the value of a `Set-Cookie` header.

    Args:
        secret: What it is signed with.
        is_secure: Whether it may travel over HTTPS only.

    Source: Laravel 13, MaintenanceModeBypassCookie.
    """
    expires = int(clock.timestamp()) + COOKIE_SECONDS
    said = json.dumps({"expires_at": expires, "mac": _mac(expires, secret)})
    value = urlsafe_b64encode(said.encode()).decode().rstrip("=")
    flags = "; Secure" if is_secure else ""
    return f"{COOKIE}={value}; Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Lax{flags}"


def is_bearer(headers: Iterable[tuple[bytes, bytes]], secret: str) -> bool:
    """Tell whether a request carries a cookie that was signed with *secret* and is still good."""
    for name, value in headers:
        if name.lower() != b"cookie":
            continue
        try:
            morsel = SimpleCookie(value.decode("latin-1")).get(COOKIE)
        except CookieError:
            continue
        if morsel is not None and _is_good(morsel.value, secret):
            return True
    return False


def _is_good(value: str, secret: str) -> bool:
    try:
        said = json.loads(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        expires, mac = said["expires_at"], said["mac"]
    except (ValueError, TypeError, KeyError):
        return False
    if not isinstance(expires, int) or not isinstance(mac, str) or not mac.isascii():
        return False
    return hmac.compare_digest(mac, _mac(expires, secret)) and expires > clock.timestamp()


def _mac(expires: int, secret: str) -> str:
    return hmac.new(secret.encode(), str(expires).encode(), hashlib.sha256).hexdigest()
