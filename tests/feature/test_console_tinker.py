"""tinker in an application: what its names stand for."""

from __future__ import annotations

import pytest

from securely import Application
from securely.testing import Artisan


def test_tinker_when_app_is_named_then_it_is_the_application(artisan: Artisan) -> None:
    artisan("tinker --execute=app.env").assert_ok().assert_output("'testing'")


def test_tinker_when_an_error_is_of_our_family_then_it_is_one_line(artisan: Artisan) -> None:
    result = artisan("tinker --execute=\"Artisan.queue('acme:cont')\"").assert_failed()

    result.assert_output('ERROR  Command "acme:cont" is not defined.')
    result.assert_no_output("Traceback")


@pytest.mark.parametrize("raised", ["OSError", "SecurelyError"])
def test_tinker_when_code_fails_then_secrets_are_masked_as_the_log_has_it(
    app: Application, artisan: Artisan, raised: str
) -> None:
    app.make("log").hide("s3cret-of-the-shop")
    source = (
        f"from securely.exceptions import SecurelyError; raise {raised}('s3cret-of'+'-the-shop')"
    )

    result = artisan(f'tinker --execute="{source}"').assert_failed()

    result.assert_output("********").assert_no_output("s3cret-of-the-shop")
