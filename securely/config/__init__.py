"""Config and env(): what an application is told about itself.

Files in ``config/`` define plain data, ``.env`` and the process's environment fill it in, and
:class:`Config` answers dotted keys. Components take their section and parse it once.

Files: ``dotenv.py`` reads .env files; ``environment.py`` holds an application's variables;
``env.py`` is ``env()``; ``loader.py`` and ``yaml.py`` read ``config/``; ``repository.py`` is
``Config``; ``fingerprint.py`` tells whether anything has changed; ``commands.py`` and
``provider.py`` are what artisan and the application see.
"""

from __future__ import annotations

from securely.config.env import Env, env
from securely.config.environment import Environment, Origin, current_environment, loading
from securely.config.exceptions import (
    ConfigError,
    ConfigFileBroken,
    ConfigFileClash,
    ConfigFilesBroken,
    EnvironmentFileBroken,
    InvalidValue,
    InvalidVariable,
    MissingKey,
    MissingVariable,
)
from securely.config.fingerprint import fingerprint
from securely.config.loader import ConfigFile, config_files, load, merged
from securely.config.repository import Config, Section

__all__ = [
    "Config",
    "ConfigError",
    "ConfigFile",
    "ConfigFileBroken",
    "ConfigFileClash",
    "ConfigFilesBroken",
    "Env",
    "Environment",
    "EnvironmentFileBroken",
    "InvalidValue",
    "InvalidVariable",
    "MissingKey",
    "MissingVariable",
    "Origin",
    "Section",
    "config_files",
    "current_environment",
    "env",
    "fingerprint",
    "load",
    "loading",
    "merged",
]
