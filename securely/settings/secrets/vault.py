"""Vault: the secrets of one environment, in a file that is encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from securely.encryption import Encrypter, KeyRing
from securely.settings.exceptions import MissingSecretKey, SecretsBroken
from securely.settings.secrets import form
from securely.settings.secrets.form import Dates
from securely.settings.secrets.keyfile import KEY_VARIABLE, KeyFile
from securely.support import clock

__all__ = ["Vault"]

_FOLDER: Final = "settings"
# What the environment is called whose file has no name of one.
_DEFAULT: Final = "default"


class Vault:
    """The secrets of one environment; they are decrypted when one is wanted, and not before.

    Args:
        file: The file; it may be absent.
        environment: Which environment it is of; that is part of what is proved.
        keys: Where the key is.
    """

    def __init__(self, file: Path, environment: str, keys: KeyFile) -> None:
        self.file = file
        self.environment = environment
        self.keys = keys
        self._text: str | None = None
        self._ring: KeyRing | None = None
        self._is_checked = False

    @classmethod
    def of(cls, base: Path, name: str | None, asked: bool, given: str | None) -> Vault:
        """Return the secrets of an application.

        Args:
            base: Its folder.
            name: The environment that is wanted, if any is. When ``settings/secrets.{name}.enc``
                exists, that is read instead of ``settings/secrets.enc``.
            asked: Whether the environment is wanted by name, so that its file would be made.
            given: What the process says the key is, if it does.
        """
        folder = base / _FOLDER
        special = folder / f"secrets.{name}.enc"
        is_special = bool(name) and (asked or special.is_file())
        file = special if is_special else folder / "secrets.enc"
        environment = str(name) if is_special else _DEFAULT
        return cls(file, environment, KeyFile(file.with_suffix(".key"), given))

    @property
    def exists(self) -> bool:
        """Whether there is a file of secrets."""
        return self.file.is_file()

    def names(self) -> tuple[str, ...]:
        """Return the names of the secrets; none is decrypted for that."""
        return tuple(form.entries(self.text())[0])

    def text(self) -> str:
        """Return the content of the file, empty if there is none."""
        if self._text is None:
            self._text = self.file.read_text(encoding="utf-8") if self.exists else ""
        return self._text

    def forget(self) -> None:
        """Read the file again when it is next wanted."""
        self._text, self._ring, self._is_checked = None, None, False

    def get(self, name: str) -> str | None:
        """Return a secret, None if there is none of that name. It is a source of variables.

        Raises:
            MissingSecretKey: There is no key.
            InvalidSecretKey: The key cannot be read.
            SecretsBroken: The file was changed by something else.
        """
        if not self.exists and not self._text:
            return None
        is_there = name in form.entries(self.text())[0]
        # What is not there may have been deleted: that is known by the index only.
        if is_there or self.ring() is not None:
            self.check()
        if not is_there:
            return None
        return self._value(name)

    def all(self) -> dict[str, str]:
        """Return every secret by its name.

        Raises:
            MissingSecretKey: There is no key.
            SecretsBroken: The file was changed by something else.
        """
        self.check()
        return {name: self._value(name) for name in self.names()}

    def check(self) -> None:
        """Prove the whole file.

        Raises:
            MissingSecretKey: There is no key.
            SecretsBroken: An entry was deleted, swapped, renamed, added, changed or cut.
        """
        if self._is_checked or not (self.exists or self._text):
            return
        problems = form.check(self.text(), self._encrypter(), self.environment)
        if problems:
            raise SecretsBroken(self.file, problems)
        self._is_checked = True

    def dates(self) -> dict[str, Dates]:
        """Return since when each secret has its value and until when that holds, where known.

        Raises:
            MissingSecretKey: There is no key.
            SecretsBroken: The file was changed by something else.
        """
        self.check()
        if not form.entries(self.text())[1]:
            return {}
        return form.dates(self.text(), self._encrypter(), self.environment)

    def changed(
        self,
        changes: Mapping[str, str | None],
        expires: Mapping[str, date | None] = MappingProxyType({}),
    ) -> str:
        """Return the text of the file with *changes*; None removes. Nothing is written.

        A key is made if there is none and no file either. What does not change keeps its payload.
        A new value is one of now, and does not expire; one that goes to another name keeps its
        dates.

        Args:
            changes: Name -> value.
            expires: Name -> the last day on which its value holds, None if it does not end.

        Raises:
            MissingSecretKey: There is a file, and no key.
            SecretsBroken: The file was changed by something else.
        """
        self.check()
        encrypter = self._encrypter(create=True)
        payloads, dates = dict(form.entries(self.text())[0]), self.dates()
        values = {name: self._value(name) for name in changes if name in payloads}
        moved = {values[name]: dates.get(name) for name in values if changes[name] is None}
        for name, value in changes.items():
            if value is None:
                payloads.pop(name, None)
                dates.pop(name, None)
            elif values.get(name) != value:
                payloads[name] = self._sealed(encrypter, name, value)
                dates[name] = moved.get(value) or Dates(clock.now())
        for name, day in expires.items():
            dates[name] = replace(dates.get(name) or Dates(clock.now()), expires=day)
        return form.written(payloads, dates, encrypter, self.environment)

    def with_text(self, text: str) -> Vault:
        """Return the secrets as they would be with *text* as the content of the file."""
        other = Vault(self.file, self.environment, self.keys)
        other._text, other._ring, other._is_checked = text, self._ring, True
        return other

    def reencrypted(self, ring: KeyRing) -> str:
        """Return the text of the file with every secret under the current key of *ring*.

        Raises:
            SecretsBroken: The file was changed by something else.
        """
        encrypter = _of(ring)
        payloads = {
            name: self._sealed(encrypter, name, value) for name, value in self.all().items()
        }
        return form.written(payloads, self.dates(), encrypter, self.environment)

    def ring(self, create: bool = False) -> KeyRing | None:
        """Return the keys; None if there are none, unless one may be made.

        A key is never made where a file of secrets is: that has one, somewhere.
        """
        if self._ring is None:
            self._ring = self.keys.ring()
        if self._ring is None and create and not self.exists:
            self._ring = self.keys.create()
        return self._ring

    def __repr__(self) -> str:
        return f"Vault({str(self.file)!r})"

    def _encrypter(self, create: bool = False) -> Encrypter:
        ring = self.ring(create)
        if ring is None:
            raise MissingSecretKey(self.file, self.keys.path, KEY_VARIABLE)
        return _of(ring)

    def _value(self, name: str) -> str:
        payload = form.entries(self.text())[0][name]
        purpose = form.value_purpose(self.environment, name)
        return self._encrypter().for_purpose(purpose).decrypt_string(payload)

    def _sealed(self, encrypter: Encrypter, name: str, value: str) -> str:
        purpose = form.value_purpose(self.environment, name)
        return encrypter.for_purpose(purpose).encrypt_string(value)


def _of(ring: KeyRing) -> Encrypter:
    return Encrypter(ring.current, "aes-256-cbc", ring.previous)
