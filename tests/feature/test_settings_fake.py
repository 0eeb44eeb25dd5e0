"""Settings.fake: what is set is read, checked, asserted, and written nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely import Application
from securely.container import set_process_container
from securely.facades import Settings
from securely.settings import InvalidSettings, NotAVariable, UnknownRevision, UnknownSetting
from securely.settings.fake import SettingsFake
from securely.settings.settings import Settings as ApplicationSettings
from securely.testing import Artisan

CONFIG = """\
from securely.config import env

config = {
    "motto": env("SHOP_MOTTO", "none"),
    "token": env("SHOP_TOKEN"),
    "limit": env.int("SHOP_LIMIT", 5),
    "fixed": 7,
}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / ".env").write_text("SHOP_MOTTO=plain\nSHOP_TOKEN=t0ps3cret\n")
    return tmp_path


@pytest.fixture
def app(base: Path) -> Iterator[Application]:
    before = set_process_container(None)  # an application makes itself that of the process
    app = Application.configure(base).create()
    with app.active():
        app.boot()
        yield app
    set_process_container(before)


def files(base: Path) -> dict[Path, bytes]:
    found = (each for each in base.rglob("*") if "__pycache__" not in each.parts)
    return {each: each.read_bytes() for each in found if each.is_file()}


def test_a_fake_is_seen_by_whoever_asks_and_can_be_taken_back(app: Application) -> None:
    real = app.make(ApplicationSettings)

    fake = Settings.fake({"shop.fixed": 9})

    assert isinstance(fake, SettingsFake)
    assert app.make(ApplicationSettings) is fake
    assert Settings.get("shop.fixed") == 9
    fake.restore()
    assert app.make(ApplicationSettings) is real
    assert Settings.get("shop.fixed") == 7
    with Settings.fake_for({"shop.fixed": 8}):
        assert Settings.get("shop.fixed") == 8
    assert Settings.get("shop.fixed") == 7


def test_what_is_given_holds_and_the_rest_is_as_it_is(app: Application) -> None:
    Settings.fake({"app.name": "Given", "SHOP_LIMIT": "12", "other.made.up": [1]})

    assert Settings.get("app.name") == "Given"
    assert Settings.get("shop.limit") == 12
    assert Settings.get("other.made.up") == [1]
    assert Settings.get("shop.motto") == "plain"
    found = Settings.find("app.name")
    assert found is not None
    assert found.origin == "fake"
    assert not Settings.has("shop.nothing")


def test_what_is_set_is_read_and_no_file_changes(app: Application, base: Path) -> None:
    before = files(base)
    fake = Settings.fake({"app.name": "Given"})

    outcome = Settings.set({"shop.motto": "new", "app.name": "Set"})

    assert outcome.revision == 1
    assert (Settings.get("shop.motto"), Settings.get("app.name")) == ("new", "Set")
    Settings.unset(["shop.motto"])
    assert Settings.get("shop.motto") == "none"
    Settings.set({"SHOP_TOKEN": "s3aled"}, secret=True)
    found = Settings.find("SHOP_TOKEN")
    assert found is not None
    assert found.shown == "********"
    assert Settings.variables()["SHOP_TOKEN"] == "s3aled"  # noqa: S105  # made up
    Settings.rename("SHOP_TOKEN", "SHOP_OTHER")
    assert Settings.get("shop.token") is None
    assert files(base) == before
    fake.restore()
    assert Settings.get("shop.motto") == "plain"


def test_what_was_set_is_asserted(app: Application) -> None:
    fake = Settings.fake()
    fake.assert_nothing_set()
    fake.assert_not_set("shop.motto")

    Settings.set({"shop.motto": "new"})
    Settings.set({"SHOP_TOKEN": "s3aled"}, secret=True)
    Settings.unset(["SHOP_LIMIT"])
    Settings.unset(["shop.motto"])

    fake.assert_set("shop.motto")
    fake.assert_set("SHOP_MOTTO", "new", secret=False)
    fake.assert_set("shop.token", "s3aled", secret=True)
    fake.assert_unset("shop.motto")
    fake.assert_not_set("shop.limit")
    assert [each.name for each in fake.changes()] == ["SHOP_MOTTO", "SHOP_TOKEN", "SHOP_MOTTO"]


@pytest.mark.parametrize(
    ("assertion", "told"),
    [
        (lambda fake: fake.assert_set("shop.limit"), "shop.limit was not set."),
        (lambda fake: fake.assert_set("shop.token", "x"), "shop.token was not set to that value."),
        (lambda fake: fake.assert_set("shop.motto", secret=True), "was not set as a secret."),
        (lambda fake: fake.assert_unset("shop.motto"), "shop.motto was not unset."),
        (lambda fake: fake.assert_not_set("shop.motto"), "shop.motto was set."),
        (lambda fake: fake.assert_nothing_set(), "Something was set."),
    ],
)
def test_what_fails_tells_what_was_set_and_no_secret(app, assertion, told: str) -> None:  # type: ignore[no-untyped-def]  # functions of the fake
    fake = Settings.fake()
    Settings.set({"shop.motto": "new", "shop.token": "s3aled"})

    with pytest.raises(AssertionError) as caught:
        assertion(fake)

    assert told in str(caught.value)
    assert "SHOP_MOTTO: new" in str(caught.value)
    assert "SHOP_TOKEN: ********" in str(caught.value)


def test_a_fake_refuses_what_the_real_one_does(app: Application) -> None:
    fake = Settings.fake()

    with pytest.raises(UnknownSetting):
        Settings.set({"shop.nothing": "1"})
    with pytest.raises(NotAVariable):
        Settings.set({"shop.fixed": "1"})
    with pytest.raises(InvalidSettings) as caught:
        Settings.set({"SHOP_LIMIT": "p1n"}, secret=True)
    assert "'p1n'" not in str(caught.value)
    assert Settings.set({"shop.limit": "6"}, dry_run=True).revision is None
    with pytest.raises(UnknownRevision):
        Settings.as_of(1)
    fake.assert_nothing_set()


def test_a_fake_has_a_history_and_goes_back(app: Application) -> None:
    fake = Settings.fake()
    Settings.set({"shop.motto": "one"})
    Settings.set({"shop.motto": "two"}, secret=True)

    assert [each.command for each in Settings.history("shop.motto")] == ["set", "set"]
    assert Settings.as_of(1).get("shop.motto") == "one"
    Settings.rollback()
    assert Settings.get("shop.motto") == "one"
    Settings.rollback(0)
    assert Settings.get("shop.motto") == "plain"
    assert len(fake.changes()) == 4


def test_what_waits_has_async_twins(app: Application, base: Path) -> None:
    async def change() -> list[object]:
        await Settings.aset({"shop.motto": "one"})
        await Settings.aunset(["shop.motto"])
        await Settings.arollback()
        await Settings.arename("SHOP_TOKEN", "SHOP_OTHER")
        return [each.command for each in Settings.history()]

    assert asyncio.run(change()) == ["set", "unset", "rollback 1", "rename"]
    assert (base / ".env").read_text() == "SHOP_OTHER=t0ps3cret\nSHOP_MOTTO=one\n"


def test_commands_use_the_fake(app: Application, base: Path) -> None:
    before = (base / ".env").read_bytes()
    fake = Settings.fake()
    artisan = Artisan(app)

    artisan("settings:set shop.motto new").assert_ok().assert_output("+ SHOP_MOTTO=new")
    artisan("settings:all shop --flat").assert_ok().assert_output("shop.motto=new")
    artisan.finish()

    fake.assert_set("shop.motto", "new")
    assert (base / ".env").read_bytes() == before
