"""doctor: what the application stands on, and what to do about each finding."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from pathlib import Path

import pytest

from securely import Application
from securely.foundation import Doctor, Finding
from securely.testing import Artisan


def found(app: Application, name: str) -> list[Finding]:
    return app.make(Doctor).examine([name])


def only(app: Application, name: str) -> Finding:
    (finding,) = found(app, name)
    return finding


@pytest.fixture(autouse=True)
def folders(app: Application) -> None:
    """Make the folders that an application has; a test that wants none removes them."""
    app.paths.cache.mkdir(parents=True, exist_ok=True)


def test_doctor_finds_an_application_well(app: Application, artisan: Artisan) -> None:
    app.paths.cache.mkdir(parents=True, exist_ok=True)

    artisan("doctor").assert_ok().assert_output("python", "sqlite", "cache array", "queue sync")


def test_every_check_of_the_framework_has_something_to_say(app: Application) -> None:
    doctor = app.make(Doctor)

    for name in doctor.names:
        for finding in found(app, name):
            assert finding.seen, name
            assert finding.state == "ok" or finding.remedy, finding


def test_doctor_as_json_is_for_programs(artisan: Artisan) -> None:
    shown = json.loads(artisan("doctor --only=python --json").assert_ok().output)

    assert [(each["name"], each["state"], each["remedy"]) for each in shown] == [
        ("python", "ok", "")
    ]


def test_doctor_when_there_is_an_error_exits_with_one(app: Application, artisan: Artisan) -> None:
    app.make("config").set("app.key", None)

    artisan("doctor --only=key").assert_exit(1).assert_output("key:generate")


def test_doctor_when_there_are_warnings_only_exits_with_zero(
    app: Application, artisan: Artisan
) -> None:
    app.maintenance.activate({})

    artisan("doctor --only=maintenance").assert_exit(0).assert_output("artisan.py up", "1 warn")


def test_doctor_when_a_check_is_unknown_names_one_that_is_near(artisan: Artisan) -> None:
    artisan("doctor --only=kye").assert_exit(1).assert_output('"key"')


def test_a_folder_that_is_missing_is_an_error_that_fix_mends(
    app: Application, artisan: Artisan
) -> None:
    shutil.rmtree(app.paths.cache)

    artisan("doctor --only=bootstrap/cache").assert_exit(1).assert_output("does not exist", "mkdir")
    artisan("doctor --only=bootstrap/cache --fix").assert_exit(0)

    assert app.paths.cache.is_dir()


def test_a_folder_that_anybody_can_write_to_is_a_warning(app: Application) -> None:
    app.paths.storage.chmod(0o777)

    finding = only(app, "storage")

    assert finding.state == "warn"
    assert "0777" in finding.seen
    assert app.make(Doctor).examine(["storage"], fix=True)[0].state == "ok"


def test_a_file_in_the_place_of_a_folder_is_an_error(app: Application) -> None:
    shutil.rmtree(app.paths.cache)
    app.paths.cache.write_text("no folder", encoding="utf-8")

    assert only(app, "bootstrap/cache").state == "error"


def test_a_key_of_another_length_is_told_without_its_value(app: Application) -> None:
    app.make("config").set("app.key", "sixteen letters!")

    finding = only(app, "key")

    assert finding.state == "error"
    assert "16 bytes" in finding.seen
    assert "sixteen" not in finding.seen


def test_earlier_keys_of_a_cipher_that_is_still_read_fit(app: Application) -> None:
    config = app.make("config")
    config.set("app.previous_keys", ["sixteen letters!"])
    assert "app.previous_keys.0" in only(app, "key").seen

    config.set("app.decrypt_ciphers", ["aes-128-gcm"])

    assert only(app, "key").seen == "it fits aes-256-cbc; earlier keys: 1"


def test_a_configuration_that_nobody_accepts_is_named(app: Application) -> None:
    app.make("config").set("queue.default", "carrier-pigeon")

    findings = found(app, "config")

    assert [finding.state for finding in findings] == ["error"]
    assert "carrier-pigeon" in findings[0].seen


def test_a_store_that_cannot_be_reached_is_one_error_and_the_others_are_looked_at(
    app: Application,
) -> None:
    broken = app.storage_path("broken")
    broken.write_text("no folder", encoding="utf-8")
    app.make("config").set("cache.stores.disk.path", str(broken))

    states = {finding.name: finding.state for finding in found(app, "cache")}

    assert states == {"cache array": "ok", "cache disk": "error", "cache null": "ok"}


@pytest.mark.parametrize("setting", ["cache.limiter", "cache.default"])
def test_a_rate_limiter_that_counts_in_a_store_which_keeps_nothing_is_a_warning(
    app: Application, artisan: Artisan, setting: str
) -> None:
    app.make("config").set(setting, "null")

    artisan("doctor --only=cache").assert_exit(0).assert_output(
        'the rate limiter counts in "null", which keeps nothing', "cache.limiter"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("securely.foundation.Findin", "Did you mean"),
        ("securely.foundation.Finding", 'write "securely.foundation.doctor.finding.Finding"'),
        ("securely.support.clock", "is not the name of a class"),
    ],
)
def test_a_class_of_values_that_is_not_there_is_an_error(
    app: Application, artisan: Artisan, name: str, said: str
) -> None:
    app.make("config").set("cache.serializable_classes", [name])

    artisan("doctor --only=cache").assert_exit(1).assert_output("cache.serializable_classes", said)


def test_a_class_of_values_that_is_there_needs_no_word(app: Application, artisan: Artisan) -> None:
    name = "securely.foundation.doctor.finding.Finding"
    app.make("config").set("cache.serializable_classes", [name])

    artisan("doctor --only=cache").assert_exit(0).assert_no_output("serializable_classes")


def test_a_rate_limiter_that_counts_somewhere_needs_no_word(artisan: Artisan) -> None:
    artisan("doctor --only=cache").assert_exit(0).assert_no_output("rate limiter")


def test_debug_in_production_is_an_error(app: Application) -> None:
    app.make("config").set("app", {"env": "production", "debug": True})

    assert only(app, "debug").state == "error"


def test_an_environment_file_that_others_can_read_is_a_warning(
    app: Application, tmp_path: Path
) -> None:
    from securely.config import Environment

    file = tmp_path / ".env"
    file.write_text("APP_NAME=Shop\n", encoding="utf-8")
    file.chmod(0o644)
    app.instance(Environment, Environment.load(tmp_path, process={}))

    assert only(app, ".env").state == "warn"
    app.make(Doctor).examine([".env"], fix=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert only(app, ".env").state == "ok"


def test_others_add_checks_that_are_injected(app: Application, artisan: Artisan) -> None:
    def moon(app: Application) -> Finding:
        return Finding.warn(f"full over {app.env}", "Wait a week.")

    app.make(Doctor).check("moon", moon)

    artisan("doctor --only=moon").assert_ok().assert_output("full over testing", "Wait a week.")


def test_a_check_that_fails_is_a_finding_and_stops_no_other(app: Application) -> None:
    def broken() -> Finding:
        raise RuntimeError("the telescope is dusty")

    doctor = app.make(Doctor)
    doctor.check("moon", broken)

    first, second = doctor.examine(["moon", "python"])

    assert first.state == "error"
    assert "dusty" in first.seen
    assert second.state == "ok"


def test_the_store_is_looked_at_when_there_is_something_in_it(
    app: Application, tmp_path: Path
) -> None:
    from securely.store import StoreManager

    config = app.make("config")
    databases = {"sqlite": {"driver": "sqlite", "path": str(tmp_path / "s")}}
    config.set({"store.default": "sqlite", "store.databases": databases})
    assert only(app, "store").seen == "nothing has been stored yet"
    assert not (tmp_path / "s").exists()

    app.make(StoreManager).put("key", 1)
    assert only(app, "store").seen.startswith("it answers; 1 tree,")

    app.make(StoreManager).close()
    (tmp_path / "s/store.db").write_bytes(b"no database at all" * 100)
    assert only(app, "store").state == "error"
    assert "store:verify" in only(app, "store").remedy


def test_every_database_of_the_store_is_looked_at_and_what_it_lies_on(
    app: Application, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    databases = {
        "array": {"driver": "array"},
        "good": {"driver": "sqlite", "path": str(tmp_path / "good")},
        "blocked": {"driver": "sqlite", "path": str(file)},
        "below": {"driver": "lmdb", "path": str(file / "below")},
        "typo": {"driver": "sqlit"},
    }
    if Path("/proc/self").exists():
        databases["nowhere"] = {"driver": "sqlite", "path": "/proc/store"}
    app.make("config").set({"store.default": "array", "store.databases": databases})

    looked = {finding.name: finding for finding in found(app, "store")}

    assert looked.keys() == {f"store {name}" for name in databases}
    errors = {name for name, finding in looked.items() if finding.state == "error"}
    assert errors == looked.keys() - {"store array", "store good"}
    for name in ("store blocked", "store below"):
        assert f"{file} is a file" in looked[name].seen
    assert 'Did you mean "sqlite"?' in looked["store typo"].seen
    assert "--database=typo" in looked["store typo"].remedy
    assert not (tmp_path / "good").exists()


@pytest.mark.parametrize(("default", "state"), [("array", "ok"), ("fast", "error")])
def test_a_database_whose_package_is_missing_is_an_error_where_it_is_the_default(
    app: Application, monkeypatch: pytest.MonkeyPatch, default: str, state: str
) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    databases = {"array": {"driver": "array"}, "fast": {"driver": "lmdb", "path": "fast"}}
    app.make("config").set({"store.default": default, "store.databases": databases})

    _, fast = found(app, "store")

    assert (fast.state, "not installed" in fast.seen) == (state, True)


def test_a_database_that_another_holds_is_a_warning(app: Application, tmp_path: Path) -> None:
    from securely.store import StoreManager

    database = {"driver": "sqlite", "path": str(tmp_path / "s"), "busy_seconds": 0.05}
    app.make("config").set({"store.default": "sqlite", "store.databases": {"sqlite": database}})
    store = app.make(StoreManager)
    store.put("key", 1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.transaction():
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    finding = only(app, "store")
    done.set()
    thread.join()

    assert (finding.state, "held by another writer" in finding.seen) == ("warn", True)


def test_one_error_is_not_called_errors(app: Application, artisan: Artisan) -> None:
    app.make(Doctor).check("moon", lambda: Finding.error("it is full", "Wait a week."))

    artisan("doctor --only=moon").assert_exit(1).assert_output("1 error, 0 warnings, 1 finding in")
