"""Adds the secrets to the variables of an application, where there are any."""

from __future__ import annotations

from securely.config import Environment
from securely.settings.secrets import KEY_VARIABLE, Vault
from securely.support.missing import MISSING

__all__ = ["add_secrets", "vault_of"]


def add_secrets(environment: Environment) -> None:
    """Let *environment* ask the encrypted secrets before the .env file, if there is such a file.

    Nothing is decrypted before a variable is wanted that is one of the secrets.
    """
    vault = vault_of(environment)
    if vault.exists:
        environment.overlay(vault.get)


def vault_of(environment: Environment) -> Vault:
    """Return the secrets of the application and the environment that *environment* is of."""
    wanted = environment.asked or environment.get("APP_ENV")
    given = environment.get(KEY_VARIABLE)
    return Vault.of(
        environment.base_path,
        None if wanted is MISSING else wanted,
        asked=environment.asked is not None,
        given=None if given is MISSING else given,
    )
