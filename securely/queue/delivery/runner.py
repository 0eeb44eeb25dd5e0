"""JobRunner: one job's whole life, from its payload to the outcome that settles it.

`attempt` can be read from top to bottom; every decision about tries, waits and failures
lies in `verdicts.py`, which does no I/O and has no colour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from inspect import isawaitable
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, cast

from securely.container import Container
from securely.context import Context
from securely.events import Dispatcher
from securely.queue.bus.callbacks import Callback
from securely.queue.bus.trail import Trail
from securely.queue.contracts import (
    Charge,
    Defaults,
    Delivery,
    Envelope,
    FailedJob,
    Kind,
    Outcome,
    Verdict,
)
from securely.queue.delivery.around import Around
from securely.queue.delivery.calls import Unlocks, freeing, keeping
from securely.queue.delivery.failure import packing
from securely.queue.delivery.hooks import Hooks
from securely.queue.delivery.interaction import Interaction
from securely.queue.delivery.run import (
    Run,
    admit,
    check_time,
    endings,
    following,
    packed,
    stopped,
)
from securely.queue.delivery.running import Running
from securely.queue.delivery.stopping import JobCancelled, ends_the_task, skipped
from securely.queue.delivery.through import unpack
from securely.queue.delivery.verdicts import Settlement, Trial, after_exception, after_return
from securely.queue.events import (
    JobAttempted,
    JobExceptionOccurred,
    JobFailed,
    JobProcessed,
    JobProcessing,
)
from securely.queue.events import JobTimedOut as TimedOut
from securely.queue.exceptions import (
    Instruction,
    InvalidPayload,
    JobTimedOut,
    QueueError,
    WorkerLost,
)
from securely.queue.job import Job, option
from securely.queue.payload import Codec, Frame, Header
from securely.support.portal import portal

__all__ = ["JobRunner", "Ran", "Reporter", "Retries", "Unlocks"]

# Told of every exception of a job, with what is known of the run.
Reporter: TypeAlias = Callable[[BaseException, Mapping[str, object]], None]

# Decoded to learn its colour, and not run: revoked. More than a worker ever holds.
_DECODED_MAX: Final = 4096


# Where nobody asks for the context.
_NO_UNIT: Final = nullcontext()

# Looked up once: to look a member of an enumeration up takes as long as a call.
_DONE: Final = Kind.DONE
_RUN: Final = Verdict.RUN

# Ways to end after which a chain goes on: only a failure breaks it.
_GOES_ON: Final = (Kind.DONE, Kind.DROP, Kind.SKIP)


class Retries(Protocol):
    """What knows which errors are final for every job: the application's handler of errors."""

    def should_retry(self, error: BaseException) -> bool:
        """Return whether what ended in *error* may be tried again."""
        ...


class Ran(NamedTuple):
    """What came of a run.

    Attributes:
        outcome: How the delivery is settled.
        error: The exception it ended in, if it did.
        events: What tells of it, where somebody listens.
    """

    outcome: Outcome
    error: BaseException | None
    events: Sequence[object] = ()


class JobRunner:
    """Runs deliveries; never raises what a job, a listener or a payload did wrong.

    Args:
        container: Builds what `handle` asks for, in a scope of its own for each job.
        codec: Reads payloads.
        events: Told what happens, where somebody listens.
        report: Told of each exception.
        keys: Gives what frees unique keys; asked for when the first such job comes.
        retries: Says what is final though the job would be tried again; None where nobody does.
        context: Is what it was where a job was dispatched, while that runs; None where nobody asks.
    """

    def __init__(
        self,
        container: Container,
        codec: Codec,
        events: Dispatcher,
        report: Reporter | None = None,
        *,
        keys: Callable[[], Unlocks] | None = None,
        retries: Retries | None = None,
        context: Context | None = None,
    ) -> None:
        self._container = container
        self._codec = codec
        self._events = events
        self._reporter: Reporter = report or _ignore
        self._keys = keys
        self._pack = packing(container)
        self._retries = retries
        self._context = context
        self._defaults = Defaults()
        self._decoded: dict[bytes, Frame] = {}
        self._hooks = Hooks(container, codec, self._report, self._unit)
        self._running = Running(self._report)

    def configure(self, defaults: Defaults) -> None:
        """Set what holds for jobs that say nothing themselves."""
        self._defaults = defaults

    def is_async(self, delivery: Delivery) -> bool:
        """Return whether this delivery is to be run by :meth:`arun`: its `handle` is a coroutine.

        False for a payload that cannot be decoded, and for any verdict but RUN.
        """
        if delivery.verdict is not _RUN:
            return False
        try:
            frame = self._codec.decode(delivery.payload)
        except JobTimedOut:
            raise
        except (Exception, SystemExit):
            return False  # run() will say why
        if len(self._decoded) >= _DECODED_MAX:
            self._decoded.clear()
        # Kept for the run that follows: signature and JSON are paid for once.
        self._decoded[delivery.payload] = frame
        return frame.blueprint.is_async

    def run(self, delivery: Delivery) -> Outcome:
        """Do what the delivery's verdict says, and tell its consequences."""
        return self.attempt(delivery).outcome

    async def arun(self, delivery: Delivery) -> Outcome:
        """Async twin of :meth:`run`."""
        return (await self.aattempt(delivery)).outcome

    def attempt(
        self, delivery: Delivery, *, connection: str | None = None, is_last: bool = False
    ) -> Ran:
        """Do what the delivery's verdict says, and tell its consequences and their cause.

        Args:
            delivery: What to run.
            connection: The name of the connection it came from, if not the worker's.
            is_last: An exception is final, whatever tries are left.
        """
        run = self._begin(delivery, connection, is_last)
        if isinstance(run, Ran):
            for event in run.events:
                self._tell(event)
            return run
        with self._unit(run.frame.header):
            return self._attempt(run, is_last)

    async def aattempt(
        self, delivery: Delivery, *, connection: str | None = None, is_last: bool = False
    ) -> Ran:
        """Async twin of :meth:`attempt`."""
        run = self._begin(delivery, connection, is_last)
        if isinstance(run, Ran):
            for event in run.events:
                await self._atell(event)
            return run
        with self._unit(run.frame.header):
            return await self._aattempt(run)

    def _attempt(self, run: Run, is_last: bool) -> Ran:
        if run.error is None:
            try:
                self._running.add(run)
                self._life(run)
            except Instruction as instruction:
                run.interaction.decide(instruction)
            # The border: it becomes an outcome, whatever it derives from; but Ctrl-C in the
            # process of who dispatched it is meant for that.
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) and is_last:
                    raise
                run.error = error
            finally:
                self._running.remove(run)
        ran = self._over(run)
        for event in ran.events:
            self._tell(event)
        return ran

    async def _aattempt(self, run: Run) -> Ran:
        """Async twin of :meth:`_attempt`."""
        if run.error is None:
            try:
                self._running.add(run, asyncio.get_running_loop())
                await self._alife(run)
            except Instruction as instruction:
                run.interaction.decide(instruction)
            # The border: it becomes an outcome.
            except BaseException as error:
                if ends_the_task(error):
                    raise
                run.error = error
            finally:
                self._running.remove(run)
        ran = self._over(run)
        for event in ran.events:
            await self._atell(event)
        return ran

    def run_failed_hook(self, failed: FailedJob) -> None:
        """Run the job's `failed()` hook on a fresh instance; its errors are reported, not raised.

        The hook is given the exception itself where this process saw it, and else a
        :class:`RecordedFailure`. It may ask for `attempts`, `job_id` and `batch()`.
        """
        self._hooks.run(failed, failed.connection or self._defaults.connection)

    def interrupt(self, signal: int) -> None:
        """Tell the jobs that run here that *signal* asks their worker to stop; each once."""
        self._running.interrupt(signal)

    def _unit(self, header: Header) -> AbstractContextManager[None]:
        """Return the block in which the context is that of the job with *header*."""
        if self._context is None:
            return _NO_UNIT
        # Its own id is the trace of a job that brings none: that of all its attempts.
        return self._context.unit(header.carried, trace=header.uuid)

    def _announce(self) -> None:
        if self._context is not None:
            self._context.announce()

    # -- the life of a job

    def _life(self, run: Run) -> None:
        """Run a job in the sync colour."""
        with self._container.scope(), run.interaction:
            self._announce()
            check_time(run)
            if self._events.has_listeners(JobProcessing):
                self._tell(run.event(JobProcessing))
            admit(run)
            answer = self._handler(run)(run.job)
            if answer is not None and isawaitable(answer):
                portal().run(_awaited(answer))
            if run.around is not None:
                run.around.check()

    async def _alife(self, run: Run) -> None:
        """Async twin of :meth:`_life`."""
        async with self._container.ascope():
            with run.interaction:
                self._announce()
                check_time(run)
                if self._events.has_listeners(JobProcessing):
                    await self._atell(run.event(JobProcessing))
                admit(run)
                answer = self._handler(run)(run.job)
                if answer is not None and isawaitable(answer):
                    await answer
                if run.around is not None:
                    run.around.check()

    def _handler(self, run: Run) -> Callable[[Job], object]:
        """Return the call of `handle` with the job's middleware around it."""
        blueprint = run.frame.blueprint
        call: Callable[[Job], object]
        if blueprint.takes_nothing:
            call = _plain
        elif blueprint.is_async:
            call = self._ainjected
        else:
            call = self._injected
        if run.frame.header.result_seconds is not None:
            call = keeping(call, run)
        if run.frame.header.until_processing and self._keys is not None:
            call = freeing(call, self._keys(), run)
        stages: Sequence[object] = ()
        if blueprint.has_middleware:
            stages = cast("Sequence[object]", option(run.job, "middleware"))
        if through := run.frame.header.through:
            stages = (*stages, *unpack(through, self._codec.renamed))
        if not stages:
            return call
        run.around = around = Around(run.frame.header.name)
        for stage in reversed(stages):
            call = around.wrap(stage, call)
        return call

    def _injected(self, job: Job) -> object:
        return self._container.call(cast(Any, job).handle)

    def _ainjected(self, job: Job) -> Awaitable[object]:
        return self._container.acall(cast(Any, job).handle)

    # -- before and after

    def _begin(self, delivery: Delivery, connection: str | None, is_last: bool) -> Run | Ran:
        """Decode *delivery*; what cannot be decoded is over already."""
        name = connection or self._defaults.connection
        frame = self._decoded.pop(delivery.payload, None)
        try:
            if frame is None:
                frame = self._codec.decode(delivery.payload)
            dont_retry = frame.blueprint.final(frame.job)
        except JobTimedOut:
            raise
        # The border to an author's module, and to what makes his fields' defaults.
        except (Exception, SystemExit) as error:
            return self._refused(delivery, name, error)
        header, defaults = frame.header, self._defaults
        trial = Trial(
            header.name,
            defaults.tries if header.tries is None else header.tries,
            header.backoff,
            defaults.backoff,
            header.max_exceptions,
            header.retry_until,
            header.fail_on_timeout,
            delivery.exceptions,
            is_last,
            dont_retry,
            delivery.deferrals,
        )
        run = Run(delivery, frame, Interaction(name, header.uuid, delivery), trial)
        if not is_last:  # where there is one try only, nobody looks at the time
            limit = delivery.timeout
            run.interaction.timeout = defaults.timeout if limit is None else limit
        run.interaction.learn(frame.trail, header.batch, header.context)
        run.interaction.should_stop = self._running.is_stopping
        if delivery.verdict is not _RUN:
            run.error = _undone(delivery, header.name)
        return run

    def _over(self, run: Run) -> Ran:
        """End *run*; what follows from it and cannot be written makes it a failure."""
        if run.error is not None and JobCancelled.is_behind(run.error):
            outcome, told = stopped(run, run.error, self._events)
            return Ran(outcome, run.error, told)
        try:
            return self._end(run)
        except JobTimedOut:
            raise
        except Exception as error:  # of a writer of context, or a payload that is too large
            self._report(error, run.facts())
            delivery = run.delivery
            outcome = Outcome(
                delivery.id,
                delivery.token,
                Kind.FAIL,
                error=self._pack(error),
                result_seconds=run.frame.header.result_seconds,
            )
            return Ran(outcome, error)

    def _report(self, error: BaseException, facts: Mapping[str, object]) -> None:
        """Report *error*; a log that fails costs no job."""
        with suppress(Exception):
            self._reporter(error, facts)

    def _end(self, run: Run) -> Ran:
        """Turn the way a run ended into its outcome, and note the events that tell of it."""
        header = run.frame.header
        result = None if header.result_seconds is None else packed(run, self._codec)
        error, decision = run.error, run.interaction.decision
        listened = self._events.has_listeners
        events: list[object] = []
        delivery = run.delivery
        if error is None and decision is None:
            if listened(JobProcessed):
                events.append(run.event(JobProcessed))
            if listened(JobAttempted):
                events.append(run.event(JobAttempted, None))
            outcome = Outcome(delivery.id, delivery.token, _DONE)
            if result is not None:
                outcome = outcome._replace(result=result, result_seconds=header.result_seconds)
            return Ran(self._followed(run, outcome, None), None, events)
        if error is not None:
            self._report(error, run.facts())
            if listened(JobExceptionOccurred):
                events.append(run.event(JobExceptionOccurred, error))
            if isinstance(error, JobTimedOut) and listened(TimedOut):
                events.append(run.event(TimedOut, error.seconds))
        if decision is not None:
            settlement = after_return(run.trial, decision)
        else:
            assert error is not None  # noqa: S101  # one of the two, or the run ended above
            settlement = after_exception(run.trial, error)
        cause = settlement.error or error
        if settlement.charge is Charge.EXCEPTION and cause and not self._may_retry(cause, run):
            settlement = Settlement(Kind.FAIL, error=settlement.error)
        events += endings(run, settlement, cause, listened)
        return Ran(self._outcome(run, settlement, cause), error, events)

    def _may_retry(self, error: BaseException, run: Run) -> bool:
        """Return whether the application lets what ended in *error* be tried again."""
        if self._retries is None:
            return True
        try:
            return self._retries.should_retry(error)
        except JobTimedOut:
            raise
        except Exception as broken:  # the border to an author's condition
            self._report(broken, {**run.facts(), "during": "dont_retry_when"})
            return True

    def _outcome(self, run: Run, settlement: Settlement, cause: BaseException | None) -> Outcome:
        """Make the outcome of a run that did not simply end well."""
        delivery = run.delivery
        has_hook = settlement.kind is Kind.FAIL and run.frame.blueprint.failed_parameter is not None
        if has_hook and cause is not None:
            self._hooks.remember(delivery.id, cause)
        outcome = Outcome(
            delivery.id,
            delivery.token,
            settlement.kind,
            settlement.delay,
            settlement.charge,
            None if cause is None else self._pack(cause),
            has_hook,
            result_seconds=run.frame.header.result_seconds,
        )
        return self._followed(run, outcome, outcome.error)

    def _followed(self, run: Run, outcome: Outcome, error: bytes | None) -> Outcome:
        """Return *outcome* with what follows from it: the next link, or who is told of a break."""
        trail, batch = run.interaction.trail, run.interaction.batch_id
        if trail.is_empty and batch is None:
            return outcome
        successors: tuple[Envelope, ...] = ()
        if outcome.kind in _GOES_ON and trail.links:
            successors = (following(run, self._codec),)
        elif outcome.kind is Kind.FAIL:
            successors = self._calls(trail, run.delivery, error)
        return outcome._replace(successors=successors, is_member=batch is not None)

    def _calls(self, trail: Trail, delivery: Delivery, error: bytes | None) -> tuple[Envelope, ...]:
        """Return the calls of those who are told that a chain broke."""
        calls = [Callback(function, error=error) for function in trail.catches]
        return tuple(self._codec.envelope(call, delivery.queue) for call in calls)

    def _refused(self, delivery: Delivery, connection: str, error: BaseException) -> Ran:
        """Fail what cannot be decoded; its payload is kept with the failed job."""
        if delivery.verdict is Verdict.CANCELLED:
            return Ran(skipped(delivery), error)
        if not isinstance(error, QueueError):
            error = InvalidPayload(f"{delivery.name} raised {type(error).__name__}: {error}")
        facts = {"job": delivery.name, "queue": delivery.queue, "attempts": delivery.attempts}
        self._report(error, facts)
        told: tuple[Envelope, ...] = ()
        with suppress(QueueError):  # who is told of a broken chain can be read without the class
            told = self._calls(self._codec.trail(delivery.payload), delivery, self._pack(error))
        outcome = Outcome(
            delivery.id, delivery.token, Kind.FAIL, error=self._pack(error), successors=told
        )
        events: list[object] = []
        if self._events.has_listeners(JobFailed):
            source = (connection, delivery.queue, "", delivery.name, delivery.attempts)
            events.append(JobFailed(*source, None, error))
        return Ran(outcome, error, events)

    def _tell(self, event: object) -> None:
        """Tell *event*; a listener's error is reported, and changes nothing for the job."""
        try:
            self._events.dispatch(event)
        except JobTimedOut:
            raise
        except Exception as error:  # the border to listeners
            self._report(error, {"listening_to": type(event).__name__})

    async def _atell(self, event: object) -> None:
        """Async twin of :meth:`_tell`."""
        try:
            await self._events.adispatch(event)
        except Exception as error:  # the border to listeners
            self._report(error, {"listening_to": type(event).__name__})


def _undone(delivery: Delivery, name: str) -> BaseException:
    """Return what a delivery has ended in that is not to be run any more, by its verdict."""
    if delivery.verdict is Verdict.LOST:
        return WorkerLost(name, delivery.lost)
    if delivery.verdict is Verdict.TIMED_OUT:
        return JobTimedOut(name, delivery.timeout)
    return JobCancelled(name)


def _plain(job: Job) -> object:
    return cast(Any, job).handle()


async def _awaited(answer: Awaitable[object]) -> object:
    return await answer


def _ignore(error: BaseException, facts: Mapping[str, object]) -> None:
    """Report nothing: for tests, and for runs whose caller is given the exception."""
