"""config:cache, config:clear, config:show --why, config:publish, make:config, env:check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.config import Environment
from securely.console import BufferedOutput
from securely.container import set_process_container
from securely.facades import Config
from securely.foundation.console_kernel import ConsoleKernel
from securely.testing import Artisan

BASE = Path(__file__).parents[2]
FAULTY = Path(__file__).parent / "faulty"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """An application of its own: its folder may be written to."""
    base = tmp_path / "site"
    (base / "config").mkdir(parents=True)
    before = set_process_container(None)
    yield base
    set_process_container(before)


def run(base: Path, line: str, **variables: str) -> tuple[int, str]:
    """Boot the application in *base* and run one command line in it."""
    environment = {"APP_ENV": "testing", "LOG_CHANNEL": "null", "CACHE_STORE": "array", **variables}
    output = BufferedOutput()
    app = Application.configure(base).build(environment)
    return ConsoleKernel(app).handle(line.split(), output), output.all_text


def test_config_cache_and_clear(app: Application, artisan: Artisan) -> None:
    artisan("config:cache").assert_ok().assert_output("config.json")
    assert app.configuration_is_cached()

    artisan("config:clear").assert_ok()
    assert not app.configuration_is_cached()
    artisan("config:clear").assert_ok()


def test_config_cache_names_what_cannot_be_kept(site: Path) -> None:
    (site / "config/shop.py").write_text("config = {\n    'rule': {'tax': lambda: 1},\n}\n")

    code, said = run(site, "config:cache")

    assert code == 1
    assert "config/shop.py:2: shop.rule.tax is of type builtins.function" in said
    assert not (site / "bootstrap/cache/config.json").exists()


def console(base: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command line in a process of its own: packages called `app` do not mix."""
    return subprocess.run(
        [sys.executable, "artisan.py", *words],
        cwd=base,
        env={**os.environ, "PYTHONPATH": str(BASE), "APP_ENV": "testing"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_config_check_and_container_check_tell_all_in_one_run_each(site: Path) -> None:
    shutil.rmtree(site)
    shutil.copytree(FAULTY, site, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "config").mkdir()
    (site / "config/cache.py").write_text(
        "config = {\n    'defualt': 'array',\n    'prefix': 5,\n}\n"
    )
    (site / "config/shop.py").write_text(
        "from securely import env\nconfig = {\n    'key': env.required('SHOP_KEY'),\n}\n"
    )
    (site / "config/qeue.py").write_text("config = {}\n")

    config = console(site, "config:check")
    container = console(site, "container:check")

    assert config.returncode == container.returncode == 1
    for each in (
        "config/cache.py:2: cache.defualt is not a known setting",
        'Did you mean "default"?',
        "config/cache.py:3: cache.prefix is 5",
        'config/shop.py:3: The environment variable "SHOP_KEY" is not set',
        'qeue.py: No component reads the section "qeue". Did you mean "queue"?',
    ):
        assert each in config.stderr
    assert "cache.prefix" not in container.stderr
    assert "Circular dependency: Hen" in container.stderr


def test_config_check_tells_of_a_key_that_no_cipher_takes_and_what_mends_it_runs(
    site: Path,
) -> None:
    (site / ".env").write_text("APP_KEY=base64:c2hvcnQ=\n")

    code, said = run(site, "config:check")
    assert code == 1
    assert "app.key cannot be used to encrypt: It has 5 bytes" in said
    assert "c2hvcnQ" not in said
    assert run(site, "about")[0] == 0
    assert run(site, "key:generate --force")[0] == 0
    assert run(site, "config:check")[0] == 0


def test_config_show_why_names_file_line_and_variable(artisan: Artisan) -> None:
    shown = artisan("config:show cache.default --why").assert_ok()
    shown.assert_output("config/cache.py:", "CACHE_STORE from the environment of the process")


@pytest.mark.parametrize("times", [1, 2])
def test_config_show_why_of_what_was_set_while_running_names_the_place(
    artisan: Artisan, times: int
) -> None:
    for _ in range(times):  # a facade calls in another way from the second time on
        Config.set("app.name", "Other")

    artisan("config:show app.name --why").assert_ok().assert_output(
        f"set while running, in {__file__}"
    )


def test_config_show_why_as_json_masks_secrets(artisan: Artisan, app: Application) -> None:
    key = str(app.make(Environment).get("APP_KEY"))
    result = artisan("config:show app --why --json").assert_ok().assert_no_output(key)

    shown: Any = json.loads(result.output)
    assert shown["app.key"]["value"] == "********"
    assert "APP_KEY from" in shown["app.key"]["source"]


def test_config_show_where_the_configuration_is_broken_says_so_and_shows_the_rest(
    site: Path,
) -> None:
    (site / "config/shop.py").write_text("config = {\n")

    said = run(site, "config:show cache.default")[1]

    assert "config/shop.py:1: Syntax error" in said
    assert "array" in said


def test_config_publish_copies_one_file_or_all_and_never_over_yours(site: Path) -> None:
    (site / "config/app.py").write_text("config = {}\n")

    assert run(site, "config:publish cache")[0] == 0
    assert run(site, "config:publish cache")[0] == 1
    assert run(site, "config:publish --all")[0] == 0
    assert (site / "config/app.py").read_text() == "config = {}\n"
    assert (site / "config/queue.py").is_file()
    assert run(site, "config:publish app --force")[0] == 0
    assert '"name"' in (site / "config/app.py").read_text()
    code, said = run(site, "config:publish cahce")
    assert (code, 'Did you mean "cache"?' in said) == (1, True)


def test_config_publish_beside_a_yaml_file_of_that_section_is_refused(site: Path) -> None:
    (site / "config/cache.yaml").write_text("prefix: x\n")

    assert run(site, "config:publish cache --force")[0] == 1
    assert not (site / "config/cache.py").exists()


def test_make_config_makes_a_file_that_loads(site: Path) -> None:
    assert run(site, "make:config billing")[0] == 0

    assert run(site, "config:show billing.enabled")[1].split()[-1] == "true"


def test_env_check_names_what_is_missing_and_what_nobody_reads(site: Path) -> None:
    (site / ".env").write_text("APP_NAME=x\nAPP_NMAE=y\n")
    (site / ".env.example").write_text("APP_NAME=\nSHOP_URL=\n")
    (site / "config/shop.py").write_text(
        "from securely import env\nconfig = {'key': env.str('SHOP_KEY', '')}\n"
    )

    code, said = run(site, "env:check")

    assert code == 0
    assert "SHOP_URL is in .env.example, and is not set." in said
    assert "APP_NMAE is set in the .env file, and no file of the configuration reads it." in said
    assert "SHOP_KEY" not in said


def test_env_check_when_a_variable_without_a_default_is_missing_fails(site: Path) -> None:
    file = site / "config/shop.py"
    file.write_text("from securely import env\nconfig = {'key': env.required('SHOP_KEY')}\n")

    code, said = run(site, "env:check")

    assert code == 1
    assert f"SHOP_KEY is not set, and has no default: {file}:2." in said
    assert run(site, "env:check", SHOP_KEY="x")[0] == 0


def test_env_why_names_place_shadow_and_default(site: Path) -> None:
    (site / ".env").write_text("\nAPP_NAME=file\n")

    said = run(site, "env --why=APP_NAME", APP_NAME="process")[1]

    assert "APP_NAME=process" in said
    assert "from the environment of the process" in said
    assert f"shadows {site / '.env'}:2" in said
    assert "default 'Securely'" in said
