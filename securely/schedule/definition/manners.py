"""Manners: when and how a task runs; what tasks take over from their group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Literal, NamedTuple, TypeAlias

from securely.schedule.definition.windows import Window

__all__ = ["CatchUp", "Condition", "Hook", "Mail", "Manners", "Output", "Ping", "When"]

CatchUp: TypeAlias = Literal["skip", "once", "all"]
When: TypeAlias = Literal["before", "after", "success", "failure"]


class Condition(NamedTuple):
    """A function that says whether a task runs.

    Attributes:
        call: Of either colour; what it asks for is injected.
        words: Why the task does not run when it says so.
    """

    call: Callable[..., object]
    words: str


class Hook(NamedTuple):
    """A function that is called around a task.

    Attributes:
        wants_output: It is given what the task has written.
        only_if_output: It is called only if there is some.
    """

    when: When
    call: Callable[..., object]
    wants_output: bool = False
    only_if_output: bool = False


class Ping(NamedTuple):
    """A URL that is asked for around a task."""

    url: str
    when: When


class Mail(NamedTuple):
    """Who is sent what a task has written."""

    addresses: tuple[str, ...]
    when: When
    only_if_output: bool


class Output(NamedTuple):
    """A file for what a task writes."""

    path: str
    appends: bool


@dataclass(slots=True)
class Manners:
    """When and how a task runs.

    Attributes:
        expression: Its cron expression.
        repeat_seconds: How often it is due within each of its minutes; None for once.
        every_seconds: Its interval in seconds, instead of an expression; None for none.
        zone: Whose clock counts; None for that of the schedule.
        windows: When it may run, and when not.
        is_on_one_server: None for what is usual for its kind.
        overlap_seconds: For how long at most it keeps its lock; None where it may overlap.
    """

    expression: str = "* * * * *"
    repeat_seconds: int | None = None
    every_seconds: int | None = None
    zone: tzinfo | None = None
    windows: list[Window] = field(default_factory=list[Window])
    environments: tuple[str, ...] = ()
    runs_in_maintenance: bool = False
    runs_when_paused: bool = False
    is_on_one_server: bool | None = None
    is_in_background: bool = False
    user: str | None = None
    overlap_seconds: float | None = None
    lock_name: str | None = None
    catch_up: CatchUp = "skip"
    grace_seconds: float | None = None
    jitter_seconds: float = 0.0
    reruns_when_lost: bool = False
    filters: list[Condition] = field(default_factory=list[Condition])
    rejects: list[Condition] = field(default_factory=list[Condition])
    hooks: list[Hook] = field(default_factory=list[Hook])
    pings: list[Ping] = field(default_factory=list[Ping])
    mails: list[Mail] = field(default_factory=list[Mail])
    output: Output | None = None
    name: str | None = None
    description: str | None = None
    meta: dict[str, object] = field(default_factory=dict[str, object])

    def copy(self) -> Manners:
        """Return the same manners, which change by themselves."""
        return replace(
            self,
            windows=[*self.windows],
            filters=[*self.filters],
            rejects=[*self.rejects],
            hooks=[*self.hooks],
            pings=[*self.pings],
            mails=[*self.mails],
            meta={**self.meta},
        )
