"""container:check, container:show: whether everything can be built, and how one thing is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from securely.console import Artisan, Command
from securely.console.command import parameters
from securely.console.command.function import FunctionCommand
from securely.console.output.style import escape
from securely.console.signature import parse
from securely.container import Binding, ContainerError, Provider, Reached
from securely.container.binding import name_of
from securely.events import Dispatcher
from securely.events.target import Target
from securely.exceptions import SecurelyError
from securely.foundation.application import Application
from securely.queue import Job
from securely.support.importing import ImportFailed, make_importable

__all__ = ["ContainerCheckCommand", "ContainerShowCommand"]

_JOBS = Path("app", "jobs")


class ContainerCheckCommand(Command):
    """Proves that everything can be built, without building any of it, and shows all problems."""

    signature = """container:check
        {--json : As JSON}"""
    description = "Prove that everything the application needs can be built, without building it"

    def handle(self, app: Application, artisan: Artisan, events: Dispatcher) -> int:
        """Check bindings, commands, listeners, jobs and providers, all in one run."""
        app.providers.load_deferred()
        sought = _Search(app, artisan, events)
        reached = list(sought.all())
        problems = app.check(*reached)
        lost = sought.problems
        if self.option("json"):
            told = [*map(_facts, problems), *map(_lost, lost)]
            counts = {"bindings": len(app.bindings()), "reached": len(reached)}
            self.output.write(json.dumps({**counts, "problems": told}, indent=2) + "\n", raw=True)
            return self.FAILURE if told else self.SUCCESS
        for problem in (*problems, *lost):
            # Paths as one would type them, where one stands.
            self.error(escape(str(problem).replace(f"{app.paths.base}/", "")))
        if problems or lost:
            return self.FAILURE
        self.info(
            f"All {len(app.bindings())} bindings can be built, and so can what "
            f"{len(reached)} commands, listeners, jobs and providers need."
        )
        return self.SUCCESS


class ContainerShowCommand(Command):
    """Draws how something is built: what it needs, how long it is kept, and where it was bound."""

    signature = """container:show
        {key? : A service, a class by its name or dotted path; all bindings without one}
        {--json : As JSON}"""
    description = "Show how something is built, with lifetimes and the places of bindings"

    def handle(self, app: Application) -> int:
        """Explain one key, or list all that is bound."""
        # What nobody has asked for yet is bound, too, and may be meant.
        app.providers.load_deferred()
        key = self.argument("key")
        if key is None:
            return self._list(app)
        told = app.explain(str(key))
        if self.option("json"):
            self.output.write(json.dumps(asdict(told), indent=2) + "\n", raw=True)
            return self.SUCCESS
        for line in told.lines():
            self.line(escape(line.replace(f"{app.paths.base}/", "")))
        return self.SUCCESS

    def _list(self, app: Application) -> int:
        rows = sorted(_row(key, binding) for key, binding in app.bindings().items())
        if self.option("json"):
            told = [dict(zip(("key", "lifetime", "place"), row, strict=True)) for row in rows]
            self.output.write(json.dumps(told, indent=2) + "\n", raw=True)
            return self.SUCCESS
        for key, lifetime, place in rows:
            shown = place.replace(f"{app.paths.base}/", "")
            self.line(escape(f"{key} [{lifetime}]  {shown}"))
        return self.SUCCESS


def _row(key: Any, binding: Binding) -> tuple[str, str, str]:
    return name_of(key), binding.lifetime.value, binding.place


def _facts(problem: ContainerError) -> dict[str, object]:
    return {
        "problem": type(problem).__name__,
        "message": str(problem),
        "place": problem.place,
        "parameter": problem.parameter,
        "path": list(getattr(problem, "path", ())),
    }


def _lost(problem: SecurelyError) -> dict[str, object]:
    return {
        "problem": type(problem).__name__,
        "message": str(problem),
        "place": "",
        "parameter": "",
        "path": [],
    }


class _Search:
    """Finds what the container builds or calls without a binding.

    Attributes:
        problems: Why something could not even be imported.
    """

    def __init__(self, app: Application, artisan: Artisan, events: Dispatcher) -> None:
        self.problems: list[SecurelyError] = []
        self._app = app
        self._artisan = artisan
        self._events = events

    def all(self) -> Iterator[Reached]:
        """Give all of it."""
        yield from self._commands()
        yield from self._listeners()
        yield from self._jobs()
        yield from self._providers()

    def _commands(self) -> Iterator[Reached]:
        for name in self._artisan.names():
            try:
                cls = self._artisan.find(name)
            except SecurelyError as error:
                self.problems.append(error)
                continue
            if issubclass(cls, FunctionCommand):
                yield Reached(cls.function, given=_chosen(cls, cls.function))
            elif (handle := getattr(cls, "handle", None)) is not None:
                yield Reached(cls, "handle", _chosen(cls, handle))

    def _listeners(self) -> Iterator[Reached]:
        for registration in self._events.registrations():
            try:
                target = Target.of(registration.listener)
            except SecurelyError as error:
                self.problems.append(error)
                continue
            event = registration.event
            if isinstance(event, str) and not registration.wildcard:
                # A name comes with a payload of any length: who knows what it fills.
                if target.owner is not None:
                    yield Reached(target.owner)
                continue
            # A wildcard hears the name first.
            given = _first(target.code, 1 + registration.wildcard, target.owner is not None)
            if target.owner is None:
                yield Reached(target.code, given=given)
            else:
                yield Reached(target.owner, target.method, given)

    def _jobs(self) -> Iterator[Reached]:
        base = self._app.paths.base
        make_importable(base)
        for file in sorted((base / _JOBS).rglob("*.py")):
            if file.stem == "__init__":
                continue
            module = ".".join(file.relative_to(base).with_suffix("").parts)
            try:
                found = vars(import_module(module))
            except Exception as error:  # a module is code, it may raise anything
                self.problems.append(ImportFailed(module, f"{type(error).__name__}: {error}"))
                continue
            for cls in list(found.values()):
                if isinstance(cls, type) and issubclass(cls, Job) and cls.__module__ == module:
                    # Nobody builds a job: it comes back from its payload.
                    yield Reached(cls, "handle", is_built=False)
                    if (hook := getattr(cls, "failed", None)) is not None:
                        given = _first(hook, 1, is_method=True)  # the error
                        yield Reached(cls, "failed", given, is_built=False)

    def _providers(self) -> Iterator[Reached]:
        for provider in self._app.providers.loaded:
            if type(provider).aboot is not Provider.aboot:  # boot() has been called already
                yield Reached(type(provider), "aboot", is_built=False)


def _chosen(cls: type[Command], function: Any) -> frozenset[str]:
    """Return the parameters of a command that the command line fills."""
    written = parse(cls.signature)
    names = {each.parameter for each in parameters.declared(function, written)}
    names |= {each.parameter for each in parameters.named(function, written)}
    return frozenset(names | set(parameters.commands(function, Command)))


def _first(function: Any, count: int, is_method: bool) -> frozenset[str]:
    """Return the names of the parameters that *count* values by position fill."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return frozenset()
    skip = int(is_method or hasattr(function, "__self__"))
    return frozenset(cast("tuple[str, ...]", code.co_varnames[skip : code.co_argcount][:count]))
