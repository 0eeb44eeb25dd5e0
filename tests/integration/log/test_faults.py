"""Logging never raises into the application: each fault is told once, and the work goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths

pytestmark = pytest.mark.integration

Make = Callable[..., LogManager]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(driver: str = "single", **settings: object) -> LogManager:
        channel = {"driver": driver, **settings}
        if driver in {"single", "daily", "json"}:
            channel.setdefault("path", "storage/logs/app.log")
        options = LogOptions.parse({"default": "app", "channels": {"app": channel}}, key="log")
        return LogManager(options.default, options.channels, Hub(paths=Paths(tmp_path)))

    return make


def written(tmp_path: Path) -> str:
    return (tmp_path / "storage" / "logs" / "app.log").read_text()


def told_once(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1, error
    for word in words:
        assert word in error


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Hostile(dict[str, object]):
    def items(self) -> Any:
        raise RuntimeError("do not look")


class Sealed:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no questions")


class Speechless(RuntimeError):
    __str__ = __repr__ = Mute.__repr__


def circle() -> dict[str, object]:
    made: dict[str, object] = {}
    made["again"] = made
    return made


@pytest.mark.parametrize("driver", ["single", "json"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(Mute(), ["type Mute", "cannot say itself: RuntimeError"], id="mute"),
        pytest.param(threading.Lock(), ["type lock", "written as its repr"], id="lock"),
        pytest.param(Hostile(), ["type Hostile", "cannot be read: RuntimeError"], id="hostile"),
        pytest.param("x" * 10_000_000, ["has 10000000 characters", "was cut"], id="long text"),
        pytest.param(
            {str(number): "x" * 1_000 for number in range(10_000)}, ["was cut"], id="10 MB"
        ),
        pytest.param([{"n": n} for n in range(1_000_000)], ["was cut"], id="a million"),
    ],
)
def test_values_that_are_a_fault(
    make: Make,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    driver: str,
    value: object,
    words: list[str],
) -> None:
    log = make(driver)

    for number in range(3):
        log.info("said", value=value, number=number)
    log.info("the work goes on")

    told_once(capsys, *words)
    text = written(tmp_path)
    assert text.count("said") == 3
    assert "the work goes on" in text
    assert len(text) < 1_500_000


@pytest.mark.parametrize("driver", ["single", "json"])
@pytest.mark.parametrize("value", [circle(), {(1, 2): "x"}, "\ud800", float("nan"), 2**200])
def test_values_that_json_has_no_word_for_are_no_fault(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], driver: str, value: object
) -> None:
    log = make(driver)

    log.info("said", value=value)

    assert capsys.readouterr().err == ""
    assert "said" in written(tmp_path)


@pytest.mark.parametrize("kind", [Sealed, Mute, Speechless])
def test_what_cannot_say_itself_is_named(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: type
) -> None:
    log = make("single")

    log.info(kind())
    log.info("one field: {value}", value=kind())
    log.info("the work goes on")

    told = capsys.readouterr().err
    assert f"A value of type {kind.__name__} in a log message cannot say itself" in told
    assert f"INFO: <{kind.__name__}>" in written(tmp_path)
    assert f"INFO: one field: <{kind.__name__}>" in written(tmp_path)
    assert "the work goes on" in written(tmp_path)


class Cents(int):
    pass


@pytest.mark.parametrize("driver", ["single", "json"])
def test_a_number_of_a_class_of_its_own_holds_nobody_up(
    make: Make, tmp_path: Path, driver: str
) -> None:
    log = make(driver)

    log.info("said", price=Cents(7), bad="\ud800")
    log.info("huge", price=Cents(2**70), bad="\ud800")

    assert '"price":7' in written(tmp_path)
    assert f'"price":"{2**70}"' in written(tmp_path)


def test_what_is_wrong_with_a_channel_may_be_without_words(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(given: object) -> Any:
        raise Speechless

    handled = make("array", processors=[fail])
    heard = make("array")
    heard.listen(fail)

    for log in (handled, heard, make("array", tap=[fail])):
        log.info("said")

    told = capsys.readouterr().err.splitlines()
    assert [line.count("Speechless") for line in told] == [1, 1, 1]


def test_a_message_of_ten_megabytes_is_cut(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make()

    for _ in range(3):
        log.info("word " * 2_000_000)

    told_once(capsys, "10000000 characters")
    assert written(tmp_path).count("… (10000000 characters)") == 3


def test_an_exception_of_ten_megabytes_is_cut(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make()

    for _ in range(3):
        log.error("failed", exception=ValueError("word " * 2_000_000))

    told_once(capsys, "was cut")
    assert len(written(tmp_path)) < 400_000


def test_an_exception_that_cannot_print_itself_is_named(make: Make, tmp_path: Path) -> None:
    class Shy(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    make().error("failed", exception=Shy())
    make().error(Shy())

    assert "Shy" in written(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("driver", ["single", "json"])
def test_a_full_disk(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], driver: str
) -> None:
    log = make(driver, path="/dev/full")

    for number in range(100):
        log.error("not lost", number=number)

    told_once(capsys, "No space left", "First message: ")
    kept = (tmp_path / "storage" / "logs" / "emergency.log").read_text()
    assert sum(line.endswith("}") and "not lost {" in line for line in kept.splitlines()) == 100


FULL = """
import resource, sys
from pathlib import Path
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths

base = Path(sys.argv[1])
channel = {"driver": "daily", "path": "storage/logs/app.log"}
options = LogOptions.parse({"default": "app", "channels": {"app": channel}}, key="log")
log = LogManager(options.default, options.channels, Hub(paths=Paths(base)))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
for number in range(1000):
    log.info("<" + "x" * 70 + ">", number=number)
print("the work goes on", log._hub.emergency.lost)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
log.info("there is room again")
"""


def test_a_disk_that_is_full_in_the_middle_of_a_line_and_empty_again(tmp_path: Path) -> None:
    """The emergency log is on the same disk, and cannot be written either."""
    found = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(found.stderr.splitlines()) == 1, found.stderr
    assert "File too large" in found.stderr
    assert found.stdout.startswith("the work goes on ")
    assert int(found.stdout.split()[-1]) > 500
    (file,) = (tmp_path / "storage" / "logs").glob("app-*.log")
    *_, cut, last = file.read_text().splitlines()
    assert last.endswith("there is room again")
    assert cut.startswith("[")


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self").exists(), reason="root may write")
def test_a_folder_that_nobody_may_write(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    # Also root may not make files there.
    folder = "/proc/self" if os.geteuid() == 0 else "/"
    log = make(path=f"{folder}/app.log")

    for number in range(100):
        log.error("not lost", number=number)

    told_once(capsys, 'Log channel "app" failed', "not lost")


def test_a_folder_that_is_a_file(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "storage").write_text("in the way")
    log = make()

    for number in range(100):
        log.error("lost", number=number)

    told_once(capsys, 'Log channel "app" failed')
    assert log._hub.emergency.lost == 100


def test_a_standard_error_that_is_closed(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "storage").write_text("in the way")
    for stream in (None, open(os.devnull)):  # noqa: PTH123, SIM115  # closed below
        if stream is not None:
            stream.close()
        monkeypatch.setattr(sys, "stderr", stream)
        make().error("nobody hears")
    monkeypatch.undo()


def test_a_handler_that_logs_to_its_own_channel_ends(make: Make) -> None:
    log = make("array")
    calls: list[object] = []

    class Talking:
        level = 0

        def handle(self, record: object) -> None:
            calls.append(record)
            log.channel("app").info("about to write")

        def close(self) -> None: ...

    log.extend("array", lambda name, definition: Talking())

    log.info("said")

    assert len(calls) < sys.getrecursionlimit()
