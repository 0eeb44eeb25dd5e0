"""A console of its own, with a container and an output that keeps what is written."""

from __future__ import annotations

import pytest

from securely.console import Artisan, BufferedOutput
from securely.console.commands import CompletionCommand, HelpCommand, ListCommand
from securely.container import Container


@pytest.fixture
def container() -> Container:
    return Container()


@pytest.fixture
def artisan(container: Container) -> Artisan:
    """A console that knows list, help and completion."""
    artisan = Artisan(container, "Securely", "1.2.3")
    container.instance(Artisan, artisan)
    for command in (CompletionCommand, HelpCommand, ListCommand):
        artisan.add(command)
    return artisan


@pytest.fixture
def output() -> BufferedOutput:
    return BufferedOutput()
