"""What tests of markdown mail share."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.mail.markdown import Markdown
from securely.view import ViewFactory


@pytest.fixture
def views(tmp_path: Path) -> ViewFactory:
    """The views of an application that has none yet."""
    return ViewFactory([tmp_path])


@pytest.fixture(scope="session")
def bare() -> Markdown:
    """What renders the mails of an application that has no views; it keeps what it has compiled."""
    return Markdown(ViewFactory([]), name="Shop", url="https://shop.example")


@pytest.fixture
def mails(request: pytest.FixtureRequest, bare: Markdown) -> Markdown:
    """What renders the mails of an application that is called Shop."""
    if not {"tmp_path", "views", "monkeypatch"} & set(request.fixturenames):
        return bare
    views = request.getfixturevalue("views")
    return Markdown(views, name="Shop", url="https://shop.example")
