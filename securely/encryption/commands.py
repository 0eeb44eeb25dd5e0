"""key:generate, key:rotate, env:encrypt, env:decrypt."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from securely.config import Config, Environment
from securely.config.writer import EnvFile, create_file, write_variable
from securely.console import Command
from securely.console.output.style import escape
from securely.encryption.encrypter import Encrypter
from securely.encryption.environment import decrypt_file, encrypt_file, key_text, read_key

__all__ = [
    "EnvironmentDecryptCommand",
    "EnvironmentEncryptCommand",
    "KeyGenerateCommand",
    "KeyRotateCommand",
]

_KEY_VARIABLES = ("SECURELY_ENV_ENCRYPTION_KEY", "LARAVEL_ENV_ENCRYPTION_KEY")
_CIPHER = "AES-256-CBC"

_VARIABLE = "APP_KEY"
_EARLIER = "APP_PREVIOUS_KEYS"


class KeyGenerateCommand(Command):
    """Makes the application's key and writes it to its .env file."""

    signature = (
        "key:generate "
        "{--show : Print the key instead of writing it} "
        "{--force : Write it without asking, in production too}"
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
        if _is_out_of_reach(self, environment, _VARIABLE):
            return self.FAILURE
        if not self._may_replace(config):
            self.comment("Nothing was changed.")
            return self.FAILURE
        return self._write(environment.file or environment.base_path / ".env", text)

    def _may_replace(self, config: Config) -> bool:
        in_production = config.get("app.env") == "production"
        if not in_production or not config.get("app.key") or self.boolean("force"):
            return True
        return self.confirm("The application is in production and has a key. Replace it?")

    def _write(self, file: Path, text: str) -> int:
        if not file.exists():
            create_file(file, f"{_VARIABLE}={text}\n")
        elif not write_variable(file, _VARIABLE, text):
            self.error(
                f"{file} has no line for {_VARIABLE}. "
                f'Add the line "{_VARIABLE}=" to it and run key:generate again.'
            )
            return self.FAILURE
        self.info(f"The application's key is set in {file}.")
        return self.SUCCESS


class KeyRotateCommand(Command):
    """Makes a new key for the application, and keeps the old one for what it has encrypted."""

    signature = "key:rotate {--force : Do it without asking, in production too}"
    description = "Make a new key, and keep the old one for reading"
    help = (
        "The old key goes to the front of APP_PREVIOUS_KEYS: what it has encrypted and signed is "
        "still read. Processes that run know the new key when they have been started again."
    )

    def handle(self, config: Config, environment: Environment) -> int:
        """Move the key to the earlier ones, and write a new one."""
        current = config.get("app.key")
        file = environment.file
        if not current or file is None:
            self.error("There is no key in a file to rotate. Make one: key:generate.")
            return self.FAILURE
        if _is_out_of_reach(self, environment, _VARIABLE, _EARLIER):
            return self.FAILURE
        in_production = config.get("app.env") == "production" and not self.boolean("force")
        if in_production and not self.confirm("The application is in production. Change its key?"):
            self.comment("Nothing was changed.")
            return self.FAILURE
        # First: a process that starts between the two lines knows the old key twice, and no harm.
        earlier = [str(current), *map(str, config.get("app.previous_keys") or ())]
        EnvFile(file).set(_EARLIER, ",".join(earlier), overwrite=True)
        EnvFile(file).set(_VARIABLE, _new_key(config), overwrite=True)
        self.info(f"The application has a new key in {file}.")
        self.two_column_detail("Keys that still read", str(len(earlier)))
        return self.SUCCESS


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


def _is_out_of_reach(command: Command, environment: Environment, *variables: str) -> bool:
    """Tell whether the process sets one of *variables*, so that no file can; say so."""
    for name in variables:
        if environment.is_set_by_process(name):
            command.error(
                f"{name} is set by the environment of the process, which wins over any file. "
                "Unset it there, or change it there: `key:generate --show` prints a new key."
            )
            return True
    return False


def _file(environment: Environment) -> Path:
    """Return the .env file of the environment that `--env` names, else the one that is read."""
    if environment.asked:
        return environment.base_path / f".env.{environment.asked}"
    return environment.file or environment.base_path / ".env"


def _key_of(environment: Environment) -> str:
    found = (environment.get(name) for name in _KEY_VARIABLES)
    return next((each for each in found if isinstance(each, str) and each), "")
