"""Runs the suite that every hash algorithm must pass against each of ours."""

from __future__ import annotations

import pytest

from securely.hashing import Algorithm, Hasher, HashManager
from securely.hashing.drivers.argon2i import Argon2iAlgorithm
from securely.hashing.drivers.argon2id import Argon2idAlgorithm
from securely.hashing.drivers.bcrypt import BcryptAlgorithm
from securely.hashing.drivers.pbkdf2 import Pbkdf2Algorithm
from securely.hashing.drivers.scrypt import ScryptAlgorithm
from securely.hashing.options import (
    Argon2Options,
    BcryptOptions,
    Pbkdf2Options,
    ScryptOptions,
)
from securely.testing.suites.hashing import AlgorithmSuite


class TestArgon2id(AlgorithmSuite):
    longer = ("memory", 16)

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        return Argon2idAlgorithm(Argon2Options(driver="argon2id", memory=8, time=1))


class TestArgon2i(AlgorithmSuite):
    longer = ("time", 2)

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        return Argon2iAlgorithm(Argon2Options(driver="argon2i", memory=8, time=1))


class TestScrypt(AlgorithmSuite):
    longer = ("cost", 3)

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        return ScryptAlgorithm(ScryptOptions(driver="scrypt", cost=2))


class TestPbkdf2(AlgorithmSuite):
    longer = ("rounds", 1_001)

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        return Pbkdf2Algorithm(Pbkdf2Options(driver="pbkdf2", rounds=1_000))


class TestBcrypt(AlgorithmSuite):
    longer = ("rounds", 5)
    bytes_max = 72

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        return BcryptAlgorithm(BcryptOptions(driver="bcrypt", rounds=4))


class TestOneThatIsAdded(AlgorithmSuite):
    """An algorithm of an application, by way of the manager."""

    longer = ("rounds", 1_001)

    @pytest.fixture
    def algorithm(self) -> Algorithm:
        hashes = HashManager("own")
        options = Pbkdf2Options(driver="pbkdf2", rounds=1_000)
        hashes.extend("own", lambda name, definition: Hasher(Pbkdf2Algorithm(options)))
        return hashes.algorithm
