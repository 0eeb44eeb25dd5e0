"""The parts of the fixture application. Each leaves lines in a journal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from securely.config import Config
from securely.container import Provider
from securely.events import Dispatcher
from securely.queue.job import Job
from securely.settings import SettingChanged
from securely.support import clock
from securely.support.options import Options

BASE = Path(__file__).parent


def note(*words: object) -> None:
    """Append a line, whole, whatever happens to this process next."""
    line = " ".join(map(str, [os.getpid(), *words])) + "\n"
    descriptor = os.open(BASE / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


class DocksOptions(Options):
    """The section `docks`."""

    cranes: int = 1
    tide: str = Field("low", json_schema_extra={"reload": "live"})


class DocksProvider(Provider):
    """Writes down what a process has read; some of it no process can work with."""

    options: ClassVar[Mapping[str, type | str]] = {"docks": DocksOptions}

    def boot(self, config: Config, events: Dispatcher) -> None:
        """Look at the cranes."""
        cranes = config.get("docks.cranes")
        what = "executor" if "securely.queue.executor" in sys.orig_argv else "process"
        note(what, cranes)
        if cranes == 13:
            raise RuntimeError("nobody works with 13 cranes")
        if cranes == 99:
            note("stuck")
            (BASE / "stuck").touch()
            clock.SystemClock().sleep(600)
        events.listen(SettingChanged, lambda event: note("heard", config.get("docks.tide")))


@dataclass
class Hold(Job):
    """Runs until a file is there."""

    timeout = 120

    def handle(self, config: Config) -> None:
        """Wait for it."""
        note("holds", config.get("docks.cranes"))
        while not (BASE / "go").exists():
            clock.SystemClock().sleep(0.02)
        note("held", config.get("docks.cranes"))
