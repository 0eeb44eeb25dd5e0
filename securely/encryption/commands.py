"""key:generate, key:rotate, env:encrypt, env:decrypt."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from securely.config import Config, Environment, Loaded
from securely.config.writer import create_file, write_variable
from securely.console import Command
from securely.console.output.style import escape
from securely.encryption.encrypter import Encrypter
from securely.encryption.environment import decrypt_file, encrypt_file, key_text, read_key
from securely.encryption.keylines import EARLIER_KEYS, KEY, KeyLines
from securely.encryption.keys import KeyRing, parse_key
from securely.encryption.provider import EncryptionProvider
from securely.encryption.rotation import KeyRotation, NewKeys
from securely.support.missing import MISSING

__all__ = [
    "EnvironmentDecryptCommand",
    "EnvironmentEncryptCommand",
    "KeyGenerateCommand",
    "KeyRotateCommand",
]

_KEY_VARIABLES = ("SECURELY_ENV_ENCRYPTION_KEY", "LARAVEL_ENV_ENCRYPTION_KEY")
_CIPHER = "AES-256-CBC"


class KeyGenerateCommand(Command):
    """Makes the application's key and writes it to its .env file."""

    signature = (
        "key:generate "
        "{--show : Print the key instead of writing it} "
        "{--force : Replace the key that there is without asking}"
    )
    description = "Make the application's key"
    help = (
        "What was encrypted or signed with the key until now can not be read with a new one: "
        "key:rotate keeps the old one for reading."
    )

    def handle(self, config: Config, environment: Environment) -> int:
        """Make a key for the configured cipher, and show or write it."""
        text = _new_key(config)
        if self.boolean("show"):
            self.line(text)
            return self.SUCCESS
        if _is_out_of_reach(self, environment, KEY):
            return self.FAILURE
        if not self._may_replace(config):
            self.comment("Nothing was changed.")
            return self.FAILURE
        return self._write(environment.file or environment.base_path / ".env", text)

    def _may_replace(self, config: Config) -> bool:
        if not config.get("app.key") or self.boolean("force"):
            return True
        is_live = " is in production and" if config.get("app.env") == "production" else ""
        return self.confirm(
            f"The application{is_live} has a key, and what that has encrypted or signed could not "
            "be read any more; key:rotate keeps it for that. Replace it?"
        )

    def _write(self, file: Path, text: str) -> int:
        if not file.exists():
            create_file(file, f"{KEY}={text}\n")
        elif not write_variable(file, KEY, text):
            self.error(
                f"{file} has no line for {KEY}. "
                f'Add the line "{KEY}=" to it and run key:generate again.'
            )
            return self.FAILURE
        self.info(f"The application's key is set in {file}.")
        return self.SUCCESS


class KeyRotateCommand(Command):
    """Makes a new key, and writes anew what the old one has encrypted and signed."""

    signature = (
        "key:rotate "
        "{--keep : Keep the key, and write anew only what earlier ones have encrypted and signed} "
        "{--key-only : Change the key only, and leave what is stored as it is} "
        "{--force : Do it without asking, in production too}"
    )
    description = "Make a new key, and write anew what is stored"
    help = (
        "The databases of the store, and what the application has named by KeyRotation.keep(), "
        "are written anew: all of it or nothing. The old key goes to the front of "
        "APP_PREVIOUS_KEYS: jobs in queues, entries of the cache and cookies are still read. "
        "Let the processes that run begin anew, by `reload`: they can not read "
        "what the new key writes."
    )

    def handle(
        self, config: Config, environment: Environment, rotation: KeyRotation, loaded: Loaded
    ) -> int:
        """Move the key to the earlier ones, write a new one, and all that is stored anew."""
        current = str(config.get("app.key") or "")
        keeps, file = self.boolean("keep"), environment.file
        if not current or (file is None and not keeps):
            self.error("There is no key in a file to rotate. Make one: key:generate.")
            return self.FAILURE
        if not keeps and file is not None and self._is_elsewhere(environment, file, loaded):
            return self.FAILURE
        in_production = config.get("app.env") == "production" and not self.boolean("force")
        if in_production and not self.confirm(
            "The application is in production. Write anew all that is stored?"
            if keeps
            else "The application is in production. Change its key?"
        ):
            self.comment("Nothing was changed.")
            return self.FAILURE
        earlier = _earlier(config)
        if keeps or file is None:
            counts = rotation.run(_new_keys(config, current, earlier))
        else:
            earlier.insert(0, _listed(current, "app.key"))
            counts = self._changed(config, KeyLines(environment, file, current), earlier, rotation)
        self._tell(file, counts, len(earlier))
        return self.SUCCESS

    def _changed(
        self, config: Config, file: KeyLines, earlier: Sequence[str], rotation: KeyRotation
    ) -> dict[str, int]:
        """Change the key, and write anew what is stored unless that is not wanted."""
        key = _new_key(config)
        new = _new_keys(config, key, earlier)
        change = partial(file.change, {EARLIER_KEYS: ",".join(earlier), KEY: key})
        with file.locked():
            file.prove()
            if self.boolean("key-only"):
                change()
                return {}
            return rotation.run(new, change)

    def _is_elsewhere(self, environment: Environment, file: Path, loaded: Loaded) -> bool:
        """Tell whether the key is not in *file*, so that it can not be changed there; say so."""
        if _is_out_of_reach(self, environment, KEY, EARLIER_KEYS):
            return True
        if loaded.cached:
            self.error(
                "The configuration is cached, and would go on with the old key. "
                "Run config:clear, then key:rotate, and config:cache again."
            )
            return True
        text = file.read_bytes().decode("utf-8", "replace")
        if re.search(rf"^\s*(export\s+)?{KEY}\s*=", text, re.MULTILINE):
            return False
        self.error(
            f"{file} has no line for {KEY}. Change it where it is kept: "
            f"`key:generate --show` prints a new key, and the old one goes to the front of "
            f"{EARLIER_KEYS}. "
            "Then `key:rotate --keep` writes anew what is stored."
        )
        return True

    def _tell(self, file: Path | None, counts: Mapping[str, int], earlier: int) -> None:
        if self.boolean("keep"):
            self.info("What is stored is written anew with the application's key.")
        else:
            self.info(f"The application has a new key in {file}.")
        for name, count in counts.items():
            self.two_column_detail(escape(f"Written anew: {name}"), str(count))
        self.two_column_detail("Keys that still read", str(earlier))
        if not self.boolean("keep"):
            self.comment(
                "Let the processes that run begin anew, by `reload`: they have "
                "the old key only, and refuse what the new one signs."
            )


class EnvironmentEncryptCommand(Command):
    """Encrypts an .env file, so that it may be kept with the sources."""

    signature = (
        "env:encrypt "
        "{--key= : The key; a new one is made and shown if left out} "
        "{--cipher= : The cipher, AES-256-CBC if left out} "
        "{--readable : Encrypt each value by itself, with names that can be read} "
        "{--prune : Remove the file once it is encrypted} "
        "{--force : Replace an encrypted file that is there}"
    )
    description = "Encrypt an .env file"
    help = (
        "With --env=staging, .env.staging is encrypted. "
        "Laravel reads what this writes, and the other way round, with the same key."
    )

    def handle(self, environment: Environment) -> int:
        """Encrypt the file, and show a new key once."""
        cipher = str(self.option("cipher") or _CIPHER)
        given = str(self.option("key") or "")
        key = read_key(given, cipher) if given else Encrypter.generate_key(cipher)
        target = encrypt_file(
            _file(environment),
            Encrypter(key, cipher),
            readable=self.boolean("readable"),
            force=self.boolean("force"),
            prune=self.boolean("prune"),
        )
        self.info("The environment is encrypted.")
        if not given:
            self.two_column_detail("Key", key_text(key))
        self.two_column_detail("Cipher", cipher)
        self.two_column_detail("Encrypted file", escape(str(target)))
        return self.SUCCESS


class EnvironmentDecryptCommand(Command):
    """Decrypts an .env file that env:encrypt, or Laravel, has encrypted."""

    signature = (
        "env:decrypt "
        "{--key= : The key; SECURELY_ENV_ENCRYPTION_KEY of the process if left out} "
        "{--cipher= : The cipher, AES-256-CBC if left out} "
        "{--force : Replace a file that is there} "
        "{--path= : The folder it is written to} "
        "{--filename= : The name it is written by}"
    )
    description = "Decrypt an .env file"
    help = "With --env=staging, .env.staging.encrypted is decrypted."

    def handle(self, environment: Environment) -> int:
        """Decrypt the file; with a wrong key, nothing is written."""
        cipher = str(self.option("cipher") or _CIPHER)
        text = str(self.option("key") or "") or _key_of(environment)
        if not text:
            self.fail(f"There is no key. Give --key, or set {_KEY_VARIABLES[0]}.")
        source = _file(environment)
        folder = environment.base_path / str(self.option("path") or "")
        target = folder / str(self.option("filename") or source.name).lstrip("/")
        if target.name.endswith(".encrypted"):
            self.fail(f"{target.name} is the name of an encrypted file. Give another one.")
        encrypted = source.with_name(f"{source.name}.encrypted")
        encrypter = Encrypter(read_key(text, cipher), cipher)
        decrypt_file(encrypted, target, encrypter, force=self.boolean("force"))
        self.info("The environment is decrypted.")
        self.two_column_detail("Decrypted file", escape(str(target)))
        return self.SUCCESS


def _new_key(config: Config) -> str:
    key = Encrypter.generate_key(config.string("app.cipher", "aes-256-cbc"))
    return f"base64:{b64encode(key).decode()}"


def _new_keys(config: Config, current: str, earlier: Iterable[str]) -> NewKeys:
    """Return the keys as the application will have them when it is started again."""
    ring = KeyRing.parse(current, [*earlier])
    return NewKeys(ring, EncryptionProvider.encrypter(config, ring))


def _earlier(config: Config) -> list[str]:
    """Return the earlier keys of the configuration, a list or text with commas."""
    given: str | Iterable[str] = config.get("app.previous_keys") or ()
    keys = given.split(",") if isinstance(given, str) else given
    return [
        _listed(key, f"app.previous_keys.{index}") for index, key in enumerate(keys) if key.strip()
    ]


def _listed(key: str, name: str) -> str:
    """Return *key* as it may stand in a list: raw text may have a comma in it, or blanks around."""
    if key.strip().startswith("base64:"):
        return key.strip()
    return key_text(parse_key(key, name))


def _is_out_of_reach(command: Command, environment: Environment, *variables: str) -> bool:
    """Tell whether something that wins over files sets one of *variables*; say so."""
    for name in variables:
        if (winner := _winner(environment, name)) is not None:
            command.error(
                f"{name} is set by {winner}, which wins over any file. "
                "Unset it there, or change it there: `key:generate --show` prints a new key, and "
                "`key:rotate --keep` writes anew what is stored."
            )
            return True
    return False


def _winner(environment: Environment, name: str) -> str | None:
    """Return what sets *name* and wins over the .env file."""
    if environment.is_set_by_process(name):
        return "the environment of the process"
    beside = (MISSING, environment.of_files(name), environment.of_sources(name))
    return None if environment.get(name) in beside else "the encrypted secrets"


def _file(environment: Environment) -> Path:
    """Return the .env file of the environment that `--env` names, else the one that is read."""
    if environment.asked:
        return environment.base_path / f".env.{environment.asked}"
    return environment.file or environment.base_path / ".env"


def _key_of(environment: Environment) -> str:
    found = (environment.get(name) for name in _KEY_VARIABLES)
    return next((each for each in found if isinstance(each, str) and each), "")
