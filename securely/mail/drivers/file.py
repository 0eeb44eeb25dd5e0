"""A file per message, which mail programs open."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from securely.mail.contracts import Sent
from securely.mail.drivers.base import Envelope, Place
from securely.mail.manager import Materials
from securely.mail.message import Message
from securely.support import entropy
from securely.support.directories import why_unusable

__all__ = ["FileTransport"]

# What is in mail is for its receivers, and for whoever runs this.
_DIRECTORY_MODE: Final = 0o700
_FILE_MODE: Final = 0o600  # as above
# What may be better later: no room, no handles, trouble of the medium.
_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO})


class FileTransport:
    """Writes each message to an ``.eml`` file of its own; the names sort by the time of sending.

    A file is there whole or not at all. Who got a blind copy is not in it, as it is not in mail.

    Args:
        name: The mailer's name in the configuration.
        directory: Where the files go; made on first use, for its owner only.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name: str = name
        self.directory: Path = directory
        self._place = Place(name, str(directory))

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the mailer *name* as its options have it."""
        return cls(name, materials.locate(options.path))

    def send(self, message: Message) -> Sent:
        """Write *message* to a file, and return once it is on the disk; the reply is its path.

        Raises:
            InvalidMessage: It can not be sent as it is.
            TransportError: The file can not be written.
        """
        Envelope.of(message)
        stem = str(entropy.uuid7())
        part, path = self.directory / f".{stem}.part", self.directory / f"{stem}.eml"
        with self._disk():
            self.directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb")
        try:
            message.write_to(_Writer(self._disk, file), utf8=message.needs_utf8)
            with self._disk():
                file.flush()
                os.fsync(file.fileno())
                file.close()
                part.replace(path)
        except BaseException:
            with suppress(OSError):  # it would write what could not be written
                file.close()
            part.unlink(missing_ok=True)
            raise
        return Sent(message.message_id, self.name, {}, str(path))

    def close(self) -> None:
        """Do nothing: no file stays open."""

    @contextmanager
    def _disk(self) -> Generator[None]:
        """Tell errors of the disk apart from those of what a message is made of."""
        try:
            yield
        except OSError as error:
            raise self._place.error(
                why_unusable(self.directory, error).rstrip("."),
                is_retryable=error.errno in _PASSING,
            ) from error


class _Writer:
    """Writes a message to a file."""

    def __init__(self, disk: Callable[[], AbstractContextManager[None]], file: BinaryIO) -> None:
        self._disk = disk
        self._file = file

    def write(self, data: bytes, /) -> int:
        with self._disk():
            return self._file.write(data)
