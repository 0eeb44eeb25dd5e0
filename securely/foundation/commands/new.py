"""new: makes a new application from the skeleton."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from securely.console import Command
from securely.foundation.exceptions import SkeletonExists
from securely.support import entropy

__all__ = ["NewCommand", "create_application"]

# What a package cannot carry under its own name: a dot in front hides a file from wheels' globs.
RENAMED: Final = {
    "dot.env.example": ".env.example",
    "dot.gitkeep": ".gitkeep",
    "dot.gitignore": ".gitignore",
}
NAME: Final = re.compile(
    r"[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?"
)  # what a distribution may be called
KEY_BYTES: Final = 32  # AES-256, the default cipher


def create_application(folder: Path) -> Path:
    """Write a new application into *folder* and return it.

    The folder's name becomes the application's; `.env` gets a key of its own.

    Raises:
        SkeletonExists: Something is there that is not an empty folder.
        OSError: It cannot be written to.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise SkeletonExists(folder)
    for source, relative in _files(resources.files("securely") / "skeleton", Path()):
        target = folder / relative.parent / RENAMED.get(relative.name, relative.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes().replace(b"__NAME__", folder.name.encode()))
    _write_environment(folder)
    return folder


def _files(folder: Traversable, relative: Path) -> Iterator[tuple[Traversable, Path]]:
    for each in folder.iterdir():
        if each.name in {"__pycache__", "py.typed"}:
            continue
        if each.is_dir():
            yield from _files(each, relative / each.name)
        else:
            yield each, relative / each.name


def _write_environment(folder: Path) -> None:
    key = base64.b64encode(entropy.token_bytes(KEY_BYTES)).decode()
    text = (folder / ".env.example").read_text(encoding="utf-8")
    environment = folder / ".env"
    environment.touch(mode=0o600)
    environment.write_text(text.replace("APP_KEY=", f"APP_KEY=base64:{key}"), encoding="utf-8")


class NewCommand(Command):
    """Makes a new application, ready to run, in a folder of its name."""

    signature = "new {name : The name of the application, and of its folder}"
    description = "Make a new application"

    def handle(self) -> int:
        """Check the name and copy the skeleton."""
        folder = Path(str(self.argument("name")))
        if not NAME.fullmatch(folder.name):
            self.fail(
                f'"{folder.name}" is no name for an application. '
                "Use letters, digits, - and _, with a letter first and no sign last."
            )
        try:
            create_application(folder.resolve())
        except OSError as error:
            self.fail(f"{folder} cannot be made: {error.strerror} ({error.filename}).")
        self.info(f"{folder.name} is ready.")
        self.line(f"  cd {folder}")
        self.line("  python artisan.py list")
        return self.SUCCESS
