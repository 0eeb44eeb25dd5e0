"""Another time, another machine, and the death of the process, as the environment wants them."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

AT: ContextVar[int] = ContextVar("AT", default=0)
"""The tick that runs in this context."""

_ENTERED: list[Any] = []


def note(event: str, name: str, tick: object) -> None:
    """Append a line to the journal, in one step."""
    line = f"{event} {name} {tick} {os.getpid()}\n".encode()
    file = os.open(os.environ["TOWER_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def die() -> None:
    """End as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    """Do what the environment says, before anything reads a clock."""
    if host := os.environ.get("TOWER_HOST"):
        platform.node = lambda: host
    _shift()
    _tell_ticks()
    _shorten_leases()
    _place_fault(os.environ.get("TOWER_FAULT", ""))


def _shift() -> None:
    from securely.support import clock

    class Shifted(clock.SystemClock):
        """A clock that is wrong by what a file says, at every moment."""

        def __init__(self, path: str) -> None:
            self._path = Path(path)

        def timestamp(self) -> float:
            return super().timestamp() + float(self._path.read_text())

    if path := os.environ.get("TOWER_CLOCK"):
        block = clock.using(Shifted(path))
        block.__enter__()
        _ENTERED.append(block)  # a generator that is dropped would end its block


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    inner = getattr(owner, name)
    setattr(owner, name, wraps(inner)(lambda *given, **named: around(inner, *given, **named)))


def _tell_ticks() -> None:
    """Let what runs know its tick, and the journal that the clock was looked at, and the dead."""
    from securely.schedule.running.life import Life
    from securely.schedule.running.runner import Runner
    from securely.schedule.running.ways.child import ChildWay
    from securely.schedule.ticking.loop import Loop

    ups: set[int] = set()

    def live(inner: Any, life: Any, stage: Any) -> Any:
        if stage.grant is not None:
            AT.set(stage.grant.claim.at)
        return inner(life, stage)

    def run(inner: Any, way: Any, action: Any, *rest: Any) -> Any:
        at = str(AT.get())
        if isinstance(getattr(action, "command", None), tuple):
            words = tuple(word.replace("{at}", at) for word in action.command)
            action = replace(action, command=words)
        elif action.kind == "command":
            action = replace(action, args=tuple(word.replace("{at}", at) for word in action.args))
        return inner(way, action, *rest)

    def look(inner: Any, loop: Any, now: float) -> None:
        inner(loop, now)
        if os.getpid() not in ups:
            ups.add(os.getpid())
            note("up", "-", "-")

    def reap(inner: Any, runner: Any) -> Any:
        found = inner(runner)
        note("cared", "-", "-")
        return found

    _wrap(Life, "live", live)
    _wrap(ChildWay, "run", run)
    _wrap(Loop, "look", look)
    _wrap(Runner, "reap", reap)


def _shorten_leases() -> None:
    if seconds := os.environ.get("TOWER_LEASE"):
        from securely.schedule.drivers.redis import RedisLedger

        def of(queue: Any, queues: Any, **named: Any) -> RedisLedger:
            return RedisLedger(queue.server, queues, lease_seconds=float(seconds), **named)

        RedisLedger.of = of


def _place_fault(point: str) -> None:
    """Let this process die at *point*, once for all processes of the test."""
    from securely.schedule.drivers.base import DispatchingMember
    from securely.schedule.running.processes.background import Background
    from securely.schedule.running.runner import Runner

    def finish(inner: Any, runner: Any, *given: Any) -> Any:
        *rest, adopted = given
        return inner(runner, *rest, _dying(adopted, before=True))

    match point:
        case "claimed":
            _wrap(DispatchingMember, "_hand_over", lambda inner, *a: _dying(inner, before=True)(*a))
        case "settled":
            _wrap(DispatchingMember, "_hand_over", lambda inner, *a: _dying(inner)(*a))
        case "started":
            _wrap(Background, "start", lambda inner, *a: _dying(inner)(*a))
        case "adopted":
            _wrap(Runner, "finish", finish)
        case "settling":
            from securely.schedule.drivers.redis import RedisMember
            from securely.schedule.drivers.sqlite import SqliteMember

            for member in (SqliteMember, RedisMember):
                _wrap(member, "settle", lambda inner, *a: _dying(inner, before=True)(*a))


def _dying(act: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """Return what dies before *act*, or after it, unless another process has."""
    flag = Path(os.environ["TOWER_JOURNAL"]).with_name("died")

    def once() -> None:
        if not flag.exists():
            flag.touch()
            die()

    def run(*given: Any) -> Any:
        if before:
            once()
        answer = act(*given)
        if not before:
            once()
        return answer

    return run
