"""Facades speak to the application that is current where they are used."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from securely import Application, facades
from securely.container import NotBooted
from securely.facades import App, Cache, Config, Crypt, Encryption, Event, Events, Log, Queue
from securely.foundation import NotYetBooted
from securely.testing import Artisan


def test_every_facade_reaches_its_service(app: Application) -> None:
    assert App.env == app.env == "testing"
    assert Config.get("app.env") == "testing"
    Cache.put("answer", 42, 60)
    assert app.make("cache").get("answer") == 42
    assert Crypt.decrypt(Crypt.encrypt("text")) == "text"
    assert Queue.size() == 0
    Log.info("seen")
    assert facades.Artisan.has("about")


def test_two_words_are_one_facade() -> None:
    assert Events is Event
    assert Encryption is Crypt


def test_two_applications_in_one_process_do_not_meet(app: Application, tmp_path: Path) -> None:
    other = app.fresh({**app.environment_overrides, "APP_NAME": "other"}, tmp_path / "other")
    heard: list[str] = []

    with other.active():
        other.boot()
        Cache.put("who", "other", 60)
        Config.set("shop.rate", 19)
        Event.listen("sold", lambda *_: heard.append("other"))
        fake = Queue.fake()
        assert Config.get("app.name") == "other"

    Event.listen("sold", lambda *_: heard.append("first"))
    Event.dispatch("sold")

    assert Cache.missing("who")
    assert Config.get("shop.rate", None) is None
    assert Config.get("app.name") != "other"
    assert heard == ["first"]
    assert app.make("queue") is not fake
    assert other.make("cache") is not app.make("cache")
    assert other.storage_path() != app.storage_path()
    other.terminate()


def test_a_thread_sees_the_application_of_the_test(app: Application) -> None:
    seen: list[object] = []

    thread = threading.Thread(target=lambda: seen.append(App.storage_path()))
    thread.start()
    thread.join()

    assert seen == [app.storage_path()]


def test_a_facade_of_an_application_that_has_not_booted_says_so(app: Application) -> None:
    with app.fresh().active():
        for ask in (lambda: App.env, lambda: Cache.get("answer"), lambda: Config.get("app.env")):
            with pytest.raises(NotYetBooted, match="boot"):
                ask()


def test_a_facade_without_an_application_says_what_to_do() -> None:
    """No test leaves its application behind, nor the one that it imported."""
    with pytest.raises(NotBooted, match="active"):
        Cache.get("answer")


def test_facade_list_shows_what_each_stands_for(artisan: Artisan) -> None:
    artisan("facade:list").assert_ok().assert_output("securely.cache.manager.CacheManager")

    listed = json.loads(artisan("facade:list --json").assert_ok().output)

    assert [each["name"] for each in listed] == facades.__all__
    assert {"name": "Crypt", "service": "encrypter"}.items() <= next(
        each for each in listed if each["name"] == "Crypt"
    ).items()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("make:facade 2Fast app.x:Y", '"2Fast" cannot name a facade'),
        ("make:facade Payments app.payments.Gateway", 'Write it as "app.payments.gateway:Gateway"'),
    ],
)
def test_make_facade_refuses_what_is_no_name_and_no_class(
    artisan: Artisan, line: str, told: str
) -> None:
    artisan(line).assert_exit(1).assert_output(told)
