"""HashManager: the hashers by name, and itself the default one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias, cast

from securely.hashing.contracts import Algorithm, HashInfo
from securely.hashing.hasher import BYTES_MAX, Hasher
from securely.support.importing import import_object
from securely.support.manager import Definition, Driver, Manager

__all__ = ["AlgorithmFactory", "HashManager"]

AlgorithmFactory: TypeAlias = Callable[[str, Any], Algorithm | Hasher]
"""What builds a hasher's algorithm: its name, and what the configuration says of it."""


class HashManager(Manager[Hasher], Hasher):
    """The hashers by name, each built on first use, and itself the default one.

    ``Hash.make(…)`` and ``Hash.driver("argon2id").make(…)`` are the same method.

    Args:
        default: The driver that hashes when none is named.
        definitions: What the configuration says of each; a driver of ours has its defaults.
        password_bytes_max: The longest password that is hashed, in bytes.
        verify: Refuse hashes of other algorithms by an error, instead of checking them.

    Example:
        >>> hashes = HashManager("argon2id")
        >>> hashed = hashes.make("secret", memory=64)
        >>> hashes.check("secret", hashed), hashes.needs_rehash(hashed)
        (True, True)
        >>> hashes.driver("scrypt").info(hashed).algorithm
        'argon2id'
    """

    kind = "Hash driver"
    drivers: ClassVar[Mapping[str, str]] = {
        "argon2i": "securely.hashing.drivers.argon2i:Argon2iAlgorithm",
        "argon2id": "securely.hashing.drivers.argon2id:Argon2idAlgorithm",
        "bcrypt": "securely.hashing.drivers.bcrypt:BcryptAlgorithm",
        "pbkdf2": "securely.hashing.drivers.pbkdf2:Pbkdf2Algorithm",
        "scrypt": "securely.hashing.drivers.scrypt:ScryptAlgorithm",
    }

    def __init__(
        self,
        default: str,
        definitions: Mapping[str, Definition] | None = None,
        *,
        password_bytes_max: int = BYTES_MAX,
        verify: bool = False,
    ) -> None:
        super().__init__(default, definitions or {})
        self._bytes_max = password_bytes_max
        self._verify = verify

    @property
    def algorithm(self) -> Algorithm:
        """What hashes by default."""
        return self._instance().algorithm

    # All that a hasher does is left to the default one, which may be of an application's making.

    def make(self, password: str, **options: int) -> str:
        """Return a new hash of *password* by the default driver: :meth:`Hasher.make`."""
        return self._instance().make(password, **options)

    def check(self, password: str, hashed: str | None) -> bool:
        """Return whether *hashed* is a hash of *password*: :meth:`Hasher.check`."""
        return self._instance().check(password, hashed)

    def check_and_rehash(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Check *password*, and hash it anew if due: :meth:`Hasher.check_and_rehash`."""
        return self._instance().check_and_rehash(password, hashed)

    def needs_rehash(self, hashed: str, **options: int) -> bool:
        """Return whether a hash made now would differ: :meth:`Hasher.needs_rehash`."""
        return self._instance().needs_rehash(hashed, **options)

    def info(self, hashed: str) -> HashInfo:
        """Return what *hashed* says of itself: :meth:`Hasher.info`."""
        return self._instance().info(hashed)

    def is_hashed(self, value: object) -> bool:
        """Return whether *value* is a hash by its form: :meth:`Hasher.is_hashed`."""
        return self._instance().is_hashed(value)

    def verify_configuration(self, hashed: str) -> bool:
        """Return whether *hashed* costs no more than configured.

        See :meth:`Hasher.verify_configuration`.
        """
        return self._instance().verify_configuration(hashed)

    def driver(self, name: str | None = None) -> Hasher:
        """Return the hasher *name*, or the default one.

        Raises:
            UndefinedInstance: Neither the configuration nor anybody else knows it.
            UnknownDriver: Nobody provides its driver.
        """
        return self._instance(name)

    def definition(self, name: str | None = None) -> Definition:
        """Return what the configuration says of *name*; the defaults of a driver of that name."""
        wanted = self.default if name is None else name
        is_left_out = wanted not in self._definitions
        if is_left_out and (wanted in self.drivers or wanted in self._extensions):
            from securely.hashing.options import driver_options  # pydantic: not before it is needed

            return driver_options(wanted)
        return super().definition(wanted)

    def extend(self, driver: str, factory: AlgorithmFactory) -> None:
        """Let *factory* make the algorithm of *driver*; it wins over one of ours.

        Args:
            driver: The name, as in the configuration; it need not stand there.
            factory: Given name and definition, returns an Algorithm (or a Hasher of one's own
                making).
        """
        super().extend(driver, lambda name, options: self._hasher(factory(name, options)))

    def _driver(self, name: str, driver: str) -> Driver[Hasher]:
        if driver in self._extensions or driver not in self.drivers:
            return super()._driver(name, driver)
        cls = cast("Callable[[Any], Algorithm]", import_object(self.drivers[driver]))
        return lambda name, options: self._hasher(cls(options))

    def _hasher(self, made: Algorithm | Hasher) -> Hasher:
        if isinstance(made, Hasher):
            return made
        return Hasher(
            made,
            password_bytes_max=self._bytes_max,
            verify=self._verify,
            others=self._maker,
        )

    def _maker(self, hashed: str) -> Algorithm | None:
        """Return the algorithm that has made *hashed*: of those there are, the first to know it."""
        for name in dict.fromkeys([*self._definitions, *self.drivers, *self._extensions]):
            algorithm = self._instance(name).algorithm
            if algorithm.read(hashed) is not None:
                return algorithm
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.default!r}>"
