"""down, up: maintenance mode."""

from __future__ import annotations

import pytest

from securely import Application
from securely.foundation import MaintenanceModeDisabled, MaintenanceModeEnabled
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
    artisan("down --retry=60").assert_no_output("already")
    artisan("down --refresh=5").assert_ok().assert_output("was down already")

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
    artisan("up").assert_ok().assert_output("up already")


def test_down_is_seen_by_another_application_of_the_same_storage(
    app: Application, artisan: Artisan
) -> None:
    artisan("down")

    assert app.fresh(storage=app.paths.storage).is_down


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("down --retry=2000-01-01", "in the past"),
        ("down --allow=home", "10.0.0.0/8"),
        ("down --render=no/such.html", "such.html"),
    ],
)
def test_down_when_an_option_cannot_be_followed_says_so(
    app: Application, artisan: Artisan, line: str, text: str
) -> None:
    artisan(line).assert_failed().assert_output(text)

    assert not app.is_down


def test_down_takes_a_date_to_come_in_the_zone_of_the_application(
    app: Application, artisan: Artisan
) -> None:
    app.make("config").set("app.timezone", "Europe/Berlin")

    artisan("down --retry=2131-05-01T08:00").assert_ok()

    assert app.maintenance.data()["retry"] == "Tue, 01 May 2131 06:00:00 GMT"


def test_down_with_a_secret_of_its_own_shows_where_it_is_used(
    app: Application, artisan: Artisan
) -> None:
    result = artisan("down --with-secret").assert_ok()

    secret = app.maintenance.data()["secret"]
    assert isinstance(secret, str)
    assert len(secret) == 32
    result.assert_output(f"/{secret}", "12 hours")


def test_down_keeps_a_page_and_networks(app: Application, artisan: Artisan) -> None:
    page = app.storage_path("soon.html")
    page.write_text("<h1>Soon</h1>", encoding="utf-8")

    artisan(f"down --render={page} --allow=10.1.2.3/8 --allow=::1").assert_ok()

    assert app.maintenance.data()["template"] == "<h1>Soon</h1>"
    assert app.maintenance.data()["allow"] == ["10.0.0.0/8", "::1/128"]


def test_down_and_up_tell_listeners(app: Application, artisan: Artisan) -> None:
    with app.make("events").fake_for() as events:
        artisan("down").assert_ok()
        artisan("up").assert_ok()

        events.assert_dispatched(MaintenanceModeEnabled)
        events.assert_dispatched(MaintenanceModeDisabled)


def test_down_may_be_kept_in_the_cache(app: Application, artisan: Artisan) -> None:
    app.make("config").set("app.maintenance", {"driver": "cache", "store": "array"})

    artisan("down --secret=sesame").assert_ok()

    assert app.is_down
    assert not app.maintenance.file.exists()
    assert app.make("cache").store("array").get("framework.down") == {
        "status": 503,
        "secret": "sesame",
    }
    artisan("up").assert_ok()
    assert not app.is_down
    artisan("up").assert_ok().assert_output("up already")
