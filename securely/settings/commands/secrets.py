"""settings:key, :rotate, :rekey, :expire, :edit, :encrypt, :decrypt."""

from __future__ import annotations

import shlex
import signal
import subprocess
from base64 import b64encode
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

from securely.config.dotenv import parse_dotenv
from securely.config.exceptions import EnvironmentFileBroken
from securely.config.writer import quoted
from securely.console.output.style import safe
from securely.encryption.commands import EnvironmentDecryptCommand, EnvironmentEncryptCommand
from securely.settings.changing import Edit
from securely.settings.commands.changing import REFUSED, Changes
from securely.settings.envfile import locked
from securely.settings.envfile.scratch import scratch_file
from securely.settings.exceptions import MissingSecretKey
from securely.settings.secrets import KEY_VARIABLE
from securely.settings.settings import Settings
from securely.support.missing import MISSING

__all__ = [
    "DecryptCommand",
    "EditCommand",
    "EncryptCommand",
    "ExpireCommand",
    "KeyCommand",
    "RekeyCommand",
    "RotateCommand",
]

_HEAD: Final = "# The secrets of this environment. Save and leave; what is removed is unset.\n"
_NEVER: Final = "never"
_ENDS: Final = ("SIGHUP", "SIGTERM", "SIGQUIT")
_SIGNALLED: Final = 128  # and the number of the signal, as shells have it


class KeyCommand(Changes):
    """Makes the key of the secrets, or says where it is."""

    signature = """settings:key
        {--show : Print the key, to bring it to another machine}"""
    description = "Make the key of the secrets, or say where it is"

    def handle(self, settings: Settings) -> int:
        """Make it if there is none, and print it only if that is asked for."""
        vault = settings.writer.vault
        is_new = vault.ring() is None
        with locked(settings.environment.base_path):
            ring = vault.ring(create=True)
        if ring is None:
            self.fail("There are secrets, and no key. Bring the key; a new one reads nothing.")
        if self.boolean("show"):
            self.line(f"base64:{b64encode(ring.current).decode()}")
            return self.SUCCESS
        where = "SECURELY_ENV_KEY" if vault.keys.is_given else str(vault.keys.path)
        self.info(f"The key of the secrets is {'made: ' if is_new else 'in '}{where}")
        return self.SUCCESS


class RotateCommand(Changes):
    """Makes a new key, and writes the secrets and the history anew with it."""

    signature = """settings:rotate
        {--drop : Forget the earlier keys; files from before are unreadable then}"""
    description = "Make a new key for the secrets, and encrypt them anew"

    def handle(self, settings: Settings) -> int:
        """Rotate; what is killed in between can be read with either key."""
        count = settings.writer.rotate(drop=self.boolean("drop"))
        word = "secret is" if count == 1 else "secrets are"
        self.info(f"{count} {word} encrypted with a new key.")
        return self.SUCCESS


class RekeyCommand(Changes):
    """Writes the secrets and the history anew with the current key, and forgets the others."""

    signature = "settings:rekey"
    description = "Encrypt the secrets anew with the current key, and forget the earlier ones"
    help = (
        "It ends what settings:rotate began, once all machines have the new key. With the keys "
        "in SECURELY_ENV_KEY, the first one encrypts: put the new one before the old, run this, "
        "and take the old one out. Files from before are unreadable then."
    )

    def handle(self, settings: Settings) -> int:
        """Do it; all of it is readable before anything is written."""
        try:
            earlier = settings.rekey()
        except MissingSecretKey as error:
            self.fail(str(error))
        vault = settings.writer.vault
        count = len(vault.names())
        word = "secret is" if count == 1 else "secrets are"
        self.info(f"{count} {word} encrypted with the current key.")
        if earlier and vault.keys.is_given:
            self.warn(f"Take the earlier keys out of {KEY_VARIABLE} now.")
        elif earlier:
            self.info(f"Forgotten: {earlier} earlier {'key' if earlier == 1 else 'keys'}.")
        return self.SUCCESS


class ExpireCommand(Changes):
    """Notes the last day on which the value of a secret holds."""

    signature = """settings:expire
        {key : A dotted key, or the name of a variable; one of the secrets}
        {day : The last day on which its value holds, as 2027-01-31; or: never}"""
    description = "Note until when the value of a secret holds"
    help = "settings:audit warns before that day. A new value has no such day until one is noted."

    def handle(self, settings: Settings) -> int:
        """Note it with the secrets, encrypted."""
        key, text = self.string("key"), self.string("day")
        try:
            day = None if text == _NEVER else date.fromisoformat(text)
        except ValueError:
            self.error(safe(f"{text} is no day. Write one as 2027-01-31, or: {_NEVER}"))
            return self.INVALID
        try:
            settings.expire(key, day)
        except REFUSED as error:
            return self.refused(error)
        told = "does not expire" if day is None else f"expires after {day}"
        self.info(safe(f"The value of {key} {told}."))
        return self.SUCCESS


class EditCommand(Changes):
    """Opens the secrets in an editor, and encrypts what comes back."""

    signature = """settings:edit
        {--editor= : The editor; VISUAL or EDITOR if left out}
        {--no-hooks : Ask and tell nobody, and watch no process}
        {--wait : Wait until all processes have followed, however long their work takes}
        {--dry-run : Check all of it and show what would change}
        {--json : Tell what has changed as JSON}"""
    description = "Edit the secrets in an editor"
    help = (
        "They lie in plain text in a folder of yours alone while the editor runs, in memory where "
        "the machine has that. An editor may keep copies of its own: tell it not to."
    )

    def handle(self, settings: Settings) -> int:
        """Edit them; all that has changed is one transaction."""
        vault = settings.writer.vault
        before = vault.all()
        text = _HEAD + "".join(f"{name}={quoted(value)}\n" for name, value in before.items())
        # A terminal that is closed must not leave them there, either.
        ends = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
        with self.trapping(ends, _end), scratch_file("secrets.env", text) as file:
            code = self._edit(settings, file)
            if code:
                self.fail(f"The editor ended with {code}. Nothing was changed.")
            try:
                after = parse_dotenv(file.read_bytes().decode(), Path(vault.file.name), {})
            except (EnvironmentFileBroken, UnicodeDecodeError) as error:
                self.error(f"Nothing was changed. {error}")
                return self.INVALID
        edits = [
            Edit(name, after.get(name), "secrets", secret=True)
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        ]
        if not edits:
            self.comment("Nothing was changed.")
            return self.SUCCESS
        return self.change(settings, partial(settings.apply, edits, "edit"))

    def _edit(self, settings: Settings, file: Path) -> int:
        """Open *file* in the editor, and return its exit code."""
        # The editor needs no key: it sees what the key opens, and that is enough.
        variables = settings.environment.joined({})
        variables.pop(KEY_VARIABLE, None)
        return subprocess.call([*self._editor(settings), str(file)], env=variables)  # noqa: S603  # the user's own

    def _editor(self, settings: Settings) -> list[str]:
        found = (settings.environment.get(name) for name in ("VISUAL", "EDITOR"))
        named = next((each for each in found if each is not MISSING and each), "vi")
        return shlex.split(str(self.option("editor") or named))


class EncryptCommand(EnvironmentEncryptCommand):
    """Encrypts an .env file as a whole, as env:encrypt does."""

    signature = """settings:encrypt
        {--key= : The key; a new one is made and shown if left out}
        {--cipher= : The cipher, AES-256-CBC if left out}
        {--readable : Encrypt each value by itself, with names that can be read}
        {--prune : Remove the file once it is encrypted}
        {--force : Replace an encrypted file that is there}"""
    description = "Encrypt an .env file as Laravel does, as env:encrypt"


class DecryptCommand(EnvironmentDecryptCommand):
    """Decrypts an .env file that settings:encrypt, or Laravel, has encrypted."""

    signature = """settings:decrypt
        {--key= : The key; SECURELY_ENV_ENCRYPTION_KEY of the process if left out}
        {--cipher= : The cipher, AES-256-CBC if left out}
        {--force : Replace a file that is there}
        {--path= : The folder it is written to}
        {--filename= : The name it is written by}"""
    description = "Decrypt an .env file as Laravel does, as env:decrypt"


def _end(number: int) -> NoReturn:
    raise SystemExit(_SIGNALLED + number)
