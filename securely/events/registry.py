"""Who listens to what: copied on write, looked up in plans."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from securely.events.target import (
    EventKey,
    Target,
    event_name,
    is_interface,
    is_kind,
    matches,
)
from securely.support.forking import renew_after_fork

__all__ = ["Entry", "Plan", "Registration", "Registry"]

# Names of events may be made from data ("order.17"), so the plans kept for them are bounded.
_PLANS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Registration:
    """One call of ``listen``, or one listener that was discovered."""

    event: EventKey
    listener: object
    priority: int
    wildcard: bool
    discovered: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One listener as a dispatch meets it."""

    target: Target
    wildcard: bool
    registration: Registration


class Plan(tuple[Entry, ...]):
    """The listeners of one event, in the order in which they run.

    Attributes:
        first_async: The first one that cannot answer without a loop, if there is one.
        after_commit: The event says that it is told once the open transaction has committed.
        durable: The event says that its queued listeners are queued all or none.
    """

    first_async: Target | None = None
    after_commit: bool = False
    durable: bool = False


Direct = tuple[Callable[[object], object], ...]
"""The listeners of a class, if all of them can be called with the event and nothing else."""


class Registry:
    """The listeners of one dispatcher.

    Readers take no lock: every change puts new tuples in the place of the old ones and starts
    new tables, so that a plan made from old listeners lands in an old table.

    Args:
        make: Builds a listener that is a class.

    Attributes:
        plans: Class or name -> its plan.
        direct: Class -> its listeners, where they can be called without further thought.
        adirect: The same for async code, where functions may be async, and nothing is built.
    """

    def __init__(self, make: Callable[[type[Any]], object]) -> None:
        self._make_listener = make
        self.plans: dict[Any, Plan] = {}
        self.direct: dict[Any, Direct] = {}
        self.adirect: dict[Any, Direct] = {}
        self._direct: dict[EventKey, tuple[Registration, ...]] = {}
        self._wildcards: tuple[Registration, ...] = ()
        self._interfaces: tuple[type[Any], ...] = ()
        self._lock = threading.RLock()
        renew_after_fork(self, "_lock", threading.RLock)

    def add(
        self, event: EventKey, listener: object, priority: int, *, discovered: bool = False
    ) -> None:
        """Register *listener* for *event*; a name with ``*`` is a wildcard."""
        wildcard = isinstance(event, str) and "*" in event
        registration = Registration(event, listener, priority, wildcard, discovered)
        with self._lock:
            if wildcard:
                self._wildcards = (*self._wildcards, registration)
            else:
                self._direct = {
                    **self._direct,
                    event: (*self._direct.get(event, ()), registration),
                }
                if isinstance(event, type) and is_interface(event):
                    self._interfaces = (*dict.fromkeys((*self._interfaces, event)),)
            self.renew()

    def remove(self, event: EventKey, listener: object = None) -> None:
        """Forget the listeners registered under exactly *event*, or *listener* alone."""

        def stays(one: Registration) -> bool:
            other = listener is not None and (one.discovered or one.listener != listener)
            return other or one.event != event

        with self._lock:
            self._direct = {
                key: kept
                for key, several in self._direct.items()
                if (kept := tuple(filter(stays, several)))
            }
            self._wildcards = tuple(filter(stays, self._wildcards))
            self.renew()

    def renew(self) -> None:
        """Forget all plans: listeners have changed, or will when they are discovered."""
        self.plans = {}
        self.direct = {}
        self.adirect = {}

    def plan(self, key: EventKey) -> Plan:
        """Return the listeners of *key* in order, each target once.

        Its own come first, then wildcards, then those of its base classes in the order of
        their resolution and of interfaces in the order of registration; a higher priority goes
        before all of these.
        """
        plans, direct, adirect = self.plans, self.direct, self.adirect
        plan = plans.get(key)
        if plan is None:
            plan = self._make(key)
            if len(plans) >= _PLANS_MAX:
                plans.clear()
                direct.clear()
                adirect.clear()
            plans[key] = plan
            # Of an event that is a text or a class itself, the type says nothing.
            if isinstance(key, type) and not issubclass(key, str | type):
                functions = _functions(plan)
                if functions is not None:
                    adirect[key] = functions
                if plan.first_async is None:
                    functions = functions or _functions(plan, self._make_listener)
                    if functions is not None:
                        direct[key] = functions
        return plan

    def registrations(self) -> tuple[Registration, ...]:
        """Return everything that was registered: first by event, then the wildcards."""
        direct = tuple(one for listeners in self._direct.values() for one in listeners)
        return (*direct, *self._wildcards)

    def has_wildcard(self, name: str) -> bool:
        """Tell whether a wildcard fits *name*."""
        return any(matches(str(one.event), name) for one in self._wildcards)

    def _make(self, key: EventKey) -> Plan:
        found = list(self._own(key))
        name = event_name(key)
        found += [one for one in self._wildcards if matches(str(one.event), name)]
        if isinstance(key, type):
            bases = key.__mro__[1:]
            for base in bases:
                found += self._own(base)
            for interface in self._interfaces:
                if interface is not key and interface not in bases and is_kind(key, interface):
                    found += self._own(interface)
        found.sort(key=lambda one: -one.priority)
        entries: list[Entry] = []
        for registration in found:
            target = Target.of(registration.listener)
            if not any(
                entry.target == target and entry.wildcard == registration.wildcard
                for entry in entries
            ):
                entries.append(Entry(target, registration.wildcard, registration))
        plan = Plan(entries)
        plan.first_async = next((one.target for one in entries if one.target.is_async), None)
        plan.after_commit = getattr(key, "after_commit", False) is True
        plan.durable = getattr(key, "durable", False) is True
        return plan

    def _own(self, key: EventKey) -> tuple[Registration, ...]:
        """Return what is registered for *key*; a class is also known by its dotted name."""
        own = self._direct.get(key, ())
        return own + self._direct.get(event_name(key), ()) if isinstance(key, type) else own


def _functions(plan: Plan, make: Callable[[type[Any]], object] | None = None) -> Direct | None:
    """Return the listeners of *plan* as functions; None if one needs more than the event.

    With *make*, classes are functions too, which build an object and call its method.
    """
    owners = [entry.target.owner for entry in plan if entry.target.owner is not None]
    if plan.after_commit or plan.durable or len(set(owners)) < len(owners):
        return None
    functions: list[Callable[[object], object]] = []
    for entry in plan:
        target = entry.target
        if entry.wildcard or target.queued or target.after_commit:
            return None
        function = _built_anew(target, make) if target.function is None else target.function
        if function is None or not target.shape_of_code().takes_one:
            return None
        functions.append(function)
    return tuple(functions)


def _built_anew(
    target: Target, make: Callable[[type[Any]], object] | None
) -> Callable[[object], object] | None:
    """Return a function that builds the class of *target* and calls its method."""
    owner, method = cast("type[Any]", target.owner), target.method
    if make is None or not inspect.isfunction(inspect.getattr_static(owner, method)):
        return None

    def tell(event: object) -> object:
        return getattr(make(owner), method)(event)

    return tell
