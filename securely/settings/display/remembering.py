"""Keeps what may be shown without the application, for `settings:get` to start faster."""

from __future__ import annotations

from pathlib import Path

import securely
from securely.settings.display import forms
from securely.settings.envfile import private_folder
from securely.settings.secrets import KEY_VARIABLE
from securely.settings.settings import Settings
from securely.support import answers
from securely.support.masking import looks_secret

__all__ = ["remember"]


def remember(settings: Settings, storage: Path) -> bool:
    """Keep the settings that are not secret, with all that they depend on.

    Nothing is kept where it could not be told whether it still holds: when the configuration is
    one that `config:cache` has kept, when the application asks sources of its own for variables,
    when it reads other .env files than the usual, or a secret from the process.

    Args:
        settings: Those of the application.
        storage: Where the application writes.

    Returns:
        Whether they were kept.
    """
    environment, loaded, vault = settings.environment, settings.loaded, settings.writer.vault
    base = environment.base_path
    # The key opens secrets only, and none of those is kept.
    reads = {*environment.reads(), "APP_ENV", "APP_CONFIG_CACHE"} - {KEY_VARIABLE}
    own = {base / ".env", base / f".env.{environment.get('APP_ENV')}"}
    if (
        loaded.cached
        or not loaded.files
        or environment.has_sources
        or environment.asked is not None
        or not own.issuperset(environment.files)
        or any(looks_secret(name) for name in reads if environment.is_set_by_process(name))
    ):
        return False
    files = {each.path for each in loaded.files}
    own |= {base / "bootstrap/app.py", base / "bootstrap/providers.py"}
    own |= {base / "bootstrap/cache/config.json", vault.file, vault.keys.path}
    folders = {path.parent for path in files} | {base / "config", base / "settings"}
    process = {
        name: str(environment.get(name)) if environment.is_set_by_process(name) else None
        for name in sorted(reads)
    }
    values = {
        each.key: forms.text(each.value)
        for each in settings.all()
        if not each.secret and each.value is not None and each.shown == each.value
    }
    try:
        private_folder(storage / "settings", "*")
    except OSError:
        return False  # nothing can be written there; the settings are shown nevertheless
    sources = [str(each) for each in sorted(files | folders | own)]
    path = answers.answers_path(str(storage))
    return answers.keep(path, securely.__version__, sources, process, values)
