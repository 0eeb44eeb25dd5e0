"""What the drivers share: options that are checked, and limits for hashes of others."""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar, cast

from securely.hashing.exceptions import HashTooCostly
from securely.hashing.options import Argon2Options, CostlyOptions
from securely.hashing.phc import PhcHash
from securely.support import entropy
from securely.support.options import InvalidOptions

__all__ = ["SALT_BYTES", "Argon2Algorithm", "ConfiguredAlgorithm", "PhcAlgorithm"]

O = TypeVar("O", bound=CostlyOptions)  # noqa: E741  # it stands for the options

SALT_BYTES: Final = 16
"""How long a salt is: as RFC 9106 recommends, and as PHP has it."""

# A shorter digest was cut off, by a column that is too narrow for one: scrypt and PBKDF2 would take
# the rest of it for a whole one, and one of two letters for every 256th password.
_DIGEST_BYTES_MIN: Final = 16


class ConfiguredAlgorithm(ABC, Generic[O]):
    """What every driver of ours is: options that a call may change, within the same bounds.

    Args:
        options: What the configuration says of it.
    """

    name: ClassVar[str]
    """What it is called in the configuration."""

    costs: ClassVar[tuple[str, ...]]
    """Which of the options a hash says, in the order of its form."""

    def __init__(self, options: O) -> None:
        self.options = options

    def configured(self, options: Mapping[str, int]) -> Mapping[str, int]:
        """Return what a hash that is made now would cost."""
        wanted = self._with(options)
        return {name: cast("int", getattr(wanted, name)) for name in self.costs}

    def _with(self, options: Mapping[str, int]) -> O:
        if not options:
            return self.options
        if "driver" in options:
            raise InvalidOptions(
                [f"A call cannot change the driver {self.name}: use Hash.driver(name)."]
            )
        given = {**self.options.model_dump(), **options}
        return type(self.options).parse(given, key=f"The options of {self.name}")

    def _afford(self, found: Mapping[str, int]) -> None:
        """Raise HashTooCostly if a hash that was found wants more than an option may be."""
        for name, number in found.items():
            most = _most(type(self.options), name)
            if most is not None and number > most:
                raise HashTooCostly(self.name, name, number, most)
        work, most = self.options.work(found), self.options.work_max
        if work > most:
            raise HashTooCostly(self.name, "work (KiB)", work, most)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict(self.configured({}))}>"


class PhcAlgorithm(ConfiguredAlgorithm[O]):
    """A driver whose hashes have the PHC string format."""

    id: ClassVar[str]
    """The word that its hashes begin with."""

    version: ClassVar[int | None] = None
    """The version that its hashes say."""

    letters: ClassVar[tuple[str, ...]]
    """What the hash calls :attr:`costs`, but for the length, which it need not say."""

    def make(self, password: bytes, options: Mapping[str, int]) -> str:
        """Return a new hash of *password*."""
        wanted = self.configured(options)
        salt = entropy.token_bytes(SALT_BYTES)
        numbers = dict(zip(self.letters, wanted.values(), strict=False))
        digest = self.derive(password, salt, wanted)
        return PhcHash(self.id, self.version, numbers, salt, digest).text()

    def check(self, password: bytes, hashed: str) -> bool:
        """Return whether *hashed* is a hash of *password*."""
        parts, found = PhcHash.read(hashed), self.read(hashed)
        if parts is None or found is None:
            return False
        self._afford(found)
        try:
            digest = self.derive(password, parts.salt, found)
        except ValueError:  # numbers that do not go together: nobody has made such a hash
            return False
        return hmac.compare_digest(digest, parts.digest)

    def read(self, hashed: str) -> Mapping[str, int] | None:
        """Return what *hashed* cost; None if it is no hash of this algorithm."""
        parts = PhcHash.read(hashed)
        if parts is None or parts.id != self.id or parts.version != self.version:
            return None
        if tuple(parts.numbers) != self.letters or len(parts.digest) < _DIGEST_BYTES_MIN:
            return None
        numbers = (*parts.numbers.values(), len(parts.digest))
        return dict(zip(self.costs, numbers, strict=True))

    @abstractmethod
    def derive(self, password: bytes, salt: bytes, costs: Mapping[str, int]) -> bytes:
        """Return the digest of *password*.

        Raises:
            ValueError: The algorithm does not take these costs.
        """


class Argon2Algorithm(PhcAlgorithm[Argon2Options]):
    """Argon2, version 1.3, as PHP writes and reads it; its two kinds say which one they are.

    Source: RFC 9106.
    """

    version: ClassVar[int | None] = 19
    costs: ClassVar[tuple[str, ...]] = ("memory", "time", "threads", "length")
    letters: ClassVar[tuple[str, ...]] = ("m", "t", "p")
    kind: ClassVar[str]
    """What cryptography calls it."""

    def derive(self, password: bytes, salt: bytes, costs: Mapping[str, int]) -> bytes:
        """Return the digest of *password*."""
        from cryptography.hazmat.primitives.kdf import argon2

        made: Any = getattr(argon2, self.kind)(
            salt=salt,
            length=costs["length"],
            iterations=costs["time"],
            lanes=costs["threads"],
            memory_cost=costs["memory"],
        )
        digest: bytes = made.derive(password)
        return digest


def _most(options: type[CostlyOptions], name: str) -> int | None:
    """Return how large an option may be, as its field says it."""
    limits: list[Any] = [
        each.le for each in options.model_fields[name].metadata if hasattr(each, "le")
    ]
    return limits[0] if limits else None
