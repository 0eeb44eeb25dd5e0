"""config/*.py (and .yaml) -> nested data, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from securely.config.environment import Environment, loading
from securely.config.exceptions import (
    ConfigError,
    ConfigFileBroken,
    ConfigFileClash,
    ConfigFilesBroken,
    InvalidVariable,
    MissingVariable,
)
from securely.exceptions import SecurelyError
from securely.support.importing import run_file

__all__ = [
    "KEYED_MAPS",
    "YAML_SUFFIXES",
    "ConfigFile",
    "Loaded",
    "config_files",
    "load",
    "merged",
    "read_all",
]

YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})

KEYED_MAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "cache": ("stores",),
    "queue": ("connections",),
    "log": ("channels",),
}
"""The maps of named things, which an application adds to instead of replacing them.

Source: Laravel 13, LoadConfiguration::mergeableOptions.
"""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file of the configuration, and the section that it defines."""

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files of the configuration say, and all that is wrong with them.

    Attributes:
        items: The data, by section. Where something is wrong, a stand-in.
        problems: What is wrong, each with its file and line.
        cached: Whether it was kept by ``config:cache``, so that no file was run.
        files: The files that say it, those that win first.
    """

    items: Mapping[str, Any]
    problems: tuple[ConfigError, ...] = ()
    cached: bool = False
    files: tuple[ConfigFile, ...] = ()

    def check(self) -> None:
        """Raise what is wrong, if anything is.

        Raises:
            ConfigError: Of what there is but one; of several, ConfigFilesBroken.
        """
        if len(self.problems) > 1:
            raise ConfigFilesBroken(self.problems)
        for problem in self.problems:
            raise problem


def config_files(directory: Path) -> tuple[ConfigFile, ...]:
    """Return the files of *directory* in the order of their names; folders become dotted prefixes.

    Names that begin with ``_`` or ``.`` are left out.

    Raises:
        ConfigFileClash: Two files define the same section.
    """
    found: dict[str, ConfigFile] = {}
    for file in _walk(directory, ""):
        if file.key in found:
            raise ConfigFileClash(file.key, found[file.key].path, file.path)
        found[file.key] = file
    return tuple(found.values())


def load(directory: Path, environment: Environment) -> dict[str, Any]:
    """Run the files of *directory* with *environment* and return what they define.

    Each runs by itself: it leaves nothing in ``sys.modules`` and sees nothing of the others.

    Raises:
        ConfigFileBroken: A file is malformed, fails, or defines no ``config``.
        ConfigFilesBroken: Several do; all are told at once.
        ConfigFileClash: Two files define the same section.
    """
    loaded = read_all([directory], environment)
    loaded.check()
    return dict(loaded.items)


def read_all(directories: Iterable[Path], environment: Environment) -> Loaded:
    """Run the files of *directories* with *environment*, the later ones over the earlier.

    Nothing that is wrong keeps the rest from being read: it is returned with it.
    """
    items: dict[str, Any] = {}
    problems: list[ConfigError] = []
    every: list[ConfigFile] = []
    for directory in directories:
        found: dict[str, Any] = {}
        try:
            files = config_files(directory)
        except ConfigFileClash as clash:
            problems.append(clash)
            files = tuple({file.key: file for file in _walk(directory, "")}.values())
        every = [*files, *every]
        for file in files:
            try:
                _place(found, file, _collected(file, environment, problems))
            except ConfigFileBroken as problem:
                problems.append(problem)
        items = merged(items, found)
    return Loaded(items, tuple(_once(problems)), files=tuple(every))


def _collected(
    file: ConfigFile, environment: Environment, problems: list[ConfigError]
) -> dict[str, Any]:
    """Run *file*; what is wrong with the variables it reads joins *problems*, with its line."""
    noted: list[ConfigError] = []
    try:
        with loading(environment, noted):
            return _run(file)
    except ConfigFileBroken:
        # A file that fails on a stand-in has one thing wrong, and that is known.
        if not noted:
            raise
        return {}
    finally:
        for problem in noted:
            where = problem.place
            line = where[1] if where and where[0] == str(file.path) else None
            broken = ConfigFileBroken(file.path, line, str(problem))
            broken.__cause__ = problem
            problems.append(broken)


def _once(problems: Iterable[ConfigError]) -> list[ConfigError]:
    """Tell of a variable once, and of secrets that cannot be read: the last place is the own."""
    found: dict[object, ConfigError] = {}
    for problem in problems:
        cause = problem.__cause__
        told: object = problem
        if isinstance(cause, (MissingVariable, InvalidVariable)):
            told = cause.name
        elif isinstance(cause, SecurelyError) and not isinstance(cause, ConfigError):
            # What a source of variables raises, each file that reads one raises anew.
            told = str(cause)
        found[told] = problem
    return list(found.values())


def merged(defaults: Mapping[str, Any], items: Mapping[str, Any]) -> dict[str, Any]:
    """Return *defaults* with *items* over them, setting by setting within each section.

    The maps of named things (``cache.stores``, ``queue.connections``, ``log.channels``) are
    merged by name: who defines one store keeps the framework's others.

    Example:
        >>> merged({"cache": {"default": "disk", "stores": {"array": {}}}},
        ...        {"cache": {"stores": {"mine": {}}}})
        {'cache': {'default': 'disk', 'stores': {'array': {}, 'mine': {}}}}
    """
    result = {**defaults, **items}
    for key, values in items.items():
        base = defaults.get(key)
        if not isinstance(base, Mapping) or not isinstance(values, Mapping):
            continue
        below = cast("Mapping[str, Any]", base)
        above = cast("Mapping[str, Any]", values)
        section: dict[str, Any] = {**below, **above}
        for name in KEYED_MAPS.get(key, ()):
            if isinstance(below.get(name), Mapping) and isinstance(above.get(name), Mapping):
                section[name] = {**below[name], **above[name]}
        result[key] = section
    return result


def _walk(directory: Path, prefix: str) -> Iterator[ConfigFile]:
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir(), key=lambda each: (each.stem, each.suffix)):
        if path.name.startswith(("_", ".")):
            continue
        if path.is_dir():
            yield from _walk(path, f"{prefix}{path.name}.")
        elif path.suffix == ".py" or path.suffix in YAML_SUFFIXES:
            yield ConfigFile(f"{prefix}{path.stem}", path)


def _place(items: dict[str, Any], file: ConfigFile, content: dict[str, Any]) -> None:
    """Put what *file* defines at its key, beside what a folder of that name defines."""
    *parents, last = file.key.split(".")
    holder = items
    for parent in parents:
        holder = holder.setdefault(parent, {})
    beside = holder.get(last)
    if not isinstance(beside, dict):
        holder[last] = content
        return
    both = cast("dict[str, Any]", beside)
    if clash := sorted(both.keys() & content.keys()):
        raise ConfigFileBroken(
            file.path, None, f'"{file.key}.{clash[0]}" is defined by the folder of that name, too.'
        )
    both.update(content)


def _run(file: ConfigFile) -> dict[str, Any]:
    if file.path.suffix in YAML_SUFFIXES:
        from securely.config.files.yaml import read_yaml

        return _plain(file.path, read_yaml(file.path))
    try:
        namespace = run_file(file.path, f"config.{file.key}")
    except SyntaxError as error:
        # Not the text of the line: it may hold a secret.
        raise ConfigFileBroken(file.path, error.lineno, f"Syntax error: {error.msg}.") from None
    except ConfigError as error:
        raise ConfigFileBroken(file.path, _line_of(error, file.path), str(error)) from error
    except Exception as error:
        reason = (
            str(error) if isinstance(error, SecurelyError) else f"{type(error).__name__}: {error}"
        )
        raise ConfigFileBroken(file.path, _line_of(error, file.path), reason) from error
    if "config" not in namespace:
        raise ConfigFileBroken(file.path, None, "It defines no `config`. Write: config = {...}")
    return _plain(file.path, namespace["config"])


def _plain(path: Path, content: object) -> dict[str, Any]:
    # A pydantic model, told by what it can do, so that pydantic is not imported here.
    dump = getattr(content, "model_dump", None)
    if callable(dump):
        content = dump()
    if not isinstance(content, Mapping):
        raise ConfigFileBroken(
            path, None, f"`config` must be a dict, not {type(content).__name__}."
        )
    mapping = cast("Mapping[object, Any]", content)
    if bad := next((key for key in mapping if not isinstance(key, str)), None):
        raise ConfigFileBroken(path, None, f"The key {bad!r} of `config` must be text.")
    return dict(cast("Mapping[str, Any]", mapping))


def _line_of(error: BaseException, path: Path) -> int | None:
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            return frame.tb_lineno
        frame = frame.tb_next
    return None
