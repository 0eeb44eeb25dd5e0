"""Companion: an artisan command that runs beside a worker."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from securely.queue.crew import companion as module
from securely.queue.crew.companion import Companion

SECONDS = 30.0


class Process:
    """A process that ends when it is told to."""

    def __init__(self, code: int | None = None, *, heeds: int = 15) -> None:
        self.code = code
        self.heeds = heeds
        self.signals: list[int] = []
        self.has_ended = threading.Event()
        if code is not None:
            self.has_ended.set()

    def wait(self) -> int:
        assert self.has_ended.wait(SECONDS)
        return self.code or 0

    def poll(self) -> int | None:
        return self.code or 0 if self.has_ended.is_set() else None

    def send_signal(self, number: int) -> None:
        self.signals.append(number)
        if number in {self.heeds, 9}:
            self.has_ended.set()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is started: the first of this list, and then what comes behind it."""
    waiting: list[Any] = []

    def start(*_: object, **__: object) -> Any:
        process = waiting.pop(0) if waiting else Process()
        if isinstance(process, OSError):
            raise process
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(module, "CALM_SECONDS", 0.001)
    monkeypatch.setattr(module, "LEAVE_SECONDS", 0.05)
    monkeypatch.setattr(module, "HURRY_SECONDS", 0.05)
    return waiting


class Told:
    """Complaints, that can be waited for."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.has_come = threading.Semaphore(0)

    def __call__(self, text: str) -> None:
        self.texts.append(text)
        self.has_come.release()


def test_it_ends_with_its_block(started: list[Any]) -> None:
    process, told = Process(), Told()
    started.append(process)

    with Companion(Path(), ["schedule:work"], told) as companion:
        while companion._process is None:  # pyright: ignore[reportPrivateUsage]
            pass

    assert process.signals == [15]
    assert told.texts == []


def test_one_that_ends_badly_is_started_again(started: list[Any]) -> None:
    last, told = Process(), Told()
    started += [Process(3), Process(-9), last]

    with Companion(Path(), ["schedule:work", "--standby"], told):
        assert told.has_come.acquire(timeout=SECONDS)
        assert told.has_come.acquire(timeout=SECONDS)

    assert told.texts == [
        "schedule:work --standby ended with exit code 3; it is started again.",
        "schedule:work --standby ended with exit code -9; it is started again.",
    ]


def test_one_that_cannot_be_started_is_tried_again(started: list[Any]) -> None:
    told = Told()
    started += [OSError(11, "Resource temporarily unavailable"), Process(1)]

    with Companion(Path(), ["schedule:work"], told):
        assert told.has_come.acquire(timeout=SECONDS)
        assert told.has_come.acquire(timeout=SECONDS)

    assert "could not be started" in told.texts[0]
    assert "Resource temporarily unavailable" in told.texts[0]
    assert "exit code 1" in told.texts[1]


def test_one_that_does_not_heed_is_killed(started: list[Any]) -> None:
    process = Process(heeds=9)
    started.append(process)

    with Companion(Path(), ["schedule:work"], Told()) as companion:
        while companion._process is None:  # pyright: ignore[reportPrivateUsage]
            pass

    assert process.signals == [15, 15, 9]
    assert companion._keeper is not None  # pyright: ignore[reportPrivateUsage]
    companion._keeper.join(SECONDS)  # pyright: ignore[reportPrivateUsage]
    assert not companion._keeper.is_alive()  # pyright: ignore[reportPrivateUsage]
