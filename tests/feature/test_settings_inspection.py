"""settings:why, :audit and their kin: what is looked at closely, and never shown."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from securely import Application
from securely.container import set_process_container
from securely.facades import Settings
from securely.settings import SecretsBroken, UnknownSetting
from securely.support import clock
from securely.testing import Artisan
from securely.testing.time import freeze

ENV = """\
APP_KEY=base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM=
APP_ENV=local
SHOP_TOKEN="t0ps3cret"
SHOP_MOTTO=plain
"""
CONFIG = """\
from securely.config import env

config = {
    "motto": env("SHOP_MOTTO", "none"),
    "token": env("SHOP_TOKEN", "d3fault"),
    "limit": env.int("SHOP_LIMIT", 5),
    "either": env("SHOP_EITHER", env("SHOP_MOTTO")),
    "fixed": 7,
}
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application's folder."""
    for name in ("APP_NAME", "APP_KEY", "APP_ENV", "SHOP_TOKEN", "SECURELY_ENV_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / ".env").write_text(ENV)
    (tmp_path / ".env").chmod(0o600)
    before = set_process_container(None)  # an application makes itself that of the process
    yield tmp_path
    set_process_container(before)


@pytest.fixture
def shop(base: Path) -> Iterator[Artisan]:
    """The console of an application in that folder."""
    yield from console(base)


def console(base: Path) -> Iterator[Artisan]:
    app = Application.configure(base).create()
    with app.active():
        app.boot()
        console = Artisan(app)
        yield console
        console.finish()


# -- why


def test_why_names_all_places_the_strongest_first(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_MOTTO", "of the process")

    for shop in console(base):
        shop("settings:why shop.motto").assert_ok().assert_output(
            "> process           SHOP_MOTTO=of the process\n"
            "  .env:4            SHOP_MOTTO=plain\n"
            "  config/shop.py:4  none\n"
            "  default           null\n"
        )
        assert Settings.why("shop.motto")[0].wins


def test_why_hides_a_secret_in_each_place(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=kept --secret").assert_ok()
    with (base / ".env").open("a") as file:
        file.write("SHOP_TOKEN=by-hand\n")

    for again in console(base):
        shown = again("settings:why shop.token").assert_ok()
        shown.assert_output(
            "> secrets.enc", "  .env:4", "  config/shop.py:5", "SHOP_TOKEN=********"
        )
        shown.assert_no_output("kept", "by-hand", "d3fault")
        assert "kept" not in repr(Settings.why("shop.token"))


@pytest.mark.parametrize(
    ("key", "places"),
    [
        ("shop.limit", ["config/shop.py:6", "default"]),
        ("shop.fixed", ["config/shop.py:8", "default"]),
        ("shop.either", [".env:4", "config/shop.py:7", "default"]),
        ("SHOP_MOTTO", [".env:4", "config/shop.py:4", "config/shop.py:7"]),
        ("SHOP_LIMIT", ["config/shop.py:6"]),
        ("app.timezone", ["default"]),
    ],
)
def test_why_knows_where_each_kind_of_setting_is_from(
    shop: Artisan, key: str, places: list[str]
) -> None:
    found = Settings.why(key)

    assert [each.place for each in found] == places
    assert [each.wins for each in found] == [True, *[False] * (len(places) - 1)]


def test_the_place_that_counts_says_the_value_that_holds(shop: Artisan) -> None:
    for each in Settings.all():
        first = Settings.why(each.key)[0]

        assert first.place.startswith(each.origin), each.key
        assert first.variable or first.value == each.value, each.key


def test_why_as_json(shop: Artisan) -> None:
    rows = json.loads(shop("settings:why shop.limit --json").assert_ok().output)

    assert rows == [
        {"place": "config/shop.py:6", "variable": None, "value": 5, "wins": True},
        {"place": "default", "variable": None, "value": None, "wins": False},
    ]


def test_why_asks_the_sources_of_the_application(shop: Artisan) -> None:
    Settings.environment.extend({"SHOP_MOTTO": "weak", "SHOP_LIMIT": "9"}.get)

    assert Settings.why("shop.limit")[0].place == "a source of the application"
    assert [each.value for each in Settings.why("shop.motto")] == ["plain", "weak", "none", None]


def test_why_of_what_there_is_not_fails(shop: Artisan) -> None:
    shop("settings:why shop.mott").assert_exit(1).assert_output('Did you mean "shop.motto"?')
    with pytest.raises(UnknownSetting):
        Settings.why("NO_SUCH")


# -- rekey, expire


def test_rekey_forgets_the_earlier_keys_and_keeps_all_readable(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one --secret").assert_ok()
    shop("settings:rotate").assert_ok()
    key = base / "settings/secrets.key"
    current, earlier = key.read_text().splitlines()[1:]

    shop("settings:rekey").assert_ok().assert_output("1 secret is", "Forgotten: 1 earlier key.")

    assert current in key.read_text()
    assert earlier not in key.read_text()
    assert Settings.get("shop.token") == "one"
    shop("settings:rollback 0").assert_ok()
    assert Settings.get("shop.token") == "t0ps3cret"


def test_rekey_encrypts_with_the_first_key_of_the_process(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (f"base64:{b64encode(sign * 32).decode()}" for sign in (b"o", b"n"))
    monkeypatch.setenv("SECURELY_ENV_KEY", old)
    for shop in console(base):
        shop("settings:set SHOP_TOKEN=one --secret").assert_ok()
    monkeypatch.setenv("SECURELY_ENV_KEY", f"{new},{old}")
    for shop in console(base):
        shop("settings:rekey").assert_ok().assert_output("Take the earlier keys out")

    monkeypatch.setenv("SECURELY_ENV_KEY", new)
    for _ in console(base):
        assert Settings.get("shop.token") == "one"
        assert not (base / "settings/secrets.key").exists()


def test_rekey_writes_nothing_unless_it_can_read_all(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one SHOP_MOTTO=two --secret").assert_ok()
    shop("settings:rotate").assert_ok()
    file, key = base / "settings/secrets.enc", base / "settings/secrets.key"
    broken = file.read_text().replace("SHOP_TOKEN", "SHOP_OTHER")
    file.write_text(broken)
    keys = key.read_text()

    with pytest.raises(SecretsBroken):
        Settings.rekey()

    assert (file.read_text(), key.read_text()) == (broken, keys)


def test_rekey_without_a_key_says_so(shop: Artisan) -> None:
    shop("settings:rekey").assert_exit(1).assert_output("no key for the secrets")


def test_expire_notes_a_day_with_the_secret(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one --secret").assert_ok()

    shop("settings:expire shop.token 2027-01-31").assert_ok().assert_output("after 2027-01-31")
    assert Settings.writer.vault.dates()["SHOP_TOKEN"].expires == date(2027, 1, 31)
    shop("settings:expire SHOP_TOKEN never").assert_ok().assert_output("does not expire")
    assert Settings.writer.vault.dates()["SHOP_TOKEN"].expires is None
    assert Settings.get("shop.token") == "one"


def test_expire_refuses_what_is_no_secret_and_no_day(shop: Artisan) -> None:
    shop("settings:expire SHOP_MOTTO 2027-01-31").assert_exit(2).assert_output("no setting")
    shop("settings:expire SHOP_MOTTO soon").assert_exit(2).assert_output("soon is no day")


# -- audit


def sound(shop: Artisan, base: Path) -> None:
    """Keep all secrets encrypted."""
    shop("settings:set SHOP_TOKEN=t0ps3cret --secret").assert_ok()
    shop(f"settings:set APP_KEY=base64:{b64encode(b'k' * 32).decode()} --secret").assert_ok()


def test_audit_of_what_is_sound(shop: Artisan, base: Path) -> None:
    with freeze() as travel:
        sound(shop, base)
        travel(hours=49)

        found = shop("settings:audit").assert_ok().assert_output("Nothing is wrong")
    row = next(line for line in found.output.splitlines() if "SHOP_TOKEN" in line)
    assert [each.strip() for each in row.split("|")[1:-1]] == [
        "SHOP_TOKEN",
        "secrets.enc",
        "2",
        "-",
        "none",
    ]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (31, "none"),
        (30, "expires in 30 days"),
        (1, "expires in 1 day"),
        (0, "expires today"),
        (-1, "expired 1 day ago"),
    ],
)
def test_audit_warns_of_the_end_of_a_secret(
    shop: Artisan, base: Path, days: int, told: str
) -> None:
    sound(shop, base)
    day = clock.now().date() + timedelta(days=days)
    Settings.expire("SHOP_TOKEN", day)

    found = shop("settings:audit").assert_exit(0 if told == "none" else 1)

    (row,) = (line for line in found.output.splitlines() if "SHOP_TOKEN" in line)
    assert str(day) in row
    assert told in row
    shop("settings:audit --within=365").assert_exit(1)


def test_audit_finds_values_that_are_too_old(shop: Artisan, base: Path) -> None:
    with freeze() as travel:
        sound(shop, base)
        travel(hours=24 * 91)
        Settings.set({"SHOP_TOKEN": "renewed"})

        found = shop("settings:audit --max-age=90").assert_exit(1)
        shop("settings:audit --max-age=91").assert_ok()
    old = [line for line in found.output.splitlines() if "older than 90 days" in line]
    assert [line.split()[1] for line in old] == ["APP_KEY"]


def test_audit_finds_secrets_in_plain_text(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=t0ps3cret --secret").assert_ok()
    with (base / ".env").open("a") as file:
        file.write("SHOP_TOKEN=by-hand\n")

    for again in console(base):
        found = again("settings:audit").assert_exit(1)
        rows = [line for line in found.output.splitlines() if "in plain text in .env" in line]
        assert [row.split()[1] for row in rows] == ["SHOP_TOKEN", "APP_KEY"]
        found.assert_no_output("SHOP_MOTTO", "by-hand", "t0ps3cret", "c2VjdXJl")


def test_audit_finds_files_that_others_read(shop: Artisan, base: Path) -> None:
    sound(shop, base)
    files = [".env", "settings/secrets.key", "storage/settings/history.default.jsonl"]
    (base / ".env.example").write_text("APP_NAME=\n")
    for file in files:
        (base / file).chmod(0o640)

    found = shop("settings:audit --json").assert_exit(1)

    told = json.loads(found.output)["findings"]
    assert [each.partition(" ")[0] for each in told if "its mode is 0640" in each] == files
    assert any("The key of the secrets" in each for each in told)


def git(base: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=base, check=True)  # noqa: S607  # as the user's path has it


def test_audit_finds_the_key_in_git(shop: Artisan, base: Path) -> None:
    sound(shop, base)
    git(base, "init", "-q")
    (base / ".gitignore").write_text(".env\n")
    shop("settings:audit").assert_ok()

    git(base, "add", "-f", "settings/secrets.key")

    found = shop("settings:audit").assert_exit(1)
    found.assert_output("settings/secrets.key is not kept out of git").assert_no_output(".env is")


def test_audit_finds_that_there_is_no_key_of_the_application(shop: Artisan, base: Path) -> None:
    sound(shop, base)
    shop("settings:unset APP_KEY").assert_ok()

    shop("settings:audit").assert_exit(1).assert_output("APP_KEY is not set", "key:generate")


def test_audit_names_the_secrets_without_their_key(shop: Artisan, base: Path) -> None:
    sound(shop, base)
    (base / "settings/secrets.key").rename(base / "away")
    Settings.writer.vault.forget()

    found = shop("settings:audit").assert_exit(1)

    found.assert_output("no key for the secrets", "SHOP_TOKEN", "secrets.enc")


def test_audit_as_json(shop: Artisan, base: Path) -> None:
    sound(shop, base)
    Settings.expire("SHOP_TOKEN", date(2000, 1, 31))

    told = json.loads(shop("settings:audit --json").assert_exit(1).output)

    assert told["findings"] == []
    row = next(each for each in told["secrets"] if each["name"] == "SHOP_TOKEN")
    assert (row["place"], row["age_days"], row["expires"]) == ("secrets.enc", 0, "2000-01-31")
    assert row["findings"][0].startswith("expired ")


# -- fingerprints


def prints(shop: Artisan, line: str) -> list[str]:
    found = shop(f"settings:{line} --fingerprint").assert_ok().assert_no_output("t0ps3cret")
    return re.findall(r"\*{8} ([0-9a-f]{8})\b", found.output)


def test_a_fingerprint_tells_whether_two_values_are_the_same(shop: Artisan, base: Path) -> None:
    shop("settings:key").assert_ok()
    (first,) = prints(shop, "get shop.token")

    assert prints(shop, "get SHOP_TOKEN --json") == [first]
    assert prints(shop, "all shop") == [first]
    assert prints(shop, "all shop --flat") == [first]
    shop("settings:set SHOP_TOKEN=other").assert_ok()
    assert prints(shop, "get shop.token") != [first]
    shop("settings:set SHOP_TOKEN=t0ps3cret --secret").assert_ok()
    assert prints(shop, "get shop.token") == [first]
    # What is no secret has none: its value can be seen.
    shop("settings:get shop.motto --fingerprint").assert_output("plain")


def test_two_names_of_one_value_do_not_look_alike(shop: Artisan) -> None:
    shop("settings:key").assert_ok()
    shop("settings:set SHOP_TOKEN=same MAIL_PASSWORD=same").assert_ok()

    assert prints(shop, "get SHOP_TOKEN") != prints(shop, "get MAIL_PASSWORD")


def test_machines_share_fingerprints_by_a_text(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURELY_FINGERPRINT_KEY", "a long text that both have")
    found: list[str] = []
    for number in (b"1", b"2"):
        monkeypatch.setenv("SECURELY_ENV_KEY", f"base64:{b64encode(number * 32).decode()}")
        for shop in console(base):
            found += prints(shop, "get shop.token")
    monkeypatch.delenv("SECURELY_FINGERPRINT_KEY")
    for shop in console(base):
        found += prints(shop, "get shop.token")

    first, second, other = found
    assert first == second != other


def test_a_fingerprint_needs_a_key(shop: Artisan) -> None:
    shop("settings:get shop.token --fingerprint").assert_exit(1).assert_output("settings:key")


# -- as of a revision


def test_settings_are_read_as_they_were(shop: Artisan, base: Path) -> None:
    shop("settings:set shop.motto=two shop.limit=6").assert_ok()
    shop("settings:unset shop.motto").assert_ok()
    before = (base / ".env").read_bytes()

    for revision, (motto, limit) in enumerate([("plain", 5), ("two", 6), ("none", 6)]):
        past = Settings.as_of(revision)
        assert (past.get("shop.motto"), past.get("shop.limit")) == (motto, limit)
        shop(f"settings:get shop.motto --as-of={revision}").assert_ok().assert_output(motto)
        shop(f"settings:all shop --flat --as-of={revision}").assert_output(f"motto={motto}")
    assert (base / ".env").read_bytes() == before
    assert Settings.get("shop.motto") == "none"


def test_a_secret_is_one_at_each_revision(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_MOTTO=h1dden --secret").assert_ok()
    shop("settings:set SHOP_MOTTO=n3wer").assert_ok()

    for revision, value in enumerate(["plain", "h1dden", "n3wer"]):
        assert Settings.as_of(revision).get("shop.motto") == value
        for line in ("get shop.motto", "get SHOP_MOTTO", "all shop"):
            shown = shop(f"settings:{line} --as-of={revision}").assert_ok()
            shown.assert_no_output("plain", "h1dden", "n3wer")
    Settings.unset(["SHOP_MOTTO"])
    shop("settings:get shop.motto --as-of=2").assert_ok().assert_no_output("n3wer")
    shop("settings:get shop.motto --as-of=2 --reveal").assert_ok().assert_output("n3wer")


def test_there_is_no_revision_that_was_not(shop: Artisan) -> None:
    shop("settings:get shop.motto --as-of=1").assert_exit(2).assert_output("0 to 0")
    assert Settings.as_of(0).get("shop.motto") == "plain"
