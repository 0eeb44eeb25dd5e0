"""tinker in an application: what its names stand for."""

from __future__ import annotations

from securely.testing import Artisan


def test_tinker_when_app_is_named_then_it_is_the_application(artisan: Artisan) -> None:
    artisan("tinker --execute=app.env").assert_ok().assert_output("'testing'")


def test_tinker_when_an_error_is_of_our_family_then_it_is_one_line(artisan: Artisan) -> None:
    result = artisan("tinker --execute=\"Artisan.queue('acme:cont')\"").assert_failed()

    result.assert_output('ERROR  Command "acme:cont" is not defined.')
    result.assert_no_output("Traceback")
