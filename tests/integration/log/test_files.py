"""Log files: real ones, written by real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.log import LogManager, Record
from securely.log.drivers.daily import DailyHandler
from securely.log.drivers.single import SingleHandler
from securely.log.formatters import LineFormatter
from securely.log.hub import Hub
from securely.log.options import DailyChannel, LogOptions
from securely.support import clock
from securely.support.clock import FrozenClock
from securely.support.paths import Paths

pytestmark = pytest.mark.integration

# 2026-03-28 22:30:00 UTC: half an hour before midnight in Berlin, in the night in which the
# clocks there go forward.
BEFORE_MIDNIGHT = 1_774_737_000.0

WRITER = """
import sys
from pathlib import Path
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import DailyChannel, LogOptions
from securely.support.paths import Paths

base, name, count, driver = sys.argv[1:]
options = LogOptions.parse(
    {"default": "file", "channels": {"file": {"driver": driver, "path": "storage/logs/app.log"}}},
    key="log",
)
log = LogManager(options.default, options.channels, Hub(paths=Paths(Path(base))))
for number in range(int(count)):
    log.info(f"<{name}:{number}:{'x' * (number % 500)}>", process=name)
"""


def record(message: str, timestamp: float = BEFORE_MIDNIGHT) -> Record:
    return Record(timestamp, 20, "local", message, {}, {})


def days(count: int) -> DailyChannel:
    return DailyChannel.parse({"driver": "daily", "days": count}, "log.channels.daily")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., LogManager]:
    def make(driver: str = "single", timezone: str = "UTC", **settings: object) -> LogManager:
        channel = {"driver": driver, "path": "storage/logs/app.log", **settings}
        options = LogOptions.parse({"default": "file", "channels": {"file": channel}}, key="log")
        hub = Hub(paths=Paths(tmp_path), environment="testing", timezone=timezone)
        return LogManager(options.default, options.channels, hub)

    return make


@pytest.mark.parametrize("driver", ["single", "daily"])
def test_two_processes_that_write_ten_thousand_lines_tear_none(tmp_path: Path, driver: str) -> None:
    count = 10_000

    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name, str(count), driver],
            cwd=Path(__file__).parents[3],
        )
        for name in ("one", "two")
    ]
    assert [writer.wait(100) for writer in writers] == [0, 0]

    (file,) = (tmp_path / "storage" / "logs").glob("app*.log")
    lines = file.read_text().splitlines()
    form = re.compile(r'\[[^]]+\] production\.INFO: <(one|two):(\d+):(x*)> \{"process":"\1"\}')
    found = [form.fullmatch(line) for line in lines]
    assert all(found), [line for line, fit in zip(lines, found, strict=True) if not fit][:3]
    for name in ("one", "two"):
        numbers = [int(fit[2]) for fit in found if fit is not None and fit[1] == name]
        assert numbers == list(range(count))


def test_a_writer_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    logs = tmp_path / "storage" / "logs" / "app.log"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), "one", "1000000", "single"],
        cwd=Path(__file__).parents[3],
    )
    deadline = clock.monotonic() + 50
    while not logs.exists() or logs.stat().st_size < 100_000:
        assert clock.monotonic() < deadline
        clock.sleep(0.01)
    writer.send_signal(signal.SIGKILL)
    writer.wait(50)

    assert logs.read_bytes().endswith(b'"}\n')


def test_a_rotated_file_is_left_alone_and_a_new_one_begun(
    make: Callable[..., LogManager], tmp_path: Path
) -> None:
    log, logs = make(), tmp_path / "storage" / "logs"

    log.info("before")
    (logs / "app.log").rename(logs / "app.log.1")
    log.info("after")
    (logs / "app.log").unlink()
    log.info("removed")

    assert "before" in (logs / "app.log.1").read_text()
    assert "after" not in (logs / "app.log.1").read_text()
    assert "removed" in (logs / "app.log").read_text()


def test_in_a_burst_a_rotated_file_is_noticed_soon(tmp_path: Path) -> None:
    handler = SingleHandler(tmp_path / "app.log", LineFormatter())
    handler.handle(record("<0>", 1_000.0))
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")

    for number in range(1, 100):
        handler.handle(record(f"<{number}>", 1_000.0 + number * 0.000_01))

    before = (tmp_path / "app.log.1").read_text().splitlines()
    after = (tmp_path / "app.log").read_text().splitlines()
    assert len(before) <= 32
    lines = [*before, *after]
    assert [line.rpartition(" ")[2] for line in lines] == [f"<{n}>" for n in range(100)]


def test_after_a_pause_a_rotated_file_is_noticed_at_once(tmp_path: Path) -> None:
    handler = SingleHandler(tmp_path / "app.log", LineFormatter())
    handler.handle(record("before", 1_000.0))
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")

    handler.handle(record("after", 1_000.000_1))

    assert (tmp_path / "app.log").read_text().endswith("after\n")


def test_folder_and_file_are_for_their_owner_alone(
    make: Callable[..., LogManager], tmp_path: Path
) -> None:
    make().info("said")
    make(path="storage/logs/wide.log", permission="640").info("said")

    logs = tmp_path / "storage" / "logs"
    assert logs.stat().st_mode & 0o777 == 0o700
    assert (logs / "app.log").stat().st_mode & 0o777 == 0o600
    assert (logs / "wide.log").stat().st_mode & 0o777 == 0o640


def test_threads_and_a_fork_write_whole_lines(
    make: Callable[..., LogManager], tmp_path: Path
) -> None:
    log = make()
    log.info("parent")

    threads = [
        threading.Thread(target=lambda: [log.info("<thread>") for _ in range(200)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if child == 0:  # pragma: no cover  # another process
        log.info("child")
        os._exit(0)
    os.waitpid(child, 0)

    lines = (tmp_path / "storage" / "logs" / "app.log").read_text().splitlines()
    assert len(lines) == 802
    assert sum(line.endswith("testing.INFO: <thread>") for line in lines) == 800
    assert lines[-1].endswith("child")


def test_a_child_of_a_thread_that_is_writing_can_write(tmp_path: Path) -> None:
    """The lock of the file is held while the process forks; nobody releases it in the child."""
    handler = SingleHandler(tmp_path / "app.log", LineFormatter())
    with handler._file._lock:
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            handler.handle(record("child"))
            os._exit(0)
    deadline = clock.monotonic() + 50
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if clock.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the child waits for a lock that nobody holds")
        clock.sleep(0.01)

    assert "child" in (tmp_path / "app.log").read_text()


def test_a_folder_that_cannot_be_written_is_an_emergency(
    make: Callable[..., LogManager], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "storage").write_text("in the way")

    make().error("not lost", order=5)

    error = capsys.readouterr().err
    assert 'Log channel "file" failed' in error
    assert 'not lost {"order":5}' in error


def test_a_full_disk_is_an_emergency(
    make: Callable[..., LogManager], capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")

    make(path="/dev/full").error("not lost")

    error = capsys.readouterr().err
    assert "No space left" in error
    assert "not lost" in error


def test_daily_begins_a_file_at_midnight_of_the_time_zone(
    make: Callable[..., LogManager], tmp_path: Path
) -> None:
    log = make("daily", timezone="Europe/Berlin")

    with clock.using(FrozenClock(at=BEFORE_MIDNIGHT)) as frozen:
        log.info("28th")
        assert isinstance(frozen, FrozenClock)
        frozen.travel(1800)
        log.info("29th")
        frozen.travel(23 * 3600 - 1)
        log.info("still the 29th, which has 23 hours")
        frozen.travel(1)
        log.info("30th")

    logs = tmp_path / "storage" / "logs"
    assert sorted(path.name for path in logs.iterdir()) == [
        "app-2026-03-28.log",
        "app-2026-03-29.log",
        "app-2026-03-30.log",
    ]
    assert "still" in (logs / "app-2026-03-29.log").read_text()


def test_daily_removes_old_files_of_its_own_and_nothing_else(tmp_path: Path) -> None:
    strangers = ["app-2026-03-01.log.gz", "app-x.log", "other-2026-03-01.log", "app.log", "apps"]
    old = [f"app-2026-03-{day:02}.log" for day in range(10, 28)]
    for name in (*strangers, *old):
        (tmp_path / name).write_text("")

    DailyHandler(tmp_path / "app.log", LineFormatter(), days(3)).handle(record("said"))

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*strangers, "app-2026-03-26.log", "app-2026-03-27.log", "app-2026-03-28.log"]
    )


def test_daily_writes_all_the_same_when_an_old_file_cannot_be_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A folder cannot be unlinked, not even by root; another user's file in /tmp cannot, either.
    (tmp_path / "app-2026-03-10.log").mkdir()
    (tmp_path / "app-2026-03-09.log").write_text("")
    channel = {"driver": "daily", "path": "app.log", "days": 1, "current": "{name}.log"}
    options = LogOptions.parse({"default": "file", "channels": {"file": channel}}, key="log")
    hub = Hub(paths=Paths(tmp_path))

    with clock.using(FrozenClock(at=BEFORE_MIDNIGHT)):
        LogManager(options.default, options.channels, hub).info("said")

    assert "said" in (tmp_path / "app-2026-03-28.log").read_text()
    assert "said" in (tmp_path / "app.log").read_text()
    assert not (tmp_path / "app-2026-03-09.log").exists()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "app-2026-03-10.log cannot be removed" in told[0]


def test_daily_with_no_days_keeps_all(tmp_path: Path) -> None:
    (tmp_path / "app-2001-01-01.log").write_text("")

    DailyHandler(tmp_path / "app.log", LineFormatter(), days(0)).handle(record("said"))

    assert (tmp_path / "app-2001-01-01.log").exists()


def test_daily_when_a_late_record_comes_does_not_remove_its_file(tmp_path: Path) -> None:
    handler = DailyHandler(tmp_path / "app.log", LineFormatter(), days(1))

    handler.handle(record("today"))
    handler.handle(record("late", BEFORE_MIDNIGHT - 86_400))

    assert "late" in (tmp_path / "app-2026-03-27.log").read_text()


def test_stderr_when_its_reader_has_gone_is_quiet() -> None:
    program = (
        "import os, sys\n"
        "from securely.log.drivers.stderr import StderrHandler\n"
        "from securely.log.formatters import LineFormatter\n"
        "from securely.log import Record\n"
        "sys.stdin.read()\n"
        "handler = StderrHandler(LineFormatter())\n"
        "for _ in range(3): handler.handle(Record(0.0, 20, 'x', 'y' * 100_000, {}, {}))\n"
        "os._exit(7)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stderr.close()
    process.stdin.close()

    assert process.wait(50) == 7


def test_logging_is_not_imported_without_the_bridge() -> None:
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import securely.log\n"
        "print(*sorted({'logging', 'asyncio', 'pydantic', 'msgspec'} & set(sys.modules)))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert found.stdout.split() == []
