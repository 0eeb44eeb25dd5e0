"""Views of an application: the facade, its folders, its translations, its command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from securely import Application
from securely.config.repository import Config as ConfigRepository
from securely.facades import Config, Lang, View
from securely.testing.console import Artisan
from securely.view import ViewFactory


@pytest.fixture
def site(app: Application, tmp_path: Path) -> Path:
    """The folder of the views of the application."""
    Config.set("view.paths", [str(tmp_path / "views"), str(tmp_path / "more")])
    (tmp_path / "views").mkdir()
    return tmp_path / "views"


def test_the_facade_is_the_factory_of_the_configured_folders(app: Application, site: Path) -> None:
    (site / "home.html").write_text("Hello {{ name }}!")

    assert View.render("home", {"name": "<Ann>"}) == "Hello &lt;Ann&gt;!"
    assert app.make(ViewFactory).paths == (site, site.parent / "more")


def test_the_folder_of_a_new_application_is_resources_views(app: Application) -> None:
    assert app.make(ConfigRepository).get("view.paths") == ["resources/views"]
    assert View.paths == (app.paths.resources / "views",)


def test_views_translate(site: Path) -> None:
    Lang.add_lines({"shop.hi": "Hi :name", "shop.items": "one item|:count items"}, "en")
    Lang.add_lines({"shop.hi": "Hallo :name"}, "de")
    (site / "home.html").write_text(
        "{{ trans('shop.hi', {'name': n}) }} {{ __('shop.hi', locale='de') }} "
        "{{ trans_choice('shop.items', 3) }}"
    )

    assert View.render("home", {"n": "<A>"}) == "Hi &lt;A&gt; Hallo :name 3 items"
    with Lang.with_locale("de"):
        assert View.render("home", {"n": "A"}).startswith("Hallo A")


def test_make_view_makes_one_of_the_application(artisan: Artisan, site: Path) -> None:
    artisan("make:view mail.invoice --markdown").assert_exit(0)

    assert View.exists("mail.invoice", form="markdown")


@pytest.mark.integration
def test_jinja2_waits_for_the_first_view() -> None:
    program = """
import sys, tempfile
from pathlib import Path
from securely import Application
from securely.testing.application import ISOLATED
app = Application.configure(Path(tempfile.mkdtemp())).build(environment=ISOLATED).boot()
with app.active():
    from securely.facades import View
    View.share("name", "Ann")
    assert not View.exists("home")
    assert "jinja2" not in sys.modules
    assert View.render_string("{{ name }}") == "Ann"
    assert "jinja2" in sys.modules
"""
    done = subprocess.run(  # our interpreter, our program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
