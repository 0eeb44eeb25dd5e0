"""KeyFile: the .env file that holds the application's key, and how it is changed there."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

from securely.config import Environment
from securely.config.writer import EnvFile
from securely.encryption.exceptions import KeyOutOfReach
from securely.support import entropy

fcntl: Any = None
if sys.platform != "win32":
    import fcntl as _fcntl

    fcntl = _fcntl

__all__ = ["EARLIER_KEYS", "KEY", "KeyFile"]

KEY: Final = "APP_KEY"
"""The variable that holds the key."""
EARLIER_KEYS: Final = "APP_PREVIOUS_KEYS"
"""The variable that holds the earlier ones, with commas between them."""

# Only the owner reads what is new: there are keys in it.
_PRIVATE: Final = 0o600


class KeyFile:
    """The .env file that holds the application's key.

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

        It is the lock of the kernel that `settings:set` takes, too: it ends with the process.
        Where there is none (Windows), what :meth:`prove` finds has to do.

        Raises:
            KeyOutOfReach: Somebody else is about to change it.
        """
        if fcntl is None:
            yield
            return
        handle = os.open(self._environment.base_path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise KeyOutOfReach(
                    self._file, "Another process changes it right now. Run key:rotate after that."
                ) from None
            yield
        finally:
            os.close(handle)

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
        file = self._file.resolve()
        aside = file.with_name(f"{file.name}.{entropy.token_hex(4)}")
        try:
            _copy(file, aside)
            for name, value in values.items():
                EnvFile(aside).set(name, value, overwrite=True)
            self._prove_that_it_counts(aside, values)
            aside.replace(file)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        _flush(file.parent)

    def _prove_that_it_counts(self, aside: Path, values: Mapping[str, str]) -> None:
        then = self._read({self._file: _text(aside)})
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


def _copy(file: Path, aside: Path) -> None:
    """Write *file* anew as *aside*, with its mode and owner."""
    before = file.stat()
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as stream:
        stream.write(file.read_bytes())
    if hasattr(os, "chown"):
        # Only root may give a file away, and only root needs to.
        with contextlib.suppress(PermissionError):
            os.chown(aside, before.st_uid, before.st_gid)
    aside.chmod(before.st_mode & 0o7777)


def _flush(folder: Path) -> None:
    """Put a rename in *folder* on the disk, in case the power is cut."""
    if fcntl is None:
        return
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Some file systems cannot; the rename stands nevertheless.
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
