"""key:generate."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from securely.config import Config, Environment
from securely.config.writer import create_file, write_variable
from securely.console import Command
from securely.encryption.encrypter import Encrypter

__all__ = ["KeyGenerateCommand"]

_VARIABLE = "APP_KEY"


class KeyGenerateCommand(Command):
    """Makes the application's key and writes it to its .env file."""

    signature = (
        "key:generate "
        "{--show : Print the key instead of writing it} "
        "{--force : Write it without asking, in production too}"
    )
    description = "Make the application's key"
    help = (
        "What was encrypted or signed with the key until now can not be read with a new one. "
        "Keep the old one in APP_PREVIOUS_KEYS."
    )

    def handle(self, config: Config, environment: Environment) -> int:
        """Make a key for the configured cipher, and show or write it."""
        key = Encrypter.generate_key(config.string("app.cipher", "aes-256-cbc"))
        text = f"base64:{b64encode(key).decode()}"
        if self.boolean("show"):
            self.line(text)
            return self.SUCCESS
        if environment.is_set_by_process(_VARIABLE):
            self.error(
                f"{_VARIABLE} is set by the environment of the process, which wins over any file. "
                "Unset it there, or change it there: `key:generate --show` prints a new key."
            )
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
