"""Config and env(): what an application is told about itself.

Files in ``config/`` define plain data, ``.env`` and the process's environment fill it in, and
:class:`Config` answers dotted keys. Components take their section and parse it once.

    commands.py     config:show
    dot.py          dotted paths into nested data
    dotenv.py       reads .env files with python-dotenv's parser
    env.py          env() with typed casts
    environment.py  the variables of one application, and where each came from
    exceptions.py   what can be wrong with environment, files and keys
    fingerprint.py  whether the configuration is still the one that was proved
    loader.py       config/*.py and *.yaml -> nested data
    provider.py     binds the repository
    repository.py   Config: get, set, has, section, typed getters
    writer.py       changes one variable of an .env file
    yaml.py         YAML files, with ${NAME:default} filled in
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
