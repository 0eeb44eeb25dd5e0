"""event:list, event:cache, event:clear, event:generate, make:event, make:listener."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, cast

from securely.console import Command, Generator
from securely.events.dispatcher import Dispatcher
from securely.events.kept import ClassName
from securely.events.registry import Entry
from securely.events.target import EventKey, event_name
from securely.support.importing import import_object
from securely.support.paths import Paths

__all__ = [
    "CacheCommand",
    "ClearCommand",
    "GenerateCommand",
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
                    {"event": name, **_said(keys[name][-1]), "listeners": found}
                    for name, found in listed.items()
                ]
            )
            self.output.write(text + "\n", raw=True)
            return self.SUCCESS
        if not listed:
            self.comment("Nobody listens to any event." if not wanted else "No event fits.")
        for name, found in listed.items():
            self.line(f"<info>{name}</info>{_marks(_said(keys[name][-1]))}")
            for facts in found:
                self.line(f"  {facts['listener']}{_marks(facts)}")
                if facts["place"]:
                    self.line(f"    <comment>{facts['place']}</comment>")
        return self.SUCCESS


def _keys(events: Dispatcher) -> dict[str, list[EventKey]]:
    """Return what is listened to, by its name; classes where the name is one of a class.

    A module that was imported anew has left another class of the same name behind.
    """
    keys: dict[str, list[EventKey]] = {}
    for registration in events.registrations():
        key = registration.event
        if isinstance(key, ClassName):
            key = cast("type[Any]", import_object(key))
        known = keys.setdefault(event_name(key), [])
        if isinstance(key, type):
            known[:] = [*(one for one in known if isinstance(one, type) and one is not key), key]
        elif not known:
            known.append(key)
    return keys


def _entries(events: Dispatcher, keys: list[EventKey]) -> list[Entry]:
    """Return who hears *keys*; of a wildcard, the listeners that were registered with it."""
    found: list[Entry] = []
    for key in keys:
        is_wildcard = isinstance(key, str) and "*" in key
        found += [
            entry
            for entry in events.entries(key)
            if entry not in found and (not is_wildcard or entry.registration.event == key)
        ]
    return found


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


class GenerateCommand(Command):
    """Make the events and listeners that are registered by their dotted names and not there."""

    signature: ClassVar[str] = "event:generate"
    description: ClassVar[str] = "Make events and listeners that are registered and not there"

    def handle(self, events: Dispatcher, paths: Paths) -> int:
        """Make each of them; what is there is left alone."""
        made = 0
        for registration in events.registrations():
            event = _made_by(MakeEventCommand, registration.event, paths)
            listener = _made_by(MakeListenerCommand, registration.listener, paths)
            if event.is_missing:
                self.call("make:event", {"name": event.name})
            if listener.is_missing:
                names = {"name": listener.name, **({"--event": event.name} if event.name else {})}
                self.call("make:listener", names)
            made += event.is_missing + listener.is_missing
        if not made:
            self.info("All events and listeners are there.")
        return self.SUCCESS


class _Made(NamedTuple):
    """What a generator would make: its name for the generator, and whether it is missing."""

    name: str
    is_missing: bool


def _made_by(generator: type[Generator], target: object, paths: Paths) -> _Made:
    """Return what *generator* would make for *target*, a dotted name in its folder."""
    if isinstance(target, type):
        target = event_name(target)
    package = generator.folder.replace("/", ".")
    if not isinstance(target, str) or not target.startswith(f"{package}."):
        return _Made("", is_missing=False)
    module, _, name = target.partition("@")[0].replace(":", ".").rpartition(".")
    folders = module.removeprefix(package).strip(".").split(".")[:-1]
    short = "/".join([*folders, name])
    if generator().module_of(short) != (module, name):
        return _Made("", is_missing=False)  # not where the generator would put it
    file = paths.base.joinpath(*module.split(".")).with_suffix(".py")
    return _Made(short, is_missing=not file.exists())


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
