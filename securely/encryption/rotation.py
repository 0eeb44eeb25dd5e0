"""KeyRotation: writes anew what earlier keys have encrypted or signed, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from securely.encryption.encrypter import Encrypter
from securely.encryption.exceptions import RotationFailed, RotationUnfinished
from securely.encryption.keys import KeyRing
from securely.exceptions import SecurelyError

__all__ = ["Keeper", "Keeps", "KeyRotation", "NewKeys"]


@dataclass(frozen=True, slots=True)
class NewKeys:
    """The keys that there will be: the new one, and the earlier ones, which read.

    Args:
        keys: For what is signed.
        encrypter: For what is encrypted: ``encrypter.reencrypt(payload)``.
    """

    keys: KeyRing
    encrypter: Encrypter


Keeper: TypeAlias = Callable[[NewKeys], AbstractContextManager[int]]
"""What keeps something encrypted or signed. It gives a block, as of ``@contextmanager``: entered,
it has written everything anew, where nobody sees it yet; it gives how much that was. At its end
that is committed, and after an error within it is undone."""


class Keeps(Protocol):
    """A service that keeps what is encrypted or signed; the store is one."""

    def keepers(self) -> Mapping[str, Keeper]:
        """Return what it keeps, by names for people."""
        ...


def _none() -> tuple[Keeps, ...]:
    return ()


class KeyRotation:
    """Writes anew what earlier keys have encrypted or signed.

    Each keeper writes in a transaction of its own. All are open before the keys change, and are
    committed when they have: whatever goes wrong before, nothing has changed. Whatever goes wrong
    after, everything can be read, as the earlier keys still do that.

    Args:
        services: Gives the services that keep something; asked when it is needed.

    Example:
        >>> from contextlib import contextmanager
        >>> old, new = Encrypter.generate_key(), Encrypter.generate_key()
        >>> row = {"token": Encrypter(old).encrypt_string("secret")}
        >>> @contextmanager
        ... def tokens(new):
        ...     before = dict(row)
        ...     row["token"] = new.encrypter.reencrypt(row["token"])
        ...     try:
        ...         yield 1
        ...     except BaseException:
        ...         row.update(before)
        ...         raise
        >>> rotation = KeyRotation()
        >>> rotation.keep("tokens", tokens)
        >>> rotation.run(NewKeys(KeyRing(new, [old]), Encrypter(new, previous_keys=[old])))
        {'tokens': 1}
        >>> Encrypter(new).decrypt_string(row["token"])
        'secret'
    """

    def __init__(self, services: Callable[[], Iterable[Keeps]] = _none) -> None:
        self._services = services
        self._keepers: dict[str, Keeper] = {}

    def keep(self, name: str, keeper: Keeper) -> None:
        """Let *keeper* write anew what it keeps, when the key is changed.

        Args:
            name: What it keeps, for people: ``users.token``.
            keeper: What writes it.
        """
        self._keepers[name] = keeper

    def keepers(self) -> dict[str, Keeper]:
        """Return all keepers by name: those of the services, then those that were added."""
        found: dict[str, Keeper] = {}
        for service in self._services():
            found.update(service.keepers())
        return {**found, **self._keepers}

    def run(self, new: NewKeys, change: Callable[[], Any] | None = None) -> dict[str, int]:
        """Write everything anew, and return how much of what.

        Args:
            new: The keys that there will be.
            change: Makes the new keys those of the application, at once or not at all.

        Raises:
            RotationFailed: Something can not be written anew; nothing has changed.
            RotationUnfinished: The keys have changed, and something could not be committed; all
                of it can be read.
        """
        counts: dict[str, int] = {}
        is_changed = False
        try:
            with ExitStack() as blocks:
                for name, keeper in self.keepers().items():
                    try:
                        counts[name] = blocks.enter_context(keeper(new))
                    except Exception as error:
                        raise RotationFailed(name, _told(error)) from error
                if change is not None:
                    change()
                is_changed = True
        except Exception as error:
            if is_changed:
                raise RotationUnfinished(_told(error)) from error
            raise
        return counts


def _told(error: Exception) -> str:
    """Return what went wrong; only errors of ours are known not to hold what is stored."""
    if isinstance(error, SecurelyError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {reason}." if reason else f"It raised {type(error).__name__}."
