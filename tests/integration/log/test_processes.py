"""Several processes write into the same files across midnight: every line whole, none lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from securely.log import Record
from securely.log.drivers.daily import DailyHandler
from securely.log.drivers.hourly import HourlyHandler
from securely.log.drivers.monthly import MonthlyHandler
from securely.log.formatters import LineFormatter
from securely.log.options import DailyChannel, HourlyChannel, MonthlyChannel
from securely.support import clock

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
# Midnight in Berlin between 2026-03-28 and the 29th, the day on which clocks there go forward.
MIDNIGHT = 1_774_738_800.0
LINE = re.compile(
    r"\[2026-03-(28|29) \d\d:\d\d:\d\d\] production\.INFO: <(\d):(\d+):(x*)>"
    r' \{"process":"\2","number":\3\}'
)

# Each has a clock of its own, which crosses midnight in the midst of its work.
WRITER = """
import sys
from pathlib import Path
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support import clock
from securely.support.paths import Paths

base, name, count, midnight = sys.argv[1:]

class Clock(clock.SystemClock):
    def timestamp(self):
        return float(midnight) + self.shift

shifted = Clock()
shifted.shift = -60.0
channel = {"driver": "daily", "path": "logs/app.log", "current": "{name}.log", "days": 2}
options = LogOptions.parse({"default": "app", "channels": {"app": channel}}, key="log")
hub = Hub(paths=Paths(Path(base)), timezone="Europe/Berlin")
log = LogManager(options.default, options.channels, hub)
with clock.using(shifted):
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        # Each crosses midnight somewhere in the middle, and some records come late.
        shifted.shift = -60.0 + 120.0 * number / int(count) - (number % 7)
        log.info(f"<{name}:{number}:{'x' * (number % 300)}>", process=name, number=number)
sys.exit(hub.emergency.lost)
"""


def check(folder: Path, processes: int, count: int) -> None:
    """Every line is whole, each record is there once, in the file of its day."""
    found: Counter[tuple[str, int]] = Counter()
    for path in folder.glob("app-*.log"):
        with path.open() as file:
            for line in file:
                fit = LINE.fullmatch(line.rstrip("\n"))
                assert fit is not None, f"{path.name}: {line!r}"
                assert path.name == f"app-2026-03-{fit[1]}.log"
                assert len(fit[4]) == int(fit[3]) % 300
                found[fit[2], int(fit[3])] += 1
    assert len(found) == processes * count
    assert set(found.values()) == {1}


def write(base: Path, processes: int, count: int) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(base), str(number), str(count), str(MIDNIGHT)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, error = writer.communicate(timeout=280)
        assert (writer.returncode, error) == (0, "")


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(500, id="short"),
        pytest.param(50_000, id="full", marks=[pytest.mark.slow, pytest.mark.timeout(300)]),
    ],
)
def test_eight_processes_write_across_midnight(tmp_path: Path, count: int) -> None:
    write(tmp_path, 8, count)

    check(tmp_path / "logs", 8, count)
    assert (tmp_path / "logs" / "app.log").resolve().name == "app-2026-03-29.log"


def record(message: str, timestamp: float) -> Record:
    return Record(timestamp, 20, "local", message, {}, {})


def test_a_fork_at_midnight_writes_into_the_new_day(tmp_path: Path) -> None:
    """The lock of the turn is held by a thread of the parent while it forks."""
    handler = DailyHandler(tmp_path / "app.log", LineFormatter(), timezone="Europe/Berlin")
    handler.handle(record("before", MIDNIGHT - 1))
    with handler._turning:
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            handler.handle(record("child", MIDNIGHT))
            os._exit(0)
    deadline = clock.monotonic() + 50
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if clock.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the child waits for a lock that nobody holds")
        clock.sleep(0.01)
    handler.handle(record("parent", MIDNIGHT + 1))

    lines = (tmp_path / "app-2026-03-29.log").read_text().splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["child", "parent"]


def test_files_are_named_as_the_pattern_says_and_a_link_leads_to_the_current_one(
    tmp_path: Path,
) -> None:
    settings = {"driver": "daily", "file_name": "{date}.{name}", "current": "{name}.log", "days": 1}
    options = DailyChannel.parse(settings, "log.channels.daily")
    for name in ("2026-03-01.app.log", "2026-03-01.other.log", "app-2026-03-01.log"):
        (tmp_path / name).write_text("")
    handler = DailyHandler(tmp_path / "app.log", LineFormatter(), options)

    handler.handle(record("28th", MIDNIGHT - 7200))
    assert (tmp_path / "app.log").readlink() == Path("2026-03-28.app.log")
    handler.handle(record("29th", MIDNIGHT + 7200))
    handler.handle(record("late", MIDNIGHT - 7200))

    assert (tmp_path / "app.log").readlink() == Path("2026-03-29.app.log")
    assert not (tmp_path / "2026-03-01.app.log").exists()
    assert (tmp_path / "2026-03-01.other.log").exists()
    assert (tmp_path / "app-2026-03-01.log").exists()


def test_a_file_that_stands_where_the_link_should_is_left_alone(tmp_path: Path) -> None:
    options = DailyChannel.parse({"driver": "daily", "current": "app.log"}, "log.channels.daily")
    (tmp_path / "app.log").write_text("mine")

    DailyHandler(tmp_path / "app.log", LineFormatter(), options).handle(record("said", MIDNIGHT))

    assert (tmp_path / "app.log").read_text() == "mine"


def test_months_and_hours_have_their_own_files(tmp_path: Path) -> None:
    monthly = MonthlyHandler(
        tmp_path / "month.log",
        LineFormatter(),
        MonthlyChannel.parse({"driver": "monthly", "months": 2}, "x"),
        timezone="Europe/Berlin",
    )
    hourly = HourlyHandler(
        tmp_path / "hour.log",
        LineFormatter(),
        HourlyChannel.parse({"driver": "hourly", "hours": 0}, "x"),
        timezone="Europe/Berlin",
    )

    for month in range(4):
        monthly.handle(record("said", MIDNIGHT + month * 30.5 * 86_400))
    # At 01:59:59 the clocks go to 03:00.
    for seconds in (-1, 0, 3600, 7199, 7200):
        hourly.handle(record("said", MIDNIGHT + seconds))

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "hour-2026-03-28-23.log",
        "hour-2026-03-29-00.log",
        "hour-2026-03-29-01.log",
        "hour-2026-03-29-03.log",
        "month-2026-05.log",
        "month-2026-06.log",
    ]


def test_the_hour_that_comes_twice_goes_to_one_file(tmp_path: Path) -> None:
    handler = HourlyHandler(tmp_path / "hour.log", LineFormatter(), timezone="Europe/Berlin")
    # 2026-10-25 00:30 UTC is 02:30 in summer time, an hour later it is 02:30 again.
    first = 1_792_888_200.0

    handler.handle(record("first", first))
    handler.handle(record("second", first + 3600))

    assert (tmp_path / "hour-2026-10-25-02.log").read_text().count("\n") == 2


@pytest.mark.parametrize(
    "settings",
    [{"file_name": "{name}"}, {"file_name": "../{date}"}, {"current": "a/b"}],
)
def test_patterns_that_name_no_file_of_the_folder_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(Exception, match=r"log\.channels\.x"):
        DailyChannel.parse({"driver": "daily", **settings}, "log.channels.x")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_begins_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1235)

    DailyHandler(tmp_path / "app.log", LineFormatter()).handle(record("said", MIDNIGHT))

    (file,) = tmp_path.glob("app-*.log")
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)


def test_the_mode_of_a_new_file_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    options = DailyChannel.parse({"driver": "daily", "permission": "664"}, "x")
    before = os.umask(0o077)
    try:
        DailyHandler(tmp_path / "a.log", LineFormatter(), options).handle(record("said", MIDNIGHT))
    finally:
        os.umask(before)

    (file,) = tmp_path.glob("a-*.log")
    assert file.stat().st_mode & 0o777 == 0o664
