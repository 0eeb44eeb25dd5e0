"""What can go wrong with hashing. No message ever holds a password or a hash.

HashingError
├── HashTooCostly    to check a hash would take more than is allowed
├── InvalidPassword  a password holds what cannot be hashed (also a ValueError)
├── PasswordTooLong  a password has more bytes than are hashed (also a ValueError)
└── WrongAlgorithm   a hash was made by another algorithm, and `verify` forbids those
"""

from __future__ import annotations

from securely.exceptions import SecurelyError

__all__ = [
    "HashTooCostly",
    "HashingError",
    "InvalidPassword",
    "PasswordTooLong",
    "WrongAlgorithm",
]


class HashingError(SecurelyError):
    """The root of every error of hashing. No message ever holds a password or a hash."""


class HashTooCostly(HashingError):
    """To check a hash would take more memory or time than any option may ask for.

    We never made it: who can write hashes could stop the application by one.

    Args:
        algorithm: How it was made.
        option: What it wants too much of.
        value: How much it wants.
        most: How much it may want.
    """

    def __init__(self, algorithm: str, option: str, value: int, most: int) -> None:
        self.algorithm = algorithm
        self.option = option
        self.value = value
        self.most = most
        super().__init__(
            f"A hash of {algorithm} asks for {option} {value:,}, and at most {most:,} is checked. "
            "It was not made here: find out who wrote it."
        )

    def __reduce__(self) -> tuple[type[HashTooCostly], tuple[str, str, int, int]]:
        return type(self), (self.algorithm, self.option, self.value, self.most)


class InvalidPassword(HashingError, ValueError):
    """A password holds what cannot be hashed.

    Args:
        reason: What is wrong with it, as a sentence without its full stop.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This password cannot be hashed: {reason}.")

    def __reduce__(self) -> tuple[type[InvalidPassword], tuple[str]]:
        return type(self), (self.reason,)


class PasswordTooLong(HashingError, ValueError):
    """A password has more bytes than are hashed.

    Args:
        size: How many bytes it has.
        most: How many are hashed.
        setting: Which setting says so.
    """

    def __init__(self, size: int, most: int, setting: str) -> None:
        self.size = size
        self.most = most
        self.setting = setting
        super().__init__(
            f"The password has {size:,} bytes, and at most {most:,} are hashed ({setting}). "
            "Refuse longer ones where they are typed."
        )

    def __reduce__(self) -> tuple[type[PasswordTooLong], tuple[int, int, str]]:
        return type(self), (self.size, self.most, self.setting)


class WrongAlgorithm(HashingError):
    """A hash was not made by the algorithm that is asked, and ``hashing.verify`` forbids others.

    Args:
        expected: The algorithm that is asked.
    """

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(
            f"This hash was not made by {expected}. Set hashing.verify to false to check hashes "
            "of every known algorithm, and renew them at the next sign-in."
        )

    def __reduce__(self) -> tuple[type[WrongAlgorithm], tuple[str]]:
        return type(self), (self.expected,)
