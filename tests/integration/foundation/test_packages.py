"""A package that is installed beside an application: found, shown, loaded when it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.foundation.commands.new import create_application

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 50

Artisan = Callable[..., subprocess.CompletedProcess[str]]

PROVIDER = '''
"""The provider of the shop."""

import os

from securely.container import Deferrable, Provider

from acme_shop.till import Till

with open(os.environ["IMPORTS"], "a", encoding="utf-8") as file:
    file.write("acme_shop.provider\\n")


class ShopProvider(Provider, Deferrable):
    provides = {"till": Till}
    singletons = [Till]
    when = ["shop.opened"]
    commands = {"shop:count": "acme_shop.commands:CountCommand"}

    def boot(self):
        self.publishes({"stubs/shop.py": "config/shop.py"}, tags="shop-config")
        self.publishes({"stubs": "resources/shop"}, tags=["shop-stubs", "shop"])
        self.optimizes(optimize=self.warm, clear="shop:count", key="shop")
        self.reloads("shop:count")

    def warm(self, till: Till):
        print("warm", till.total)
'''

COMMANDS = '''
"""Commands of the shop."""

import os

from securely.console import Command

from acme_shop.till import Till

with open(os.environ["IMPORTS"], "a", encoding="utf-8") as file:
    file.write("acme_shop.commands\\n")


class CountCommand(Command):
    signature = "shop:count {--fast : Do not look twice}"
    description = "Count what is in the till"

    def handle(self, till: Till):
        self.line(f"{till.total} in the till")
'''

TILL = '''
"""The till."""


class Till:
    total = 7
'''


def install(site: Path, name: str, version: str, provider: str) -> None:
    """Put the metadata of a package where an installer puts it."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    (folder / "entry_points.txt").write_text(
        f"[securely.providers]\nmain = {provider}\n", encoding="utf-8"
    )
    (folder / "RECORD").write_text("", encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages, with one that is for Securely."""
    site = tmp_path / "site"
    package = site / "acme_shop"
    (package / "stubs").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "provider.py").write_text(PROVIDER, encoding="utf-8")
    (package / "commands.py").write_text(COMMANDS, encoding="utf-8")
    (package / "till.py").write_text(TILL, encoding="utf-8")
    (package / "stubs/shop.py").write_text('config = {"rate": 19}\n', encoding="utf-8")
    (package / "stubs/page.txt").write_text("page\n", encoding="utf-8")
    install(site, "acme-shop", "1.2", "acme_shop.provider:ShopProvider")
    return site


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return create_application(tmp_path / "blog")


@pytest.fixture
def imports(tmp_path: Path) -> Callable[[], list[str]]:
    """What has been imported of the package since this was last asked."""
    file = tmp_path / "imports.txt"
    file.touch()

    def imports() -> list[str]:
        found = file.read_text(encoding="utf-8").split()
        file.write_text("", encoding="utf-8")
        return found

    return imports


@pytest.fixture
def artisan(blog: Path, site: Path, tmp_path: Path) -> Artisan:
    names = ("APP_", "CACHE_", "QUEUE_", "LOG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}

    def artisan(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=blog,
            capture_output=True,
            text=True,
            env={
                **kept,
                "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
                "IMPORTS": str(tmp_path / "imports.txt"),
                **variables,
            },
            timeout=SECONDS,
            check=False,
        )

    return artisan


def test_a_package_is_found_shown_and_loaded_when_it_is_needed(
    artisan: Artisan, imports: Callable[[], list[str]], blog: Path
) -> None:
    listed = artisan("list", "--raw")
    assert ["shop:count", "Count", "what", "is", "in", "the", "till"] in [
        line.split() for line in listed.stdout.splitlines()
    ]
    assert "--fast" in artisan("help", "shop:count").stdout
    assert imports() == []  # neither is imported to be shown

    rows = {row["provider"]: row for row in json.loads(artisan("provider:list", "--json").stdout)}
    shop = rows["acme_shop.provider:ShopProvider"]
    assert (shop["origin"], shop["state"], shop["deferred"]) == ("acme-shop 1.2", "waiting", True)
    assert imports() == ["acme_shop.provider"]  # the first boot has to ask what it provides

    assert artisan("about").returncode == 0
    assert imports() == []  # later ones know

    counted = artisan("shop:count")
    assert counted.stdout == "7 in the till\n", counted.stderr
    assert sorted(imports()) == ["acme_shop.commands", "acme_shop.provider"]
    kept = json.loads((blog / "bootstrap/cache/services.json").read_text(encoding="utf-8"))
    assert kept["deferred"]["acme_shop.provider:ShopProvider"]["provides"] == {
        "till": "acme_shop.till.Till"
    }


def test_optimize_keeps_it_and_clear_forgets_it(
    artisan: Artisan, imports: Callable[[], list[str]], blog: Path
) -> None:
    optimized = artisan("optimize")

    assert optimized.returncode == 0, optimized.stdout + optimized.stderr
    for key in ("packages", "services", "commands", "shop"):
        assert any(key in line and "DONE" in line for line in optimized.stdout.splitlines()), key
    assert "warm 7" in optimized.stdout
    cache = blog / "bootstrap/cache"
    assert {"packages.json", "services.json", "commands.txt"} <= {
        path.name for path in cache.iterdir()
    }
    imports()
    assert artisan("env").returncode == 0
    assert imports() == []
    skipped = artisan("optimize", "--except=shop,commands")
    assert "warm" not in skipped.stdout
    assert "commands" not in skipped.stdout

    cleared = artisan("optimize:clear")

    assert cleared.returncode == 0, cleared.stdout + cleared.stderr
    assert not {"packages.json", "services.json", "commands.txt"} & {
        path.name for path in cache.iterdir()
    }
    assert "shop" in artisan("reload").stdout


def test_one_that_changes_is_asked_again(
    artisan: Artisan, imports: Callable[[], list[str]], site: Path
) -> None:
    artisan("optimize")
    provider = site / "acme_shop/provider.py"
    provider.write_text(PROVIDER.replace('{"till": Till}', '{"purse": Till}'), encoding="utf-8")

    rows = json.loads(artisan("provider:list", "--json").stdout)

    assert ["purse"] in [row["services"] for row in rows]


def test_one_that_is_installed_or_removed_is_noticed(artisan: Artisan, site: Path) -> None:
    assert "shop:count" in artisan("list", "--raw").stdout
    artisan("about")
    for file in (site / "acme_shop-1.2.dist-info").iterdir():
        file.unlink()
    (site / "acme_shop-1.2.dist-info").rmdir()

    assert "shop:count" not in artisan("list", "--raw").stdout
    assert "acme" not in artisan("provider:list").stdout

    install(site, "acme-shop", "1.3", "acme_shop.provider:ShopProvider")
    assert "shop:count" in artisan("list", "--raw").stdout
    assert "acme-shop 1.3" in artisan("package:discover").stdout


@pytest.mark.parametrize("without", ['["acme_shop"]', '["*"]', '"Acme-Shop"'])
def test_an_application_may_not_want_it(artisan: Artisan, blog: Path, without: str) -> None:
    with (blog / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[tool.securely]\ndont_discover = {without}\n")

    assert "shop:count" not in artisan("list", "--raw").stdout
    assert "acme" not in artisan("provider:list").stdout
    assert artisan("package:discover").stdout == "0 packages discovered.\n"


def test_one_that_is_broken_is_named_and_list_still_answers(
    artisan: Artisan, site: Path, blog: Path
) -> None:
    (site / "acme_shop/provider.py").write_text("import nowhere_at_all\nclass (\n")
    install(site, "lost", "0.1", "lost_and_gone:Provider")
    install(site, "mute", "0.2", "!!")

    listed = artisan("list")
    booted = artisan("about")

    assert listed.returncode == 0
    assert "key:generate" in listed.stdout
    assert "acme-shop 1.2: " in listed.stderr
    assert "lost 0.1: there is no module lost_and_gone" in listed.stderr
    assert 'mute 0.2: "main = !!" is not "main = package.module:Class"' in listed.stderr
    assert booted.returncode == 1
    assert "The package mute 0.2 announces providers that cannot be read" in booted.stderr

    with (blog / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.securely]\ndont_discover = ["mute"]\n')
    booted = artisan("about")
    assert booted.returncode == 1
    for text in ("acme_shop.provider:ShopProvider", "acme-shop", "dont_discover", "line 2"):
        assert text in booted.stderr

    text = (blog / "pyproject.toml").read_text(encoding="utf-8")
    (blog / "pyproject.toml").write_text(text.replace('["mute"]', '["mute", "acme-shop", "lost"]'))
    assert artisan("about").returncode == 0


def test_what_it_publishes_is_copied_once_unless_forced(artisan: Artisan, blog: Path) -> None:
    config, page = blog / "config/shop.py", blog / "resources/shop/page.txt"

    first = artisan("vendor:publish", "--tag=shop-config")
    assert first.returncode == 0, first.stderr
    assert "config/shop.py" in first.stdout
    assert config.read_text(encoding="utf-8") == 'config = {"rate": 19}\n'
    assert not page.exists()

    config.write_text("config = {}\n", encoding="utf-8")
    again = artisan("vendor:publish", "--provider=ShopProvider")
    assert "SKIPPED" in again.stdout
    assert config.read_text(encoding="utf-8") == "config = {}\n"
    assert page.is_file()

    page.unlink()
    existing = artisan("vendor:publish", "--all", "--existing")
    assert existing.returncode == 0
    assert "rate" in config.read_text(encoding="utf-8")
    assert not page.exists()

    config.write_text("config = {}\n", encoding="utf-8")
    artisan("vendor:publish", "--all", "--force")
    assert "rate" in config.read_text(encoding="utf-8")
    assert page.is_file()


def test_a_tag_that_nobody_has_and_no_choice_at_all_are_refused(artisan: Artisan) -> None:
    unknown = artisan("vendor:publish", "--tag=shop-confg")
    unsaid = artisan("vendor:publish", "--no-interaction")

    assert unknown.returncode == 1
    assert 'Did you mean "shop-config"?' in unknown.stderr
    assert unsaid.returncode == 1
    assert "--all" in unsaid.stderr


def test_where_the_caches_lie_can_be_said(artisan: Artisan, blog: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "kept"
    variables = {
        "APP_SERVICES_CACHE": str(elsewhere / "services.json"),
        "APP_PACKAGES_CACHE": "storage/kept/packages.json",
    }

    assert artisan("optimize", **variables).returncode == 0

    assert (elsewhere / "services.json").is_file()
    assert (blog / "storage/kept/packages.json").is_file()
    assert not (blog / "bootstrap/cache/services.json").exists()


def test_a_file_that_cannot_be_written_is_named_and_a_boot_works_all_the_same(
    artisan: Artisan, blog: Path
) -> None:
    nowhere = {"APP_SERVICES_CACHE": "artisan.py/services.json"}

    optimized = artisan("optimize", **nowhere)
    booted = artisan("shop:count", **nowhere)

    assert optimized.returncode == 1
    assert str(blog / "artisan.py/services.json") in optimized.stderr
    assert "APP_SERVICES_CACHE" in optimized.stderr
    assert booted.stdout == "7 in the till\n"
