"""A runner with a ledger in memory, and tasks made by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from securely.container import Container
from securely.context import Context
from securely.events import Dispatcher
from securely.schedule.contracts import Run
from securely.schedule.definition.actions import CallAction, ExecAction
from securely.schedule.drivers.array import ArrayLedger
from securely.schedule.options import ScheduleOptions
from securely.schedule.running.life import Means
from securely.schedule.running.runner import Runner
from securely.support.paths import Paths

AT = 1_800_000_000


@dataclass
class When:
    """A hook, a ping, a mail or a condition."""

    when: str = ""
    call: Any = None
    wants_output: bool = False
    only_if_output: bool = False
    url: str = ""
    addresses: Sequence[str] = ()
    words: str = "a condition is not met"


@dataclass
class Written:
    """Where output goes."""

    path: str
    appends: bool = False


@dataclass
class Task:
    """A task, as its definition leaves it."""

    action: Any
    id: str = "report"
    summary: str = "report:send"
    environments: tuple[str, ...] = ()
    runs_in_maintenance: bool = False
    runs_when_paused: bool = False
    is_on_one_server: bool = False
    is_in_background: bool = False
    user: str | None = None
    overlap_seconds: float | None = None
    lock: str | None = None
    reruns_when_lost: bool = False
    filters: list[When] = field(default_factory=list[When])
    rejects: list[When] = field(default_factory=list[When])
    hooks: list[When] = field(default_factory=list[When])
    pings: list[When] = field(default_factory=list[When])
    mails: list[When] = field(default_factory=list[When])
    output: Written | None = None

    @property
    def manners(self) -> Task:
        return self


class World:
    """A machine that runs tasks."""

    def __init__(self, base: Path) -> None:
        self.container = Container()
        self.events = Dispatcher(self.container)
        self.told: list[object] = []
        self.reported: list[BaseException] = []
        self.warned: list[str] = []
        self.tasks: dict[str, Task] = {}
        self.queues: Any = None
        self.ledger = ArrayLedger(lambda: self.queues, host="web-1")
        self.member = self.ledger.join()
        self.options = ScheduleOptions()
        self.context: Context | None = None
        self.base = base
        self.runner: Any = self.another(lambda: self.member)
        self.events.listen("*", self._hear)

    def another(self, member: Callable[[], Any]) -> Runner:
        def report(error: BaseException, facts: Mapping[str, object]) -> None:
            self.reported.append(error)

        def warn(text: str, facts: Mapping[str, object]) -> None:
            self.warned.append(text)

        find: Any = self.tasks.get
        return Runner(
            Means(
                container=self.container,
                events=self.events,
                ledger=lambda: self.ledger,
                member=member,
                find=find,
                options=self.options,
                paths=Paths(self.base),
                report=report,
                warn=warn,
                context=self.context,
            )
        )

    def _hear(self, name: str, payload: list[object]) -> None:
        self.told += payload

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.told]

    def last(self) -> Run:
        return self.ledger.history()[0]

    def locks(self, task: Task) -> bool:
        return bool(self.ledger.holders([task.lock or ""]))


def calling(function: Any, parameters: Any = None, **more: Any) -> Task:
    return Task(CallAction(function, parameters or ()), **more)


def shell(command: Any, **more: Any) -> Task:
    return Task(ExecAction(command), **more)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
