"""Hasher: hashes passwords by one algorithm, and checks them by any, in both colours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from securely.hashing.contracts import Algorithm, HashInfo
from securely.hashing.exceptions import InvalidPassword, PasswordTooLong, WrongAlgorithm

__all__ = ["BYTES_MAX", "Hasher"]

# Longer than any passphrase, and far too short to keep a process busy before it is hashed.
BYTES_MAX: Final = 4_096


def _nobody(hashed: str) -> Algorithm | None:
    return None


class Hasher:
    """Hashes passwords by one algorithm.

    Text is hashed as UTF-8, as it comes: what was typed in another normal form of Unicode is
    another password. Laravel does the same.

    Args:
        algorithm: What hashes.
        password_bytes_max: The longest password that is hashed, in bytes.
        verify: Refuse hashes of other algorithms by an error, instead of checking them.
        others: Gives the algorithm that has made a hash, if that is not this one.

    Example:
        >>> from securely.hashing.drivers.pbkdf2 import Pbkdf2Algorithm
        >>> from securely.hashing.options import Pbkdf2Options
        >>> hasher = Hasher(Pbkdf2Algorithm(Pbkdf2Options(driver="pbkdf2", rounds=1_000)))
        >>> hashed = hasher.make("secret")
        >>> hasher.check("secret", hashed), hasher.check("Secret", hashed)
        (True, False)
        >>> hasher.info(hashed)
        HashInfo(algorithm='pbkdf2', options={'rounds': 1000, 'length': 32})
    """

    def __init__(
        self,
        algorithm: Algorithm,
        *,
        password_bytes_max: int = BYTES_MAX,
        verify: bool = False,
        others: Callable[[str], Algorithm | None] = _nobody,
    ) -> None:
        self._algorithm = algorithm
        self._bytes_max = password_bytes_max
        self._verify = verify
        self._others = others

    @property
    def algorithm(self) -> Algorithm:
        """What hashes."""
        return self._algorithm

    def make(self, password: str, **options: int) -> str:
        """Return a new hash of *password*; two of one password differ, by their salts.

        Args:
            password: What is hashed; it is kept nowhere.
            options: What is to differ from the configuration: ``memory=65_536``.

        Raises:
            InvalidOptions: One of the options is unknown, or out of range.
            InvalidPassword: It holds what cannot be hashed.
            PasswordTooLong: It has more bytes than are hashed.

        Source: Laravel 13, HashManager::make.
        """
        data = _bytes(password)
        if len(data) > self._bytes_max:
            raise PasswordTooLong(len(data), self._bytes_max, "hashing.password_bytes_max")
        return self.algorithm.make(data, options)

    async def amake(self, password: str, **options: int) -> str:
        """Async twin of :meth:`make`; it hashes in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.make, password, **options)

    def check(self, password: str, hashed: str | None) -> bool:
        """Return whether *hashed* is a hash of *password*.

        A password that could not have been hashed is wrong. So is any, if there is no hash.

        Args:
            password: What somebody claims it to be.
            hashed: The hash that is kept; of another algorithm, too, unless ``verify`` forbids it.

        Raises:
            HashTooCostly: To check it would take more than any option may ask for.
            MissingExtra: It is one of bcrypt, and that is not installed.
            WrongAlgorithm: It is one of another algorithm, or none, and ``verify`` is on.

        Source: Laravel 13, HashManager::check.
        """
        if not hashed:
            return False
        algorithm = self._of(hashed)
        if algorithm is None:
            return False
        try:
            data = _bytes(password)
        except InvalidPassword:
            return False
        return len(data) <= self._bytes_max and algorithm.check(data, hashed)

    async def acheck(self, password: str, hashed: str | None) -> bool:
        """Async twin of :meth:`check`; it hashes in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.check, password, hashed)

    def check_and_rehash(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Return whether *hashed* is a hash of *password*, and a new hash if that is due.

        Keep the new one where the old one lies. So hashes grow stronger as people sign in.

        Raises:
            HashTooCostly: To check it would take more than any option may ask for.
            MissingExtra: It is one of bcrypt, and that is not installed.
            WrongAlgorithm: It is one of another algorithm, or none, and ``verify`` is on.

        Source: Laravel 13, EloquentUserProvider::rehashPasswordIfRequired.
        """
        if not hashed or not self.check(password, hashed):
            return False, None
        if not self.needs_rehash(hashed):
            return True, None
        try:
            return True, self.make(password)
        except (InvalidPassword, PasswordTooLong):
            # The password is right, and what is configured now does not take it: the old hash
            # stays, and nobody is locked out.
            return True, None

    async def acheck_and_rehash(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Async twin of :meth:`check_and_rehash`; it hashes in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.check_and_rehash, password, hashed)

    def needs_rehash(self, hashed: str, **options: int) -> bool:
        """Return whether a hash made now would differ: by its algorithm, or by what it costs.

        Args:
            hashed: The hash that is kept.
            options: What is to differ from the configuration.

        Raises:
            InvalidOptions: One of the options is unknown, or out of range.

        Source: Laravel 13, HashManager::needsRehash; PHP, password_needs_rehash.
        """
        wanted = self.algorithm.configured(options)
        return self.algorithm.read(hashed) != wanted

    def info(self, hashed: str) -> HashInfo:
        """Return what *hashed* says of itself: algorithm and options.

        Source: Laravel 13, HashManager::info; PHP, password_get_info.
        """
        algorithm = self._known(hashed)
        found = None if algorithm is None else algorithm.read(hashed)
        if algorithm is None or found is None:
            return HashInfo(None)
        return HashInfo(algorithm.name, found)

    def is_hashed(self, value: object) -> bool:
        """Return whether *value* is a hash that one of the drivers has made, by its form.

        Source: Laravel 13, HashManager::isHashed.
        """
        return isinstance(value, str) and self._known(value) is not None

    def verify_configuration(self, hashed: str) -> bool:
        """Return whether *hashed* is of this algorithm, and costs no more than is configured.

        Source: Laravel 13, HashManager::verifyConfiguration.
        """
        found = self.algorithm.read(hashed)
        wanted = self.algorithm.configured({})
        return found is not None and all(
            found.get(name, number) <= number for name, number in wanted.items()
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.algorithm.name!r}>"

    def _of(self, hashed: str) -> Algorithm | None:
        """Return what checks *hashed*.

        Raises:
            WrongAlgorithm: Another one than ours, and that is not allowed.
        """
        if self._verify and self.algorithm.read(hashed) is None:
            raise WrongAlgorithm(self.algorithm.name)
        return self._known(hashed)

    def _known(self, hashed: str) -> Algorithm | None:
        own = self.algorithm
        return own if own.read(hashed) is not None else self._others(hashed)


def _bytes(password: str) -> bytes:
    # The error of Python holds the password: it is let go of before ours is raised.
    with contextlib.suppress(UnicodeEncodeError):
        return password.encode()
    raise InvalidPassword("it holds half a surrogate pair, which is no text")
