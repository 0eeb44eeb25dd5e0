"""Pushes: what a fake of the queue has recorded, and what a test asserts about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from securely.queue.bus.callbacks import path_of
from securely.queue.bus.expecting import a_class, a_count, a_list, a_predicate, a_task
from securely.queue.bus.listeners import CallListener
from securely.queue.bus.matching import Expected, all_resemble, resembles, shown
from securely.queue.bus.task import Call
from securely.queue.contracts import Envelope
from securely.queue.job import Job

__all__ = ["Pushed", "Pushes", "Way"]

J = TypeVar("J", bound=Job)

Way: TypeAlias = Literal["queued", "sync", "after_response"]

_TOLD_MAX: Final = 10  # jobs that a message names


@dataclass(frozen=True, slots=True)
class Pushed:
    """A job that a fake has recorded.

    Attributes:
        job: The job itself, as it was dispatched.
        connection: The connection it was for.
        queue: The queue it was for.
        delay: Seconds it was to wait.
        id: The uuid that its dispatch returned.
        chain: What was to follow it.
        batch: The id of the batch that counts it.
        way: How it was dispatched.
    """

    job: Job
    connection: str
    queue: str
    delay: float
    id: str = ""
    chain: tuple[Any, ...] = ()
    batch: str | None = None
    way: Way = "queued"


class Pushes:
    """The part of a fake of the queue that answers.

    Each of its assertions raises AssertionError, which names what was pushed, and TypeError where
    it is given what it does not take.
    """

    _pushed: list[Pushed]
    _raw: list[Envelope]

    def pushed(self, job: type[J], predicate: Callable[[J], bool] | None = None) -> list[J]:
        """Return the recorded jobs of a class (subclasses included) that meet *predicate*."""
        return [cast("J", entry.job) for entry in self._found(job, predicate)]

    def pushed_jobs(self) -> Sequence[Pushed]:
        """Return everything that was recorded, in order."""
        return tuple(self._pushed)

    def has_pushed(self, job: type[Job]) -> bool:
        """Return whether a job of this class was recorded."""
        return bool(self.pushed(job))

    def raw_pushes(self) -> Sequence[Envelope]:
        """Return what was pushed straight to a connection's driver, in order."""
        return tuple(self._raw)

    def pushed_raw(self, predicate: Callable[[bytes], bool] | None = None) -> list[bytes]:
        """Return the payloads that were pushed straight to a driver, and meet *predicate*."""
        payloads = [envelope.payload for envelope in self._raw]
        wanted = a_predicate(predicate)
        return payloads if wanted is None else [one for one in payloads if wanted(one)]

    def listeners_pushed(
        self, listener: type[Any], predicate: Callable[..., bool] | None = None
    ) -> list[Any]:
        """Return the events that a queued listener was to hear, and that meet *predicate*.

        Args:
            listener: The listener's class.
            predicate: Given the event.
        """
        kind = a_class(listener, "assert_task_pushed")
        name = f"{kind.__module__}.{kind.__qualname__}"
        calls = [one for one in self.pushed(CallListener) if one.display_name() == name]
        events = [call.arguments()[0] for call in calls]
        wanted = a_predicate(predicate)
        return events if wanted is None else [one for one in events if wanted(one)]

    # -- assertions

    def assert_pushed(
        self, job: type[J], expected: Callable[[J], bool] | int | None = None
    ) -> None:
        """Assert that a job of this class was pushed.

        Args:
            job: The class.
            expected: A predicate that at least one must meet, or how many there must be.
        """
        if isinstance(expected, int):
            self.assert_pushed_times(job, expected)
        elif not self.pushed(job, expected):
            what = "that meets the predicate " if expected else ""
            raise AssertionError(f"No {job.__qualname__} {what}was pushed. {self._summary()}")

    def assert_pushed_times(self, job: type[Job], times: int) -> None:
        """Assert how many jobs of this class were pushed."""
        count = len(self.pushed(job))
        if count != a_count(times):
            raise AssertionError(
                f"{job.__qualname__} was pushed {count} times instead of {times}. {self._summary()}"
            )

    def assert_pushed_once(self, job: type[Job]) -> None:
        """Assert that exactly one job of this class was pushed."""
        self.assert_pushed_times(job, 1)

    def assert_pushed_on(
        self, queue: str | Enum, job: type[J], predicate: Callable[[J], bool] | None = None
    ) -> None:
        """Assert that a job of this class was pushed on *queue*."""
        name = cast(object, str(queue.value) if isinstance(queue, Enum) else queue)
        if not isinstance(name, str):
            raise TypeError(
                f'The queue comes first, as in assert_pushed_on("mail", …), and not {queue!r}.'
            )
        if not any(entry.queue == name for entry in self._found(job, predicate)):
            what = "that meets the predicate " if predicate else ""
            raise AssertionError(
                f'No {job.__qualname__} {what}was pushed on the queue "{name}". {self._summary()}'
            )

    def assert_pushed_with_chain(
        self,
        job: type[J],
        chain: Sequence[Expected],
        predicate: Callable[[J], bool] | None = None,
    ) -> None:
        """Assert that a job of this class was pushed with *chain* behind it.

        Args:
            job: The class.
            chain: Classes, jobs, tasks or functions, in order.
            predicate: What the job itself must meet.
        """
        expected = a_list(chain)
        if not expected:
            raise AssertionError("The expected chain is empty: use assert_pushed_without_chain.")
        found = self._with_entry(job, predicate)
        if not any(all_resemble(expected, entry.chain) for entry in found):
            chains = " or ".join(shown(entry.chain) for entry in found)
            raise AssertionError(
                f"{job.__qualname__} was pushed with the chain {chains} instead of {shown(chain)}."
            )

    def assert_pushed_without_chain(
        self, job: type[J], predicate: Callable[[J], bool] | None = None
    ) -> None:
        """Assert that a job of this class was pushed with nothing behind it."""
        found = self._with_entry(job, predicate)
        if all(entry.chain for entry in found):
            chains = " or ".join(shown(entry.chain) for entry in found)
            raise AssertionError(f"{job.__qualname__} was pushed with the chain {chains}.")

    def assert_task_pushed(
        self,
        task: Callable[..., object],
        expected: Callable[..., bool] | int | None = None,
    ) -> None:
        """Assert that a task, or a function by its name, was pushed.

        Args:
            task: The task or function.
            expected: Given the arguments, says whether it is that call; or how many there must be.
        """
        calls = [one for one in self.pushed(Call) if resembles(a_task(task), one)]
        name = path_of(task).replace(":", ".")
        if isinstance(expected, int):
            if len(calls) != a_count(expected):
                raise AssertionError(
                    f"{name} was pushed {len(calls)} times instead of {expected}. {self._summary()}"
                )
            return
        predicate = a_predicate(expected)
        if not any(predicate is None or _meets(one, predicate) for one in calls):
            what = "that meets the predicate " if expected else ""
            raise AssertionError(f"No call of {name} {what}was pushed. {self._summary()}")

    def assert_task_not_pushed(self, task: Callable[..., object]) -> None:
        """Assert that a task, or a function by its name, was not pushed."""
        self.assert_task_pushed(task, 0)

    def assert_not_pushed(self, job: type[J], predicate: Callable[[J], bool] | None = None) -> None:
        """Assert that no job of this class (that meets *predicate*) was pushed."""
        if found := self.pushed(job, predicate):
            raise AssertionError(
                f"{job.__qualname__} was pushed {len(found)} times. {self._summary()}"
            )

    def assert_nothing_pushed(self) -> None:
        """Assert that no job was pushed."""
        if self._pushed:
            raise AssertionError(f"Jobs were pushed. {self._summary()}")

    def assert_count(self, expected: int) -> None:
        """Assert how many jobs were pushed."""
        if len(self._pushed) != a_count(expected):
            raise AssertionError(
                f"{len(self._pushed)} jobs were pushed instead of {expected}. {self._summary()}"
            )

    # -- inside

    def _found(self, job: type[J], predicate: Callable[[J], bool] | None) -> list[Pushed]:
        kind, wanted = a_class(job, "assert_task_pushed"), a_predicate(predicate)
        return [
            entry
            for entry in self._pushed
            if isinstance(entry.job, kind) and (wanted is None or wanted(entry.job))
        ]

    def _with_entry(self, job: type[J], predicate: Callable[[J], bool] | None) -> list[Pushed]:
        self.assert_pushed(job, predicate)
        return self._found(job, predicate)

    def _summary(self) -> str:
        if not self._pushed:
            return "Nothing was pushed."
        told = [f"{shown([entry.job])[1:-1]} on {entry.queue}" for entry in self._pushed]
        rest = len(told) - _TOLD_MAX
        more = f" and {rest} more" if rest > 0 else ""
        return f"Pushed: {', '.join(told[:_TOLD_MAX])}{more}."


def _meets(call: Call, predicate: Callable[..., bool]) -> bool:
    args, named = call.given()
    return predicate(*args, **named)
