"""event:list, event:cache, event:clear, make:event, make:listener."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from securely.console import Command, Generator
from securely.events.dispatcher import Dispatcher
from securely.events.kept import ClassName
from securely.events.registry import Entry
from securely.events.target import EventKey, event_name
from securely.support.importing import import_object

__all__ = [
    "CacheCommand",
    "ClearCommand",
    "ListCommand",
    "MakeEventCommand",
    "MakeListenerCommand",
]


class ListCommand(Command):
    """Show the events that somebody listens to, and who, in the order in which they run."""

    signature: ClassVar[str] = (
        "event:list {--event= : Only events whose name contains this} {--json : Write JSON}"
    )
    description: ClassVar[str] = "List the events of the application and their listeners"

    def handle(self, events: Dispatcher) -> int:
        """Print them."""
        wanted = str(self.option("event") or "").lower()
        keys = _keys(events)
        listed = {
            name: [_facts(entry) for entry in _entries(events, keys[name])]
            for name in sorted(keys)
            if wanted in name.lower()
        }
        if self.boolean("json"):
            import json

            text = json.dumps(
                [
                    {"event": name, **_said(keys[name]), "listeners": found}
                    for name, found in listed.items()
                ]
            )
            self.output.write(text + "\n", raw=True)
            return self.SUCCESS
        if not listed:
            self.comment("Nobody listens to any event." if not wanted else "No event fits.")
        for name, found in listed.items():
            self.line(f"<info>{name}</info>{_marks(_said(keys[name]))}")
            for facts in found:
                self.line(f"  {facts['listener']}{_marks(facts)}")
                if facts["place"]:
                    self.line(f"    <comment>{facts['place']}</comment>")
        return self.SUCCESS


def _keys(events: Dispatcher) -> dict[str, EventKey]:
    """Return what is listened to, by its name; classes where the name is one of a class."""
    keys: dict[str, EventKey] = {}
    for registration in events.registrations():
        key = registration.event
        if isinstance(key, ClassName):
            key = cast("type[Any]", import_object(key))
        name = event_name(key)
        if isinstance(key, type) or name not in keys:
            keys[name] = key
    return keys


def _entries(events: Dispatcher, key: EventKey) -> list[Entry]:
    """Return who hears *key*; of a wildcard, the listeners that were registered with it."""
    if isinstance(key, str) and "*" in key:
        return [entry for entry in events.entries(key) if entry.registration.event == key]
    return list(events.entries(key))


def _said(key: EventKey) -> dict[str, object]:
    """Return what the event says of its dispatch."""
    return {name: getattr(key, name, False) is True for name in ("after_commit", "durable")}


def _facts(entry: Entry) -> dict[str, object]:
    target, registration = entry.target, entry.registration
    return {
        "listener": target.name,
        "queued": target.queued,
        "after_commit": target.after_commit,
        "async": target.is_async,
        "discovered": registration.discovered,
        "priority": registration.priority,
        "through": event_name(registration.event),
        "wildcard": entry.wildcard,
        "place": target.place,
    }


_MARKS = ("queued", "after_commit", "durable", "async", "discovered", "wildcard")


def _marks(facts: dict[str, object]) -> str:
    marks = [word.replace("_", " ") for word in _MARKS if facts.get(word)]
    if facts.get("priority"):
        marks.append(f"priority {facts['priority']}")
    return f" <comment>({', '.join(marks)})</comment>" if marks else ""


class CacheCommand(Command):
    """Keep which listeners discovery finds, so that no start has to look for them."""

    signature: ClassVar[str] = "event:cache"
    description: ClassVar[str] = "Keep the discovered listeners, so that a start need not look"

    def handle(self, events: Dispatcher) -> int:
        """Look for them anew, and keep them."""
        count = events.keep_discovered()
        self.info(f"{count} discovered listeners kept.")
        return self.SUCCESS


class ClearCommand(Command):
    """Forget which listeners discovery has found."""

    signature: ClassVar[str] = "event:clear"
    description: ClassVar[str] = "Forget the discovered listeners that were kept"

    def handle(self, events: Dispatcher) -> int:
        """Remove the file."""
        gone = events.forget_discovered()
        self.info("Discovered listeners forgotten." if gone else "No listeners were kept.")
        return self.SUCCESS


class MakeEventCommand(Generator):
    """Makes an event."""

    signature = """make:event
        {name : Its name, such as InvoiceIssued}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make an event"
    kind = "event"
    folder = "app/events"
    stub = "event.stub"


class MakeListenerCommand(Generator):
    """Makes a listener."""

    signature = """make:listener
        {name : Its name, such as KeepLedger}
        {--event= : The event it hears, such as InvoiceIssued}
        {--queued : Let the queue run it}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a listener of an event"
    kind = "listener"
    folder = "app/listeners"
    stub = "listener.stub"

    def values(self) -> dict[str, str]:
        """Return the event and where it is imported from; any object where none is named."""
        queued = _QUEUED if self.boolean("queued") else ""
        if self.option("event") is None:
            return {"event": "object", "import": "", "queued": queued}
        module, name = MakeEventCommand().module_of(self.string("event"))
        return {"event": name, "import": f"\nfrom {module} import {name}\n", "queued": queued}


_QUEUED = """
    queued = True
"""
