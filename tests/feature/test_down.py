"""down, up: maintenance mode."""

from __future__ import annotations

import pytest

from securely import Application
from securely.testing import Artisan


def test_down_takes_the_application_down_and_up_brings_it_back(
    app: Application, artisan: Artisan
) -> None:
    artisan("down").assert_ok()
    assert app.is_down
    assert app.maintenance.data() == {"status": 503}
    artisan("about --only=environment").assert_output("Maintenance", "yes")

    artisan("up").assert_ok()
    assert not app.is_down


def test_down_writes_what_its_options_say(app: Application, artisan: Artisan) -> None:
    artisan(
        "down --redirect=/soon --retry=60 --refresh=15 --secret=sesame --status=520"
    ).assert_ok().assert_no_output("sesame")

    assert app.maintenance.data() == {
        "status": 520,
        "redirect": "/soon",
        "secret": "sesame",
        "retry": 60,
        "refresh": 15,
    }


def test_down_when_it_is_down_changes_how(app: Application, artisan: Artisan) -> None:
    artisan("down --retry=60")
    artisan("down --refresh=5").assert_ok()

    assert app.maintenance.data() == {"status": 503, "refresh": 5}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("down --status=99", "--status=99"),
        ("down --status=600", "503"),
        ("down --status=many", "many"),
        ("down --retry=soon", "soon"),
        ("down --retry=-1", "-1"),
        ("down --redirect=soon", "/soon"),
    ],
)
def test_down_when_an_option_makes_no_sense_says_so_and_does_nothing(
    app: Application, artisan: Artisan, line: str, text: str
) -> None:
    artisan(line).assert_failed().assert_output(text)

    assert not app.is_down


def test_up_when_it_is_up_says_so(artisan: Artisan) -> None:
    artisan("up").assert_exit(1).assert_output("not in maintenance")


def test_down_is_seen_by_another_application_of_the_same_storage(
    app: Application, artisan: Artisan
) -> None:
    artisan("down")

    assert app.fresh(storage=app.paths.storage).is_down
