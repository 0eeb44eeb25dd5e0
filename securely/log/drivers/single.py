"""One file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from securely.log.contracts import Formatter
from securely.log.drivers.base import AppendFile, Written, formatter_for
from securely.log.hub import Hub
from securely.log.levels import level_number
from securely.log.options import SingleChannel
from securely.log.record import Record

__all__ = ["SingleHandler"]


class SingleHandler(Written):
    """Appends to one file, which other processes may append to, and logrotate may move away.

    Args:
        path: The file.
        formatter: Makes the text.
        level: The lowest level that is written.
        permission: The mode of a new file.
        locking: Take a lock of the file per record.

    Attributes:
        form: The formatter where the configuration names none.
    """

    form: ClassVar[str] = "line"

    def __init__(
        self,
        path: Path,
        formatter: Formatter,
        level: int = 10,
        *,
        permission: int = 0o600,
        locking: bool = False,
    ) -> None:
        self.level = level
        self.formatter = formatter
        self._file = AppendFile(path, permission=permission, locking=locking)

    @classmethod
    def configured(cls, options: SingleChannel, hub: Hub) -> Self:
        """Build it as the configuration says."""
        return cls(
            hub.paths.resolve(options.path),
            formatter_for(options.formatter, cls.form, hub, options.formatter_with),
            level_number(options.level),
            permission=options.permission,
            locking=options.locking,
        )

    def handle(self, record: Record) -> None:
        """Append *record* in one write."""
        self._file.append(self.encoded(record), record.timestamp)

    def close(self) -> None:
        """Close the file; the next record opens it again."""
        self._file.close()
