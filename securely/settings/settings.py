"""Settings: every setting with its value and where that came from, and how to change it."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from securely.config import Environment, Examiner, Loaded
from securely.config.files.places import Place
from securely.container import current
from securely.settings.changing import Edit, Outcome, Snapshot, Writer
from securely.settings.exceptions import (
    ChangeUndone,
    NotAVariable,
    SettingsError,
    UnknownRevision,
    UnknownSetting,
)
from securely.settings.history import Change, Revision
from securely.settings.hooks.hooks import After, Before, Hooks
from securely.settings.hooks.notice import Notice
from securely.settings.inspection.auditing import Audit, Limits, audit
from securely.settings.inspection.layers import DEFAULT, Layer
from securely.settings.inspection.origins import Origins
from securely.settings.inspection.past import as_it_was, undone
from securely.settings.schema import Field, Setting, fields_of, strongest
from securely.settings.secrets import upkeep
from securely.settings.secrets.fingerprint import fingerprint, fingerprint_key
from securely.support import dot
from securely.support.masking import looks_secret
from securely.support.missing import MISSING

if TYPE_CHECKING:
    from securely.settings.fake import SettingsFake

__all__ = ["Settings"]

_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_REASON_LETTERS_MAX: Final = 300  # of what the history tells of a change that was taken back


class Settings:
    """The settings of an application, by their dotted keys or by the names of variables.

    Args:
        loaded: The configuration as the application has read it.
        writer: Changes variables.
        examiner: Knows the sections and reads the configuration anew.
        hooks: Who is asked before a change, and told after it.
        defaults: The folder of the framework's own configuration.
    """

    def __init__(
        self, loaded: Loaded, writer: Writer, *, examiner: Examiner, hooks: Hooks, defaults: Path
    ) -> None:
        self.hooks: Hooks = hooks
        self._loaded = loaded
        self._writer = writer
        self._examiner = examiner
        self._defaults = defaults
        self._origins: Origins | None = None
        self._fields: dict[str, Field] | None = None
        # Variables that are secret although nothing here says so any more.
        self._hidden: frozenset[str] = frozenset()

    # -- reading

    @property
    def environment(self) -> Environment:
        """The variables as they are now."""
        return self._writer.environment

    @property
    def loaded(self) -> Loaded:
        """The configuration as it was read last."""
        return self._loaded

    @property
    def writer(self) -> Writer:
        """What changes variables, and knows the secrets and the history."""
        return self._writer

    @property
    def revision(self) -> int:
        """The number of the last change, 0 before the first."""
        return self._writer.history.last()

    def get(self, key: str, default: object = None) -> Any:
        """Return the value of the setting *key*, else *default*; secrets as they are.

        Args:
            key: A dotted key, or the name of a variable.
            default: What to return when it is not set, or its value is None.
        """
        found = self.find(key)
        return default if found is None or found.value is None else found.value

    def has(self, key: str) -> bool:
        """Tell whether *key* has a value that is not None."""
        return self.get(key, MISSING) is not MISSING

    def find(self, key: str) -> Setting | None:
        """Return the setting *key* with all that is known of it, None if there is none.

        A variable that no setting reads is found, too.
        """
        if _VARIABLE.fullmatch(key):
            return self._variable(key)
        value = dot.get(self._loaded.items, key)
        if value is MISSING and key not in self.fields():
            return None
        return self._setting(key)

    def all(self, prefix: str = "") -> list[Setting]:
        """Return every setting, or those at and below *prefix*, in the order of their keys."""
        keys = [
            key
            for key in self.fields()
            if not prefix or key == prefix or key.startswith(f"{prefix}.")
        ]
        return [self._setting(key) for key in sorted(keys)]

    def variables(self) -> dict[str, str]:
        """Return the variables that the files and the secrets set, as they are: secrets, too.

        What the process sets otherwise wins, as for the application.
        """
        names = [*self.environment.names(), *self._writer.vault.names()]
        found = {name: self.environment.get(name) for name in dict.fromkeys(names)}
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def search(self, text: str) -> list[Setting]:
        """Return the settings with *text* in key, variable or description, whatever its case."""
        wanted = text.lower()
        return [
            each
            for each in self.all()
            if wanted in " ".join((each.key, *each.variables, each.field.description)).lower()
        ]

    def why(self, key: str) -> list[Layer]:
        """Return all the places that say what *key* is, the strongest first: that one counts.

        Args:
            key: A dotted key, or the name of a variable.

        Raises:
            UnknownSetting: There is no such setting, and no such variable.

        Example:
            >>> [each.place for each in app.make(Settings).why("app.timezone")]
            ['default']
        """
        is_variable = _VARIABLE.fullmatch(key) is not None
        setting = None if is_variable else self.find(key)
        found = [*self._where().layers(key, setting)]
        if not found or not (setting or is_variable):
            raise UnknownSetting(key, self.fields())
        secret = self.is_secret(key)
        return [replace(each, secret=secret, wins=not number) for number, each in enumerate(found)]

    def audit(self, ends_within_days: int = 30, age_days_max: int | None = None) -> Audit:
        """Look at the age and the end of each secret, and at where it can be read.

        Args:
            ends_within_days: An end is told that is so near.
            age_days_max: How old a value may be; None for any age.
        """
        return audit(self._writer, self.is_secret, Limits(ends_within_days, age_days_max))

    def fingerprint(self, setting: Setting) -> str:
        """Return 8 hexadecimal digits by which the value of *setting* can be compared.

        Two environments have the same ones where they have the same value, and the same key: that
        of `settings/secrets.key`, or the text in the variable `SECURELY_FINGERPRINT_KEY`.

        Raises:
            MissingSecretKey: There is neither.
        """
        name = setting.variables[0] if setting.variables else setting.key
        return fingerprint(fingerprint_key(self.environment), name, setting.value)

    def fields(self) -> Mapping[str, Field]:
        """Return what is known of every setting, by its key."""
        if self._fields is None:
            self._fields = fields_of(self._examiner.sections(), self._loaded.items)
        return self._fields

    def variable_of(self, key: str) -> str:
        """Return the variable that fills in *key*, which may be a variable's name.

        Raises:
            UnknownSetting: There is no such setting.
            NotAVariable: No variable fills it in.
        """
        if _VARIABLE.fullmatch(key):
            return key
        place = self._place(key)
        if place is not None and place.variables and key not in self._parents():
            return place.variables[0]
        if key not in self.fields():
            raise UnknownSetting(key, self.fields())
        where = f"{self._where().shown(place.path)}:{place.line}" if place else "its defaults"
        raise NotAVariable(key, where, re.sub(r"[^A-Z0-9]+", "_", key.upper()))

    def keys_of(self, variable: str) -> tuple[str, ...]:
        """Return the settings that *variable* fills in."""
        return tuple(
            key
            for key in self.fields()
            if (place := self._place(key)) is not None and variable in place.variables
        )

    def known_variables(self) -> list[str]:
        """Return the names of the variables that settings read, and of those that files set."""
        places = map(self._place, self.fields())
        read = [name for place in places if place is not None for name in place.variables]
        return sorted({*read, *self.variables()})

    # -- changing

    def before(self, hook: Before) -> Before:
        """Ask *hook* before every change; it may refuse it, or return other values."""
        return self.hooks.before(hook)

    def after(self, hook: After) -> After:
        """Tell *hook* of every change."""
        return self.hooks.after(hook)

    def set(
        self,
        changes: Mapping[str, str],
        secret: bool = False,
        *,
        dry_run: bool = False,
        hooks: bool = True,
    ) -> Outcome:
        """Set all of *changes*, or none: dotted keys or variables, with the text of their values.

        A variable stays in the file that sets it; a new one goes into ``.env``.

        Args:
            changes: Key -> text, as an .env file has it.
            secret: Keep them with the encrypted secrets, and no longer in ``.env``.
            dry_run: Check all of it, and write nothing.
            hooks: Ask and tell those who want that; processes that run follow the change.

        Raises:
            UnknownSetting: There is no such setting.
            NotAVariable: No variable fills it in.
            InvalidSettings: The configuration would not be valid.
            ChangeRefused: A hook says no; nothing was written.
            ChangeUndone: Something could not go on with the change, which was taken back.
            Locked: Another process is changing the settings.
        """
        place = "secrets" if secret else ""
        edits = [
            Edit(self.variable_of(key), text, place, self.is_secret(key))
            for key, text in changes.items()
        ]
        return self.apply(edits, "set", dry_run, hooks=hooks)

    async def aset(
        self,
        changes: Mapping[str, str],
        secret: bool = False,
        *,
        dry_run: bool = False,
        hooks: bool = True,
    ) -> Outcome:
        """Async twin of :meth:`set`; it waits in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.set, changes, secret, dry_run=dry_run, hooks=hooks)

    def unset(self, keys: Iterable[str], *, dry_run: bool = False, hooks: bool = True) -> Outcome:
        """Set *keys* no more: their defaults hold then.

        Raises:
            UnknownSetting: There is no such setting.
            NotAVariable: No variable fills it in.
            InvalidSettings: The configuration would not be valid.
        """
        edits = [Edit(self.variable_of(key), None, secret=self.is_secret(key)) for key in keys]
        return self.apply(edits, "unset", dry_run, hooks=hooks)

    async def aunset(
        self, keys: Iterable[str], *, dry_run: bool = False, hooks: bool = True
    ) -> Outcome:
        """Async twin of :meth:`unset`; it waits in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.unset, keys, dry_run=dry_run, hooks=hooks)

    def rename(
        self, variable: str, to: str, *, dry_run: bool = False, hooks: bool = True
    ) -> Outcome:
        """Call the variable *variable* from now on *to*, where it stands.

        Raises:
            UnknownSetting: No file sets it, or one sets the new name already.
            InvalidSettings: The configuration would not be valid.
        """

        def edits() -> Iterator[Edit]:  # under the lock: what another has changed counts
            vault, environment = self._writer.vault, self.environment
            known = [*environment.names(), *vault.names()]
            if variable not in known:
                raise UnknownSetting(variable, known)
            value = vault.get(variable) or environment.of_files(variable)
            yield Edit(to, value, secret=self.is_secret(variable), renamed=variable)

        return self.apply(edits(), "rename", dry_run, hooks=hooks)

    async def arename(
        self, variable: str, to: str, *, dry_run: bool = False, hooks: bool = True
    ) -> Outcome:
        """Async twin of :meth:`rename`; it waits in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.rename, variable, to, dry_run=dry_run, hooks=hooks)

    def history(self, key: str = "") -> list[Revision]:
        """Return what was changed, the oldest first; of *key* only, if that is given."""
        every = self._writer.history.revisions()
        if not key:
            return every
        name = self.variable_of(key)
        return [each for each in every if any(change.name == name for change in each.changes)]

    def rollback(
        self, revision: int | None = None, *, dry_run: bool = False, hooks: bool = True
    ) -> Outcome:
        """Set everything as it was at *revision*; without one, as before the last change.

        Going back is a change like any other: the history goes on.

        Raises:
            UnknownRevision: There is no such revision, or its values are not known.
            InvalidSettings: The configuration would not be valid.
        """
        history = self._writer.history
        every = history.revisions()
        last = every[-1].number if every else 0
        wanted = last - 1 if revision is None else revision
        if not every or wanted < 0 or wanted >= last:
            known = f"There is: 0 to {last - 1}." if every else "Nothing was changed yet."
            if every and wanted == last:
                known = f"That is how it is now. {known}"
            raise UnknownRevision(wanted, known)

        def edits() -> Iterator[Edit]:  # under the lock: what another has changed goes back, too
            vault = self._writer.vault
            for name, change in undone(history, vault.ring(), wanted).items():
                yield Edit(name, change.old, _place_before(change, vault.file.name), change.secret)

        return self.apply(edits(), f"rollback {wanted}", dry_run, hooks=hooks)

    async def arollback(
        self, revision: int | None = None, *, dry_run: bool = False, hooks: bool = True
    ) -> Outcome:
        """Async twin of :meth:`rollback`; it waits in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.rollback, revision, dry_run=dry_run, hooks=hooks)

    def as_of(self, revision: int) -> Settings:
        """Return the settings as they were at *revision*, to be read.

        What is a secret now, or was one then, is one there. What was changed by an editor, and what
        the files of the configuration say, is as it is now.

        Raises:
            UnknownRevision: There is no such revision, or its values are not known.
        """
        history = self._writer.history
        last = max((each.number for each in history.revisions()), default=0)
        if not 0 <= revision <= last:
            raise UnknownRevision(revision, f"There is: 0 to {last}.")
        changes = undone(history, self._writer.vault.ring(), revision)
        past = copy(self)
        secret = {name for name, change in changes.items() if change.secret}
        past._hidden = self._hidden | secret | {*self._writer.vault.names()}
        past._writer = as_it_was(self._writer, changes)
        past._loaded = self._examiner.read(past.environment)
        past._origins = past._fields = None
        return past

    def expire(self, key: str, day: date | None) -> None:
        """Note the last day on which the value of the secret *key* holds; `audit` warns of it.

        It is kept encrypted with the secrets, and goes with the value: a new one has none.

        Args:
            key: A dotted key, or the name of a variable.
            day: The last day; None if the value does not end.

        Raises:
            UnknownSetting: There is no such secret.
            Locked: Another process is changing the settings.
        """
        name = self.variable_of(key)
        with self._writer.lock():
            self._writer.recover()
            upkeep.expire(self._writer.vault, name, day)

    def rekey(self) -> int:
        """Encrypt secrets and history anew with the current key, and forget the earlier ones.

        Returns:
            How many earlier keys there were.

        Raises:
            MissingSecretKey: There is no key.
            SecretsBroken: The file of secrets was changed by something else.
            Locked: Another process is changing the settings.
        """
        with self._writer.lock():
            self._writer.recover()
            return upkeep.rekey(self._writer.vault, self._writer.history)

    def is_secret(self, key: str) -> bool:
        """Tell whether the value of *key*, a setting or a variable, is never shown."""
        if not _VARIABLE.fullmatch(key):
            field = self.fields().get(key)
            place = self._place(key)
            names = place.variables if place else ()
            is_one = looks_secret(key) if field is None else field.secret
            return is_one or any(map(self.is_secret, names))
        if looks_secret(key) or self._is_kept(key):
            return True
        return any(
            field.secret
            for each, field in self.fields().items()
            if field.secret and (place := self._place(each)) and key in place.variables
        )

    def validate(self) -> list[str]:
        """Return what is wrong with the configuration, one line each; empty if nothing is.

        Raises:
            SecretsBroken: The file of secrets was changed by something else.
        """
        self._writer.vault.check()
        return self._examiner.problems(self.environment)

    def apply(
        self, edits: Iterable[Edit], command: str, dry_run: bool = False, *, hooks: bool = True
    ) -> Outcome:
        """Make all of *edits*, or none; what the others that change stand on.

        Args:
            edits: What is to become of which variables; asked for under the lock, when the files
                have been read anew.
            command: What the history calls it.
            dry_run: Check all of it, and write nothing.
            hooks: Ask who is to be asked, and tell who is to be told; a change that they cannot
                go on with is taken back.

        Raises:
            ChangeRefused: A hook says no; nothing was written.
            ChangeUndone: The change was written, and taken back.
            InvalidSettings: The configuration would not be valid.
            Locked: Another process is changing the settings.
        """
        # Until all have followed: another change in between would be judged by what this one does.
        with self._writer.lock():
            outcome = self._change(edits, command, dry_run=dry_run, asks=hooks)
            if outcome.revision is None or not hooks:
                return outcome
            return self._accompany(outcome, command)

    async def aapply(
        self, edits: Iterable[Edit], command: str, dry_run: bool = False, *, hooks: bool = True
    ) -> Outcome:
        """Async twin of :meth:`apply`; it waits in a thread."""
        import asyncio  # who is here has imported it

        return await asyncio.to_thread(self.apply, edits, command, dry_run, hooks=hooks)

    def adopt(self, before: Snapshot) -> Outcome:
        """Remember, and tell, what somebody has made of the files with an editor since *before*.

        Nothing is taken back: what processes cannot follow stands in the notes.

        Raises:
            InvalidSettings: The configuration is not valid with it; nobody is told.
            EnvironmentFileBroken: A line of the .env file is malformed.
            SecretsBroken: The file of secrets was changed by something else.
            Locked: Another process is changing the settings.
        """
        with self._writer.lock():
            outcome = self._writer.adopt(before, "edited by hand")
            if outcome.revision is None:
                return outcome
            self._take(outcome.environment)
            notice = self._notice(outcome.changes, "edited by hand", outcome.revision)
            came = self.hooks.tell(notice)
            found = came.problems or self.hooks.examine(notice)
        problems = [self.hooks.concealed(each, outcome.changes) for each in found]
        return replace(outcome, notes=(*outcome.notes, *came.notes, *problems), told=came.told)

    def reread(self) -> None:
        """Read the files as they are now: another process may have changed them.

        Raises:
            EnvironmentFileBroken: A line of the .env file is malformed.
            ConfigFileBroken: A file of the configuration fails with it.
        """
        self._take(self._writer.reread())

    def notice(self, revision: int) -> Notice | None:
        """Return what *revision* has changed, as hooks are told of it; None if there is no such."""
        found = next((each for each in self.history() if each.number == revision), None)
        if found is None:
            return None
        changes = self._writer.history.opened(found, self._writer.vault.ring()) or found.changes
        return self._notice(changes, found.command, found.number)

    # -- testing

    def fake(self, values: Mapping[str, object] = MappingProxyType({})) -> SettingsFake:
        """Put a double in the place of these settings that changes no file, and return it.

        Args:
            values: What holds instead: by dotted keys, or by names of variables, which have text.
        """
        from securely.settings.fake import SettingsFake

        fake = SettingsFake(self, values)
        current().instance(Settings, fake)
        return fake

    @contextmanager
    def fake_for(
        self, values: Mapping[str, object] = MappingProxyType({})
    ) -> Generator[SettingsFake]:
        """Put a double in the place of these settings within the block."""
        fake = self.fake(values)
        try:
            yield fake
        finally:
            fake.restore()

    # -- within

    def _change(self, edits: Iterable[Edit], command: str, *, dry_run: bool, asks: bool) -> Outcome:
        def policy(changes: tuple[Change, ...]) -> Mapping[str, str | None]:
            return self.hooks.ask(self._notice(changes, command)) if asks else {}

        outcome = self._writer.apply(edits, command, dry_run=dry_run, policy=policy)
        if outcome.revision is None:
            return outcome
        kept = ""
        if asks and self._examiner.forget_kept():
            kept = "What config:cache had kept is cleared: run that again."
        elif self._loaded.cached:
            kept = "The configuration is kept by config:cache: run that again."
        self._take(outcome.environment)
        return replace(outcome, notes=(*outcome.notes, kept)) if kept else outcome

    def _accompany(self, outcome: Outcome, command: str) -> Outcome:
        """Tell of a change, and take it back if somebody cannot go on with it."""
        notice = self._notice(outcome.changes, command, outcome.revision)
        came = self.hooks.tell(notice)
        if not (problems := came.problems or self.hooks.examine(notice)):
            live = {key for keys in notice.keys.values() for key in keys if self._is_live(key)}
            self.hooks.take_over({key: self.get(key) for key in sorted(live)})
            return replace(outcome, notes=(*outcome.notes, *came.notes), told=came.told)
        problems = tuple(self.hooks.concealed(each, outcome.changes) for each in problems)
        unmoved = [each.pid for each in came.told if each.state in {"refused", "silent"}]
        undone = self._undo(outcome, problems, unmoved)
        raise ChangeUndone(outcome.revision or 0, undone, problems)

    def _undo(
        self, outcome: Outcome, problems: Sequence[str], unmoved: Sequence[int]
    ) -> int | None:
        """Make everything as it was before *outcome*; return the revision that does.

        Args:
            outcome: What is taken back.
            problems: Why; the history tells the first of them.
            unmoved: The processes that have not followed, and need not begin anew now.
        """
        vault = self._writer.vault.file.name
        edits = [_undone(change, vault) for change in outcome.changes]
        why = " ".join(problems[0].split())[:_REASON_LETTERS_MAX]
        command = f"undo {outcome.revision}: {why}"
        try:
            back = self._change(edits, command, dry_run=False, asks=False)
        except SettingsError:  # what it was before is not valid, either
            return None
        notice = self._notice(back.changes, command, back.revision)
        self.hooks.tell(replace(notice, undoes=outcome.revision), unmoved)
        return back.revision

    def _is_live(self, key: str) -> bool:
        return self.fields()[key].reload == "live"

    def _take(self, environment: Environment) -> None:
        self._loaded = self._examiner.read(environment)
        self._origins = self._fields = None

    def _notice(
        self, changes: Iterable[Change], command: str, revision: int | None = None
    ) -> Notice:
        every = tuple(changes)
        keys = {change.name: self.keys_of(change.name) for change in every}
        how = strongest(self.fields()[key].reload for of_one in keys.values() for key in of_one)
        label = self._writer.vault.environment
        return Notice(command, label, every, keys, how, revision)

    def _setting(self, key: str) -> Setting:
        field = self.fields().get(key) or Field(key)
        value = dot.get(self._loaded.items, key)
        place = self._place(key)
        names = place.variables if place is not None else ()
        origin = self._where().of(place, names) if value is not MISSING else DEFAULT
        found = field.default if value is MISSING else value
        secret = field.secret or any(looks_secret(name) or self._is_kept(name) for name in names)
        return Setting(key, found, field, origin, names, secret)

    def _variable(self, name: str) -> Setting | None:
        value = self.environment.get(name)
        if value is MISSING:
            return None
        secret = looks_secret(name) or self._is_kept(name)
        return Setting(
            name, value, Field(name, "text"), self._where().of_set(name), (name,), secret
        )

    def _is_kept(self, name: str) -> bool:
        return name in self._hidden or name in self._writer.vault.names()

    def _place(self, key: str) -> Place | None:
        return self._where().place(key)

    def _where(self) -> Origins:
        if self._origins is None:
            self._origins = Origins(self._loaded.files, self._writer, self._defaults)
        return self._origins

    def _parents(self) -> frozenset[str]:
        """Return the keys that hold others, so that no variable is their whole value."""
        keys = [*self.fields()]
        return frozenset(key[:at] for key in keys for at, sign in enumerate(key) if sign == ".")


def _place_before(change: Change, vault: str) -> str:
    return "secrets" if change.before == vault else "file"


def _undone(change: Change, vault: str) -> Edit:
    """Return what takes *change* back: to where it was, or away from where it came."""
    place = _place_before(change, vault) if change.old is not None else ""
    return Edit(change.name, change.old, place, change.secret)
