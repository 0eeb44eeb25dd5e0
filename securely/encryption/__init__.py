"""Encryption and signatures, with keys derived from the application's own.

:class:`Encrypter` writes and reads Laravel's payloads; :class:`KeyRing` holds the keys and gives
a :class:`Signer` for each purpose, so that what leaves the process comes back unchanged.

    commands.py    key:generate, key:rotate, env:encrypt, env:decrypt
    encrypter.py   Encrypter: Laravel's payload format, on AES in CBC or GCM
    environment.py encrypted .env files, as Laravel has them
    exceptions.py  what can go wrong with keys and payloads
    keys.py        KeyRing: the application's keys, and what is derived from them
    payload.py     the envelope of an encrypted value
    provider.py    binds the keys and the encrypter
    signer.py      Signer: proves that data is ours, for one purpose
"""

from __future__ import annotations

from securely.encryption.encrypter import CIPHERS, Encrypter
from securely.encryption.exceptions import (
    DecryptFailed,
    EncryptionError,
    EnvironmentFileMissing,
    EnvironmentFileThere,
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
    "EnvironmentFileMissing",
    "EnvironmentFileThere",
    "InvalidKey",
    "KeyRing",
    "MissingAppKey",
    "Signer",
]
