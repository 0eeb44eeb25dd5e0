"""KeyFile: where the key of the secrets is, and how it changes."""

from __future__ import annotations

import binascii
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from securely.encryption import Encrypter, KeyRing
from securely.settings.envfile import private_folder
from securely.settings.exceptions import InvalidSecretKey, KeyOfProcess
from securely.support.replacing import replace

__all__ = ["KEY_VARIABLE", "KeyFile"]

KEY_VARIABLE: Final = "SECURELY_ENV_KEY"
"""The variable of the process that holds the key, where no file does."""

_BASE64: Final = "base64:"
_KEY_BYTES: Final = 32  # as AES-256 wants it; the derived keys come from these
_COMMENT: Final = "# The key of the secrets; the first line encrypts. Keep it out of the sources.\n"


class KeyFile:
    """The key of the secrets of one environment, and the earlier ones that still read.

    Args:
        path: The file: a key in each line, the current one first. It may be absent.
        given: What the process says in :data:`KEY_VARIABLE`, keys with commas between; it wins.
    """

    def __init__(self, path: Path, given: str | None = None) -> None:
        self.path = path
        self._given = given

    @property
    def is_given(self) -> bool:
        """Whether the process gives the key, so that no file counts."""
        return bool(self._given)

    def ring(self) -> KeyRing | None:
        """Return the keys, None if there are none.

        Raises:
            InvalidSecretKey: A key cannot be read, or others can read the file.
        """
        keys = self._read()
        return KeyRing(keys[0], keys[1:]) if keys else None

    def create(self) -> KeyRing:
        """Make a key and the file that holds it, and return it."""
        private_folder(self.path.parent, "*.key")
        key = Encrypter.generate_key()
        self._write([key])
        return KeyRing(key)

    def rotate(self) -> KeyRing:
        """Put a new key before the others, and return all.

        Raises:
            KeyOfProcess: The process gives the key, so that no file can change it.
        """
        self.refuse_given()
        keys = [Encrypter.generate_key(), *self._read()]
        self._write(keys)
        return KeyRing(keys[0], keys[1:])

    def drop_earlier(self) -> int:
        """Forget all keys but the current one, and return how many there were.

        Raises:
            KeyOfProcess: The process gives the key, so that no file can change it.
        """
        self.refuse_given()
        keys = self._read()
        self._write(keys[:1])
        return len(keys) - 1

    def refuse_given(self) -> None:
        """Raise if the process gives the key.

        Raises:
            KeyOfProcess: It does.
        """
        if self.is_given:
            raise KeyOfProcess(KEY_VARIABLE)

    def __repr__(self) -> str:
        return f"KeyFile({str(self.path)!r})"

    def _read(self) -> list[bytes]:
        if self._given:
            return _parsed(self._given.split(","), KEY_VARIABLE)
        try:
            mode = self.path.stat().st_mode
            lines = self.path.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []
        except UnicodeDecodeError:
            raise InvalidSecretKey(str(self.path), "It is not text.") from None
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidSecretKey(
                str(self.path), f"Others can read the file. Run: chmod 600 {self.path}"
            )
        return _parsed((each for each in lines if not each.startswith("#")), str(self.path))

    def _write(self, keys: list[bytes]) -> None:
        lines = "".join(f"{_BASE64}{b64encode(key).decode()}\n" for key in keys)
        replace(self.path, f"{_COMMENT}{lines}".encode("ascii"))


def _parsed(texts: Iterable[str], place: str) -> list[bytes]:
    keys: list[bytes] = []
    for text in (each.strip() for each in texts):
        if not text:
            continue
        try:
            key = b64decode(text.removeprefix(_BASE64), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidSecretKey(place, "A key is not base64.") from None
        if len(key) != _KEY_BYTES:
            raise InvalidSecretKey(place, f"A key has {len(key)} bytes, not {_KEY_BYTES}.")
        keys.append(key)
    return keys
