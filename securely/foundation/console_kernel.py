"""Artisan in an application: boots it, knows its commands, fires events, gives the exit code."""

from __future__ import annotations

from collections.abc import Set
from functools import partial
from os import environ
from sys import modules
from typing import Final, TextIO

from securely.config import Config
from securely.console import (
    Artisan,
    Command,
    CommandsClash,
    ConsoleError,
    InvalidInput,
    Output,
    UnknownCommand,
)
from securely.console.failure import render_failure
from securely.console.manifest import application_commands, unread_commands
from securely.context import Context
from securely.exceptions import ConfigurationError
from securely.foundation.application import Application
from securely.foundation.bootstrap import problems_of
from securely.foundation.catalog import COMMANDS
from securely.foundation.events import ArtisanStarting, CommandFinished, CommandStarting
from securely.foundation.exceptions import MissingRoutes
from securely.foundation.providers.records import class_path
from securely.support.ending import Terminated, ended_by_sigterm, heed_sigterm
from securely.support.importing import import_object, make_importable, run_file
from securely.support.terminal import split_globals

__all__ = ["ConsoleKernel", "equip"]

FAILURE: Final = 1
# What runs for long proves all of the configuration first, known fingerprint or not.
_PROVING: Final = frozenset({"queue:work"})
# What checks reports all that is wrong, so nothing of that may keep it from starting.
_CHECKING: Final = frozenset(
    {"config:cache", "config:check", "config:show", "container:check", "env", "env:check"}
)
# What repairs a setting must run while that is wrong.
_REPAIRING: Final = "settings:"


class ConsoleKernel:
    """Runs command lines in an application.

    Args:
        app: The application; it is booted when the first command line comes.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def handle(
        self, argv: list[str], output: Output | None = None, answers: TextIO | None = None
    ) -> int:
        """Boot, run one command line, end the application, and return the exit code.

        Args:
            argv: The words after `artisan.py`.
            output: Where lines go; the process's own streams when None.
            answers: Where answers to questions come from; standard input when None.
        """
        output = output or Output()
        found, words = split_globals([*argv])
        output.configure(ansi=found.ansi, verbosity=found.verbosity or None)
        if found.env:
            self._app.environment_overrides["APP_ENV"] = found.env
        command = next(iter(words), "")
        self._app.is_repairing = command.startswith(_REPAIRING)
        self._app.is_checking = command in _CHECKING or self._app.is_repairing
        try:
            with self._app.active(), ended_by_sigterm(), self._app.in_console():
                try:
                    return self._run(argv, output, answers)
                finally:
                    _lead_no_longer()
                    self._app.terminate()
        except Terminated as ending:
            return ending.exit_code

    def _run(self, argv: list[str], output: Output, answers: TextIO | None) -> int:
        try:
            self._app.boot()
            artisan = self._app.make(Artisan)
        except Exception as error:  # the border: shown here, not raised
            heed_sigterm()
            render_failure(error, output, mask=self._app.errors.masked)
            return FAILURE
        heed_sigterm()
        self._app.handle_errors()
        for passed in self._app.passed_over:
            output.error_line(f"WARN  {self._app.errors.masked(str(passed))}", raw=True)
        artisan.starting.append(lambda _name, _given, _output: _lead(self._app))
        context = self._app.make(Context)
        with self._app.scope(), context.unit():
            try:
                context.inherit(environ)
            except Exception as error:  # a border, as above: of who wants to know of it
                self._app.errors.report(error)
                render_failure(error, output, mask=self._app.errors.masked)
                return FAILURE
            code = artisan.run(argv, output, answers)
            # A failed command raises nothing that the scope could know it by.
            self._app.deferred.current().run(succeeded=code == 0)
            return code


def equip(artisan: Artisan, app: Application) -> None:
    """Let *artisan* know the commands of the framework and of *app*, and tell what it does.

    Command modules stay unimported; routes are run when a name is asked for that no class has.
    """
    make_importable(app.paths.base)
    for name, (path, _) in COMMANDS.items():
        artisan.register(name, path)
    read = set[str]()
    for name, path in application_commands(app.paths.base):
        artisan.register(name, path)
        read.add(path)
    for path in app.parts.commands:
        # One whose name could be read need not be imported for it.
        if path.replace(":", ".") not in read:
            artisan.add(_command(path))
    artisan.sources.append(lambda: _add_commands_of_providers(artisan, app, read))
    artisan.sources.append(lambda: _run_routes(app))
    artisan.unread = lambda: unread_commands(app.paths.base)
    # A word that was mistyped is for the one who typed it, not for the log.
    app.errors.dont_report(UnknownCommand, InvalidInput)
    # Asked anew each time, because a test may put a fake in its place.
    artisan.report = partial(_report, app)
    artisan.render = partial(_render, app)
    artisan.mask = partial(_masked, app)
    artisan.looping.append(app.errors.hooks.watch)
    artisan.production = lambda: app.is_production
    artisan.starting.append(lambda name, _given, _output: _starting(app, name))
    artisan.finished.append(lambda name, _given, _output, code: _finished(app, name, code))
    if app.resolved("events"):
        app.make("events").dispatch(ArtisanStarting(artisan))


def _add_commands_of_providers(artisan: Artisan, app: Application, read: Set[str]) -> None:
    """Add what loaded providers name and what could not be read from their sources."""
    for provider in app.providers.loaded:
        for name, command in provider.commands.items():
            path = command.replace(":", ".") if isinstance(command, str) else class_path(command)
            if path in read or path.startswith("securely."):
                continue
            try:
                artisan.register(name, command)
            except CommandsClash as error:
                # One command that cannot be called must not take the others along.
                artisan.warnings.append(str(error))


def _command(path: str) -> type[Command]:
    found = import_object(path)
    if not (isinstance(found, type) and issubclass(found, Command)):
        raise ConsoleError(f"with_commands() names {path}, which is no subclass of Command.")
    return found


def _run_routes(app: Application) -> None:
    """Run the files with commands that are functions; the facade registers them as it goes."""
    for route in app.parts.console_routes:
        file = app.paths.resolve(route)
        if not file.is_file():
            raise MissingRoutes(file)
        run_file(file, "routes.console")


def _report(app: Application, error: Exception) -> None:
    app.errors.report(error)


def _masked(app: Application, text: str) -> str:
    return app.errors.masked(text)


def _render(app: Application, error: Exception, output: Output) -> None:
    shown = app.errors.mapped(error)
    if not app.errors.shown(shown, output):
        render_failure(shown, output, show_place=app.is_debug, mask=app.errors.masked)


def _starting(app: Application, name: str) -> None:
    if name in _PROVING:
        problems = problems_of(app.make(Config), app.providers.loaded)
        if problems:
            raise ConfigurationError("\n".join(problems))
    if app.resolved("events"):
        app.make("events").dispatch(CommandStarting(name))


class _Late:
    """The default channel, which is made with the first record."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def log(self, level: str | int, message: object, /, **fields: object) -> None:
        self._app.make("log").log(level, message, **fields)


def _lead(app: Application) -> None:
    """Lead what libraries tell `logging` into the log, where one of them has imported it."""
    if "logging" in modules:
        from securely.log.bridge import install

        install(_Late(app), "info")


def _lead_no_longer() -> None:
    if "securely.log.bridge" in modules:
        from securely.log.bridge import uninstall

        uninstall()


def _finished(app: Application, name: str, code: int) -> None:
    if app.resolved("events"):
        app.make("events").dispatch(CommandFinished(name, code))
