"""Writer: one change of several variables: validated whole, written at once, remembered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from securely.config import Environment, Examiner
from securely.config.exceptions import EnvironmentFileBroken
from securely.encryption import DecryptFailed, Encrypter, KeyRing
from securely.settings.envfile import Document, locked, private_folder
from securely.settings.exceptions import InvalidSettings, MissingFile, SecretsBroken
from securely.settings.history import Change, History, Revision, without_values
from securely.settings.hooks.announcing import Told
from securely.settings.secrets import Vault
from securely.support.masking import looks_secret
from securely.support.replacing import replace

__all__ = ["Edit", "Outcome", "Policy", "Snapshot", "Writer"]

_UTF8_PROBLEM: Final = "This is not UTF-8."


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of one variable.

    Attributes:
        name: The variable.
        value: Its new value; None to set it no more.
        place: "secrets", "file", or where it is already.
        secret: Whether its values are never shown, whatever it is called.
        renamed: Its name before, if that is what changes.
    """

    name: str
    value: str | None
    place: str = ""
    secret: bool = False
    renamed: str = ""

    def __repr__(self) -> str:
        return f"Edit({self.name!r})"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files and the secrets as they were at some time."""

    texts: Mapping[Path, str] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change has done, or would do.

    Attributes:
        changes: The variables before and after; empty when all was so already.
        revision: The number in the history; None when nothing was written.
        notes: What to know besides: that the process sets a variable, too.
        environment: The variables as they are now.
        told: What each process that runs has made of it.
        seen: The files as they were looked at, where somebody else has changed them.
    """

    changes: tuple[Change, ...]
    revision: int | None
    notes: tuple[str, ...]
    environment: Environment = field(repr=False)
    told: tuple[Told, ...] = ()
    seen: Snapshot | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Draft:
    """The files as they are to become."""

    texts: dict[Path, str]
    before: dict[Path, str]
    vault: Vault
    changes: list[Change]
    # What was wrong before, and has nothing to do with them.
    remaining: Sequence[str] = ()


Policy: TypeAlias = Callable[[tuple[Change, ...]], Mapping[str, str | None]]
"""Is asked before a change is written, and returns other values for some variables."""


def _as_they_are(changes: tuple[Change, ...]) -> Mapping[str, str | None]:
    """Want nothing else."""
    del changes
    return {}


class Writer:
    """Changes variables as one transaction: all of them, or none.

    Args:
        environment: The variables as they were read.
        vault: The secrets.
        history: Where changes are remembered.
        examiner: Checks the configuration that a change would give.
        journal: Where a change is noted while it is written.

    Attributes:
        reached: Told of each step; tests end the process there.
    """

    def __init__(
        self,
        environment: Environment,
        vault: Vault,
        *,
        history: History,
        examiner: Examiner,
        journal: Path,
    ) -> None:
        self.environment: Environment = environment
        self.vault = vault
        self.history = history
        self.journal = journal
        self.reached: Callable[[str], object] = lambda step: None
        self._examiner = examiner

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lock of the settings within a `with` block.

        Raises:
            Locked: Another process is changing the settings.
        """
        return locked(self.environment.base_path)

    def apply(
        self,
        edits: Iterable[Edit],
        command: str,
        *,
        dry_run: bool = False,
        policy: Policy = _as_they_are,
    ) -> Outcome:
        """Make all of *edits*, or raise and make none. Call it under the lock.

        Args:
            edits: What is to change.
            command: What the history calls it.
            dry_run: Check all of it, and write nothing.
            policy: Asked before anything is written: returns other values for some variables.

        Raises:
            ChangeRefused: The policy says no.
            EnvironmentFileBroken: A line of the .env file is malformed.
            InvalidSettings: The configuration would not be valid.
            MissingFile: The environment that is asked for has no .env file.
            SecretsBroken: The file of secrets was changed by something else.
        """
        self.recover()
        self.reread()
        wanted = {edit.name: edit for edit in edits}
        draft = self._checked(wanted)
        if draft.changes:
            others = policy(tuple(draft.changes))
            # That takes its time, and an editor knows no lock: what it has written stays.
            if others or self.texts() != draft.before:
                draft = self._checked(_with(wanted, others))
        revision = None
        if draft.changes and not dry_run:
            revision = self._write(draft, command).number
            self.vault.forget()
            self.environment = self._variables(draft.texts, self.vault)
        new = self._variables(draft.texts, draft.vault)
        remaining = [f"Not valid, as before: {each}" for each in draft.remaining]
        notes = (*self._notes(draft.changes), *remaining)
        return Outcome(tuple(draft.changes), revision, notes, new)

    def snapshot(self) -> Snapshot:
        """Return the files and the secrets as they are now."""
        self.vault.forget()
        return Snapshot(self.texts(), self.vault.all())

    def adopt(self, before: Snapshot, command: str) -> Outcome:
        """Remember what somebody else has made of the files since *before*.

        Call it under the lock.

        Raises:
            EnvironmentFileBroken: A line of the .env file is malformed.
            InvalidSettings: The configuration is not valid with it.
            SecretsBroken: The file of secrets was changed by something else.
        """
        self.recover()
        now = self.snapshot()
        old, new = self._variables(before.texts, self.vault), self._variables(now.texts, self.vault)
        changes = [*self._differences(before, old, now, new)]
        if not changes:
            return Outcome((), None, (), new, seen=now)
        known = self._examiner.problems(self.environment)
        problems = [each for each in self._examiner.problems(new) if each not in known]
        if problems:
            raise InvalidSettings([without_values(each, changes) for each in problems])
        revision = self.history.next(command, changes, self.vault.ring(create=True))
        self.history.append(revision.row())
        self.environment = new
        notes = tuple(self._notes(changes))
        return Outcome(tuple(changes), revision.number, notes, new, seen=now)

    def _differences(
        self, before: Snapshot, old: Environment, now: Snapshot, new: Environment
    ) -> Iterable[Change]:
        places = {**_places(before.texts), **_places(now.texts)}
        places |= dict.fromkeys([*before.secrets, *now.secrets], self.vault.file.name)
        for name, place in places.items():
            was = before.secrets.get(name, old.of_files(name))
            is_now = now.secrets.get(name, new.of_files(name))
            if was != is_now:
                is_kept = name in before.secrets or name in now.secrets
                hidden = is_kept or looks_secret(name)
                yield Change(name, place, was, is_now, hidden, "" if was is None else place)

    def reread(self) -> Environment:
        """Read the files as they are now."""
        self.vault.forget()
        self.environment = self._variables(self.texts(), self.vault)
        return self.environment

    def recover(self) -> None:
        """Finish a change whose process ended in the middle. Call it under the lock.

        Raises:
            SecretsBroken: What is noted of it cannot be read.
        """
        if not self.journal.is_file():
            return
        noted = self._noted()
        before: dict[str, str | None] = noted["before"]
        after: dict[str, str] = noted["after"]
        now = {path: _read(Path(path)) for path in after}
        # What somebody has changed since then is theirs.
        if all(now[path] in {before[path], after[path]} for path in after):
            for path, text in after.items():
                if now[path] != text:
                    replace(Path(path), text.encode())
            self.history.append(noted["row"])
        self.journal.unlink(missing_ok=True)

    def rotate(self, *, drop: bool = False) -> int:
        """Make a new key for the secrets, and write them and the history anew with it.

        The new key is written before the old one's work is replaced, so that whatever is found
        after a process was killed can be read.

        Args:
            drop: Forget the earlier keys when all is written anew.

        Returns:
            How many secrets there are.

        Raises:
            KeyOfProcess: The process gives the key.
            SecretsBroken: The file of secrets was changed by something else.
        """
        with locked(self.environment.base_path):
            self.recover()
            self.vault.forget()
            self.vault.check()
            self.vault.ring(create=True)
            ring = self.vault.keys.rotate()
            self.vault.forget()
            if self.vault.exists:
                replace(self.vault.file, self.vault.reencrypted(ring).encode())
            if self.history.file.is_file():
                replace(self.history.file, self.history.resealed(ring).encode())
            if drop:
                self.vault.keys.drop_earlier()
            self.vault.forget()
            return len(self.vault.names())

    # -- how a change comes about

    def _checked(self, edits: Mapping[str, Edit]) -> _Draft:
        """Return what *edits* would make of the files, if that is no worse than what there is.

        Raises:
            InvalidSettings: It is.
        """
        draft = self._draft([*edits.values()])
        known = self._examiner.problems(self._variables(draft.before, self.vault))
        new = self._examiner.problems(self._variables(draft.texts, draft.vault))
        problems = [each for each in new if each not in known]
        if problems:
            raise InvalidSettings([without_values(each, draft.changes) for each in problems])
        draft.remaining = [without_values(each, draft.changes) for each in new]
        return draft

    def _draft(self, edits: Sequence[Edit]) -> _Draft:
        texts = self.texts()
        documents = {file: Document(text) for file, text in texts.items()}
        values = self._variables(texts, self.vault)
        secrets: dict[str, str | None] = {}
        kept = set(self.vault.names())
        files = {name: file for file, document in documents.items() for name in document.names()}
        changes: list[Change] = []
        for edit in edits:
            held = edit.renamed or edit.name
            old = self._own(values, documents, held)
            if edit.renamed and held not in kept:
                for document in documents.values():
                    document.rename(held, edit.name)
            elif edit.renamed:
                secrets[held], secrets[edit.name] = None, edit.value
            else:
                self._put(edit, documents, secrets, kept)
            is_kept = edit.place == "secrets" or (held in kept and edit.place != "file")
            place = self.vault.file if is_kept else self._file_for(edit.name, documents)
            hidden = edit.secret or is_kept or held in kept or looks_secret(edit.name)
            held_in = self.vault.file if held in kept else files.get(held, place)
            before = "" if old is None else held_in.name
            if edit.renamed:
                changes.append(Change(held, place.name, old, None, hidden, before))
                changes.append(Change(edit.name, place.name, None, edit.value, hidden))
            elif old != edit.value or (edit.place == "secrets" and held not in kept):
                changes.append(Change(edit.name, place.name, old, edit.value, hidden, before))
        vault = self.vault
        if secrets:
            vault = vault.with_text(vault.changed(secrets))
        after = {file: document.text for file, document in documents.items()}
        return _Draft(after, texts, vault, changes)

    def _put(
        self,
        edit: Edit,
        documents: dict[Path, Document],
        secrets: dict[str, str | None],
        kept: set[str],
    ) -> None:
        to_secrets = edit.place == "secrets" or (edit.name in kept and edit.place != "file")
        if edit.value is None or to_secrets:
            # A secret that stays in plain text beside its encrypted self would be none.
            for document in documents.values():
                document.remove(edit.name)
        if edit.name in kept or to_secrets:
            secrets[edit.name] = edit.value if to_secrets else None
        if edit.value is not None and not to_secrets:
            file = self._file_for(edit.name, documents)
            documents.setdefault(file, Document()).set(edit.name, edit.value)

    def _own(self, values: Environment, documents: dict[Path, Document], name: str) -> str | None:
        """Return what the files say of *name*, whatever the process does."""
        if name in self.vault.names():
            return self.vault.get(name)
        if not any(document.has(name) for document in documents.values()):
            return None
        return values.of_files(name)

    def _file_for(self, name: str, documents: dict[Path, Document]) -> Path:
        """Return the file that sets *name*, the one that counts; else where it is to be."""
        for file in reversed(documents):
            if documents[file].has(name):
                return file
        asked = self.environment.asked
        if asked:
            file = self.environment.base_path / f".env.{asked}"
            if file not in documents and not file.is_file():
                raise MissingFile(file)
        return next(reversed(documents), self.environment.base_path / ".env")

    def texts(self) -> dict[Path, str]:
        """Return the content of the .env files, byte order marks included.

        Raises:
            EnvironmentFileBroken: One is not UTF-8.
        """
        found: dict[Path, str] = {}
        for file in self.environment.files:
            try:
                found[file] = file.read_bytes().decode()
            except UnicodeDecodeError as error:
                line = error.object[: error.start].count(b"\n") + 1
                raise EnvironmentFileBroken(file, line, 1, "…", _UTF8_PROBLEM) from None
            except FileNotFoundError:
                continue
        return found

    def _variables(self, texts: Mapping[Path, str], vault: Vault) -> Environment:
        plain = {file: text.removeprefix("\ufeff") for file, text in texts.items()}
        return self.environment.reread(plain, [vault.get])

    def _notes(self, changes: Iterable[Change]) -> Iterable[str]:
        for change in changes:
            if change.new is not None and self.environment.is_set_by_process(change.name):
                yield (
                    f"{change.name} is set by the environment of this process, too, "
                    "and that wins over any file."
                )

    # -- how it is written

    def _write(self, draft: _Draft, command: str) -> Revision:
        """Note the change, write each file at once, remember it, and forget the note."""
        ring = draft.vault.ring() or self.vault.ring(create=True)
        revision = self.history.next(command, draft.changes, ring)
        after = self._ordered(draft)
        if ring is not None:
            self._note(after, revision, ring)
        self.reached("noted")
        for path, text in after.items():
            file = Path(path)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(file, text.encode(), lambda step: self.reached(f"file {step}"))
            self.reached("file")
        self.history.append(revision.row())
        self.reached("remembered")
        self.journal.unlink(missing_ok=True)
        return revision

    def _ordered(self, draft: _Draft) -> dict[str, str]:
        """Return what is to be written, where a variable goes to before where it comes from.

        A process that is killed in between leaves it in both places, and never in none.
        """
        after = {
            str(file): text for file, text in draft.texts.items() if draft.before.get(file) != text
        }
        if draft.vault is self.vault:
            return after
        secrets = {str(self.vault.file): draft.vault.text()}
        gains = any(
            each.place == self.vault.file.name and each.new is not None for each in draft.changes
        )
        return {**secrets, **after} if gains else {**after, **secrets}

    def _note(self, after: Mapping[str, str], revision: Revision, ring: KeyRing) -> None:
        noted = {
            "before": {path: _read(Path(path)) for path in after},
            "after": dict(after),
            "row": revision.row(),
        }
        private_folder(self.journal.parent, "*")
        sealed = self._encrypter(ring).encrypt_string(json.dumps(noted))
        replace(self.journal, sealed.encode())

    def _noted(self) -> dict[str, Any]:
        ring = self.vault.ring()
        sealed = self.journal.read_text(encoding="ascii")
        noted: dict[str, Any] = {}
        if ring is not None:
            with suppress(DecryptFailed):
                noted = json.loads(self._encrypter(ring).decrypt_string(sealed))
        if not noted:
            reason = "A change was not finished, and its note cannot be read with this key."
            raise SecretsBroken(self.journal, [reason])
        return noted

    def _encrypter(self, ring: KeyRing) -> Encrypter:
        encrypter = Encrypter(ring.current, "aes-256-cbc", ring.previous)
        return encrypter.for_purpose(f"settings:journal:{self.vault.environment}")


def _with(edits: Mapping[str, Edit], values: Mapping[str, str | None]) -> dict[str, Edit]:
    """Return *edits* with other values; they go where the edits want them."""
    others = {
        name: dataclasses.replace(edits[name], value=value) if name in edits else Edit(name, value)
        for name, value in values.items()
    }
    return {**edits, **others}


def _places(texts: Mapping[Path, str]) -> dict[str, str]:
    """Return each variable of the .env files with the file that sets it."""
    return {name: file.name for file, text in texts.items() for name in Document(text).names()}


def _read(file: Path) -> str | None:
    return file.read_bytes().decode() if file.is_file() else None
