"""SettingsFake: assert_set, assert_unset, assert_not_set, assert_nothing_set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any, Final, NoReturn, cast

from securely.config import Environment
from securely.container import current
from securely.encryption import KeyRing
from securely.settings.changing import Edit, Outcome, Writer
from securely.settings.exceptions import InvalidSettings, UnknownRevision
from securely.settings.history import Change, History, Revision, without_values
from securely.settings.inspection.past import as_it_was, undone
from securely.settings.schema import Setting
from securely.settings.settings import Settings
from securely.support.missing import MISSING, Missing

__all__ = ["SettingsFake"]

_ORIGIN: Final = "fake"
_FILE: Final = ".env"


class SettingsFake(Settings):
    """What keeps settings in memory instead of writing them, and answers what was set.

    Made by `Settings.fake()`. What is set is checked as ever, is read then, and can be taken back;
    no file changes, and no hook is asked or told.

    Args:
        real: The settings whose place it takes; what is not given is theirs.
        values: What holds instead: by dotted keys, or by names of variables, which have text.

    Example:
        >>> fake = app.make(Settings).fake({"app.name": "Shop"})
        >>> fake.get("app.name")
        'Shop'
        >>> outcome = app.make(Settings).set({"APP_TIMEZONE": "Europe/Vienna"})
        >>> fake.assert_set("app.timezone", "Europe/Vienna")
        >>> fake.restore()
    """

    def __init__(self, real: Settings, values: Mapping[str, object]) -> None:
        self.__dict__.update(vars(real))  # it is the same one, but for what is changed below
        self._real = real
        self._given = {key: value for key, value in values.items() if not key.isupper()}
        # What files and secrets would say; None for what they would say no more.
        self._texts: dict[str, str | None] = {
            key: str(value) for key, value in values.items() if key.isupper()
        }
        self._kept = frozenset(real.writer.vault.names())
        self._recorded = _Recorded(real.writer.history)
        self._hold(self._texts)

    # -- instead of writing

    def apply(
        self, edits: Iterable[Edit], command: str, dry_run: bool = False, *, hooks: bool = True
    ) -> Outcome:
        """Make all of *edits* here, or none; they are checked with the whole configuration."""
        changes = [each for edit in edits for each in self._changes_of(edit)]
        texts = {**self._texts, **{each.name: each.new for each in changes}}
        environment = self._writer_with(texts).environment
        known = self._examiner.problems(self.environment)
        problems = [each for each in self._examiner.problems(environment) if each not in known]
        if problems:
            raise InvalidSettings([without_values(each, changes) for each in problems])
        if not changes or dry_run:
            return Outcome(tuple(changes), None, (), environment)
        self._given = {
            key: each for key, each in self._given.items() if not self._reads(key, changes)
        }
        vault = self._writer.vault.file.name
        self._kept -= {each.name for each in changes}
        self._kept |= {
            each.name for each in changes if each.place == vault and each.new is not None
        }
        self._hidden |= {each.name for each in changes if each.secret}
        self._texts = texts
        self._hold(texts)
        revision = self._recorded.keep(command, changes)
        return Outcome(tuple(changes), revision.number, (), environment)

    def as_of(self, revision: int) -> Settings:
        """Return the settings as they were at *revision*, counted from the making of this one.

        Raises:
            UnknownRevision: There is no such revision.
        """
        last = self._recorded.last()
        if not 0 <= revision <= last:
            raise UnknownRevision(revision, f"There is: 0 to {last}.")
        changes = undone(self._recorded, None, revision)
        past = copy(self)
        past._hold({**self._texts, **{name: each.old for name, each in changes.items()}})
        return past

    def reread(self) -> None:
        """Do nothing: no other process changes what is here."""

    def expire(self, key: str, day: date | None) -> None:
        """Check that there is such a variable, and note nothing."""
        self.variable_of(key)

    def rekey(self) -> int:
        """Do nothing: there are no keys here."""
        return 0

    def restore(self) -> None:
        """Put the settings whose place it took back there; what was recorded stays."""
        current().instance(Settings, self._real)

    # -- what was set

    def changes(self, key: str = "") -> list[Change]:
        """Return every change that was made, in their order; those of *key* if that is given."""
        name = self.variable_of(key) if key else ""
        return [
            change
            for revision in self._recorded.revisions()
            for change in revision.changes
            if not name or change.name == name
        ]

    def assert_set(
        self, key: str, value: str | Missing = MISSING, *, secret: bool | None = None
    ) -> None:
        """Fail unless *key* was set.

        Args:
            key: A dotted key, or the name of a variable.
            value: To this text; to any if left out.
            secret: As a secret, or not as one; either if None.
        """
        found = [
            each
            for each in self.changes(key)
            if each.new is not None
            and value in {MISSING, each.new}
            and secret in {None, each.secret}
        ]
        if not found:
            to = "" if value is MISSING else " to that value"
            how = {None: "", True: " as a secret", False: " as what is no secret"}[secret]
            self._fail(f"{key} was not set{to}{how}.")

    def assert_unset(self, key: str) -> None:
        """Fail unless *key* was unset."""
        if not any(each.new is None for each in self.changes(key)):
            self._fail(f"{key} was not unset.")

    def assert_not_set(self, key: str) -> None:
        """Fail if *key* was set."""
        if any(each.new is not None for each in self.changes(key)):
            self._fail(f"{key} was set.")

    def assert_nothing_set(self) -> None:
        """Fail if anything was changed."""
        if self.changes():
            self._fail("Something was set.")

    # -- within

    def _hold(self, texts: Mapping[str, str | None]) -> None:
        """Read the configuration with *texts* in the place of what files and secrets say."""
        self._writer = self._writer_with(texts)
        self._take(self._writer.environment)

    def _writer_with(self, texts: Mapping[str, str | None]) -> Writer:
        changes = {name: Change(name, "", text, None, secret=False) for name, text in texts.items()}
        writer = as_it_was(self._real.writer, changes)
        writer.history = self._recorded
        return writer

    def _take(self, environment: Environment) -> None:
        super()._take(environment)
        items = {**self._loaded.items}
        for key, value in self._given.items():
            items = _with_value(items, key.split("."), value)
        self._loaded = replace(self._loaded, items=items)

    def _setting(self, key: str) -> Setting:
        found = super()._setting(key)
        return replace(found, origin=_ORIGIN) if key in self._given else found

    def _changes_of(self, edit: Edit) -> Iterator[Change]:
        """Give what *edit* changes; nothing if all is so already."""
        vault, held = self._writer.vault.file.name, edit.renamed or edit.name
        is_kept = held in self._kept
        old = self._text_of(held)
        before = "" if old is None else vault if is_kept else _FILE
        place = vault if edit.place == "secrets" or (is_kept and edit.place != "file") else _FILE
        secret = edit.secret or vault in {before, place} or self.is_secret(edit.name)
        if edit.renamed:
            yield Change(held, place, old, None, secret, before)
            yield Change(edit.name, place, None, edit.value, secret)
        elif old != edit.value or (edit.place == "secrets" and before != vault):
            yield Change(edit.name, place, old, edit.value, secret, before)

    def _text_of(self, name: str) -> str | None:
        """Return what files and secrets say of *name*, whatever the process does."""
        text = self._writer.environment.of_files(name)
        return self._writer.vault.get(name) if text is None else text

    def _reads(self, key: str, changes: Iterable[Change]) -> bool:
        """Tell whether one of *changes* is of a variable that *key* reads."""
        place = self._place(key)
        return place is not None and any(each.name in place.variables for each in changes)

    def _fail(self, reason: str) -> NoReturn:
        """Fail with *reason*, and with what was set instead."""
        lines = [
            f"  {each.name}: {'unset' if each.new is None else each.shown(each.new)}"
            for each in self.changes()
        ]
        told = "\n".join(["Was set:", *lines]) if lines else "Nothing was set."
        raise AssertionError(f"{reason}\n{told}")


class _Recorded(History):
    """The changes, in memory and with their values."""

    def __init__(self, real: History) -> None:
        super().__init__(real.file, real.environment)
        self._revisions: list[Revision] = []

    def keep(self, command: str, changes: Iterable[Change]) -> Revision:
        """Remember a change."""
        revision = self.next(command, changes, None)
        self._revisions.append(revision)
        return revision

    def revisions(self) -> list[Revision]:
        """Return all of them, the oldest first."""
        return [*self._revisions]

    def last(self) -> int:
        """Return the number of the last one, 0 if there is none."""
        return len(self._revisions)

    def opened(self, revision: Revision, ring: KeyRing | None) -> tuple[Change, ...] | None:
        """Return the changes of *revision* with their values."""
        return revision.changes


def _with_value(items: Mapping[str, Any], path: Sequence[str], value: object) -> dict[str, Any]:
    """Return *items* with *value* at *path*; what is on the way is copied."""
    first, *rest = path
    if not rest:
        return {**items, first: value}
    found = items.get(first)
    inner: Mapping[str, Any] = {}
    if isinstance(found, Mapping):
        inner = cast("Mapping[str, Any]", found)
    return {**items, first: _with_value(inner, rest, value)}
