"""What a worker says: one line per job, and numbers that add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from enum import Enum
from typing import Final, NamedTuple, TypeAlias
from unicodedata import east_asian_width

from securely.console.output.style import clean
from securely.queue.contracts import Charge, Delivery, Kind, Outcome
from securely.support import clock

__all__ = [
    "LINES",
    "Ended",
    "Page",
    "Report",
    "Status",
    "Tally",
    "cut",
    "duration",
    "short_name",
]

WIDTH_MIN: Final = 60  # narrower, and there is no room for dots
WIDTH_MAX: Final = 150  # wider, and the eye loses the line
WIDTH_OF_WHOLE_NAMES: Final = 110  # narrower, and only a job's own name has room on each line
DOTS_MIN: Final = 3  # fewer do not look like a line
LINES: Final = "\n\t"  # what lays out a text of several lines
_MINUTE: Final = 60  # seconds
Write: TypeAlias = Callable[[str], object]
IdOf: TypeAlias = Callable[[bytes], str | None]


class Status(Enum):
    """How a delivery ended, in one word; the value is its name in the summary."""

    DONE = "done"
    RETRY = "retried"
    RELEASED = "released"
    FAIL = "failed"
    DELETED = "deleted"
    CANCELLED = "cancelled"
    LOST = "lost"
    STALE = "stale"


_COLOURS: Final = {
    Status.DONE: "32",
    Status.RETRY: "33",
    Status.RELEASED: "33",
    Status.FAIL: "31",
    Status.DELETED: "36",
    Status.CANCELLED: "36",
    Status.LOST: "35",
    Status.STALE: "35",
}
_NOTES: Final = {
    Status.LOST: "the process that ran it died",
    Status.STALE: "it was cleared, or another worker holds it by now; nothing was recorded",
}


class Ended(NamedTuple):
    """A delivery that has ended.

    Attributes:
        seconds: How long it ran.
        reason: One line of its error, or nothing.
        settled: Called once the outcome is recorded.
        is_cancelled: It was taken out because somebody has cancelled it.
    """

    delivery: Delivery
    outcome: Outcome
    seconds: float
    reason: str
    settled: Callable[[], None]
    is_cancelled: bool = False

    def status(self, stale: Set[int] = frozenset()) -> Status:
        """Return the word for it; *stale* are the ids of refused outcomes."""
        kind, charge = self.outcome.kind, self.outcome.charge
        if self.delivery.id in stale:
            return Status.STALE
        if self.is_cancelled:
            return Status.CANCELLED
        if kind is Kind.RELEASE:
            if charge is Charge.LOST:
                return Status.LOST
            return Status.RETRY if charge is Charge.EXCEPTION else Status.RELEASED
        return {Kind.DONE: Status.DONE, Kind.FAIL: Status.FAIL}.get(kind, Status.DELETED)


@dataclass(slots=True)
class Tally:
    """How many deliveries ended how; those given back are not among the processed.

    Attributes:
        returned: Given back unstarted when the worker ended.
        interrupted: Given back while they ran, because a second signal gave them up.
    """

    done: int = 0
    retried: int = 0
    released: int = 0
    failed: int = 0
    deleted: int = 0
    cancelled: int = 0
    lost: int = 0
    stale: int = 0
    returned: int = 0
    interrupted: int = 0

    @property
    def processed(self) -> int:
        """All deliveries that were started and have ended."""
        return sum(self.counts().values()) - self.returned - self.interrupted

    def counts(self) -> dict[str, int]:
        """Return all numbers by name."""
        return {field.name: int(getattr(self, field.name)) for field in fields(self)}

    def add(self, status: Status) -> None:
        """Count one delivery."""
        setattr(self, status.value, getattr(self, status.value) + 1)


@dataclass(frozen=True, slots=True)
class Page:
    """What lines are written on.

    Attributes:
        width: Columns of a line.
        is_terminal: Whether somebody looks at lines that break at *width*; what comes of a job
            then stands on a line of its own.
        is_coloured: Whether to colour the status.
    """

    width: int = 80
    is_terminal: bool = False
    is_coloured: bool = False


class Report:
    """Writes what happens.

    Args:
        write: Takes text, line ends included.
        page: What it writes on.
        as_json: One JSON object per line instead of text.
        is_quiet: Write warnings and errors only.
        timezone: For the times at the beginning of lines; None for the machine's.
        write_error: Takes what went wrong, where that is written elsewhere.
        id_of: Gives the id of a job from its payload, for lines of JSON; None for one that can
            not be read.
    """

    def __init__(
        self,
        write: Write,
        page: Page = Page(),
        *,
        as_json: bool = False,
        is_quiet: bool = False,
        timezone: tzinfo | None = None,
        write_error: Write | None = None,
        id_of: IdOf = lambda payload: None,
    ) -> None:
        self.tally: Tally = Tally()
        self._write_to = write
        self._write_error_to = write if write_error is None or as_json else write_error
        self._page = page
        self._width = min(max(page.width, WIDTH_MIN), WIDTH_MAX)
        self._as_json = as_json
        self._is_quiet = is_quiet
        self._timezone = timezone
        self._id_of = id_of
        self._began = clock.monotonic()
        self._second = -1
        self._stamp = ""

    # -- jobs

    def ended(self, ended: Iterable[Ended], stale: Set[int] = frozenset()) -> None:
        """Write a line for each delivery that has ended, and count it.

        One that was given back unstarted gets no line and is not counted: its run is still to
        come. :meth:`returned` counts those of the end.
        """
        lines: list[str] = []
        for one in ended:
            kind = one.outcome.kind
            if kind is Kind.RETURN:
                continue
            if kind is Kind.DONE and self._is_quiet and not stale:
                self.tally.done += 1  # by far most, and nothing to write
                continue
            status = one.status(stale)
            self.tally.add(status)
            if not self._is_quiet:
                lines.append(self._json(one, status) if self._as_json else self._line(one, status))
        if lines:
            self._write("\n".join(lines) + "\n")

    def returned(self, count: int) -> None:
        """Count deliveries that were given back unstarted because the worker ends."""
        self.tally.returned += count

    def interrupted(self, name: str) -> None:
        """Tell of a job that was given back while it ran, and count it."""
        self.tally.interrupted += 1
        self.notice(f"{name} was given up while it ran; it goes back uncharged.")

    def _line(self, one: Ended, status: Status) -> str:
        delivery = one.delivery
        begin, end = f"  {self._now()} ", f" · attempt {delivery.attempts} "
        tail = f" {duration(one.seconds)} {status.name}"
        room = self._width - len(begin) - len(end) - len(tail) - DOTS_MIN
        is_narrow = self._page.is_terminal and self._width < WIDTH_OF_WHOLE_NAMES
        name = clean(delivery.name)
        if is_narrow or len(name) > room:
            name = short_name(name)
            if self._page.is_terminal:
                name = cut(name, room)
        dots = "." * (DOTS_MIN + max(0, room - len(name)))
        if self._page.is_coloured:
            tail = tail.replace(status.name, f"\x1b[{_COLOURS[status]}m{status.name}\x1b[0m")
            dots = f"\x1b[90m{dots}\x1b[0m"
        return f"{begin}{name}{end}{dots}{tail}{self._consequence(one, status)}"

    def _consequence(self, one: Ended, status: Status) -> str:
        note = clean(one.reason) or _NOTES.get(status, "")
        text = f" → {note}" if note else ""
        if status in {Status.RETRY, Status.RELEASED} and one.outcome.delay > 0:
            text = f" in {duration(one.outcome.delay)}{text}"
        if text and self._page.is_terminal:
            return "\n" + cut(f"   {text}", self._page.width)
        return text

    def _json(self, one: Ended, status: Status) -> str:
        delivery = one.delivery
        return json.dumps(
            {
                "event": "job",
                "at": clock.timestamp(),
                "id": self._id_of(delivery.payload),
                "name": delivery.name,
                "queue": delivery.queue,
                "attempt": delivery.attempts,
                "status": status.value,
                "seconds": round(one.seconds, 6),
                "delay": one.outcome.delay,
                "reason": one.reason or _NOTES.get(status, ""),
            }
        )

    def _now(self) -> str:
        second = int(clock.timestamp())
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, self._timezone).strftime(
                "%Y-%m-%d %H:%M:%S"
            )
        return self._stamp

    # -- words

    def notice(self, text: str) -> None:
        """Say something that people may want to know."""
        if not self._is_quiet:
            self._say("notice", text, "34", "INFO")

    def warning(self, text: str) -> None:
        """Say something that people should look at."""
        self._say("warning", text, "33", "WARN")

    def error(self, text: str) -> None:
        """Say why the worker can not go on."""
        self._say("error", text, "31", "ERROR")

    def _say(self, event: str, text: str, colour: str, word: str) -> None:
        if self._as_json:
            text = json.dumps({"event": event, "at": clock.timestamp(), "text": text}) + "\n"
        else:
            label = f"\x1b[{colour}m{word}\x1b[0m" if self._page.is_coloured else word
            text = f"  {label}  {clean(text, keep=LINES)}\n"
        if event == "notice":
            self._write(text)
        else:
            self._write_error(text)

    def summary(self, reason: str, words: str, status: int) -> None:
        """Write the last lines: why the worker ends, and what it has done."""
        seconds = clock.monotonic() - self._began
        counts = self.tally.counts()
        processed = self.tally.processed
        if self._as_json:
            closing = {"event": "stopped", "at": clock.timestamp(), "reason": reason}
            closing |= {"status": status, "seconds": round(seconds, 6), "processed": processed}
            self._write(json.dumps(closing | counts) + "\n")
        elif not self._is_quiet:
            back = _given_back(counts.pop("interrupted"), counts.pop("returned"))
            always = {"done", "failed"}
            parts = [f"{n} {word}" for word, n in counts.items() if n or word in always]
            jobs = "1 job" if processed == 1 else f"{processed} jobs"
            self._write(
                f"\n  Processed {jobs} in {duration(seconds)}: {', '.join(parts)}.{back}\n"
                f"  Stopped: {words}.\n"
            )

    def _write_error(self, text: str) -> None:
        with suppress(BrokenPipeError):
            self._write_error_to(text)

    def _write(self, text: str) -> None:
        try:
            self._write_to(text)
        except BrokenPipeError:
            # Nobody reads any more (`queue:work | head`). The jobs matter more than the lines.
            self._write_to = len


def duration(seconds: float) -> str:
    """Return *seconds* as people read them.

    Example:
        >>> duration(0.00321), duration(1.5), duration(185)
        ('3.21ms', '1.50s', '3m 05s')
    """
    if seconds < 1:
        return f"{seconds * 1000:.2f}ms"
    if seconds < _MINUTE:
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"


def _given_back(interrupted: int, returned: int) -> str:
    parts = [f"{interrupted} given back while running"] if interrupted else []
    if returned:
        parts.append(f"{returned} unstarted" if parts else f"{returned} given back unstarted")
    return f" {', '.join(parts)}." if parts else ""


def short_name(name: str) -> str:
    """Return the last part of a dotted name; any other text as it is.

    Example:
        >>> short_name("app.jobs.issue_invoice.IssueInvoice"), short_name("Import of rows.csv")
        ('IssueInvoice', 'Import of rows.csv')
    """
    parts = name.split(".")
    return parts[-1] if all(map(str.isidentifier, parts)) else name


def cut(text: str, width: int) -> str:
    """Return *text*, ended by an ellipsis where it takes more than *width* columns.

    Example:
        >>> cut("the account is closed", 12), cut("closed", 12)
        ('the account…', 'closed')
    """
    columns = end = 0
    for index, char in enumerate(text):
        columns += 2 if east_asian_width(char) in "WF" else 1
        if columns > width:
            return text[:end].rstrip() + "…"
        if columns < width:
            end = index + 1
    return text
