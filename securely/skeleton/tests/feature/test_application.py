"""Tests of the application as its users see it."""

from securely import Application
from securely.facades import Cache
from securely.testing import Artisan


def test_the_application_boots_for_tests(app: Application) -> None:
    assert app.is_booted
    assert app.env == "testing"


def test_the_cache_remembers(app: Application) -> None:
    assert Cache.remember("answer", 60, lambda: 42) == 42
    assert Cache.get("answer") == 42


def test_about_names_the_application(artisan: Artisan) -> None:
    artisan("about").assert_ok().assert_output("__NAME__")
