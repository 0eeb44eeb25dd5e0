"""Environment: the variables of one application, and where each came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from securely.config.dotenv import line_of, parse_dotenv, read_dotenv
from securely.config.exceptions import ConfigError
from securely.support.masking import HIDDEN, looks_secret, mask_urls
from securely.support.missing import MISSING, Missing

__all__ = [
    "Environment",
    "Origin",
    "Source",
    "current_environment",
    "docker_secrets",
    "loading",
    "noted",
    "outside_of_loading",
]

Source: TypeAlias = Callable[[str], str | None]
"""Where a variable may be found when neither process nor file sets it: name -> text, or None."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a variable is, as it may be shown, and where it was set.

    Attributes:
        name: The variable.
        shown: Its value; hidden if its name says it is a secret.
        source: The process, a file and its line, a source that was added, or nowhere.
        shadows: Where it is set, too, without effect.
    """

    name: str
    shown: str
    source: str
    shadows: tuple[str, ...] = ()


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
        self._sources: list[Source] = []
        self._overlays: list[Source] = []
        self._files: tuple[Path, ...] = (file,) if file else ()
        # Whether env() refuses to be called where no configuration is loading.
        self.strict = False
        # The environment that was asked for by name, as by --env, not by a variable.
        self.asked: str | None = None
        self.file = file
        self.base_path: Path = base_path or Path()

    @classmethod
    def load(
        cls,
        base_path: Path,
        name: str | None = None,
        process: Mapping[str, str] | None = None,
        files: Sequence[str] = (),
    ) -> Environment:
        """Read the .env file of the application at *base_path*; that there is none is fine.

        Args:
            base_path: The root of the application.
            name: The environment, as given on the command line; else the process's ``APP_ENV``.
                When ``.env.{name}`` exists it is read instead of ``.env``.
            process: The process's variables; `os.environ` if not given.
            files: Files to read on top of each other, the later ones win; ``{env}`` stands for
                the environment. Without them, one file is read.

        Raises:
            EnvironmentFileBroken: A line is malformed.
        """
        process = os.environ if process is None else process
        wanted = name or process.get("APP_ENV")
        if name:
            # What the command line says holds for whoever asks for APP_ENV, too.
            process = {**process, "APP_ENV": name}
        if files:
            return cls._layered(base_path, files, process)
        for file in (*([base_path / f".env.{wanted}"] if wanted else []), base_path / ".env"):
            if file.is_file():
                values = read_dotenv(file, process)
                return cls(values, process, file=file, base_path=base_path)
        return cls({}, process, base_path=base_path)

    @classmethod
    def _layered(
        cls, base_path: Path, files: Sequence[str], process: Mapping[str, str]
    ) -> Environment:
        values: dict[str, str] = {}
        found: list[Path] = []
        for pattern in files:
            env = process.get("APP_ENV") or values.get("APP_ENV") or "production"
            file = base_path / pattern.replace("{env}", env)
            if file.is_file() and file not in found:
                values |= read_dotenv(file, process)
                found.append(file)
        environment = cls(values, process, file=found[-1] if found else None, base_path=base_path)
        environment._files = tuple(found)
        return environment

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read; where several set a variable, the last one counts."""
        return self._files

    @property
    def has_sources(self) -> bool:
        """Whether others than the process, the files and the secrets are asked for variables."""
        return bool(self._sources)

    def extend(self, source: Source) -> None:
        """Ask *source*, too, for what neither the process nor the file sets; the first one counts.

        Source: Laravel 13, Env::extend.
        """
        self._sources.append(source)

    def overlay(self, source: Source) -> None:
        """Ask *source* before the .env file, and after the process: for what is kept encrypted."""
        self._overlays.append(source)

    def reread(
        self, texts: Mapping[Path, str], overlays: Iterable[Source] | None = None
    ) -> Environment:
        """Return the variables as they would be with *texts* as the content of the .env files.

        Args:
            texts: The content of each file, those of :attr:`files` or one that is to be made.
            overlays: Asked in the place of those that :meth:`overlay` added, if given.

        Raises:
            EnvironmentFileBroken: A line of them is malformed.
        """
        values: dict[str, str] = {}
        for file, text in texts.items():
            values |= parse_dotenv(text, file, self._process)
        files = tuple(texts)
        other = Environment(values, self._process, base_path=self.base_path)
        other.file, other._files = files[-1] if files else None, files
        other._sources = list(self._sources)
        other._overlays = list(self._overlays if overlays is None else overlays)
        other.strict, other.asked = self.strict, self.asked
        return other

    def export(self, names: Iterable[str]) -> None:
        """Put variables of the file into the process, so that child processes inherit them.

        What the process sets already stays as it is.
        """
        for name in names:
            value = self.get(name)
            if value is not MISSING:
                os.environ.setdefault(name, value)

    def get(self, name: str) -> str | Missing:
        """Return the text of the variable *name*, or MISSING; the reading is noted."""
        value = self._process.get(name)
        if value is None and self._overlays:
            value = _first(self._overlays, name)
        if value is None:
            value = self._file_values.get(name)
        if value is None and self._sources:
            value = _first(self._sources, name)
        if name not in self._reads:
            self._reads[name] = _digest(value)
        return MISSING if value is None else value

    def has(self, name: str) -> bool:
        """Tell whether the variable *name* is set; the reading is noted."""
        return self.get(name) is not MISSING

    def is_set_by_process(self, name: str) -> bool:
        """Tell whether the process's own environment sets *name*, whatever the file says."""
        return name in self._process

    def of_files(self, name: str) -> str | None:
        """Return what the .env file says of *name*, whatever the process does."""
        return self._file_values.get(name)

    def of_sources(self, name: str) -> str | None:
        """Return what the sources say that were added, whatever process and files do."""
        return _first(self._sources, name)

    def joined(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return *variables* under those of the process, which win: for a process to start."""
        return {**variables, **self._process}

    def names(self) -> tuple[str, ...]:
        """Return the names that the .env file sets."""
        return tuple(self._file_values)

    def reads(self) -> Mapping[str, str]:
        """Return the variables that have been read so far, with a digest of what each was.

        Digests, not values: they go into a fingerprint that lies on the disk.
        """
        return dict(self._reads)

    def why(self, name: str) -> Origin:
        """Tell what *name* is, secrets masked, where that came from, and what that shadows."""
        places: list[tuple[str, str]] = []
        if (value := self._process.get(name)) is not None:
            places.append((value, "the environment of the process"))
        if self._overlays and (value := _first(self._overlays, name)) is not None:
            places.append((value, "the encrypted secrets"))
        if (value := self._file_values.get(name)) is not None:
            lines = [(file, line_of(file, name)) for file in reversed(self._files)]
            found = [f"{file}:{line}" for file, line in lines if line is not None]
            places += [(value, place) for place in found or [str(self.file or "an .env file")]]
        if self._sources and (value := _first(self._sources, name)) is not None:
            places.append((value, "a source that env.extend() added"))
        if not places:
            return Origin(name, "", "nowhere: it is not set")
        (value, source), *shadowed = places
        hidden = looks_secret(name) and value != ""
        shown = HIDDEN if hidden else mask_urls(value)
        return Origin(name, shown, source, tuple(place for _, place in shadowed))

    def __repr__(self) -> str:
        # Values may be secrets.
        return f"Environment({str(self.file) if self.file else 'no file'!r})"


@dataclass(frozen=True, slots=True)
class _Loading:
    """What is loading: with which variables, and where what is wrong with them is noted."""

    environment: Environment
    problems: list[ConfigError] | None


_loading: Final[ContextVar[_Loading | None]] = ContextVar("environment", default=None)


@contextmanager
def loading(
    environment: Environment, problems: list[ConfigError] | None = None
) -> Generator[Environment]:
    """Make *environment* the one that ``env()`` reads within the block, for this task or thread.

    A context variable, so that two applications that load at once never meet.

    Args:
        environment: The variables.
        problems: Where typed reads put what is wrong, instead of raising it, so that all of it
            can be told at once; they go on with their default, or something blank.
    """
    token = _loading.set(_Loading(environment, problems))
    try:
        yield environment
    finally:
        _loading.reset(token)


def noted(problem: ConfigError) -> bool:
    """Put *problem* where the configuration that loads collects it; tell whether it does."""
    current = _loading.get()
    if current is None or current.problems is None:
        return False
    current.problems.append(problem)
    return True


def outside_of_loading() -> Environment | None:
    """Return the environment of the running application, unless a configuration is loading."""
    if _loading.get() is not None:
        return None
    from securely.container import NotBooted, current

    try:
        container = current()
    except NotBooted:
        return None
    return container.make(Environment) if container.bound(Environment) else None


def current_environment() -> Environment:
    """Return the environment of what is loading, else of the running application, else the process.

    So ``env()`` gives the same answer in a file of the configuration and anywhere else.
    """
    current = _loading.get()
    if current is not None:
        return current.environment
    return outside_of_loading() or Environment()


def docker_secrets(
    folder: Path = Path("/run/secrets"), process: Mapping[str, str] | None = None
) -> Source:
    """Return a source of variables for :meth:`Environment.extend`: files, as Docker mounts them.

    ``DB_PASSWORD`` is what the file says that the variable ``DB_PASSWORD_FILE`` names; else what
    ``/run/secrets/db_password``, or a file there with the very name, says. One line end at the
    end does not count.

    Args:
        folder: Where secrets are mounted.
        process: The process's variables; `os.environ` if not given.
    """
    variables = os.environ if process is None else process

    def source(name: str) -> str | None:
        named = variables.get(f"{name}_FILE")
        for file in (Path(named),) if named else (folder / name, folder / name.lower()):
            if file.is_file():
                return file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        return None

    return source


def _first(sources: Iterable[Source], name: str) -> str | None:
    for source in sources:
        if (value := source(name)) is not None:
            return value
    return None


def _digest(value: str | None) -> str:
    return (
        ""
        if value is None
        else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
    )
