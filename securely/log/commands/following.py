"""Watch: the end of a channel's files, and what is added to them, over rotations.

A file is looked at again and again; no service of the system is asked, so it works on every file
system. One that was renamed is read to its end before the one that has its name; one that was cut
is read from its beginning; and one that bears a date is read on for a while after the next one
has come, because others may still be writing to it.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from securely.log.commands.entries import Entry, Filter, begins, entries

__all__ = ["Files", "Watch"]

# Read at once, backwards and forwards.
_BLOCK_BYTES: Final = 65_536
# A line that has no end by then is shown as it is.
_LINE_BYTES_MAX: Final = 4_194_304
# Files that are followed beside the newest: the one of the day before, or of before a rename.
_OLD_MAX: Final = 2
# What stands for the date in the names of files.
_DATE: Final = r"\d{4}-\d{2}(?:-\d{2}){0,2}"


class Files:
    """The files of one channel.

    Args:
        path: The file; of one that bears a date, its name without that.
        form: What names are made of, with "{name}" and "{date}"; "" where no date is in them.
    """

    def __init__(self, path: Path, form: str = "") -> None:
        self.path = path
        self._pattern: re.Pattern[str] | None = None
        if form:
            before, _, after = form.replace("{name}", path.stem).partition("{date}")
            name = f"{re.escape(before)}{_DATE}{re.escape(after + path.suffix)}"
            self._pattern = re.compile(name)

    def there(self) -> list[Path]:
        """Return those that there are, the newest last."""
        if self._pattern is None:
            return [self.path] if self.path.is_file() else []
        try:
            names = [each.name for each in self.path.parent.iterdir()]
        except OSError:  # the folder is not there yet
            return []
        found = sorted(name for name in names if self._pattern.fullmatch(name))
        return [self.path.with_name(name) for name in found]


class _Open:
    """A file that is followed.

    Args:
        path: Where it was found.
        is_at_end: Whether what is in it already is passed over.
    """

    def __init__(self, path: Path, *, is_at_end: bool) -> None:
        self.path = path
        self._file: BinaryIO = path.open("rb")
        self._left = b""
        if is_at_end:
            # Behind the last line that is whole: one that is being written now is still to come.
            end = self._file.seek(0, os.SEEK_END)
            start = self._file.seek(max(0, end - _BLOCK_BYTES))
            self._file.seek(start + self._file.read(end - start).rfind(b"\n") + 1)

    @property
    def position(self) -> int:
        """How much of it has been read, in bytes."""
        return self._file.tell()

    @property
    def is_at_its_place(self) -> bool:
        """Whether its name leads to it still."""
        try:
            there = self.path.stat()
        except OSError:
            return False
        here = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def lines(self) -> list[str]:
        """Return the lines that have come since it was asked last."""
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            # Cut, as `copytruncate` of logrotate does.
            self._file.seek(0)
            self._left = b""
        found: list[bytes] = []
        while block := self._file.read(_BLOCK_BYTES):
            *whole, self._left = (self._left + block).split(b"\n")
            found += whole
            if len(self._left) > _LINE_BYTES_MAX:
                found.append(self._left)
                self._left = b""
        return [line.decode("utf-8", "replace") for line in found]

    def close(self) -> None:
        self._file.close()


class Watch:
    """The records of one channel: the last that there are, and those that come.

    Args:
        files: Where they are written.
        wanted: Which of them are wanted.
    """

    def __init__(self, files: Files, wanted: Filter) -> None:
        self._files = files
        self._wanted = wanted
        self._open: deque[_Open] = deque()
        self._began = False

    def last(self, count: int) -> list[Entry]:
        """Return the last *count* records that are wanted, the oldest first.

        Only what comes after this call is given by :meth:`more`.
        """
        self._begin()
        # To where more() begins, so that nothing is given twice.
        ends = {opened.path: opened.position for opened in self._open}
        found: deque[Entry] = deque()
        for path in reversed(self._files.there()):
            for entry in _backwards(path, ends.get(path)):
                if len(found) >= count:
                    return list(found)
                if self._wanted.wants(entry):
                    found.appendleft(entry)
        return list(found)

    def more(self) -> Iterator[Entry]:
        """Give the records that are wanted and have come since the last call."""
        self._begin()
        # Whatever comes into the files we have, before what comes into the next.
        for opened in list(self._open):
            yield from self._of(opened)
        for path in self._fresh():
            try:
                self._open.append(_Open(path, is_at_end=False))
            except OSError:  # it has gone meanwhile, or is not ours to read
                continue
            yield from self._of(self._open[-1])
        while len(self._open) > _OLD_MAX:
            self._open.popleft().close()

    def close(self) -> None:
        """Let go of the files."""
        while self._open:
            self._open.pop().close()

    def _begin(self) -> None:
        if self._began:
            return
        self._began = True
        for path in self._files.there()[-1:]:
            self._open.append(_Open(path, is_at_end=True))

    def _of(self, opened: _Open) -> Iterator[Entry]:
        for entry in entries(opened.lines()):
            if self._wanted.wants(entry):
                yield entry

    def _fresh(self) -> Sequence[Path]:
        """Return the files that have come since, and those that others have taken the place of."""
        known = {opened.path for opened in self._open if opened.is_at_its_place}
        newest = max((opened.path.name for opened in self._open), default="")
        return [path for path in self._files.there() if path not in known and path.name >= newest]


def _backwards(path: Path, end: int | None) -> Iterator[Entry]:
    """Give the records of a file up to *end*, or to its own, the last one first."""
    belonging: deque[str] = deque()
    for line in _lines_backwards(path, end):
        belonging.appendleft(line)
        if begins(line):
            yield Entry.read("\n".join(belonging))
            belonging.clear()
    if belonging:
        yield Entry.read("\n".join(belonging))


def _lines_backwards(path: Path, end: int | None) -> Iterator[str]:
    try:
        file = path.open("rb")
    except OSError:  # it has gone meanwhile
        return
    with file:
        position = file.seek(0, os.SEEK_END) if end is None else end
        left = b""
        is_last = True
        while position > 0:
            size = min(_BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            left, *whole = (file.read(size) + left).split(b"\n")
            for line in reversed(whole):
                # What stands behind the last line break is being written now.
                if not (is_last and not line):
                    yield line.decode("utf-8", "replace")
                is_last = False
        if left:
            yield left.decode("utf-8", "replace")
