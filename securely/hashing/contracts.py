"""What a driver of hashing must do, and what is known of a hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Algorithm", "HashInfo"]


@dataclass(frozen=True, slots=True)
class HashInfo:
    """What a hash says of itself.

    Attributes:
        algorithm: How it was made; None if nobody here can tell.
        options: What it cost, by the names of the driver's options.
    """

    algorithm: str | None
    options: Mapping[str, int] = field(default_factory=dict[str, int])


class Algorithm(Protocol):
    """What a driver must do. Passwords are bytes; options are whole numbers by name."""

    @property
    def name(self) -> str:
        """What :attr:`HashInfo.algorithm` says of its hashes."""
        ...

    def make(self, password: bytes, options: Mapping[str, int]) -> str:
        """Return a new hash of *password*, with a salt of its own.

        Args:
            password: What is hashed; it is kept nowhere.
            options: What is to differ from the configuration.

        Raises:
            InvalidOptions: One of the options is unknown, or out of range.
            InvalidPassword: The algorithm cannot hash it.
        """
        ...

    def check(self, password: bytes, hashed: str) -> bool:
        """Return whether *hashed*, which :meth:`read` has accepted, is a hash of *password*.

        The digests are compared in constant time.

        Raises:
            HashTooCostly: To check it would take more than any option may ask for.
        """
        ...

    def read(self, hashed: str) -> Mapping[str, int] | None:
        """Return what *hashed* cost; None if it is no hash of this algorithm. Nothing is hashed."""
        ...

    def configured(self, options: Mapping[str, int]) -> Mapping[str, int]:
        """Return what a hash that is made now would cost.

        Args:
            options: What is to differ from the configuration.

        Raises:
            InvalidOptions: One of the options is unknown, or out of range.
        """
        ...
