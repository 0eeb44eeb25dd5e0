"""ConfigError and what can be wrong with environment, files and keys.

ConfigError (ConfigurationError)
├── EnvironmentFileBroken   a line of an .env file is malformed
├── MissingVariable         a required environment variable is not set (also a LookupError)
├── InvalidVariable         an environment variable does not read as what is wanted
├── ConfigFileBroken        a file in config/ is malformed, fails, or defines no `config`
├── ConfigFilesBroken       several of them are
├── ConfigFileClash         two files define the same section
├── EnvOutsideConfig        env() is called outside the configuration, which is strict about it
├── Uncacheable             the configuration holds what a file cannot keep
├── InvalidDsn              a URL of a connection cannot be read (also a ValueError)
├── MissingKey              a key is required and absent (also a LookupError)
└── InvalidValue            a value is not of the type that is asked for (also a TypeError)
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import ConfigurationError

__all__ = [
    "ConfigError",
    "ConfigFileBroken",
    "ConfigFileClash",
    "ConfigFilesBroken",
    "EnvOutsideConfig",
    "EnvironmentFileBroken",
    "InvalidDsn",
    "InvalidValue",
    "InvalidVariable",
    "MissingKey",
    "MissingVariable",
    "Uncacheable",
]


class ConfigError(ConfigurationError):
    """The root of what is wrong with the configuration itself.

    Attributes:
        place: The file and line of the code that asked, where that is known.
    """

    place: tuple[str, int] | None = None


class EnvironmentFileBroken(ConfigError):
    """A line of an .env file is malformed. What could be its value is never shown.

    Args:
        path: The file.
        line: The line, counted from 1.
        column: The column of the caret, counted from 1.
        excerpt: What of the line is safe to show.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, line: int, column: int, excerpt: str, reason: str) -> None:
        self.path = path
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.reason = reason
        super().__init__(
            f"{path}:{line}:{column}: {reason}\n    {excerpt}\n    {' ' * (column - 1)}^"
        )

    def __reduce__(self) -> tuple[type[EnvironmentFileBroken], tuple[Path, int, int, str, str]]:
        return type(self), (self.path, self.line, self.column, self.excerpt, self.reason)


class MissingVariable(ConfigError, LookupError):
    """A required environment variable is not set."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f'The environment variable "{name}" is not set. '
            "Set it in .env or in the environment of the process."
        )

    def __reduce__(self) -> tuple[type[MissingVariable], tuple[str]]:
        return type(self), (self.name,)


class InvalidVariable(ConfigError, ValueError):
    """An environment variable does not read as what is wanted.

    Args:
        name: The variable.
        wanted: What it should be: ``an integer``.
        shown: Its value as it may be shown; empty for a secret.
    """

    def __init__(self, name: str, wanted: str, shown: str = "") -> None:
        self.name = name
        self.wanted = wanted
        self.shown = shown
        value = f' is "{shown}", which' if shown else ""
        super().__init__(f'The environment variable "{name}"{value} is not {wanted}.')

    def __reduce__(self) -> tuple[type[InvalidVariable], tuple[str, str, str]]:
        return type(self), (self.name, self.wanted, self.shown)


class ConfigFileBroken(ConfigError):
    """A file of the configuration is malformed, fails while it runs, or defines no ``config``."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")

    def __reduce__(self) -> tuple[type[ConfigFileBroken], tuple[Path, int | None, str]]:
        return type(self), (self.path, self.line, self.reason)


class ConfigFilesBroken(ConfigError):
    """Several files of the configuration are broken; one line for each."""

    def __init__(self, problems: tuple[ConfigError, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))

    def __reduce__(self) -> tuple[type[ConfigFilesBroken], tuple[tuple[ConfigError, ...]]]:
        return type(self), (self.problems,)


class EnvOutsideConfig(ConfigError):
    """``env()`` is called outside the configuration, which is strict about it."""

    def __init__(self, name: str, place: tuple[str, int] | None) -> None:
        self.name = name
        self.place = place
        where = f" ({place[0]}:{place[1]})" if place else ""
        super().__init__(
            f'env() reads "{name}" outside the configuration{where}. Read it in a file in config/, '
            "and ask Config for the key."
        )

    def __reduce__(self) -> tuple[type[EnvOutsideConfig], tuple[str, tuple[str, int] | None]]:
        return type(self), (self.name, self.place)


class Uncacheable(ConfigError):
    """The configuration holds what a file cannot keep; one line for each such value.

    Args:
        found: Dotted key, type and place of each.
    """

    def __init__(self, found: tuple[tuple[str, str, str], ...]) -> None:
        self.found = found
        super().__init__(
            "\n".join(
                f"{place}: {key} is of type {kind}, which config:cache cannot store. Write plain "
                'data; name functions and classes as "package.module:name".'
                for key, kind, place in found
            )
        )

    def __reduce__(self) -> tuple[type[Uncacheable], tuple[tuple[tuple[str, str, str], ...]]]:
        return type(self), (self.found,)


class InvalidDsn(ConfigError, ValueError):
    """A URL of a connection cannot be read. It is not quoted: there may be a password in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The URL of a connection cannot be read: {reason}")

    def __reduce__(self) -> tuple[type[InvalidDsn], tuple[str]]:
        return type(self), (self.reason,)


class ConfigFileClash(ConfigError):
    """Two files define the same section of the configuration."""

    def __init__(self, key: str, first: Path, second: Path) -> None:
        self.key = key
        self.first = first
        self.second = second
        super().__init__(f'Both {first} and {second} define "{key}". Keep one of them.')

    def __reduce__(self) -> tuple[type[ConfigFileClash], tuple[str, Path, Path]]:
        return type(self), (self.key, self.first, self.second)


class MissingKey(ConfigError, LookupError):
    """A key of the configuration is required and absent."""

    def __init__(self, key: str, near: str | None = None) -> None:
        self.key = key
        self.near = near
        hint = f' Did you mean "{near}"?' if near else ""
        super().__init__(f'The configuration has no key "{key}".{hint}')

    def __reduce__(self) -> tuple[type[MissingKey], tuple[str, str | None]]:
        return type(self), (self.key, self.near)


class InvalidValue(ConfigError, TypeError):
    """A value of the configuration is not of the type that is asked for.

    The value itself is not told: nothing says whether it is a secret.
    """

    def __init__(self, key: str, wanted: str, given: str) -> None:
        self.key = key
        self.wanted = wanted
        self.given = given
        super().__init__(f"Configuration value for key [{key}] must be {wanted}, {given} given.")

    def __reduce__(self) -> tuple[type[InvalidValue], tuple[str, str, str]]:
        return type(self), (self.key, self.wanted, self.given)
