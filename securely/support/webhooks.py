"""Signatures of webhooks, as Standard Webhooks has them."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Final

from securely.exceptions import ConfigurationError

__all__ = ["signature"]

_ENCODED: Final = "whsec_"  # what stands before a secret that is written in base64


def signature(secrets: Sequence[str], *, id_: str, timestamp: str, body: bytes) -> str:
    """Return the signatures of a request, one of each secret: HMAC-SHA256 over id, time and body.

    Args:
        secrets: Text; what follows ``whsec_`` is base64.
        id_: The field ``webhook-id``.
        timestamp: The field ``webhook-timestamp``.
        body: The body.

    Raises:
        ConfigurationError: What follows ``whsec_`` is not base64.

    Example:
        >>> signature(["whsec_bm8gc2VjcmV0"], id_="1", timestamp="2", body=b"{}")
        'v1,mfTRfWjZV9112q7CbXbMf+0U3yQ3CpV/Ih8HGC8Uj8k='

    Source: Standard Webhooks 1.0, "Signature scheme".
    """
    signed = f"{id_}.{timestamp}.".encode() + body
    macs = [hmac.digest(_key(secret), signed, "sha256") for secret in secrets]
    return " ".join(f"v1,{b64encode(mac).decode()}" for mac in macs)


def _key(secret: str) -> bytes:
    if not secret.startswith(_ENCODED):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(_ENCODED), validate=True)
    except NotBase64:
        raise ConfigurationError(
            f'A secret of webhooks begins with "{_ENCODED}", and what follows is not base64.'
        ) from None
