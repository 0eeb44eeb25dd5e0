"""What those who change the configuration need of the application. No code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from securely.config.environment import Environment
from securely.config.loader import Loaded

__all__ = ["Examiner"]


class Examiner(Protocol):
    """Reads the configuration as it would be with other variables, and checks it."""

    def sections(self) -> Mapping[str, type | str]:
        """Return the sections of the configuration, each with its class of options."""
        ...

    def read(self, environment: Environment) -> Loaded:
        """Run the files of the configuration with *environment*; nothing kept is used."""
        ...

    def forget_kept(self) -> bool:
        """Remove what `config:cache` has kept, so that the files are read; tell if there was."""
        ...

    def problems(self, environment: Environment) -> list[str]:
        """Return what is wrong with the configuration that *environment* gives, one line each."""
        ...
