"""settings:run, settings:export, settings:import."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from securely.config.exceptions import EnvironmentFileBroken
from securely.console import Command
from securely.console.exceptions import InvalidInput
from securely.console.output.style import safe
from securely.settings.commands.changing import Changes
from securely.settings.display.exports import FORMATS, exported, imported
from securely.settings.exceptions import InvalidText, SettingsError
from securely.settings.hooks.watching import LOOK_SECONDS, Files
from securely.settings.secrets import KEY_VARIABLE
from securely.settings.settings import Settings
from securely.support.masking import HIDDEN
from securely.support.replacing import replace

__all__ = ["ExportCommand", "ImportCommand", "RunCommand"]

_NOT_FOUND = 127  # as shells have it
_SIGNALLED = 128  # and the number of the signal, as shells have it
_END_SECONDS = 10.0  # between SIGTERM and SIGKILL, as Doppler has it
_READ = ("dotenv", "json", "yaml")


class RunCommand(Command):
    """Runs a program with the variables and secrets in its environment, and nothing on the disk."""

    signature = "settings:run {words* : --watch if you like, --, the program and its arguments}"
    description = "Run a program with the settings in its environment"
    help = (
        "What the process sets wins. The exit code is that of the program. With --watch before --, "
        "it is started anew when a setting has changed: SIGTERM first, SIGKILL after 10 seconds."
    )
    passes_on: ClassVar[bool] = True

    def handle(self, settings: Settings) -> int:
        """Run it; signals are passed on to it."""
        words = self.strings("words")
        watches = words[:1] == ["--watch"]
        words = words[1:] if watches else words
        words = words[1:] if words[:1] == ["--"] else words
        if not words:
            raise InvalidInput("There is no program to run. Write: settings:run -- PROGRAM")
        files = Files(settings) if watches else None
        try:
            code = self._run(settings, words, files)
        except OSError as error:
            self.error(f"{words[0]} cannot be run: {error.strerror}.")
            return _NOT_FOUND
        return _SIGNALLED - code if code < 0 else code

    def _run(self, settings: Settings, words: Sequence[str], files: Files | None) -> int:
        """Run the program until it ends by itself, or by a signal that is passed on."""
        asked: list[int] = []
        child = _started(settings, words)

        def pass_on(number: int) -> None:
            asked.append(number)
            child.send_signal(number)

        names = ("SIGTERM", "SIGHUP", "SIGINT")
        passed = [getattr(signal, name) for name in names if hasattr(signal, name)]
        with self.trapping(passed, pass_on):
            while (code := _ended(child, None if files is None else LOOK_SECONDS)) is None:
                if asked or files is None or not files.are_new():
                    continue
                files.known()
                if self._is_sound(settings):
                    _end(child)
                    child = _started(settings, words)
        return code

    def _is_sound(self, settings: Settings) -> bool:
        """Read the files anew; say what is wrong with them, while the program goes on as it is."""
        try:
            settings.reread()
            problems = settings.validate()
        except (EnvironmentFileBroken, SettingsError) as error:
            problems = [str(error)]
        for problem in problems:
            self.error(safe(f"What was changed is not valid; the program goes on: {problem}"))
        return not problems


def _started(settings: Settings, words: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = settings.environment.joined(settings.variables())
    # Who needs the secrets has them; the key opens those of tomorrow, too.
    environment.pop(KEY_VARIABLE, None)
    return subprocess.Popen(words, env=environment)  # noqa: S603  # what the user asks for


def _ended(child: subprocess.Popen[bytes], seconds: float | None) -> int | None:
    """Return the exit code of *child*, None if it runs on after *seconds*."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    if _ended(child, _END_SECONDS) is None:
        child.kill()
        child.wait()


class ExportCommand(Command):
    """Writes the variables in a form that another program reads."""

    signature = """settings:export
        {--format=dotenv : docker, dotenv, json, kubernetes, shell, systemd or yaml}
        {--output= : A file for its owner alone; the standard output if left out}
        {--reveal : Secrets, too; they are hidden otherwise}"""
    description = "Write the variables in a form that another program reads"

    def handle(self, settings: Settings) -> int:
        """Write those that the files and the secrets set."""
        form = self.choice("format", sorted(FORMATS))
        reveal = self.boolean("reveal")
        variables = {
            name: value if reveal or not settings.is_secret(name) else HIDDEN
            for name, value in settings.variables().items()
        }
        try:
            text = exported(variables, form)
        except InvalidText as error:
            self.error(str(error))
            return self.INVALID
        output = self.option("output")
        if output:
            replace(Path(str(output)), text.encode())
            Path(str(output)).chmod(0o600)
            self.info(f"{len(variables)} variables are in {output}.")
        else:
            self.output.write(text, raw=True)
        return self.SUCCESS


class ImportCommand(Changes):
    """Sets all variables of a file, or none."""

    signature = """settings:import
        {file : The file; - is the standard input}
        {--format=dotenv : dotenv, json or yaml}
        {--secret : Keep them encrypted, and not in .env}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check all of it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Set all variables of a file, or none"

    def handle(self, settings: Settings) -> int:
        """Set them as one transaction, and show what has changed."""
        file, form = self.string("file"), self.choice("format", _READ)
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{file} cannot be read: {type(error).__name__}.") from None
        try:
            variables = imported(text, form, Path(file))
        except EnvironmentFileBroken as error:
            return self.refused(error)
        except ValueError as error:
            # Not what it says: that quotes the text, and there are secrets in it.
            raise InvalidInput(f"{file} is no {form}: {type(error).__name__}.") from None
        return self.change(settings, partial(settings.set, variables, self.boolean("secret")))
