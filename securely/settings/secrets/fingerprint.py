"""Fingerprints: whether two secrets are the same can be seen, and nothing else of them."""

from __future__ import annotations

import hmac
import json
from typing import Final

from securely.config import Environment
from securely.encryption.keys import derive_key
from securely.settings.exceptions import MissingSecretKey
from securely.settings.secrets.keyfile import KEY_VARIABLE
from securely.settings.secrets.vault import Vault
from securely.support.missing import MISSING

__all__ = ["FINGERPRINT_VARIABLE", "fingerprint", "fingerprint_key"]

FINGERPRINT_VARIABLE: Final = "SECURELY_FINGERPRINT_KEY"
"""The variable with a text that machines share whose fingerprints are to be compared."""

_DIGITS: Final = 8  # hexadecimal: enough to tell values apart, too little to find one by
_KEY_BYTES: Final = 32  # as many as SHA-256 gives: more would add nothing
_PURPOSE: Final = "settings:fingerprint"


def fingerprint_key(environment: Environment) -> bytes:
    """Return the key of the fingerprints: one for all environments of a folder.

    Args:
        environment: The variables; :data:`FINGERPRINT_VARIABLE` wins over the key of the secrets.

    Raises:
        MissingSecretKey: There is neither.
    """
    shared, given = environment.get(FINGERPRINT_VARIABLE), environment.get(KEY_VARIABLE)
    if shared:
        return derive_key(shared.encode(), _PURPOSE, _KEY_BYTES)
    text = None if given is MISSING else given
    vault = Vault.of(environment.base_path, None, asked=False, given=text)
    ring = vault.ring()
    if ring is None:
        raise MissingSecretKey(vault.file, vault.keys.path, FINGERPRINT_VARIABLE)
    return derive_key(ring.current, _PURPOSE, _KEY_BYTES)


def fingerprint(key: bytes, name: str, value: object) -> str:
    """Return the first 8 hexadecimal digits of an HMAC of *name* and *value*.

    The name is part of it, so that two settings with one value do not look alike.

    Example:
        >>> fingerprint(b"k" * 32, "MAIL_PASSWORD", "hunter2")
        '25bd9c14'
    """
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return hmac.digest(key, f"{name}\0{text}".encode(), "sha256").hex()[:_DIGITS]
