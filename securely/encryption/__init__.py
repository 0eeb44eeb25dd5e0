"""Encryption and signatures, with keys derived from the application's own.

:class:`Encrypter` writes and reads Laravel's payloads; :class:`KeyRing` holds the keys and gives
a :class:`Signer` for each purpose, so that what leaves the process comes back unchanged.

    ciphers.py     one key with one cipher: seals data into payloads, and opens them
    commands.py    key:generate, key:rotate, env:encrypt, env:decrypt
    encrypter.py   Encrypter: Laravel's payload format, on AES in CBC or GCM
    environment.py encrypted .env files, as Laravel has them
    exceptions.py  what can go wrong with keys and payloads
    fields.py      Encrypted: fields of models and jobs that are kept encrypted
    keylines.py    KeyLines: the lines of .env that hold the keys, and how they are changed
    keys.py        KeyRing: the application's keys, and what is derived from them
    payload.py     the envelope of an encrypted value
    provider.py    binds the keys and the encrypter
    rotation.py    KeyRotation: writes anew what earlier keys have encrypted or signed
    signer.py      Signer: proves that data is ours, for one purpose
    streams.py     what is too large for one payload, in pieces
"""

from __future__ import annotations

from securely.encryption.encrypter import CIPHERS, Encrypter
from securely.encryption.exceptions import (
    DecryptFailed,
    EncryptFailed,
    EncryptionError,
    EnvironmentFileMissing,
    EnvironmentFileThere,
    InvalidKey,
    KeyOutOfReach,
    MissingAppKey,
    RotationFailed,
    RotationUnfinished,
)
from securely.encryption.fields import Encrypted
from securely.encryption.keys import KeyRing
from securely.encryption.rotation import Keeper, KeyRotation, NewKeys
from securely.encryption.signer import Signer

__all__ = [
    "CIPHERS",
    "DecryptFailed",
    "EncryptFailed",
    "Encrypted",
    "Encrypter",
    "EncryptionError",
    "EnvironmentFileMissing",
    "EnvironmentFileThere",
    "InvalidKey",
    "Keeper",
    "KeyOutOfReach",
    "KeyRing",
    "KeyRotation",
    "MissingAppKey",
    "NewKeys",
    "RotationFailed",
    "RotationUnfinished",
    "Signer",
]
