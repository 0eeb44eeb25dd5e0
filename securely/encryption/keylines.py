"""KeyLines: the lines of .env that hold the application's keys, and how they are changed."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Final

from securely.config import Environment
from securely.config.writer import with_variable
from securely.encryption.exceptions import KeyOutOfReach
from securely.support.replacing import hold_folder, replace

__all__ = ["EARLIER_KEYS", "KEY", "KeyLines"]

KEY: Final = "APP_KEY"
"""The variable that holds the key."""
EARLIER_KEYS: Final = "APP_PREVIOUS_KEYS"
"""The variable that holds the earlier ones, with commas between them."""


class KeyLines:
    """The lines of an .env file that hold the application's keys.

    Args:
        environment: The variables of the application, as they were read when it started.
        file: The file.
        key: The key that the application has.
    """

    def __init__(self, environment: Environment, file: Path, key: str) -> None:
        self._environment = environment
        self._file = file
        self._key = key

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Let nobody else change the file within the block.

        It is the lock that `settings:set` takes, too.

        Raises:
            KeyOutOfReach: Somebody else is about to change it.
        """
        release = hold_folder(self._environment.base_path)
        if release is None:
            raise KeyOutOfReach(
                self._file, "Another process changes it right now. Run key:rotate after that."
            )
        try:
            yield
        finally:
            release()

    def prove(self) -> None:
        """See that the file still holds the keys that the application has.

        Raises:
            KeyOutOfReach: It holds others: to write a key beside those would lose them.
        """
        now = self._read({})
        earlier = self._environment.get(EARLIER_KEYS)
        if now.get(KEY) != self._key or now.get(EARLIER_KEYS) != earlier:
            raise KeyOutOfReach(
                self._file,
                f"The {KEY} or {EARLIER_KEYS} there is not what the application has: it was "
                "changed a moment ago, or the configuration takes the key from elsewhere. Run "
                "key:rotate again, or change the key where it is kept and run key:rotate --keep.",
            )

    def change(self, values: Mapping[str, str]) -> None:
        """Set several variables: whoever reads the file finds all of them or none.

        The change is on the disk when this returns, before anything that depends on it.

        Args:
            values: The variables.

        Raises:
            KeyOutOfReach: The file holds other keys than the application, or what is set there
                would not count.
        """
        self.prove()
        text = self._file.read_bytes().decode()
        for name, value in values.items():
            text = with_variable(text, name, value)
        self._prove_that_it_counts(text, values)
        replace(self._file, text.encode())

    def _prove_that_it_counts(self, text: str, values: Mapping[str, str]) -> None:
        then = self._read({self._file: text.removeprefix("\ufeff")})
        for name, value in values.items():
            if then.get(name) != value:
                raise KeyOutOfReach(
                    self._file,
                    f"{name} is set elsewhere, too, and that wins over the file. Change it there, "
                    "and run key:rotate --keep.",
                )

    def _read(self, changed: Mapping[Path, str]) -> Environment:
        """Return the variables as they would be for an application that starts now."""
        files = self._environment.files
        return self._environment.reread({each: changed.get(each) or _text(each) for each in files})


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig", "replace")
