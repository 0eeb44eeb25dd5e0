"""Checks of what an application is told: .env, key, configuration, debug, maintenance."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from functools import partial
from typing import Final

from securely.config import Config, Environment
from securely.config.files.cached import read_cached
from securely.encryption import EncryptionError
from securely.encryption.provider import EncryptionProvider
from securely.foundation.application import Application
from securely.foundation.configuration import files_of, problems_of
from securely.foundation.doctor.finding import Finding

__all__ = ["configuration", "debug", "env_file", "kept_configuration", "key", "maintenance"]

_OWNER_ONLY: Final = 0o600  # what its owner may do with a file, and nobody else


def env_file(environment: Environment) -> Finding:
    """Look whether there is an .env file that only its owner can read."""
    file = environment.file
    if file is None:
        return Finding.warn(
            "there is none: variables come from the process only",
            "Run: cp .env.example .env; or leave it, where the process sets them all.",
        )
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding.warn(
            f"{file} can be read by others ({mode:04o})",
            f"Run: chmod 600 {file}",
            partial(file.chmod, _OWNER_ONLY),
        )
    return Finding.ok(f"{file} ({mode:04o})")


def key(config: Config) -> Finding:
    """Look whether there is a key that fits the cipher; its value is told to nobody."""
    remedy = "Run: python artisan.py key:generate"
    try:
        encrypter = EncryptionProvider.encrypter(config, EncryptionProvider.keys(config))
    except EncryptionError as error:
        return Finding.error(str(error), remedy)
    count = len(encrypter.previous_keys)
    earlier = f"; earlier keys: {count}" if count else ""
    return Finding.ok(f"it fits {encrypter.cipher}{earlier}")


def configuration(app: Application, config: Config) -> Iterable[Finding]:
    """Look whether every component, those of packages included, accepts its section."""
    problems = problems_of(config, app.providers.loaded)
    for problem in problems:
        yield Finding.error(problem, "Change it in config/ or in .env.")
    if not problems:
        yield Finding.ok("every component accepts its section")


def kept_configuration(app: Application, environment: Environment) -> Finding:
    """Look whether what `config:cache` has kept still holds."""
    file = app.cached_path("config")
    if not file.is_file():
        if app.is_production:
            return Finding.warn(
                "it is not kept", "Run `optimize` when you deploy: boots are faster."
            )
        return Finding.ok("it is not kept, as is right while one develops")
    kept = read_cached(file, [each.path for each in files_of(app)], environment)
    if kept is None or kept.stale:
        why = "cannot be read" if kept is None else f"is stale: {kept.stale}"
        return Finding.warn(f"{file} {why}", "Run: python artisan.py config:cache")
    return Finding.ok(f"{file} holds")


def debug(app: Application, config: Config) -> Finding:
    """Look whether an application that works for real shows its errors to everybody."""
    is_on = config.get("app.debug", False) is True
    if is_on and app.is_production:
        return Finding.error("app.debug is on in production", "Set APP_DEBUG=false.")
    return Finding.ok(f"{'on' if is_on else 'off'}, in the environment {app.env}")


def maintenance(app: Application) -> Finding:
    """Look whether the application is down, so that nobody wonders why jobs wait."""
    if app.is_down:
        return Finding.warn("the application is down", "Run: python artisan.py up")
    return Finding.ok("the application is up")
