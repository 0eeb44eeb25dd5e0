"""Errors of the foundation say what happened and can be copied."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from securely.foundation import (
    BadPackage,
    BadProviders,
    FoundationError,
    NotInMaintenance,
    NotYetBooted,
    ProviderFailed,
    SkeletonExists,
    UnknownStep,
    UntypedCallback,
)


@pytest.mark.parametrize(
    ("error", "texts"),
    [
        (ProviderFailed("app.one:One", "boot", "OSError: no"), ["app.one:One", "boot", "no"]),
        (BadPackage("acme 1.0", "no class", "acme"), ["acme 1.0", "no class", "dont_discover"]),
        (BadProviders(Path("providers.py"), "it is empty"), ["providers.py", "it is empty"]),
        (NotInMaintenance(), ["not in maintenance"]),
        (NotYetBooted(), ["app.boot()"]),
        (SkeletonExists(Path("blog")), ["blog", "not an empty folder"]),
        (UnknownStep("boot_provider", ("boot_providers",)), ["boot_provider", "Did you mean"]),
        (UntypedCallback("page"), ["page", "Annotate"]),
    ],
)
def test_an_error_says_what_happened_and_survives_a_copy(
    error: FoundationError, texts: list[str]
) -> None:
    copied = copy.copy(error)

    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)
    for text in texts:
        assert text in str(error)
