"""queue:failed, queue:flush, queue:forget, queue:prune-failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, NamedTuple, NoReturn, TypeAlias, cast

from securely.console import InvalidInput
from securely.console.output.style import clean, safe
from securely.container import Container
from securely.events import Dispatcher
from securely.log.masking import Masker
from securely.queue.commands.base import OfConnection, plural, shown, shown_at
from securely.queue.contracts import FailedJob
from securely.queue.crew.report import LINES, cut, short_name
from securely.queue.delivery.failure import Mask, masker_of, unpack_error
from securely.queue.exceptions import InvalidPayload
from securely.queue.manager import QueueManager
from securely.queue.payload import Codec
from securely.queue.upkeep.failures import Failure, Failures, Wanted
from securely.support import clock
from securely.support.durations import InvalidDuration, seconds

__all__ = [
    "EDGES",
    "FailedCommand",
    "FlushCommand",
    "ForgetCommand",
    "OfFailedJobs",
    "PruneFailedCommand",
]

EDGES: Final = 9  # what `two_column_detail` puts around two texts, with three dots
HOUR: Final = 3600  # seconds

Name: TypeAlias = Callable[[str], str]
_History: TypeAlias = list[dict[str, object]]


class _Lines(NamedTuple):
    """How a failed job is shown: two texts with dots between them, and what stands below."""

    left: str
    right: str
    below: str

    def fit(self, width: int) -> bool:
        return len(self.left) + len(self.right) + EDGES <= width


class OfFailedJobs(OfConnection):
    """What the commands about failed jobs share."""

    def ids(self, failures: Failures, keys: Sequence[str]) -> tuple[str, ...]:
        """Return the ids that *keys* mean, ids or numbers of the list; end the command without one.

        All numbers are those of one look at the list, for they move when a job is retried.
        """
        numbers = failures.numbers() if any(map(str.isdecimal, keys)) else {}
        named = [numbers.get(key, "") if key.isdecimal() else key for key in keys]
        missing = failures.missing(named)
        if missing:
            self.refuse(
                failures, [key for key, id_ in zip(keys, named, strict=True) if id_ in missing]
            )
        return tuple(named)

    def refuse(self, failures: Failures, keys: Sequence[str]) -> NoReturn:
        """End the command: no failed job has these ids."""
        named = " or ".join(f'"{key}"' for key in keys)
        near = failures.nearest_id(keys[0])
        hint = "`queue:failed` lists them." if near is None else f'Did you mean "{near}"?'
        self.fail(f"No failed job has the id {named}. {hint}")

    def say_none(self, failures: Failures, wanted: Wanted) -> None:
        """Say that there are none, and what may have been meant where somebody mistyped."""
        if wanted == Wanted():
            self.info("No failed jobs.")
            return
        near = failures.nearest(wanted)
        hint = "" if near is None else f' Did you mean "{near}"?'
        self.info(safe(f"No failed jobs match.{hint}"))


class FailedCommand(OfFailedJobs):
    """Lists failed jobs, or shows one."""

    signature: ClassVar[str] = """queue:failed
        {id? : Show this one in full; its id, or its number in the list}
        {--queue= : Only jobs of this queue}
        {--class= : Only jobs of this class, with or without its module}
        {--tag= : Only jobs that have this tag}
        {--since= : Only those that failed within this time ("2h"), or since this moment}
        {--connection= : The connection; the default one if left out}
        {--json : Print JSON}"""
    description: ClassVar[str] = "List the failed jobs"

    def handle(
        self, queues: QueueManager, codec: Codec, events: Dispatcher, container: Container
    ) -> int:
        """Print them, the newest first."""
        failures = self.failures(queues, codec, events)
        if self.argument("id"):
            job = self._chosen(failures, *self.ids(failures, [self.string("id")]))
            self._show(
                {**_record(job, self.artisan.mask), **_payload(job, codec, masker_of(container))}
            )
            return self.SUCCESS
        wanted = Wanted(
            queue=self.text("queue"),
            job=self.text("class"),
            tag=self.text("tag"),
            since=self._since(),
        )
        found = failures.select(wanted)
        if self.boolean("json"):
            hide = self.artisan.mask
            self.print_json([{"number": one.number, **_record(one.job, hide)} for one in found])
        elif not found:
            self.say_none(failures, wanted)
        else:
            self._list(found)
        return self.SUCCESS

    def _since(self) -> float | None:
        """Return the moment of --since: so long ago, or what is written there."""
        text = self.text("since")
        if text is None:
            return None
        try:
            return clock.timestamp() - seconds(text)
        except InvalidDuration:
            pass
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidInput(
                f'--since: "{text}" is neither a duration ("2h") nor a moment ("2026-03-01 12:00").'
            ) from None
        return moment.timestamp()  # without a zone, it is the time of this machine

    def _list(self, found: Sequence[Failure]) -> None:
        """Print two lines for each: which job, and why."""
        width = self.columns()
        for left, right, below in _laid_out(found, width):
            self.two_column_detail(safe(left), safe(right))
            told = self.artisan.mask(below)
            self.line(safe(told if width is None else cut(told, width)))

    def _chosen(self, failures: Failures, key: str) -> FailedJob:
        job = failures.find(key)
        if job is None:
            self.refuse(failures, [key])
        return job

    def _show(self, record: dict[str, object]) -> None:
        """Print all of one: what is known of it, how its attempts ended, and the trace."""
        if self.boolean("json"):
            self.print_json(record)
            return
        trace, history = str(record.pop("trace")), cast(_History, record.pop("history"))
        for name, value in record.items():
            if text := shown(value):
                label = name.replace("_", " ").capitalize()
                self.output.write(f"  {label:<14} {clean(text, keep=LINES)}\n", raw=True)
        if history:
            rows = [[safe(str(cell)) for cell in one.values()] for one in history]
            self.new_line()
            self.table(["Attempt", "When", "What"], rows)
        self.output.write(f"\n{clean(trace, keep=LINES)}", raw=True)


class ForgetCommand(OfFailedJobs):
    """Deletes one failed job."""

    signature: ClassVar[str] = """queue:forget
        {id : The id of the failed job, or its number in the list}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Delete a failed job"

    def handle(self, queues: QueueManager, codec: Codec, events: Dispatcher) -> int:
        """Delete it."""
        key = self.string("id")
        failures = self.failures(queues, codec, events)
        if not self.kept_failures(queues).forget(*self.ids(failures, [key])):
            self.refuse(failures, [key])  # somebody else was faster
        self.info(safe(f'The failed job "{key}" was deleted.'))
        return self.SUCCESS


class FlushCommand(OfFailedJobs):
    """Deletes all failed jobs."""

    signature: ClassVar[str] = """queue:flush
        {--hours= : Only those that failed longer ago than this}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Delete all failed jobs"

    def handle(self, queues: QueueManager) -> int:
        """Delete them, and say how many there were."""
        age = self.number("hours", 0) * HOUR if self.option("hours") else None
        count = self.kept_failures(queues).flush(age)
        self.info(f"Deleted {plural(count, 'failed job')}.")
        return self.SUCCESS


class PruneFailedCommand(OfFailedJobs):
    """Deletes old failed jobs."""

    signature: ClassVar[str] = """queue:prune-failed
        {--hours=24 : Those that failed longer ago than this}
        {--connection= : The connection; the default one if left out}"""
    description: ClassVar[str] = "Delete failed jobs that are older than a day"

    def handle(self, queues: QueueManager) -> int:
        """Delete them, and say how many there were."""
        count = self.kept_failures(queues).flush(self.number("hours", 0) * HOUR)
        self.info(f"Deleted {plural(count, 'failed job')}.")
        return self.SUCCESS


def _record(job: FailedJob, hide: Mask) -> dict[str, object]:
    error = unpack_error(job.error).masked(hide)
    return {
        "id": job.uuid,
        "job": job.name,
        "connection": job.connection,
        "queue": job.queue,
        "attempts": job.attempts,
        "failed_at": shown_at(job.failed_at),
        "batch": job.batch,
        "type": error.type,
        "reason": error.message,
        "history": [
            {"attempt": one.number, "at": shown_at(one.at), "reason": hide(one.reason)}
            for one in job.history
        ],
        "trace": error.trace,
    }


def _payload(job: FailedJob, codec: Codec, masker: Masker) -> Mapping[str, object]:
    """Return what the payload of *job* tells; its class need not exist."""
    try:
        header, attributes = codec.header(job.payload), codec.attributes(job.payload)
    except InvalidPayload as error:
        return {"payload": str(error)}
    return {
        "class": header.job,
        "tags": header.tags,
        "dispatched_at": shown_at(header.created_at),
        "payload": "(encrypted)" if attributes is None else _masked(attributes, masker),
    }


def _masked(attributes: str, masker: Masker) -> str:
    """Return attributes with what is secret by its name or its value hidden, in JSON again."""
    return json.dumps(masker.value(json.loads(attributes)), ensure_ascii=False)


def _laid_out(found: Sequence[Failure], width: int | None) -> list[_Lines]:
    """Return the lines of *found*, all in the fullest form for which *width* has room.

    Ids are never broken or cut: they are there to be copied.
    """
    if width is None:
        return [_wide(one, str) for one in found]
    forms: tuple[Callable[[Failure], _Lines], ...] = (
        lambda one: _wide(one, str),
        lambda one: _wide(one, short_name),
        _narrow,
    )
    for form in forms:
        lines = [form(one) for one in found]
        if all(one.fit(width) for one in lines):
            return lines
    return [_narrowest(one) for one in found]


def _wide(one: Failure, name: Name) -> _Lines:
    job = one.job
    left = f"{_head(one)}  {job.queue}  {name(job.name)}"
    return _Lines(left, _attempts(job), f"    {_reason(job)}")


def _narrow(one: Failure) -> _Lines:
    job = one.job
    below = f"    {job.queue} · {_attempts(job)} · {_reason(job)}"
    return _Lines(_head(one), short_name(job.name), below)


def _narrowest(one: Failure) -> _Lines:
    job = one.job
    below = f"    {short_name(job.name)} · {job.queue} · {_reason(job)}"
    return _Lines(_head(one), _attempts(job), below)


def _head(one: Failure) -> str:
    at = datetime.fromtimestamp(one.job.failed_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{one.number} {at} {one.job.uuid}"


def _attempts(job: FailedJob) -> str:
    return plural(job.attempts, "attempt")


def _reason(job: FailedJob) -> str:
    """Return the first line of the error, without what would move a terminal's cursor."""
    error = unpack_error(job.error)
    first = error.message.splitlines()[0] if error.message else ""
    text = f"{error.type.rpartition('.')[2]}: {first}"
    return clean(text)
