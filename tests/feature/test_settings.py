"""settings:…: an application's settings, from the command line and by the facade."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from securely import Application
from securely.config import Environment
from securely.container import set_process_container
from securely.exceptions import ConfigurationError
from securely.facades import Settings
from securely.settings import InvalidSettings, NotAVariable, UnknownSetting
from securely.settings.settings import Settings as ApplicationSettings
from securely.testing import Artisan

ENV = """\
# What people see.
export APP_NAME='Blog'  # shown

APP_KEY=base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM=
APP_ENV=local\r
SHOP_TOKEN="t0ps3cret"
SHOP_MOTTO="two
lines"
"""
CONFIG = """\
from securely.config import env

config = {
    "motto": env("SHOP_MOTTO", "none"),
    "token": env("SHOP_TOKEN"),
    "limit": env.int("SHOP_LIMIT", 5),
    "fixed": 7,
    "nested": [{"password": "n3sted", "url": "redis://ann:hunter2@host/0"}],
}
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application's folder."""
    for name in ("APP_NAME", "APP_KEY", "APP_ENV", "SHOP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / ".env").write_bytes(ENV.encode())
    before = set_process_container(None)  # an application makes itself that of the process
    yield tmp_path
    set_process_container(before)


@pytest.fixture
def shop(base: Path) -> Iterator[Artisan]:
    """The console of an application in that folder."""
    app = Application.configure(base).create()
    with app.active():
        app.boot()
        console = Artisan(app)
        yield console
        console.finish()


def env_of(base: Path) -> str:
    return (base / ".env").read_bytes().decode()


def everything(base: Path) -> str:
    """All that lies in the application's folder, names included."""
    files = [file for file in base.rglob("*") if file.is_file() and file.name != ".env"]
    return "\n".join(f"{file}\n{file.read_bytes().decode('latin-1')}" for file in files)


# -- get, has


def test_a_variable_that_nobody_has_set_says_what_it_would_fill_in(shop: Artisan) -> None:
    result = shop("settings:get SHOP_LIMIT")

    result.assert_exit(1).assert_output("The variable SHOP_LIMIT is not set", "shop.limit")


def test_a_variable_that_nothing_reads_is_likened_to_those_there_are(shop: Artisan) -> None:
    result = shop("settings:get SHOP_LIMTI")

    result.assert_exit(1).assert_output('Did you mean "SHOP_LIMIT"?')


def test_a_variable_that_is_set_by_a_slip_is_told(shop: Artisan, base: Path) -> None:
    result = shop("settings:set SHOP_LIMTI 6")

    result.assert_exit(0).assert_output('No setting reads SHOP_LIMTI. Did you mean "SHOP_LIMIT"?')
    assert "SHOP_LIMTI=6" in env_of(base)


@pytest.mark.parametrize("name", ["SHOP_LIMIT", "SHOP_MOTTO", "SHOPS_LIMIT", "OTHER"])
def test_a_variable_that_is_meant_is_set_without_a_word(shop: Artisan, name: str) -> None:
    assert "Did you mean" not in shop(f"settings:set {name} 6").output


def test_a_key_that_no_cipher_takes_is_not_set(shop: Artisan, base: Path) -> None:
    result = shop("settings:set app.key base64:c2hvcnQ=")

    result.assert_exit(2).assert_output("app.key cannot be used", "It has 5 bytes")
    assert env_of(base) == ENV


def test_get_shows_a_value(shop: Artisan) -> None:
    shop("settings:get app.name").assert_ok().assert_output("Blog")
    shop("settings:get shop.fixed --json --origin").assert_output('"value": 7', "config/shop.py")
    shop("settings:get cache.default --origin").assert_output("disk", "from default")


def test_get_of_what_is_not_set_fails_without_a_default(shop: Artisan) -> None:
    shop("settings:get shop.nothing").assert_exit(1).assert_output("no setting shop.nothing")
    shop("settings:get app.nam").assert_exit(1).assert_output('Did you mean "app.name"?')
    shop("settings:get shop.nothing --default=7").assert_ok().assert_output("7")


def test_get_hides_secrets_unless_told_to_reveal_them(shop: Artisan) -> None:
    shop("settings:get shop.token").assert_ok().assert_no_output("t0ps3cret")
    shop("settings:get SHOP_TOKEN --json").assert_ok().assert_no_output("t0ps3cret")
    shop("settings:get shop.token --reveal").assert_ok().assert_output("t0ps3cret")


def test_get_raw_writes_the_value_and_nothing_else(shop: Artisan) -> None:
    assert shop("settings:get shop.motto --raw").output == "two\nlines"


def test_get_shows_a_value_where_nothing_can_be_written(shop: Artisan, base: Path) -> None:
    (base / "storage").write_text("a file, where a folder should be")

    shop("settings:get app.name").assert_ok().assert_output("Blog")


def test_has_answers_by_its_exit_code(shop: Artisan) -> None:
    shop("settings:has app.name SHOP_TOKEN").assert_ok().assert_no_output()
    shop("settings:has app.name shop.nothing").assert_exit(1).assert_no_output()
    shop("settings:has app.name -v").assert_ok().assert_output("app.name", ".env")


# -- all


def test_all_draws_a_tree_without_secrets(shop: Artisan) -> None:
    result = shop("settings:all shop").assert_ok()

    result.assert_output("environment: local", "limit", "[secret]", "config/shop.py", ".env")
    result.assert_no_output("t0ps3cret")
    assert result.output.isascii()
    assert max(map(len, result.output.splitlines())) <= 80


def test_all_has_forms_for_machines(shop: Artisan) -> None:
    told = json.loads(shop("settings:all shop --json").output)
    assert told["shop"] == {
        "fixed": 7,
        "nested": [{"password": "********", "url": "redis://ann:********@host/0"}],
        "limit": 5,
        "motto": "two\nlines",
        "token": "********",
    }
    told = json.loads(shop("settings:all shop.limit --json --origin").output)
    assert told["shop"]["limit"] == {"value": 5, "origin": "config/shop.py"}
    shop("settings:all shop --yaml").assert_output("shop:\n", "  fixed: 7\n")
    shop("settings:all shop --flat --origin").assert_output("shop.fixed=7  # config/shop.py")
    shop("settings:all shop --env-format").assert_output('SHOP_MOTTO="two\\nlines"\nSHOP_TOKEN=')


def test_all_can_be_narrowed(shop: Artisan) -> None:
    changed = shop("settings:all app --flat --changed").output
    assert "app.name=Blog" in changed
    assert "app.url" not in changed
    assert shop("settings:all shop --flat --missing").output == ""
    shop("settings:all nothing").assert_exit(1)


# -- set


def test_set_changes_one_value_and_no_other_byte(shop: Artisan, base: Path) -> None:
    result = shop("settings:set app.name 'My Shop'").assert_ok()

    result.assert_output("- APP_NAME=Blog", "+ APP_NAME=My Shop", "Revision 1")
    assert env_of(base) == ENV.replace("'Blog'", "'My Shop'")
    shop("settings:get app.name").assert_output("My Shop")


def test_set_of_several_is_one_transaction(shop: Artisan, base: Path) -> None:
    shop("settings:set app.name=A shop.limit=many").assert_exit(2).assert_output("SHOP_LIMIT")
    assert env_of(base) == ENV

    shop("settings:set app.name=A shop.limit=9 SHOP_MOTTO=x=y").assert_ok()
    assert env_of(base).endswith('SHOP_MOTTO="x=y"\nSHOP_LIMIT=9\n')
    assert len(Settings.history()) == 1


def test_set_validates_the_whole_and_writes_nothing_that_is_wrong(
    shop: Artisan, base: Path
) -> None:
    result = shop("settings:set app.timezone Nowhere").assert_exit(2)

    result.assert_output("Nothing was changed", "app.timezone", "is not a time zone")
    assert env_of(base) == ENV


def test_set_repairs_what_is_wrong(base: Path) -> None:
    (base / ".env").write_text(f"{ENV}APP_TIMEZONE=Nowhere\n", newline="")
    app = Application.configure(base).create()

    assert app.handle_command(["settings:set", "app.timezone", "UTC", "--quiet"]) == 0
    assert "APP_TIMEZONE=UTC" in env_of(base)


def test_set_dry_run_shows_and_writes_nothing(shop: Artisan, base: Path) -> None:
    shop("settings:set app.name=X --dry-run").assert_ok().assert_output("+ APP_NAME=X", "dry-run")

    assert env_of(base) == ENV
    assert not (base / "settings").exists()
    assert not (base / "storage").exists()


def test_set_asks_for_a_secret_and_never_shows_it(shop: Artisan, base: Path) -> None:
    pending = shop("settings:set shop.token").expects_question("shop.token", "n3wt0ken")
    pending.assert_ok().assert_no_output("n3wt0ken", "t0ps3cret")

    assert 'SHOP_TOKEN="n3wt0ken"' in env_of(base)
    assert "n3wt0ken" not in everything(base)
    assert "t0ps3cret" not in everything(base)


def test_set_reads_a_secret_from_the_standard_input(
    shop: Artisan, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("p1ped\n"))

    shop("settings:set shop.token -").assert_ok().assert_no_output("p1ped")

    assert 'SHOP_TOKEN="p1ped"' in env_of(base)


def test_set_reads_a_value_from_a_file(shop: Artisan, base: Path) -> None:
    (base / "value").write_text("from a file\n")

    shop(f"settings:set app.name --from-file={base / 'value'}").assert_ok()

    shop("settings:get app.name").assert_output("from a file")


def test_set_warns_of_a_secret_on_the_command_line(shop: Artisan) -> None:
    result = shop("settings:set shop.token typ3d").assert_ok()

    result.assert_output("SHOP_TOKEN", "`ps`").assert_no_output("typ3d")


def test_set_tells_what_cannot_be_set(shop: Artisan) -> None:
    shop("settings:set shop.fixed 8").assert_exit(2).assert_output(
        "config/shop.py:7", 'env("SHOP_FIXED", …)'
    )
    shop("settings:set shop.limitt 8").assert_exit(2).assert_output('Did you mean "shop.limit"?')
    shop("settings:set app.name a b").assert_failed().assert_output("more than one value")
    shop("settings:set app.name=a b").assert_failed().assert_output("b=VALUE")


def test_set_says_when_the_process_wins(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_LIMIT", "3")
    app = Application.configure(base).create()
    with app.active():
        app.boot()
        Artisan(app)("settings:set shop.limit 4").assert_ok().assert_output("wins over any file")


def test_set_tells_as_json_what_has_changed(shop: Artisan) -> None:
    told = json.loads(shop("settings:set app.name=A SHOP_TOKEN=b --json").output)

    assert told["revision"] == 1
    assert told["changes"] == [
        {"name": "APP_NAME", "place": ".env", "old": "Blog", "new": "A"},
        {"name": "SHOP_TOKEN", "place": ".env", "old": "********", "new": "********"},
    ]


def test_set_when_nothing_differs_then_writes_nothing(shop: Artisan, base: Path) -> None:
    shop("settings:set app.name Blog").assert_ok().assert_output("so already")

    assert not Settings.history()
    assert env_of(base) == ENV


# -- unset, rename, rollback


def test_unset_removes_the_line_and_the_default_holds(shop: Artisan, base: Path) -> None:
    shop("settings:unset app.name").assert_ok().assert_output("- APP_NAME=Blog")

    assert env_of(base) == ENV.replace("export APP_NAME='Blog'  # shown\n", "")
    shop("settings:get app.name --origin").assert_output("Securely", "default")


def test_rename_keeps_the_line(shop: Artisan, base: Path) -> None:
    shop("settings:rename SHOP_MOTTO SHOP_SLOGAN").assert_ok()

    assert env_of(base) == ENV.replace("SHOP_MOTTO", "SHOP_SLOGAN")
    shop("settings:rename NOTHING OTHER").assert_exit(2)


def test_set_says_what_is_wrong_elsewhere_and_bars_no_repair(shop: Artisan, base: Path) -> None:
    (base / "config/queue.py").write_text('config = {"conections": {}}\n')

    shop("settings:set app.name=A").assert_ok().assert_output("Not valid, as before", "conections")
    (base / "config/queue.py").unlink()
    shop("settings:set app.name=B").assert_ok().assert_no_output("Not valid")


def test_rollback_brings_back_values(shop: Artisan, base: Path) -> None:
    shop("settings:set app.name=A SHOP_TOKEN=b").assert_ok()
    shop("settings:set app.name=B shop.limit=9").assert_ok()

    shop("settings:rollback 1").assert_ok().assert_output("+ APP_NAME=A", "- SHOP_LIMIT=9")
    assert "SHOP_LIMIT" not in env_of(base)
    shop("settings:rollback 0").assert_ok().assert_no_output("t0ps3cret")

    assert env_of(base) == ENV
    assert [each.command for each in Settings.history("app.name")] == [
        "set",
        "set",
        "rollback 1",
        "rollback 0",
    ]
    shop("settings:rollback 9").assert_exit(2).assert_output("There is: 0 to 3")
    shop("settings:rollback 4").assert_exit(2).assert_output("That is how it is now. There is: 0")


# -- secrets


def test_a_secret_is_encrypted_and_leaves_the_file(shop: Artisan, base: Path) -> None:
    result = shop("settings:set SHOP_TOKEN --secret").expects_question("SHOP_TOKEN", "t0ps3cret")
    result.assert_ok().assert_output("secrets.enc").assert_no_output("t0ps3cret")

    assert "SHOP_TOKEN" not in env_of(base)
    assert "t0ps3cret" not in everything(base)
    assert Settings.get("shop.token") == "t0ps3cret"
    shop("settings:get shop.token --origin").assert_output("secrets.enc")
    # And an application that is made now reads it.
    app = Application.configure(base).create()
    with app.active():
        app.boot()
        assert app.make("config").get("shop.token") == "t0ps3cret"
        assert app.make("config").get("shop.motto") == "two\nlines"


def test_the_process_wins_over_a_secret(
    shop: Artisan, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("settings:set SHOP_TOKEN=kept --secret").assert_ok()
    monkeypatch.setenv("SHOP_TOKEN", "of the process")

    app = Application.configure(base).create()
    with app.active():
        app.boot()
        assert app.make("config").get("shop.token") == "of the process"


def test_a_deleted_secret_keeps_the_application_from_starting(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one SHOP_MOTTO=two --secret").assert_ok()
    file = base / "settings/secrets.enc"
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join(row for row in rows if not row.startswith("SHOP_TOKEN")))

    app = Application.configure(base).create()
    with app.active(), pytest.raises(ConfigurationError) as caught:
        app.boot()
    assert str(caught.value).count("SHOP_TOKEN was deleted") == 1


def test_a_secret_can_be_changed_unset_and_taken_back(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one --secret").assert_ok()
    shop("settings:set SHOP_TOKEN=two").assert_ok()
    assert "SHOP_TOKEN" not in env_of(base)
    shop("settings:unset SHOP_TOKEN").assert_ok()
    assert not Settings.has("shop.token")

    shop("settings:rollback 2").assert_ok()
    assert Settings.get("shop.token") == "two"
    shop("settings:rollback 0").assert_ok()

    assert Settings.get("shop.token") == "t0ps3cret"
    assert "SHOP_TOKEN=t0ps3cret\n" in env_of(base)


def test_a_secret_that_is_not_valid_is_not_quoted(shop: Artisan) -> None:
    # Nothing in its name tells that it is a secret.
    result = shop("settings:set SHOP_LIMIT=p1n --secret").assert_exit(2)

    result.assert_output("SHOP_LIMIT", "an integer").assert_no_output("'p1n'", "is p1n")


def test_whatever_is_kept_with_the_secrets_is_shown_nowhere(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_MOTTO=m0tto --secret").assert_ok().assert_no_output("+ SHOP_MOTTO=m")
    (base / ".env.production").write_text("SHOP_MOTTO=p1ain\n")

    for line in ("get shop.motto", "get SHOP_MOTTO --json", "all shop", "all shop --json"):
        shop(f"settings:{line}").assert_ok().assert_no_output("m0tto")
    for line in ("search MOTTO", "history", "export", "all --env-format", "all --yaml"):
        shop(f"settings:{line}").assert_ok().assert_no_output("m0tto")
    shop("settings:diff default production").assert_exit(1).assert_no_output("m0tto", "p1ain")
    assert "m0tto" not in everything(base)


def test_rotate_keeps_secrets_and_history_readable(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one --secret").assert_ok()
    key = (base / "settings/secrets.key").read_text()

    shop("settings:rotate --drop").assert_ok().assert_output("1 secret is")

    assert not set(key.splitlines()[1:]) & set(
        (base / "settings/secrets.key").read_text().splitlines()
    )
    assert Settings.get("shop.token") == "one"
    shop("settings:rollback 0").assert_ok()
    assert Settings.get("shop.token") == "t0ps3cret"


def test_key_is_shown_only_when_that_is_asked_for(shop: Artisan, base: Path) -> None:
    shop("settings:key").assert_ok().assert_output("made").assert_no_output("base64:")
    shown = shop("settings:key --show").output.strip()

    assert shown in (base / "settings/secrets.key").read_text()


def test_edit_changes_what_comes_back(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=one SHOP_MOTTO=away --secret").assert_ok()
    editor = base / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "assert file.stat().st_mode & 0o777 == 0o600\n"
        "text = file.read_text().replace('one', 'ed1ted').replace('SHOP_MOTTO=away', '')\n"
        "file.write_text(text)\n"
        "pathlib.Path('seen').write_text(str(file))\n".replace("'seen'", repr(str(base / "seen")))
    )

    result = shop(f"settings:edit --editor='{sys.executable} {editor}'").assert_ok()

    result.assert_output("SHOP_MOTTO").assert_no_output("ed1ted", "away")
    assert Settings.get("shop.token") == "ed1ted"
    assert Settings.get("shop.motto") == "none"
    assert not Path((base / "seen").read_text()).exists()


def test_encrypt_and_decrypt_do_as_laravel(shop: Artisan, base: Path) -> None:
    key = "base64:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    shop(f"settings:encrypt --key={key}").assert_ok()
    shop(f"settings:decrypt --key={key} --filename=.env.back").assert_ok()

    assert (base / ".env.back").read_bytes() == (base / ".env").read_bytes()


# -- what there is, and what was


def test_history_tells_who_did_what_and_no_secret(shop: Artisan) -> None:
    shop("settings:set app.name=A SHOP_TOKEN=n3w").assert_ok()
    shop("settings:unset app.name").assert_ok()

    result = shop("settings:history").assert_ok()
    result.assert_output("1  ", "set", "APP_NAME: Blog -> A", "APP_NAME: unset")
    result.assert_output("SHOP_TOKEN: ******** -> ********").assert_no_output("n3w", "t0ps3cret")
    told = json.loads(shop("settings:history SHOP_TOKEN --json").output)
    assert [each["revision"] for each in told] == [1]
    assert told[0]["sealed"] is True


def test_search_finds_a_setting(shop: Artisan) -> None:
    shop("settings:search SHOP_LIMIT").assert_ok().assert_output("shop.limit", "5")
    shop("settings:search nothing-of-that").assert_exit(1)


def test_diff_compares_two_environments(shop: Artisan, base: Path) -> None:
    (base / ".env.production").write_text("APP_NAME=Blog\nSHOP_TOKEN=other\nSHOP_LIMIT=9\n")

    result = shop("settings:diff default production").assert_exit(1)

    result.assert_output("+ SHOP_LIMIT=9", "- SHOP_TOKEN=********", "+ SHOP_TOKEN=********")
    result.assert_no_output("APP_NAME", "other", "t0ps3cret")
    shop("settings:diff default default").assert_ok()
    shop("settings:diff default nowhere").assert_exit(1).assert_output("no environment nowhere")


def test_validate_names_all_that_is_wrong(shop: Artisan, base: Path) -> None:
    shop("settings:validate").assert_ok()

    (base / ".env.example").write_text("APP_NAME=\nAPP_WANTED=\n")
    result = shop("settings:validate").assert_exit(1)

    result.assert_output("APP_WANTED is in .env.example, and is not set.", "SHOP_TOKEN is set in")


def test_example_writes_every_variable_and_no_secret(shop: Artisan, base: Path) -> None:
    shop("settings:example").assert_ok()

    text = (base / ".env.example").read_text()
    assert "# The time zone of logs and of dates in input. (text)\nAPP_TIMEZONE=UTC\n" in text
    assert "\nAPP_KEY=\n" in text
    assert "\nSHOP_TOKEN=\n" in text
    assert "t0ps3cret" not in text
    shop("settings:example").assert_exit(1).assert_output("--force")
    shop("settings:example --check").assert_ok()
    (base / ".env.example").write_text(text.replace("SHOP_LIMIT", "OTHER"))
    shop("settings:example --check").assert_exit(1).assert_output("SHOP_LIMIT")


def test_scan_finds_secrets_and_shows_none(shop: Artisan, base: Path) -> None:
    shop("settings:scan").assert_ok()
    (base / "notes.txt").write_text("one\nthe token is t0ps3cret\n")
    (base / "key.pem").write_text("-----BEGIN " + "PRIVATE KEY-----\n")

    result = shop("settings:scan").assert_exit(1)

    result.assert_output("notes.txt:2: the value of SHOP_TOKEN", "key.pem:1: a private key")
    result.assert_no_output("t0ps3cret")
    shop("settings:scan config").assert_ok()


def test_scan_installs_a_hook_and_replaces_none(shop: Artisan, base: Path) -> None:
    shop("settings:scan --install-hook").assert_exit(1).assert_output("no repository")
    (base / ".git").mkdir()

    shop("settings:scan --install-hook").assert_ok()
    shop("settings:scan --install-hook").assert_exit(1)

    assert (base / ".git/hooks/pre-commit").stat().st_mode & 0o100


# -- programs, and other forms


def test_run_gives_a_program_the_variables_and_its_exit_code(shop: Artisan, base: Path) -> None:
    shop("settings:set SHOP_TOKEN=s3aled --secret").assert_ok()
    program = base / "program.py"
    program.write_text(
        "import os, sys, pathlib\n"
        f"pathlib.Path({str(base / 'seen')!r}).write_text("
        "os.environ['SHOP_TOKEN'] + os.environ['APP_NAME'] + ' '.join(sys.argv[1:]))\n"
        "sys.exit('SECURELY_ENV_KEY' in os.environ or 5)\n"
    )

    shop(f"settings:run -- {sys.executable} {program} --flag x").assert_exit(5)

    assert (base / "seen").read_text() == "s3aledBlog--flag x"
    shop("settings:run -- no-such-program-here").assert_exit(127)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("dotenv", 'SHOP_MOTTO="two\\nlines"\n'),
        ("json", '"SHOP_MOTTO": "two\\nlines"'),
        ("shell", "export SHOP_MOTTO='two\nlines'\n"),
        ("systemd", 'SHOP_MOTTO="two\nlines"\n'),
        ("yaml", "APP_NAME: Blog\n"),
        ("kubernetes", "  SHOP_MOTTO: dHdvCmxpbmVz\n"),
    ],
)
def test_export_writes_what_others_read(shop: Artisan, form: str, line: str) -> None:
    shop(f"settings:export --format={form}").assert_ok().assert_output(line).assert_no_output(
        "t0ps3cret", "dDBwczNjcmV0"
    )


def test_export_refuses_what_a_form_cannot_say(shop: Artisan) -> None:
    shop("settings:export --format=docker").assert_exit(2).assert_output("SHOP_MOTTO")


def test_export_to_a_file_is_for_its_owner_alone(shop: Artisan, base: Path) -> None:
    shop(f"settings:export --reveal --output={base / 'out'}").assert_ok()

    assert "t0ps3cret" in (base / "out").read_text()
    assert (base / "out").stat().st_mode & 0o777 == 0o600


def test_import_sets_all_of_a_file_or_none(shop: Artisan, base: Path) -> None:
    (base / "in.json").write_text('{"APP_NAME": "New", "SHOP_LIMIT": 8}')
    (base / "in.env").write_text("APP_NAME=Newer\nAPP_TIMEZONE=Nowhere\n")
    (base / "wrong.yaml").write_text("SHOP_TOKEN: [t0ps3cret")

    shop(f"settings:import {base / 'in.json'} --format=json").assert_ok()
    shop(f"settings:import {base / 'in.env'}").assert_exit(2)
    result = shop(f"settings:import {base / 'wrong.yaml'} --format=yaml").assert_failed()

    result.assert_no_output("t0ps3cret")
    assert (Settings.get("app.name"), Settings.get("shop.limit")) == ("New", 8)


# -- the facade


def test_the_facade_reads_and_changes(shop: Artisan, base: Path) -> None:
    assert Settings.get("shop.limit") == 5
    assert Settings.get("shop.token") == "t0ps3cret"
    assert Settings.has("shop.limit")
    assert not Settings.has("shop.other")

    outcome = Settings.set({"shop.limit": "8"})

    assert outcome.revision == 1
    assert Settings.get("shop.limit") == 8
    found = Settings.find("app.timezone")
    assert found is not None
    assert (found.field.kind, found.field.default) == ("text", "UTC")
    assert found.field.description == "The time zone of logs and of dates in input."
    assert found.variables == ("APP_TIMEZONE",)
    assert "t0ps3cret" not in repr(Settings.find("shop.token"))


def test_the_facade_refuses_with_the_kind_of_error(shop: Artisan) -> None:
    with pytest.raises(UnknownSetting):
        Settings.set({"shop.nothing": "1"})
    with pytest.raises(NotAVariable):
        Settings.set({"shop.fixed": "1"})
    with pytest.raises(InvalidSettings):
        Settings.set({"app.timezone": "Nowhere"})


def test_the_schema_knows_units_and_choices(shop: Artisan) -> None:
    fields = Settings.fields()

    assert fields["app.cipher"].kind.startswith("one of: aes-128-cbc")
    assert fields["cache.stores.disk.size_bytes_max"].unit == "bytes"
    assert fields["app.key"].secret
    assert fields["app.key"].reload == "reload"
    assert fields["app.maintenance.driver"].reload == fields["queue.default"].reload == "restart"


def test_search_finds_by_key_variable_and_description(shop: Artisan) -> None:
    assert [each.key for each in Settings.search("SHOP_LIM")] == ["shop.limit"]
    assert "app.timezone" in [each.key for each in Settings.search("time zone")]


def test_the_settings_are_made_of_the_applications_own_variables(shop: Artisan) -> None:
    settings = Settings.find("app.name")

    assert settings is not None
    assert isinstance(Settings.environment, Environment)
    assert ApplicationSettings is not None
