"""SettingsError and what can go wrong with settings.

SettingsError
├── ChangeRefused     a hook says no to a change, and nothing was written
├── ChangeUndone      a change was taken back, because something could not go on with it
├── HookFailed        a program or a URL could not be told of a change
├── InvalidName       a text can name no variable (also a ValueError)
├── InvalidSecretKey  the key of the secrets cannot be read, or others can (also a ValueError)
├── InvalidSettings   the configuration would not be valid with a change (also a ValueError)
├── InvalidText       a value holds what no file can (also a ValueError)
├── KeyOfProcess      the process gives the key of the secrets, so that no file can change it
├── Locked            another process changes the settings (also a TimeoutError)
├── MissingFile       an environment is asked for that has no .env file (also a LookupError)
├── MissingSecretKey  there are secrets, and no key to read them with (also a LookupError)
├── NotAVariable      a key of the configuration is not filled in by a variable
├── SecretsBroken     the file of secrets was changed by something else
├── UnknownRevision   the history has no such revision (also a LookupError)
└── UnknownSetting    nothing of that name is configured (also a LookupError)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "ChangeRefused",
    "ChangeUndone",
    "HookFailed",
    "InvalidName",
    "InvalidSecretKey",
    "InvalidSettings",
    "InvalidText",
    "KeyOfProcess",
    "Locked",
    "MissingFile",
    "MissingSecretKey",
    "NotAVariable",
    "SecretsBroken",
    "SettingsError",
    "UnknownRevision",
    "UnknownSetting",
]


class SettingsError(SecurelyError):
    """The root of what can go wrong with settings. No message ever holds a value."""


class ChangeRefused(SettingsError):
    """A hook says no to a change, so that nothing was written; hooks raise it to do so."""

    def __init__(self, hook: str, reason: str) -> None:
        self.hook = hook
        self.reason = reason
        super().__init__(f"Nothing was changed, because {hook} refuses it: {reason}")

    def __reduce__(self) -> tuple[type[ChangeRefused], tuple[str, str]]:
        return type(self), (self.hook, self.reason)


class ChangeUndone(SettingsError):
    """A change was taken back by itself, because something could not go on with it.

    Attributes:
        revision: The number of the change.
        undone: That of the change which has taken it back; None where that was not possible.
        problems: What could not go on, one line each.
    """

    def __init__(self, revision: int, undone: int | None, problems: Iterable[str]) -> None:
        self.revision = revision
        self.undone = undone
        self.problems: tuple[str, ...] = tuple(problems)
        lines = "\n".join(f"  {each}" for each in self.problems)
        what = (
            f"Revision {revision} was taken back by revision {undone}"
            if undone is not None
            else f"Revision {revision} does harm, and could not be taken back; it holds"
        )
        super().__init__(f"{what}:\n{lines}")

    def __reduce__(self) -> tuple[type[ChangeUndone], tuple[int, int | None, tuple[str, ...]]]:
        return type(self), (self.revision, self.undone, self.problems)


class HookFailed(SettingsError):
    """A program or a URL could not be told of a change."""

    def __init__(self, hook: str, reason: str) -> None:
        self.hook = hook
        self.reason = reason
        super().__init__(f"{hook} could not be told of the change: {reason}.")

    def __reduce__(self) -> tuple[type[HookFailed], tuple[str, str]]:
        return type(self), (self.hook, self.reason)


class InvalidName(SettingsError, ValueError):
    """A text can name no variable."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} cannot name a variable: use letters, digits and _, and no digit first."
        )

    def __reduce__(self) -> tuple[type[InvalidName], tuple[str]]:
        return type(self), (self.name,)


class InvalidSecretKey(SettingsError, ValueError):
    """The key of the secrets cannot be read, or others can read its file."""

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"The key of the secrets in {place} is not used. {reason}")

    def __reduce__(self) -> tuple[type[InvalidSecretKey], tuple[str, str]]:
        return type(self), (self.place, self.reason)


class InvalidSettings(SettingsError, ValueError):
    """The configuration would not be valid with a change, so that nothing was written."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        lines = "\n".join(f"  {each}" for each in self.problems)
        super().__init__(f"Nothing was changed, because this would not be valid:\n{lines}")

    def __reduce__(self) -> tuple[type[InvalidSettings], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class InvalidText(SettingsError, ValueError):
    """A value holds what no file can; the value is not in the message."""

    def __init__(self, name: str, holds: str) -> None:
        self.name = name
        self.holds = holds
        super().__init__(f"The value for {name} holds {holds}, which no .env file can.")

    def __reduce__(self) -> tuple[type[InvalidText], tuple[str, str]]:
        return type(self), (self.name, self.holds)


class KeyOfProcess(SettingsError):
    """The process gives the key of the secrets, so that no file can change it."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        super().__init__(
            f"The key of the secrets is given by the variable {variable}. "
            "Unset it, and put the key into its file, to change it."
        )

    def __reduce__(self) -> tuple[type[KeyOfProcess], tuple[str]]:
        return type(self), (self.variable,)


class Locked(SettingsError, TimeoutError):
    """Another process changes the settings in a folder, and did not finish in time."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        super().__init__(
            f"Another process changes the settings in {folder}, and did not finish within "
            f"{seconds:g} seconds. Nothing was changed; try again."
        )

    def __reduce__(self) -> tuple[type[Locked], tuple[Path, float]]:
        return type(self), (self.folder, self.seconds)


class MissingFile(SettingsError, LookupError):
    """An environment is asked for that has no .env file of its own."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} does not exist, and would replace .env as a whole. Make it first: "
            f"cp .env {file.name}. Secrets need no such file: use --secret."
        )

    def __reduce__(self) -> tuple[type[MissingFile], tuple[Path]]:
        return type(self), (self.file,)


class MissingSecretKey(SettingsError, LookupError):
    """There are secrets, and no key to read them with."""

    def __init__(self, file: Path, key_file: Path, variable: str) -> None:
        self.file = file
        self.key_file = key_file
        self.variable = variable
        super().__init__(
            f"There is no key for the secrets in {file}. "
            f"Set the variable {variable}, or bring the file {key_file}."
        )

    def __reduce__(self) -> tuple[type[MissingSecretKey], tuple[Path, Path, str]]:
        return type(self), (self.file, self.key_file, self.variable)


class NotAVariable(SettingsError):
    """A key of the configuration is not filled in by a variable, so that no file can set it."""

    def __init__(self, key: str, place: str, variable: str) -> None:
        self.key = key
        self.place = place
        self.variable = variable
        super().__init__(
            f"{key} reads no variable, so that it cannot be set: it is said in {place}. "
            f'Write env("{variable}", …) there, or change it there.'
        )

    def __reduce__(self) -> tuple[type[NotAVariable], tuple[str, str, str]]:
        return type(self), (self.key, self.place, self.variable)


class SecretsBroken(SettingsError):
    """The file of secrets was changed by something else; each entry concerned is named."""

    def __init__(self, file: Path, problems: Iterable[str]) -> None:
        self.file = file
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(
            f"{file} is not as it was written. {' '.join(self.problems)} "
            "Bring back the file from your sources or a backup."
        )

    def __reduce__(self) -> tuple[type[SecretsBroken], tuple[Path, tuple[str, ...]]]:
        return type(self), (self.file, self.problems)


class UnknownRevision(SettingsError, LookupError):
    """The history has no such revision, or does not know what its values were."""

    def __init__(self, revision: int, reason: str) -> None:
        self.revision = revision
        self.reason = reason
        super().__init__(f"The settings cannot go back to revision {revision}. {reason}")

    def __reduce__(self) -> tuple[type[UnknownRevision], tuple[int, str]]:
        return type(self), (self.revision, self.reason)


class UnknownSetting(SettingsError, LookupError):
    """Nothing of that name is configured; near names are suggested."""

    def __init__(self, key: str, known: Iterable[str]) -> None:
        self.key = key
        self.known: tuple[str, ...] = tuple(known)
        near = did_you_mean(key, self.known)
        hint = f' Did you mean "{near}"?' if near else " settings:all lists what there is."
        super().__init__(f"There is no setting {key}.{hint}")

    def __reduce__(self) -> tuple[type[UnknownSetting], tuple[str, tuple[str, ...]]]:
        return type(self), (self.key, self.known)
