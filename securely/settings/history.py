"""History: who changed which settings when; values only encrypted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from securely.encryption import DecryptFailed, Encrypter, KeyRing
from securely.settings.envfile import private_folder
from securely.support import clock
from securely.support.masking import HIDDEN, mask_urls

__all__ = ["Change", "History", "Revision", "without_values"]

# A shorter value is part of any word.
_WORD_LETTERS: Final = 3
# An unchanged one is looked for in all that is said, and its letters may be a word there.
_OTHER_LETTERS: Final = 6
# Enough for the longest line that a revision has.
_LAST_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Change:
    """One variable before and after.

    Attributes:
        name: The variable.
        place: The file it is kept in, by its name: ``.env``, ``secrets.enc``.
        old: Its value before; None where it was not set.
        new: Its value after; None where it is set no more.
        secret: Whether the values are never shown.
        before: The file it was kept in before; empty if it was not set.
    """

    name: str
    place: str
    old: str | None
    new: str | None
    secret: bool
    before: str = ""

    def shown(self, value: str | None) -> str | None:
        """Return *value* as it may be shown; a secret has the same length as any other."""
        if value is None:
            return None
        return HIDDEN if self.secret else mask_urls(value)

    def __repr__(self) -> str:
        return f"Change({self.name!r}, {self.place!r})"


@dataclass(frozen=True, slots=True)
class Revision:
    """One transaction, as the history tells it: values are as they may be shown.

    Attributes:
        number: Counted from 1.
        at: When, in UTC, as ISO 8601 has it.
        user: Who, by the name on the machine.
        host: On which machine.
        command: What was done: set, unset, rename, rollback …
        changes: What changed.
        sealed: The values, encrypted; empty where there was no key.
    """

    number: int
    at: str
    user: str
    host: str
    command: str
    changes: tuple[Change, ...]
    sealed: str = ""

    def row(self) -> dict[str, object]:
        """Return it as the history keeps it: no value of a secret is in it, but encrypted."""
        return {
            "revision": self.number,
            "at": self.at,
            "user": self.user,
            "host": self.host,
            "command": self.command,
            "changes": [
                {
                    "name": each.name,
                    "place": each.place,
                    "old": each.shown(each.old),
                    "new": each.shown(each.new),
                    "secret": each.secret,
                    "before": each.before,
                }
                for each in self.changes
            ],
            "sealed": self.sealed,
        }


class History:
    """The changes of one environment's settings, a line each in a file of its owner's alone.

    Args:
        file: Where it is kept.
        environment: Which environment it is of; that is part of what is sealed.
    """

    def __init__(self, file: Path, environment: str) -> None:
        self.file = file
        self.environment = environment

    def revisions(self) -> list[Revision]:
        """Return all of them, the oldest first; a line that was cut is left out."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found: list[Revision] = []
        for line in lines:
            try:
                row: dict[str, Any] = json.loads(line)
                found.append(_of_row(row))
            except (ValueError, KeyError, TypeError):
                continue  # the process ended while it was written
        return found

    def last(self) -> int:
        """Return the number of the last revision, 0 if there is none, from the end of the file."""
        try:
            with self.file.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _LAST_BYTES))
                lines = stream.read().splitlines()
        except FileNotFoundError:
            return 0
        for line in reversed(lines):
            try:
                return int(json.loads(line)["revision"])
            except (ValueError, KeyError, TypeError):
                continue  # it was cut
        return max((each.number for each in self.revisions()), default=0)

    def next(self, command: str, changes: Iterable[Change], ring: KeyRing | None) -> Revision:
        """Return the revision that *changes* make; nothing is written."""
        number = max((each.number for each in self.revisions()), default=0) + 1
        every = tuple(changes)
        sealed = self._sealed(number, every, ring) if ring else ""
        at = clock.now().isoformat(timespec="seconds")
        return Revision(number, at, _user(), _host(), command, every, sealed)

    def append(self, row: Mapping[str, object]) -> None:
        """Write the row of a revision, unless its number is there."""
        if any(each.number == row["revision"] for each in self.revisions()):
            return
        private_folder(self.file.parent, "*")
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b") as stream:
            # What a process that was killed has left of its line must not spoil this one.
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 1))
            start = b"" if stream.read(1) in {b"", b"\n"} else b"\n"
            text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            stream.write(start + text.encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def opened(self, revision: Revision, ring: KeyRing | None) -> tuple[Change, ...] | None:
        """Return the changes of *revision* with their values, None if those cannot be read."""
        if ring is None or not revision.sealed:
            return None
        try:
            data: dict[str, Any] = json.loads(self._encrypter(ring).decrypt_string(revision.sealed))
        except DecryptFailed:
            return None
        if data["revision"] != revision.number:
            return None
        rows = cast("list[dict[str, Any]]", data["changes"])
        return tuple(map(_of_change, rows))

    def resealed(self, ring: KeyRing) -> str:
        """Return the text of the file with all values under the current key of *ring*."""
        lines: list[str] = []
        for revision in self.revisions():
            changes = self.opened(revision, ring)
            sealed = self._sealed(revision.number, changes, ring) if changes else ""
            row = {**revision.row(), "sealed": sealed or revision.sealed}
            lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        return "".join(lines)

    def _sealed(self, number: int, changes: Iterable[Change], ring: KeyRing) -> str:
        rows = [
            {"name": each.name, "place": each.place, "old": each.old, "new": each.new}
            | {"secret": each.secret, "before": each.before}
            for each in changes
        ]
        return self._encrypter(ring).encrypt_string(
            json.dumps({"revision": number, "changes": rows})
        )

    def _encrypter(self, ring: KeyRing) -> Encrypter:
        encrypter = Encrypter(ring.current, "aes-256-cbc", ring.previous)
        return encrypter.for_purpose(f"settings:history:{self.environment}")


def without_values(text: str, changes: Sequence[Change], others: Iterable[str] = ()) -> str:
    """Return *text* without the values of secrets, which whoever wrote it may quote.

    A component knows a secret by its name only, and anything can be kept with the secrets.

    Args:
        text: What somebody has said.
        changes: What has changed.
        others: The values of secrets that have not; short ones are left, as words are.
    """
    values = {each.new for each in changes if each.secret and each.new}
    values |= {each.old for each in changes if each.secret and each.old}
    values |= {each for each in others if len(each) >= _OTHER_LETTERS}
    for value in sorted(values, key=len, reverse=True):
        # Within quotes whatever its length; bare, where it is no part of a common word.
        forms = [repr(value), f'"{value}"', *([value] if len(value) >= _WORD_LETTERS else [])]
        for form in forms:
            text = text.replace(form, HIDDEN)
    return text


def _of_row(row: dict[str, Any]) -> Revision:
    changes = tuple(map(_of_change, row["changes"]))
    return Revision(
        int(row["revision"]),
        str(row["at"]),
        str(row["user"]),
        str(row["host"]),
        str(row["command"]),
        changes,
        str(row["sealed"]),
    )


def _of_change(row: dict[str, Any]) -> Change:
    return Change(
        row["name"], row["place"], row["old"], row["new"], bool(row["secret"]), row["before"]
    )


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"


def _host() -> str:
    import platform

    return platform.node()
