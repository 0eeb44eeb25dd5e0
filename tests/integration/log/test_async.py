"""Channels with `async`: whoever logs does not wait, and nothing is lost at exits and forks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from securely.log import LogManager, Record
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 50.0


class Gated:
    """A handler that waits until it may write."""

    level = 10

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.written: list[str] = []
        self.threads: set[int] = set()
        self.error: Exception | None = None

    def handle(self, record: Record) -> None:
        self.began.set()
        self.gate.wait(SECONDS)
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error
        self.written.append(record.message)

    def close(self) -> None:
        self.written.append("closed")


@pytest.fixture
def gated() -> Iterator[Gated]:
    made = Gated()
    yield made
    made.gate.set()


@pytest.fixture
def make(tmp_path: Path, gated: Gated) -> Callable[..., LogManager]:
    """Make a manager whose default channel is a gated one with `async`."""

    def make(**settings: Any) -> LogManager:
        channel = {"driver": "gated", "async": True, "flush_seconds": SECONDS, **settings}
        options = LogOptions.parse({"default": "slow", "channels": {"slow": channel}}, key="log")
        log = LogManager(options.default, options.channels, Hub(paths=Paths(tmp_path)))
        log.extend("gated", lambda name, options: gated)
        return log

    return make


def test_records_are_written_in_order_by_another_thread(
    make: Callable[..., LogManager], gated: Gated
) -> None:
    log = make(level="debug")
    for number in range(5):
        log.info("order {number}", number=number)

    assert gated.written == []  # and yet nobody has waited
    gated.gate.set()
    log.close()
    assert gated.written == [*(f"order {number}" for number in range(5)), "closed"]
    assert threading.get_ident() not in gated.threads

    log.info("later")
    log.close()
    assert gated.written[-2:] == ["later", "closed"]


def test_what_comes_when_too_many_wait_is_dropped_counted_and_told(
    make: Callable[..., LogManager], gated: Gated, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make(queue_max=2)
    log.info("under way")
    assert gated.began.wait(SECONDS)
    for number in range(5):
        log.info("order {number}", number=number)

    assert capsys.readouterr().err.count("is full: 2 messages wait") == 1
    gated.gate.set()
    log.close()
    assert gated.written == ["under way", "order 0", "order 1", "closed"]
    assert "has dropped 3 messages" in capsys.readouterr().err


def test_a_handler_that_fails_is_told_of_once_and_its_records_are_kept(
    make: Callable[..., LogManager],
    gated: Gated,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gated.error = OSError(28, "No space left on device")
    gated.gate.set()
    log = make()
    for number in range(3):
        log.info("<order {number}>", number=number)
    log.close()

    assert len(capsys.readouterr().err.splitlines()) == 1
    kept = (tmp_path / "storage" / "logs" / "emergency.log").read_text()
    assert all(f"<order {number}>" in kept for number in range(3))


def test_what_cannot_be_written_in_time_is_kept_and_told(
    make: Callable[..., LogManager], gated: Gated, tmp_path: Path
) -> None:
    log = make(flush_seconds=0)
    log.info("<late>")
    assert gated.began.wait(SECONDS)
    log.close()

    assert "<late>" in (tmp_path / "storage" / "logs" / "emergency.log").read_text()


def test_processors_and_held_records_are_the_callers_work(
    make: Callable[..., LogManager], gated: Gated
) -> None:
    here: list[int] = []

    def process(record: Record) -> Record:
        here.append(threading.get_ident())
        return record

    log = make(processors=[process], action_level="error")
    log.info("details")
    log.error("it broke")
    gated.gate.set()
    log.close()

    assert gated.written == ["details", "it broke", "closed"]
    assert set(here) == {threading.get_ident()}


def test_channels_that_have_a_thread_get_no_second_one(tmp_path: Path) -> None:
    log = LogManager("x", {}, Hub(paths=Paths(tmp_path)))

    built = log.build({"driver": "webhook", "url": "http://127.0.0.1:9/", "async": True})

    assert type(built.handlers[0]).__name__ == "WebhookHandler"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_waits_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    definition = {"driver": "single", "path": str(path), "async": True}
    log = LogManager("x", {}, Hub(paths=Paths(tmp_path))).build(definition)
    for number in range(2_000):
        log.info("order {number}", number=number)

    child = os.fork()
    if child == 0:
        # Here is no thread that could write any of them.
        found = path.read_text().count("\n")
        log.info("of the child")
        log.close()
        os._exit(0 if found == 2_000 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.info("of the parent")
    log.close()

    lines = path.read_text().splitlines()
    assert len(lines) == 2_002
    assert {line.rpartition(": ")[2] for line in lines[-2:]} == {"of the child", "of the parent"}


PROGRAM = """
import sys
from pathlib import Path
from securely.log import LogManager
from securely.log.hub import Hub
from securely.support.paths import Paths

folder = Path(sys.argv[1])
definition = {"driver": "single", "path": str(folder / "app.log"), "async": True}
log = LogManager("x", {}, Hub(paths=Paths(folder))).build(definition)
for number in range(2_000):
    log.info(f"order {number}")
"""


def test_the_end_of_a_process_waits_until_all_is_written(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, cwd=ROOT)

    lines = (tmp_path / "app.log").read_text().splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == [str(each) for each in range(2_000)]
