"""Forms: their bodies, read within bounds, and what proves that they came from a page of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.types import Message, Receive

from securely.lookout.tokens import Tokens

__all__ = ["BODY_BYTES_MAX", "COOKIE", "fields_of", "is_ours", "read_body"]

BODY_BYTES_MAX: Final = 16_384
"""Of a form; ours have a token and a connection. It is read before the gate is asked."""

COOKIE: Final = "securely_lookout"
_FIELDS_MAX: Final = 16  # of a form; ours have three


async def read_body(receive: Receive) -> Callable[[], Awaitable[Message]] | None:
    """Read the body of a request, and return what gives it again to each who asks.

    So a callback of the gate may read it as well. None where it is too large.
    """
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_BYTES_MAX:
            return None

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; none of one that is malformed."""
    body = await request.body()
    try:
        found = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}
    return dict(found)


def is_ours(request: Request, token: str, tokens: Tokens) -> bool:
    """Return whether a form was sent from a page of ours, for whoever sends it.

    Source: Fetch Metadata Request Headers, section 2.2 (Sec-Fetch-Site); RFC 6454, section 7.
    """
    host = request.headers.get("host", "")
    return _is_from_here(request, host) and tokens.proves(
        token, request.cookies.get(COOKIE, ""), host
    )


def _is_from_here(request: Request, host: str) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True  # no browser says neither of POST; the token is asked for all the same
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
