"""Who listens to what: copied on write, looked up in plans."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from securely.events.target import EventKey, Target, event_name, matches
from securely.support.forking import renew_after_fork

__all__ = ["Entry", "Plan", "Registration", "Registry"]

# Names of events may be made from data ("order.17"), so the plans kept for them are bounded.
_PLANS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Registration:
    """One call of ``listen``."""

    event: EventKey
    listener: object
    priority: int
    wildcard: bool


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
    """

    first_async: Target | None = None


class Registry:
    """The listeners of one dispatcher.

    Readers take no lock: every change puts new tuples in the place of the old ones and starts
    a new table of plans, so that a plan made from old listeners lands in the old table.
    """

    def __init__(self) -> None:
        self.plans: dict[Any, Plan] = {}
        self._direct: dict[EventKey, tuple[Registration, ...]] = {}
        self._wildcards: tuple[Registration, ...] = ()
        self._lock = threading.RLock()
        renew_after_fork(self, "_lock", threading.RLock)

    def add(self, event: EventKey, listener: object, priority: int) -> None:
        """Register *listener* for *event*; a name with ``*`` is a wildcard."""
        wildcard = isinstance(event, str) and "*" in event
        registration = Registration(event, listener, priority, wildcard)
        with self._lock:
            if wildcard:
                self._wildcards = (*self._wildcards, registration)
            else:
                self._direct = {
                    **self._direct,
                    event: (*self._direct.get(event, ()), registration),
                }
            self.plans = {}

    def remove(self, event: EventKey) -> None:
        """Forget the listeners registered under exactly *event*."""
        with self._lock:
            self._direct = {key: kept for key, kept in self._direct.items() if key != event}
            self._wildcards = tuple(kept for kept in self._wildcards if kept.event != event)
            self.plans = {}

    def plan(self, key: EventKey) -> Plan:
        """Return the listeners of *key* in order, each target once.

        Its own come first, then wildcards, then those of its base classes in the order of
        their resolution; a higher priority goes before all of these.
        """
        plans = self.plans
        plan = plans.get(key)
        if plan is None:
            plan = self._make(key)
            if len(plans) >= _PLANS_MAX:
                plans.clear()
            plans[key] = plan
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
            for base in key.__mro__[1:]:
                found += self._own(base)
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
        return plan

    def _own(self, key: EventKey) -> tuple[Registration, ...]:
        """Return what is registered for *key*; a class is also known by its dotted name."""
        own = self._direct.get(key, ())
        return own + self._direct.get(event_name(key), ()) if isinstance(key, type) else own
