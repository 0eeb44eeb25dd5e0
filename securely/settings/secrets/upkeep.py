"""What is done to secrets that keep their values: a date, another key."""

from __future__ import annotations

from datetime import date

from securely.settings.exceptions import MissingSecretKey, UnknownSetting
from securely.settings.history import History
from securely.settings.secrets.keyfile import KEY_VARIABLE
from securely.settings.secrets.vault import Vault
from securely.support.replacing import replace

__all__ = ["expire", "rekey"]


def expire(vault: Vault, name: str, day: date | None) -> None:
    """Note the last day on which the value of a secret holds. Call it under the lock.

    Args:
        vault: The secrets.
        name: Which one.
        day: The last day; None if the value does not end.

    Raises:
        UnknownSetting: There is no such secret.
        SecretsBroken: The file of secrets was changed by something else.
    """
    vault.forget()
    if name not in vault.names():
        raise UnknownSetting(name, vault.names())
    replace(vault.file, vault.changed({}, {name: day}).encode())
    vault.forget()


def rekey(vault: Vault, history: History) -> int:
    """Write secrets and history anew with the current key, and forget the earlier ones.

    All is decrypted before anything is written, and the earlier keys go last: whatever is found
    after a process was killed can be read. Call it under the lock.

    Returns:
        How many earlier keys there were; those that the process gives are not forgotten by this.

    Raises:
        MissingSecretKey: There is no key.
        SecretsBroken: The file of secrets was changed by something else.
    """
    vault.forget()
    vault.check()
    ring = vault.ring()
    if ring is None:
        raise MissingSecretKey(vault.file, vault.keys.path, KEY_VARIABLE)
    secrets, changes = vault.reencrypted(ring), history.resealed(ring)
    if vault.exists:
        replace(vault.file, secrets.encode())
    if history.file.is_file():
        replace(history.file, changes.encode())
    if not vault.keys.is_given:
        vault.keys.drop_earlier()
    vault.forget()
    return len(ring.previous)
