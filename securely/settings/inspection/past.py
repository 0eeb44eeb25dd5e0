"""Past: settings as they were at a revision, to be read and never written."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from securely.encryption import KeyRing
from securely.settings.changing import Writer
from securely.settings.envfile import Document
from securely.settings.exceptions import UnknownRevision
from securely.settings.history import Change, History

__all__ = ["as_it_was", "undone"]


def undone(history: History, ring: KeyRing | None, revision: int) -> dict[str, Change]:
    """Return the variables that have changed since *revision*, each with its value then as `old`.

    Raises:
        UnknownRevision: The values of a revision since then cannot be read.
    """
    found: dict[str, Change] = {}
    for each in reversed([each for each in history.revisions() if each.number > revision]):
        changes = history.opened(each, ring)
        if changes is None:
            reason = f"The values of revision {each.number} cannot be read with this key."
            raise UnknownRevision(revision, reason)
        found.update({change.name: change for change in changes})
    return found


def as_it_was(writer: Writer, changes: Mapping[str, Change]) -> Writer:
    """Return *writer* with the variables and secrets from before *changes*; nothing is written.

    Args:
        writer: Knows what there is now.
        changes: What has changed since, by the names of the variables.
    """
    vault = writer.vault
    documents = {file: Document(text) for file, text in writer.texts().items()}
    if not documents:
        documents = {writer.environment.base_path / ".env": Document()}
    last = next(reversed(documents.values()))
    secrets: dict[str, str | None] = {}
    for name, change in changes.items():
        is_kept = change.old is not None and change.before == vault.file.name
        if is_kept or name in vault.names():
            secrets[name] = change.old if is_kept else None
        for document in documents.values():
            document.remove(name)
        if change.old is not None and not is_kept:
            last.set(name, change.old)
    past = copy(writer)
    past.vault = vault.with_text(vault.changed(secrets)) if secrets else vault
    texts = {file: document.text for file, document in documents.items()}
    past.environment = writer.environment.reread(texts, [past.vault.get])
    return past
