"""Config and env(): what an application is told about itself.

Files in ``config/`` define plain data, ``.env`` and the process's environment fill it in, and
:class:`Config` answers dotted keys. Components take their section and parse it once.

    commands.py     config:show
    contracts.py    Examiner: what those who change it need of the application
    dotenv.py       reads .env files with python-dotenv's parser
    dsn.py          URLs of connections
    env.py          env() with typed casts
    environment.py  the variables of one application, and where each came from
    exceptions.py   what can be wrong with environment, files and keys
    files/          YAML, the places of keys, and what is kept of the files
    loader.py       config/*.py and *.yaml -> nested data
    provider.py     binds the repository
    repository.py   Config: get, set, has, section, typed getters
    secret.py       text that does not show itself
    writer.py       changes one variable of an .env file
"""

from __future__ import annotations

from securely.config.contracts import Examiner
from securely.config.dsn import parse_dsn, with_dsn
from securely.config.env import Env, EnvOutsideConfigWarning, env
from securely.config.environment import (
    Environment,
    Origin,
    Source,
    current_environment,
    docker_secrets,
    loading,
)
from securely.config.exceptions import (
    ConfigError,
    ConfigFileBroken,
    ConfigFileClash,
    ConfigFilesBroken,
    EnvironmentFileBroken,
    EnvOutsideConfig,
    InvalidDsn,
    InvalidValue,
    InvalidVariable,
    MissingKey,
    MissingVariable,
    Uncacheable,
)
from securely.config.files.cached import StaleConfigWarning
from securely.config.files.fingerprint import fingerprint
from securely.config.loader import ConfigFile, Loaded, config_files, load, merged, read_all
from securely.config.repository import Config, MissingKeyWarning, Section
from securely.config.secret import Secret

__all__ = [
    "Config",
    "ConfigError",
    "ConfigFile",
    "ConfigFileBroken",
    "ConfigFileClash",
    "ConfigFilesBroken",
    "Env",
    "EnvOutsideConfig",
    "EnvOutsideConfigWarning",
    "Environment",
    "EnvironmentFileBroken",
    "Examiner",
    "InvalidDsn",
    "InvalidValue",
    "InvalidVariable",
    "Loaded",
    "MissingKey",
    "MissingKeyWarning",
    "MissingVariable",
    "Origin",
    "Secret",
    "Section",
    "Source",
    "StaleConfigWarning",
    "Uncacheable",
    "config_files",
    "current_environment",
    "docker_secrets",
    "env",
    "fingerprint",
    "load",
    "loading",
    "merged",
    "parse_dsn",
    "read_all",
    "with_dsn",
]
