"""Duty: this process as one of those who run tasks: its ledger, its place in it, its runner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from securely.container import Container, current
from securely.context import Context
from securely.events import Dispatcher
from securely.log import LogManager
from securely.schedule.contracts import Ledger, Member
from securely.schedule.options import ScheduleOptions
from securely.schedule.running.runner import Means, Runner
from securely.schedule.schedule import Schedule
from securely.schedule.ticking.loop import Loop
from securely.support.paths import Paths

__all__ = ["Duty"]


class Duty:
    """A process that runs tasks, from :meth:`begun` to the end of its block.

    Attributes:
        ledger: Where runs are kept.
        options: What the application has configured.
        runner: Runs tasks.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self.ledger: Ledger = container.make(Ledger)
        self.options: ScheduleOptions = container.make("schedule.options")
        self._member: Member | None = None
        self._joining = threading.Lock()
        schedule = container.make(Schedule)
        self.runner: Runner = Runner(
            Means(
                container,
                container.make(Dispatcher),
                lambda: self.ledger,
                lambda: self.member,
                lambda id_: next((one for one in schedule.tasks() if one.id == id_), None),
                self.options,
                container.make(Paths),
                self._report,
                self._warn,
                container.make(Context) if container.bound("context") else None,
            )
        )

    @classmethod
    @contextmanager
    def begun(cls) -> Generator[Duty]:
        """Return a block in which this process may run tasks.

        Raises:
            LedgerUnavailable: The store of the runs cannot be used.
        """
        duty = cls(current())
        try:
            yield duty
        finally:
            duty.runner.close()
            if duty._member is not None:  # it is our own
                duty._member.leave()

    @property
    def member(self) -> Member:
        """This process's place in the ledger; taken when it is first asked for.

        Raises:
            LedgerUnavailable: The store of the runs cannot be used.
        """
        with self._joining:
            if self._member is None:
                self._member = self.ledger.join()
            return self._member

    def stopping(self, loop: Loop) -> Callable[[], None]:
        """Return what a signal calls: the first ends the loop, the second what runs, too."""
        asked: list[bool] = []

        def obey() -> None:
            if asked:
                self.runner.terminate()
                loop.give_up()
            asked.append(True)
            self.runner.stop()
            loop.stop()

        return obey

    def _report(self, error: BaseException, facts: Mapping[str, object]) -> None:
        # By its name: the handler of errors stands above the schedule, and need not be there.
        if self._container.bound("errors"):
            handler: Any = self._container.make("errors")
            handler.report(error, **facts)
            return
        logs = self._container.make(LogManager)
        logs.error("a scheduled task raised an exception", exception=error, **facts)

    def _warn(self, text: str, facts: Mapping[str, object]) -> None:
        self._container.make(LogManager).warning(text, **facts)
