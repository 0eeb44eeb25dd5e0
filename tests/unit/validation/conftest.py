"""A factory of validators with the English lines."""

from __future__ import annotations

import pytest

from securely.translation import FileLoader, Translator
from securely.validation import ValidationFactory


@pytest.fixture
def factory() -> ValidationFactory:
    return ValidationFactory(Translator(FileLoader([]), "en"))
