"""Encryption and signatures, with keys derived from the application's own.

:class:`Encrypter` writes and reads Laravel's payloads; :class:`KeyRing` holds the keys and gives
a :class:`Signer` for each purpose, so that what leaves the process comes back unchanged.

Files: ``encrypter.py`` is the Encrypter, ``payload.py`` its envelope; ``keys.py`` holds and
derives keys; ``signer.py`` signs; ``commands.py`` makes keys; ``provider.py`` binds.
"""

from __future__ import annotations

from securely.encryption.encrypter import CIPHERS, Encrypter
from securely.encryption.exceptions import (
    DecryptFailed,
    EncryptionError,
    InvalidKey,
    MissingAppKey,
)
from securely.encryption.keys import KeyRing
from securely.encryption.signer import Signer

__all__ = [
    "CIPHERS",
    "DecryptFailed",
    "Encrypter",
    "EncryptionError",
    "InvalidKey",
    "KeyRing",
    "MissingAppKey",
    "Signer",
]
