"""settings:set, settings:unset, settings:rename, settings:rollback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from securely.config.exceptions import EnvironmentFileBroken
from securely.console import Command
from securely.console.exceptions import InvalidInput
from securely.console.output.style import escape, safe
from securely.exceptions import SecurelyError
from securely.settings.changing import Outcome
from securely.settings.exceptions import (
    ChangeRefused,
    ChangeUndone,
    InvalidName,
    InvalidSettings,
    InvalidText,
    MissingFile,
    NotAVariable,
    UnknownRevision,
    UnknownSetting,
)
from securely.settings.history import Change
from securely.settings.settings import Settings
from securely.support.suggest import did_you_mean

__all__ = [
    "REFUSED",
    "UNDONE",
    "Changes",
    "RenameCommand",
    "RollbackCommand",
    "SetCommand",
    "UnsetCommand",
]

_STDIN = "-"
UNDONE: Final = 3
"""The exit code of a change that was taken back."""
REFUSED: Final = (
    ChangeRefused,
    EnvironmentFileBroken,
    InvalidName,
    InvalidSettings,
    InvalidText,
    MissingFile,
    NotAVariable,
    UnknownRevision,
    UnknownSetting,
)
"""What is wrong with what was asked for: the exit code is 2."""


class Changes(Command):
    """What the commands share: how a change is told, and which failures are of the input."""

    def told(self, outcome: Outcome, *, as_json: bool = False) -> int:
        """Show what has changed, secrets hidden."""
        if as_json:
            rows = [_row(each) for each in outcome.changes]
            told = {"revision": outcome.revision, "changes": rows, "notes": [*outcome.notes]}
            self._print({**told, "processes": [asdict(each) for each in outcome.told]})
            return self.SUCCESS
        for each in outcome.changes:
            if each.old is not None:
                self.line(f"<fg=red>- {safe(each.name)}={safe(str(each.shown(each.old)))}</>")
            if each.new is not None:
                place = f"  <comment>{safe(each.place)}</comment>"
                self.line(
                    f"<fg=green>+ {safe(each.name)}={safe(str(each.shown(each.new)))}</>{place}"
                )
        for note in outcome.notes:
            self.warn(safe(note))
        if not outcome.changes:
            self.comment("Nothing is to be changed: all of it is so already.")
        elif outcome.revision is None:
            self.comment("Nothing was written, as --dry-run wants it.")
        else:
            self.info(f"Revision {outcome.revision}.{_followers(outcome)}")
        return self.SUCCESS

    def refused(self, error: SecurelyError) -> int:
        """Say what is wrong with the input; the exit code is 2."""
        self.error(_safe_lines(str(error)))
        return self.INVALID

    def change(self, settings: Settings, make: Callable[..., Outcome]) -> int:
        """Let *make* change something as the options want it, and show what it has come to.

        Args:
            settings: What is changed.
            make: Is told with ``dry_run`` and ``hooks`` how to do it.

        Returns:
            0; 2 where what was asked for is wrong or refused; 3 where it was taken back.
        """
        as_json = self.boolean("json")
        settings.hooks.waits = self.boolean("wait")
        try:
            outcome = make(dry_run=self.boolean("dry-run"), hooks=not self.boolean("no-hooks"))
        except REFUSED as error:
            return self.refused(error)
        except ChangeUndone as error:
            return self._undone(error, as_json=as_json)
        return self.told(outcome, as_json=as_json)

    def _undone(self, error: ChangeUndone, *, as_json: bool) -> int:
        if as_json:
            told = {"revision": error.revision, "undone": error.undone}
            self._print({**told, "problems": [*error.problems]})
        else:
            self.error(_safe_lines(str(error)))
        return UNDONE

    def _print(self, told: Mapping[str, object]) -> None:
        import json

        self.line(escape(json.dumps(told, ensure_ascii=False, indent=2)))


class SetCommand(Changes):
    """Sets settings: all that are given, or none."""

    signature = """settings:set
        {words* : A key and its value; or KEY=VALUE, as often as you like}
        {--secret : Keep them encrypted, and no longer in .env}
        {--stdin : Read the value from the standard input, as the value - does}
        {--from-file= : Read the value from a file}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check all of it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Set settings: all that are given, or none"
    help = (
        "Without a value, one is asked for, and not shown while it is typed if it is a secret. "
        "What stands on the command line is seen by others, in `ps` and in the shell's history: "
        "give secrets by the prompt, or by the standard input."
    )

    def handle(self, settings: Settings) -> int:
        """Set them, and show what has changed."""
        try:
            changes = self._changes(settings)
        except REFUSED as error:
            return self.refused(error)
        self._warn_of_slips(settings, changes)
        return self.change(settings, partial(settings.set, changes, self.boolean("secret")))

    def _changes(self, settings: Settings) -> Mapping[str, str]:
        words = self.strings("words")
        if "=" in words[0]:
            pairs = [word.partition("=") for word in words]
            if wrong := [key for key, equals, _ in pairs if not equals]:
                raise InvalidInput(f"{wrong[0]} has no value: write {wrong[0]}=VALUE.")
            changes = {key: value for key, _, value in pairs}
            self._warn_of(settings, changes)
            return changes
        key, *values = words
        if len(values) > 1:
            raise InvalidInput(
                "There is more than one value. Write KEY VALUE, or KEY=VALUE for each of several."
            )
        settings.variable_of(key)  # an unknown one is refused before anybody types a value
        return {key: self._value(settings, key, values[0] if values else None)}

    def _value(self, settings: Settings, key: str, given: str | None) -> str:
        file = self.option("from-file")
        if file:
            try:
                return _without_end(Path(str(file)).read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidInput(f"{file} cannot be read: {type(error).__name__}.") from None
        if self.boolean("stdin") or given == _STDIN:
            return _without_end(sys.stdin.read())
        if given is None:
            is_secret = self.boolean("secret") or settings.is_secret(key)
            return self.secret(f"{key}") if is_secret else str(self.ask(key) or "")
        self._warn_of(settings, {key: given})
        return given

    def _warn_of(self, settings: Settings, changes: Mapping[str, str]) -> None:
        """Tell that a secret on a command line is none any more."""
        for key, value in changes.items():
            if value and (self.boolean("secret") or settings.is_secret(key)):
                self.warn(
                    f"The value of {safe(key)} was on the command line, where `ps` and the "
                    "history of the shell show it. Give it by the prompt, or by -."
                )

    def _warn_of_slips(self, settings: Settings, changes: Mapping[str, str]) -> None:
        """Tell of a variable that nothing here reads, where there is one that is nearly called so.

        It is set all the same: what an application starts may read it. Another prefix is no slip,
        but names what belongs to something else: SHOP_URL is not meant to be APP_URL.
        """
        known = settings.known_variables()
        for key in changes:
            if key in known or key in settings.fields():
                continue
            prefix = f"{key.partition('_')[0]}_"
            if near := did_you_mean(key, [name for name in known if name.startswith(prefix)]):
                self.warn(f'No setting reads {safe(key)}. Did you mean "{near}"?')


class UnsetCommand(Changes):
    """Sets settings no more, so that their defaults hold."""

    signature = """settings:unset
        {key* : Dotted keys, or names of variables}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check all of it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Set settings no more, so that their defaults hold"

    def handle(self, settings: Settings) -> int:
        """Unset them, and show what has changed."""
        return self.change(settings, partial(settings.unset, self.strings("key")))


class RenameCommand(Changes):
    """Gives a variable another name, where it stands."""

    signature = """settings:rename
        {variable : Its name}
        {to : Its new name}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Give a variable another name, where it stands"

    def handle(self, settings: Settings) -> int:
        """Rename it, and show what has changed."""
        return self.change(
            settings, partial(settings.rename, self.string("variable"), self.string("to"))
        )


class RollbackCommand(Changes):
    """Sets everything as it was at a revision."""

    signature = """settings:rollback
        {revision? : Its number; as before the last change if left out}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Set everything as it was at a revision"

    def handle(self, settings: Settings) -> int:
        """Go back, and show what has changed."""
        revision = None if self.argument("revision") is None else self.integer("revision", 0)
        return self.change(settings, partial(settings.rollback, revision))


def _safe_lines(text: str) -> str:
    """Return *text* for the output, its line ends kept."""
    return "\n".join(safe(line) for line in text.splitlines())


def _row(change: Change) -> dict[str, object]:
    return {
        "name": change.name,
        "place": change.place,
        "old": change.shown(change.old),
        "new": change.shown(change.new),
    }


def _without_end(text: str) -> str:
    """Return *text* without the one line end that pipes and editors add."""
    return text.removesuffix("\n").removesuffix("\r")


def _followers(outcome: Outcome) -> str:
    """Say how many processes have followed a change."""
    followed = sum(each.state == "followed" for each in outcome.told)
    if not outcome.told:
        return " No process was running that is told of changes."
    return f" {followed} of {len(outcome.told)} processes that run have followed."
