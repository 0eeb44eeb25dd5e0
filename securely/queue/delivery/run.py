"""Run: one run of one job, what it rests on, and whether it is to begin at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from securely.events import Dispatcher
from securely.queue.bus.callbacks import Relay
from securely.queue.contracts import Charge, Delivery, Envelope, Kind, Outcome
from securely.queue.delivery.around import Around
from securely.queue.delivery.interaction import Interaction
from securely.queue.delivery.stopping import skipped
from securely.queue.delivery.verdicts import Settlement, Trial, refusal
from securely.queue.events import (
    JobAttempted,
    JobCancelled,
    JobFailed,
    JobProcessed,
    JobReleased,
    JobReleasedAfterException,
    JobSkipped,
)
from securely.queue.exceptions import EntityNotFound, JobTimedOut, Skip
from securely.queue.job import Job
from securely.queue.payload import Codec, Frame
from securely.support import clock

__all__ = ["Run", "admit", "check_time", "endings", "following", "packed", "stopped"]


class Run:
    """One run of one job.

    Attributes:
        delivery: What the worker was handed.
        frame: What its payload holds.
        interaction: What the job may know and decide.
        trial: What a decision about its tries rests on.
        error: What it ended in; None while it has not, or ended well.
        around: The middleware around it; None where there is none.
        result: What `handle` returned, where that is kept.
    """

    __slots__ = ("around", "delivery", "error", "frame", "interaction", "result", "trial")

    def __init__(
        self, delivery: Delivery, frame: Frame, interaction: Interaction, trial: Trial
    ) -> None:
        self.delivery: Delivery = delivery
        self.frame: Frame = frame
        self.interaction: Interaction = interaction
        self.trial: Trial = trial
        self.error: BaseException | None = None
        self.around: Around | None = None
        self.result: object = None

    @property
    def job(self) -> Job:
        """The job, restored."""
        return self.frame.job

    def event(self, kind: Callable[..., object], *more: object) -> object:
        """Build an event of this run."""
        delivery, header = self.delivery, self.frame.header
        return kind(
            self.interaction.connection,
            delivery.queue,
            header.uuid,
            header.name,
            delivery.attempts,
            self.frame.job,
            *more,
        )

    def facts(self) -> Mapping[str, object]:
        """Return what a report needs to know."""
        return {
            "job": self.frame.header.name,
            "id": self.frame.header.uuid,
            "queue": self.delivery.queue,
            "attempts": self.delivery.attempts,
        }


def check_time(run: Run) -> None:
    """Take a job out whose time to start is over; one that has failed once had started."""
    expires_at = run.frame.header.expires_at
    if expires_at is None or run.delivery.exceptions:
        return
    if clock.timestamp() >= expires_at:
        raise Skip("its time to start was over")


def admit(run: Run) -> None:
    """Refuse a job that is not to run any more, and load what one refers to that is to run."""
    if (error := refusal(run.trial)) is not None:
        raise error
    blueprint, job = run.frame.blueprint, run.frame.job
    if blueprint.entities:
        try:
            blueprint.load(job)
        except EntityNotFound as missing:
            if not job.delete_when_missing:
                raise
            raise Skip(str(missing)) from missing


def following(run: Run, codec: Codec) -> Envelope:
    """Return the next link of a run's chain; one of another connection is handed over there."""
    here, batch = run.interaction.connection, run.interaction.batch_id
    trail = run.interaction.trail
    if batch is not None:
        # Only this store counts them, whatever name the batch was given to: a failover's.
        trail = trail.kept(batch, here)
    envelope, target = codec.promote(trail), trail.links[0].connection
    if target == here:
        return envelope
    queue = run.delivery.queue
    if trail.links[0].batch is not None or envelope.batch is None:
        return codec.envelope(Relay(target, envelope), queue)
    # It stands for members behind it in this store; the other one does not know their batch.
    hop = codec.envelope(Relay(target, envelope._replace(batch=None, links=0)), queue)
    return hop._replace(batch=envelope.batch, links=envelope.links)


def packed(run: Run, codec: Codec) -> bytes | None:
    """Return the result that is kept of a run that ended well; one that cannot be fails it.

    For good: the job has done its work, and would only do it again.
    """
    if run.error is not None or run.interaction.decision is not None:
        return None
    try:
        return codec.pack_result(run.frame.header.uuid, run.frame.blueprint, run.result)
    except JobTimedOut:
        raise
    except Exception as error:  # the border to an author's values, and how they are written
        run.error, run.trial = error, run.trial._replace(is_last=True)
        return None


def stopped(run: Run, error: BaseException, events: Dispatcher) -> tuple[Outcome, list[object]]:
    """Return what comes of a run that was stopped: no hook is called, and nothing follows."""
    told = [run.event(JobCancelled)] if events.has_listeners(JobCancelled) else []
    if events.has_listeners(JobAttempted):
        told.append(run.event(JobAttempted, error))
    is_member = run.interaction.batch_id is not None
    return skipped(run.delivery)._replace(is_member=is_member), told


def endings(
    run: Run,
    settlement: Settlement,
    cause: BaseException | None,
    listened: Callable[[type], bool],
) -> list[object]:
    """Return the events of a run that did not simply end well, as far as somebody listens."""
    events: list[object] = []
    if settlement.kind is Kind.FAIL:
        if listened(JobFailed):
            events.append(run.event(JobFailed, cause))
    elif settlement.charge is Charge.EXCEPTION and run.error is not None:
        if listened(JobReleasedAfterException):
            events.append(run.event(JobReleasedAfterException, settlement.delay, cause))
    elif settlement.kind is Kind.RELEASE and listened(JobReleased):
        events.append(run.event(JobReleased, settlement.delay))
    elif settlement.kind is Kind.SKIP and listened(JobSkipped):
        decision = run.interaction.decision
        reason = decision.reason if isinstance(decision, Skip) else ""
        events.append(run.event(JobSkipped, reason))
    if run.error is None and settlement.kind is not Kind.SKIP and listened(JobProcessed):
        events.append(run.event(JobProcessed))
    if listened(JobAttempted):
        events.append(run.event(JobAttempted, run.error))
    return events
