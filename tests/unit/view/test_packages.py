"""Views that packages bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from securely.container import Container, Provider
from securely.view import ViewFactory
from tests.unit.view.conftest import Write


class ShopProvider(Provider):
    """A provider of a package; its folder is the one of this file."""


@pytest.mark.parametrize("made_before", [True, False])
def test_load_views_from_then_views_have_the_namespace(
    folder: Path, tmp_path: Path, write: Write, made_before: bool
) -> None:
    write("cart.html", "cart", tmp_path / "shop")
    app = Container()
    app.singleton(ViewFactory, lambda: ViewFactory([folder]))
    app.alias(ViewFactory, "view")
    if made_before:
        app.make(ViewFactory)

    ShopProvider(app).load_views_from(tmp_path / "shop", "shop")

    assert app.make(ViewFactory).render("shop::cart") == "cart"
    assert not app.make(ViewFactory).exists("cart")


def test_load_views_from_when_relative_then_is_within_the_package(folder: Path) -> None:
    app = Container()
    app.singleton(ViewFactory, lambda: ViewFactory([folder]))
    app.alias(ViewFactory, "view")

    ShopProvider(app).load_views_from("", "tests")
    views = app.make(ViewFactory)

    here = Path(__file__).parent
    with pytest.raises(LookupError, match=str(here / "absent.html")):
        views.render("tests::absent")
