"""log:tail."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from securely.console import Command, InvalidInput
from securely.console.output.style import escape, safe
from securely.log.commands.entries import Entry, Filter
from securely.log.commands.following import Files, Watch
from securely.log.exceptions import UnknownLevel
from securely.log.levels import level_number
from securely.log.manager import LogManager
from securely.support import clock
from securely.support.paths import Paths

__all__ = ["TailCommand"]

# Between two looks: shorter than anybody notices, and next to nothing for a disk.
_PAUSE_SECONDS: Final = 0.25
_STYLES: Final = {
    "debug": "muted",
    "notice": "comment",
    "warning": "comment",
    "error": "error",
    "critical": "error",
    "alert": "error",
    "emergency": "error",
}


class TailCommand(Command):
    """Shows the end of a log, and what is written to it."""

    signature: ClassVar[str] = """log:tail
        {--channel= : Whose files are shown; the default channel's when left out}
        {--level= : Records of this level and graver ones}
        {--grep= : Records in which this regular expression is found}
        {--message= : Records in whose message this regular expression is found}
        {--user= : Records with this user or user_id}
        {--trace= : Records whose trace id begins so}
        {--request= : Records whose request_id, or trace id, begins so}
        {--lines=20 : How many records of before are shown}
        {--no-follow : End then, and do not wait for more}
        {--follow : Wait for more; that is what happens anyway}
        {--json : Print a JSON object per record}"""
    description: ClassVar[str] = "Show the end of the log, and follow it"
    help: ClassVar[str] = (
        "All that is given must hold. Files that are renamed, cut or followed by those of the next "
        "day are followed. Ctrl-C ends it."
    )

    def handle(self, log: LogManager, paths: Paths) -> int:
        """Print records until Ctrl-C."""
        wanted = self._filter()
        watches = [Watch(files, wanted) for files in self._files(log, paths)]
        try:
            for entry in self._last(watches, self.integer("lines", 0)):
                self._print(entry)
            while not self.boolean("no-follow"):
                sys.stdout.flush()
                clock.sleep(_PAUSE_SECONDS)
                for watch in watches:
                    for entry in watch.more():
                        self._print(entry)
        except KeyboardInterrupt:
            return self.SUCCESS
        finally:
            for watch in watches:
                watch.close()
        return self.SUCCESS

    def _last(self, watches: list[Watch], count: int) -> list[Entry]:
        """Return the last records of all files; those of several are put into the order of time."""
        found = [watch.last(count) for watch in watches]
        if len(found) == 1:
            return found[0]
        merged = [entry for each in found for entry in each]
        return sorted(merged, key=lambda entry: entry.time)[max(0, len(merged) - count) :]

    def _filter(self) -> Filter:
        level = self.option("level")
        try:
            number = level_number(str(level).lower()) if level else 0
        except UnknownLevel as error:
            raise InvalidInput(str(error)) from error
        trace, user, request = (
            str(self.option(name) or "") for name in ("trace", "user", "request")
        )
        message = self._pattern("message")
        return Filter(number, self._pattern("grep"), trace, message, user, request)

    def _pattern(self, option: str) -> re.Pattern[str] | None:
        """Return the regular expression of an option; None where it was left out.

        Raises:
            InvalidInput: It is none.
        """
        text = self.option(option)
        try:
            return re.compile(str(text)) if text else None
        except re.error as error:
            raise InvalidInput(
                f"--{option} is no regular expression: {error}. Put a \\ before signs that stand "
                "for themselves."
            ) from error

    def _files(self, log: LogManager, paths: Paths) -> list[Files]:
        """Return the files of the channel; of a stack, those of its channels.

        Raises:
            InvalidInput: It writes to no file.
            UndefinedChannel: The configuration has no such channel.
        """
        name = str(self.option("channel") or log.default)
        found = list(_files_of(name, log, paths, set()))
        if not found:
            raise InvalidInput(
                f'The log channel "{name}" writes to no file that could be followed. '
                "Name one that does with --channel=."
            )
        return found

    def _print(self, entry: Entry) -> None:
        if self.boolean("json"):
            self.line(escape(json.dumps(_record(entry), ensure_ascii=True)))
            return
        style = _STYLES.get(entry.level)
        for line in entry.text.split("\n"):
            shown = safe(line)
            self.line(f"<{style}>{shown}</{style}>" if style else shown)


def _files_of(name: str, log: LogManager, paths: Paths, seen: set[str]) -> Iterator[Files]:
    if name in seen:
        return
    seen.add(name)
    channel: Any = log.definition(name)
    for inner in getattr(channel, "channels", ()):
        yield from _files_of(inner, log, paths, seen)
    path = getattr(channel, "path", None)
    if isinstance(path, str):
        yield Files(paths.resolve(path), getattr(channel, "file_name", ""))


def _record(entry: Entry) -> dict[str, object]:
    """Return *entry* as an object: the one that was written, or what could be read of a line."""
    if entry.data is not None:
        return dict(entry.data)
    return {
        "time": entry.time,
        "level": entry.level,
        "message": entry.message,
        "trace_id": entry.trace,
        **({} if entry.fields is None else {"fields": dict(entry.fields)}),
        "text": entry.text,
    }
