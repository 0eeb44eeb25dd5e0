"""Hashes of passwords: slow on purpose, salted, and never read back.

``Hash`` is the default way to hash, and ``Hash.driver("scrypt")`` a named one. A hash says by
itself how it was made, so that one of another driver, or of Laravel's, is checked all the same.
Every method that hashes has an async twin with an ``a`` before its name.

    contracts.py   Algorithm, HashInfo: what a driver must do, and what is known of a hash
    hasher.py      Hasher: make, check, needs_rehash, in both colours
    manager.py     HashManager: the hashers by name, and itself the default one
    phc.py         the text that a hash is: $argon2id$v=19$m=19456,t=2,p=1$salt$hash
    drivers/       argon2id, argon2i, scrypt, pbkdf2, bcrypt
    options.py     the section ``hashing`` of the configuration
    exceptions.py  HashingError and its tree
    provider.py    binds the manager
"""

from __future__ import annotations

from securely.hashing.contracts import Algorithm, HashInfo
from securely.hashing.exceptions import (
    HashingError,
    HashTooCostly,
    InvalidPassword,
    PasswordTooLong,
    WrongAlgorithm,
)
from securely.hashing.hasher import Hasher
from securely.hashing.manager import HashManager

__all__ = [
    "Algorithm",
    "HashInfo",
    "HashManager",
    "HashTooCostly",
    "Hasher",
    "HashingError",
    "InvalidPassword",
    "PasswordTooLong",
    "WrongAlgorithm",
]
