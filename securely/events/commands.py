"""event:list, make:event, make:listener."""

from __future__ import annotations

from typing import ClassVar

from securely.console import Command, Generator
from securely.events.dispatcher import Dispatcher
from securely.events.registry import Entry
from securely.events.target import EventKey, event_name

__all__ = ["ListCommand", "MakeEventCommand", "MakeListenerCommand"]


class ListCommand(Command):
    """Show the events that somebody listens to, and who, in the order in which they run."""

    signature: ClassVar[str] = (
        "event:list {--event= : Only events whose name contains this} {--json : Write JSON}"
    )
    description: ClassVar[str] = "List the events of the application and their listeners"

    def handle(self, events: Dispatcher) -> int:
        """Print them."""
        wanted = str(self.option("event") or "").lower()
        keys = {event_name(one.event): one.event for one in events.registrations()}
        listed = {
            name: [_facts(entry) for entry in _entries(events, keys[name])]
            for name in sorted(keys)
            if wanted in name.lower()
        }
        if self.boolean("json"):
            import json

            text = json.dumps(
                [{"event": name, "listeners": found} for name, found in listed.items()]
            )
            self.output.write(text + "\n", raw=True)
            return self.SUCCESS
        if not listed:
            self.comment("Nobody listens to any event." if not wanted else "No event fits.")
        for name, found in listed.items():
            self.line(f"<info>{name}</info>")
            for facts in found:
                self.line(f"  {facts['listener']}{_marks(facts)}")
        return self.SUCCESS


def _entries(events: Dispatcher, key: EventKey) -> list[Entry]:
    """Return who hears *key*; of a wildcard, the listeners that were registered with it."""
    if isinstance(key, str) and "*" in key:
        return [entry for entry in events.entries(key) if entry.registration.event == key]
    return list(events.entries(key))


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "listener": entry.target.name,
        "queued": entry.target.queued,
        "async": entry.target.is_async,
        "priority": entry.registration.priority,
        "through": event_name(entry.registration.event),
        "wildcard": entry.wildcard,
    }


def _marks(facts: dict[str, object]) -> str:
    marks = [word for word in ("queued", "async", "wildcard") if facts[word]]
    if facts["priority"]:
        marks.append(f"priority {facts['priority']}")
    return f" <comment>({', '.join(marks)})</comment>" if marks else ""


class MakeEventCommand(Generator):
    """Makes an event."""

    signature = """make:event
        {name : Its name, such as InvoiceIssued}
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
        {--force : Write over a file that is there}"""
    description = "Make a listener of an event"
    kind = "listener"
    folder = "app/listeners"
    stub = "listener.stub"

    def values(self) -> dict[str, str]:
        """Return the event and where it is imported from; any object where none is named."""
        if self.option("event") is None:
            return {"event": "object", "import": ""}
        module, name = MakeEventCommand().module_of(self.string("event"))
        return {"event": name, "import": f"\nfrom {module} import {name}\n"}
