"""Environment: the variables of one application, and where each came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from securely.config.dotenv import read_dotenv
from securely.support.masking import HIDDEN, looks_secret, mask_urls
from securely.support.missing import MISSING, Missing

__all__ = ["Environment", "Origin", "current_environment", "loading"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a variable is, as it may be shown, and where it was set: a file, or the process."""

    name: str
    shown: str
    source: str


class Environment:
    """The variables of one application: the process's own win over those of its .env file.

    Values of the file stay here; they are not exported, so child processes do not inherit
    secrets that were never theirs.

    Args:
        file_values: What the .env file says.
        process: The process's variables.
        file: The file that was read, None if there was none.
        base_path: The root of the application.

    Example:
        >>> environment = Environment({"APP_NAME": "Blog", "APP_ENV": "local"}, {"APP_ENV": "test"})
        >>> environment.get("APP_NAME"), environment.get("APP_ENV")
        ('Blog', 'test')
    """

    def __init__(
        self,
        file_values: Mapping[str, str] | None = None,
        process: Mapping[str, str] | None = None,
        *,
        file: Path | None = None,
        base_path: Path | None = None,
    ) -> None:
        self._file_values = dict(file_values or {})
        self._process = os.environ if process is None else process
        self._reads: dict[str, str] = {}
        self.file = file
        self.base_path = base_path or Path()

    @classmethod
    def load(
        cls, base_path: Path, name: str | None = None, process: Mapping[str, str] | None = None
    ) -> Environment:
        """Read the .env file of the application at *base_path*; that there is none is fine.

        Args:
            base_path: The root of the application.
            name: The environment, as given on the command line; else the process's ``APP_ENV``.
                When ``.env.{name}`` exists it is read instead of ``.env``.
            process: The process's variables; `os.environ` if not given.

        Raises:
            EnvironmentFileBroken: A line is malformed.
        """
        process = os.environ if process is None else process
        wanted = name or process.get("APP_ENV")
        if name:
            # What the command line says holds for whoever asks for APP_ENV, too.
            process = {**process, "APP_ENV": name}
        for file in (*([base_path / f".env.{wanted}"] if wanted else []), base_path / ".env"):
            if file.is_file():
                values = read_dotenv(file, process)
                return cls(values, process, file=file, base_path=base_path)
        return cls({}, process, base_path=base_path)

    def get(self, name: str) -> str | Missing:
        """Return the text of the variable *name*, or MISSING; the reading is noted."""
        value = self._process.get(name)
        if value is None:
            value = self._file_values.get(name)
        if name not in self._reads:
            self._reads[name] = _digest(value)
        return MISSING if value is None else value

    def has(self, name: str) -> bool:
        """Tell whether the variable *name* is set; the reading is noted."""
        return self.get(name) is not MISSING

    def is_set_by_process(self, name: str) -> bool:
        """Tell whether the process's own environment sets *name*, whatever the file says."""
        return name in self._process

    def names(self) -> tuple[str, ...]:
        """Return the names that the .env file sets."""
        return tuple(self._file_values)

    def reads(self) -> Mapping[str, str]:
        """Return the variables that have been read so far, with a digest of what each was.

        Digests, not values: they go into a fingerprint that lies on the disk.
        """
        return dict(self._reads)

    def why(self, name: str) -> Origin:
        """Tell what *name* is, secrets masked, and where that came from."""
        if (value := self._process.get(name)) is not None:
            source = "the environment of the process"
        elif (value := self._file_values.get(name)) is not None:
            source = str(self.file or "an .env file")
        else:
            return Origin(name, "", "nowhere: it is not set")
        hidden = looks_secret(name) and value != ""
        return Origin(name, HIDDEN if hidden else mask_urls(value), source)

    def __repr__(self) -> str:
        # Values may be secrets.
        return f"Environment({str(self.file) if self.file else 'no file'!r})"


_loading: Final[ContextVar[Environment | None]] = ContextVar("environment", default=None)


@contextmanager
def loading(environment: Environment) -> Generator[Environment]:
    """Make *environment* the one that ``env()`` reads within the block, for this task or thread.

    A context variable, so that two applications that load at once never meet.
    """
    token = _loading.set(environment)
    try:
        yield environment
    finally:
        _loading.reset(token)


def current_environment() -> Environment:
    """Return the environment of what is loading, else of the running application, else the process.

    So ``env()`` gives the same answer in a file of the configuration and anywhere else.
    """
    environment = _loading.get()
    if environment is not None:
        return environment
    from securely.container import NotBooted, current

    try:
        container = current()
    except NotBooted:
        return Environment()
    return container.make(Environment) if container.bound(Environment) else Environment()


def _digest(value: str | None) -> str:
    return (
        ""
        if value is None
        else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
    )
