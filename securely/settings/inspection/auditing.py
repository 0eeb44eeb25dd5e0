"""Auditing: how old secrets are, when they end, and where they can be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from securely.settings.changing import Writer
from securely.settings.exceptions import SettingsError
from securely.settings.history import History
from securely.settings.inspection.scanning import kept_by_git
from securely.settings.secrets.form import Dates
from securely.support import clock
from securely.support.missing import MISSING

__all__ = ["Audit", "AuditedSecret", "Limits", "audit"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# They are made to be read by all: names without values, or values that are encrypted.
_OPEN = (".example", ".encrypted", ".dist")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is found fault with.

    Attributes:
        ends_within_days: An end is told that is so near.
        age_days_max: How old a value may be; None for any age.
    """

    ends_within_days: int = 30
    age_days_max: int | None = None


@dataclass(frozen=True, slots=True)
class AuditedSecret:
    """A secret, and what is wrong with it.

    Attributes:
        name: The variable.
        place: The file that keeps it.
        age_days: For how long it has its value; None where that is not known.
        expires: The last day on which its value holds, if one was noted.
        findings: What is wrong, a few words each.
    """

    name: str
    place: str
    age_days: int | None
    expires: date | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found.

    Attributes:
        secrets: Each secret of the files, sound ones too.
        findings: What else is wrong, with the remedy.
    """

    secrets: tuple[AuditedSecret, ...]
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings and not any(each.findings for each in self.secrets)


def audit(writer: Writer, is_secret: Callable[[str], bool], limits: Limits) -> Audit:
    """Look at the secrets of an environment, and at its files; nothing is kept of any value.

    Args:
        writer: Knows the variables, the secrets and the history.
        is_secret: Tells whether a variable is never shown.
        limits: What is found fault with.
    """
    findings: list[str] = []
    dates: dict[str, Dates] = {}
    try:
        dates = writer.vault.dates()
        if writer.environment.get("APP_KEY") in {"", MISSING}:
            findings.append("APP_KEY is not set. Run: python artisan.py key:generate")
    except SettingsError as error:  # then no variable can be read
        findings.append(str(error))
    findings += _files(writer)
    named = [name for name in writer.environment.names() if is_secret(name)]
    return Audit(tuple(_secrets(writer, named, dates, limits)), tuple(findings))


def _secrets(
    writer: Writer, named: list[str], dates: Mapping[str, Dates], limits: Limits
) -> Iterator[AuditedSecret]:
    """Give those that are kept encrypted, and then those that stand in plain text only."""
    environment, vault = writer.environment, writer.vault
    kept, set_on = vault.names(), _set_on(writer.history)
    file = environment.file.name if environment.file else ""
    plain = [name for name in named if environment.of_files(name)]
    for name in dict.fromkeys((*kept, *plain)):
        known = dates.get(name)
        changed = known.changed if known else set_on.get(name)
        age = None if changed is None else (clock.now() - changed).days
        expires = known.expires if known else None
        findings = [*_of_dates(age, expires, limits)]
        if name in plain:
            findings.append(f"in plain text in {file}")
        place = vault.file.name if name in kept else file
        yield AuditedSecret(name, place, age, expires, tuple(findings))


def _of_dates(age: int | None, expires: date | None, limits: Limits) -> Iterator[str]:
    left = None if expires is None else (expires - clock.now().date()).days
    if left is not None and left < 0:
        yield f"expired {_days(-left)} ago"
    elif left is not None and left <= limits.ends_within_days:
        yield f"expires in {_days(left)}" if left else "expires today"
    if limits.age_days_max is None:
        return
    if age is None:
        yield "of unknown age"
    elif age > limits.age_days_max:
        yield f"older than {_days(limits.age_days_max)}"


def _set_on(history: History) -> dict[str, datetime]:
    """Return when each variable got its value, as far as the history knows."""
    found: dict[str, datetime] = {}
    for revision in history.revisions():
        for change in revision.changes:
            if change.new is not None:
                found[change.name] = datetime.fromisoformat(revision.at)
    return found


def _files(writer: Writer) -> Iterator[str]:
    """Tell which files with secrets, or with keys, others can read, and which git keeps."""
    base = writer.environment.base_path
    private = [*_private(writer)]
    kept = {base / each for each in kept_by_git(base) or ()}
    for file in private:
        shown = file.relative_to(base) if base in file.parents else file
        mode = stat.S_IMODE(file.stat().st_mode)
        if os.name == "posix" and mode & _OTHERS:
            yield f"{shown} can be read by others: its mode is {mode:04o}. Run: chmod 600 {shown}"
        if file in kept:
            yield (
                f"{shown} is not kept out of git. Name it in .gitignore; where it was committed, "
                f"run: git rm --cached {shown}, and change what it tells."
            )


def _private(writer: Writer) -> Iterator[Path]:
    """Give the files that are to be their owner's alone."""
    vault, history = writer.vault, writer.history
    base = writer.environment.base_path
    for file in sorted({*base.glob(".env"), *base.glob(".env.*"), *writer.environment.files}):
        if file.is_file() and not file.name.endswith(_OPEN):
            yield file
    yield from sorted(vault.file.parent.glob("*.key"))
    for pattern in ("history.*", "journal.*"):
        yield from sorted(history.file.parent.glob(pattern))


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
