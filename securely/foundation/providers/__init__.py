"""Providers: which there are, in which order they register, which wait, what they offer.

Files: ``registry.py`` loads them; ``listed.py`` reads and edits ``bootstrap/providers.py``;
``discovery.py`` finds those of packages; ``records.py`` knows those that wait without importing
them, and ``kept.py`` is how both are kept in ``bootstrap/cache``; ``defaults.py`` lists the
framework's; ``failures.py`` says where an error began; ``publishing.py`` copies what packages
publish, ``optimizing.py`` does what `optimize` does.
"""

from __future__ import annotations

from securely.foundation.providers.defaults import DefaultProviders, default_providers
from securely.foundation.providers.discovery import Packages
from securely.foundation.providers.listed import (
    Listed,
    add_to_provider_file,
    read_provider_file,
    remove_from_provider_file,
)
from securely.foundation.providers.records import Records
from securely.foundation.providers.registry import ProviderRegistry

__all__ = [
    "DefaultProviders",
    "Listed",
    "Packages",
    "ProviderRegistry",
    "Records",
    "add_to_provider_file",
    "default_providers",
    "read_provider_file",
    "remove_from_provider_file",
]
