"""Running: the jobs that run in this process, and how they are told that their worker stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, cast

from securely.queue.delivery.run import Run
from securely.queue.exceptions import Instruction, JobTimedOut
from securely.support.portal import portal

__all__ = ["Running"]


class Running:
    """What runs here.

    Args:
        report: Told of what an `interrupted` raises.

    Attributes:
        is_stopping: A signal has asked the worker to stop.
    """

    def __init__(self, report: Callable[[BaseException, Mapping[str, object]], object]) -> None:
        self.is_stopping: bool = False
        self._report = report
        self._runs: dict[Run, asyncio.AbstractEventLoop | None] = {}
        self._told: set[asyncio.Task[None]] = set()

    def add(self, run: Run, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Note that *run* begins; an async one in *loop*."""
        self._runs[run] = loop

    def remove(self, run: Run) -> None:
        """Note that *run* is over."""
        self._runs.pop(run, None)

    def interrupt(self, signal: int) -> None:
        """Tell the jobs that run here that *signal* asks their worker to stop; each once.

        Their `should_stop` is true from now on, and `interrupted(signal)` is called where a job
        has it: of a sync job here and now, of an async one by its loop. What it raises is reported.
        """
        self.is_stopping = True
        for run, loop in [*self._runs.items()]:
            if run.interaction.should_stop:
                continue
            run.interaction.should_stop = True
            if not callable(getattr(run.job, "interrupted", None)):
                continue
            if loop is None:
                answer = self._interrupted(run, signal)
                if isawaitable(answer):
                    portal().run(self._ainterrupted(run, answer))
            else:
                loop.call_soon_threadsafe(self._interrupt_in, loop, run, signal)

    def _interrupt_in(self, loop: asyncio.AbstractEventLoop, run: Run, signal: int) -> None:
        answer = self._interrupted(run, signal)
        if isawaitable(answer):
            task = loop.create_task(self._ainterrupted(run, answer))
            self._told.add(task)  # a loop keeps no task alive
            task.add_done_callback(self._told.discard)

    def _interrupted(self, run: Run, signal: int) -> object:
        """Call `interrupted` of the job of *run*, and see to what it raises."""
        try:
            return run.interaction.within(cast(Any, run.job).interrupted, signal)
        except JobTimedOut:
            raise  # the time of the run is over: what it interrupts is the job
        except Instruction as instruction:
            run.interaction.decide(instruction)
        except Exception as error:  # the border to an author's code
            self._report(error, {**run.facts(), "during": "interrupted()"})
        return None

    async def _ainterrupted(self, run: Run, answer: Awaitable[object]) -> None:
        """Await what `interrupted` has returned; async twin of :meth:`_interrupted`."""
        try:
            with run.interaction.again():
                await answer
        except Instruction as instruction:
            run.interaction.decide(instruction)
        except Exception as error:  # the border to an author's code
            self._report(error, {**run.facts(), "during": "interrupted()"})
