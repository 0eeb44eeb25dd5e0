"""container:check and container:show: everything can be built, without building any."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.testing import Artisan

FAULTY = Path(__file__).parent / "faulty"


class Needy:
    """A service of which one part is nowhere."""

    def __init__(self, rate: int) -> None:
        self.rate = rate


class Broken:
    """A service that must not be built for a check."""

    def __init__(self) -> None:
        raise AssertionError("it was built")


def test_container_check_of_this_application_passes(app: Application, artisan: Artisan) -> None:
    app.bind(Broken)

    artisan("container:check").assert_ok().assert_output("can be built")
    assert not app.resolved("queue")


def test_container_check_names_what_cannot_be_built_and_why(
    app: Application, artisan: Artisan
) -> None:
    app.bind(Needy)

    artisan("container:check").assert_exit(1).assert_output("Needy", "rate")


def test_container_show_draws_the_tree(app: Application, artisan: Artisan) -> None:
    artisan("container:show cache").assert_ok().assert_output(
        "CacheManager [singleton]  securely/cache/provider.py:",
        "  config: Config [instance]",
        "  events: Dispatcher [singleton]",
    )


@pytest.mark.parametrize(
    "key", ["CacheManager", "securely.cache.manager.CacheManager", "cache", "cache.store"]
)
def test_container_show_finds_a_key_by_all_its_names(artisan: Artisan, key: str) -> None:
    artisan(f"container:show {key}").assert_ok().assert_output("config: Config")


def test_container_show_of_what_is_unknown_suggests(artisan: Artisan) -> None:
    artisan("container:show CacheManger").assert_exit(1).assert_output("CacheManager?")


def test_container_show_lists_what_is_bound(artisan: Artisan) -> None:
    artisan("container:show").assert_ok().assert_output(
        "QueueManager [singleton]  securely/queue/provider.py:"
    )


# An application with one fault of each kind, as a process of its own: it has an `app` of its own.


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("faulty") / "site"
    shutil.copytree(FAULTY, base, ignore=shutil.ignore_patterns("__pycache__"))
    return base


def console(base: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "artisan.py", *words],
        cwd=base,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "APP_ENV": "testing"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.fixture(scope="module")
def told(faulty: Path) -> dict[str, Any]:
    process = console(faulty, "container:check", "--json")
    assert process.returncode == 1, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    return found


def planted(base: Path, fault: str) -> str:
    """Return "file:line" of the line that says `# planted: FAULT`."""
    for file in sorted(base.rglob("*.py")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if line.endswith(f"# planted: {fault}"):
                return f"{file}:{number}"
    raise AssertionError(fault)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("fault", "problem", "parameter", "words"),
    [
        ("cycle", "CircularDependency", "hen", ["Hen → Egg (param egg) → Hen (param hen)"]),
        ("captive dependency", "CaptiveDependency", "session", ["singleton Shop", "Session"]),
        ("unbound protocol", "NotInstantiable", "clock", ["Clock", "Protocol", "Alarm"]),
        ("missing primitive", "NotBound", "rate", ["rate: float", "Tax"]),
        ("setting", "NotBound", "host", ['"mail.hsot"', "Mailer"]),
        ("bound over", "BoundOver", "", ["Gateway", "first_provider.py:"]),
        ("command", "NotBound", "fee", ["fee: int", "Charge.handle"]),
        ("job", "NotInstantiable", "clock", ["Clock", "Refund.handle"]),
        ("hook", "NotBound", "reason", ["reason: str", "Refund.failed"]),
        ("listener", "NotBound", "volume", ["volume: int", "Tell.handle"]),
    ],
)
def test_container_check_finds_every_fault_in_one_run(
    faulty: Path, told: dict[str, Any], fault: str, problem: str, parameter: str, words: list[str]
) -> None:
    place = planted(faulty, fault)

    found = [each for each in told["problems"] if each["place"] == place]

    assert [each["problem"] for each in found] == [problem], told
    assert found[0]["parameter"] == parameter
    assert all(word in found[0]["message"] for word in words), found[0]["message"]


@pytest.mark.integration
def test_container_check_finds_nothing_else(told: dict[str, Any]) -> None:
    # The ten above, and the module that does not import.
    assert len(told["problems"]) == 11
    [lost] = [each for each in told["problems"] if each["problem"] == "ImportFailed"]
    assert "app.jobs.torn" in lost["message"]


@pytest.mark.integration
def test_container_check_prints_every_fault_with_its_place(faulty: Path) -> None:
    process = console(faulty, "container:check")

    printed = process.stdout + process.stderr
    assert process.returncode == 1
    for fault in ("cycle", "captive dependency", "unbound protocol", "missing primitive"):
        assert str(Path(planted(faulty, fault)).relative_to(faulty)) in printed
