"""Runs the suite that every log handler must pass against each of ours."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.log import Handler
from securely.log.drivers.array import ArrayHandler
from securely.log.drivers.daily import DailyHandler
from securely.log.drivers.null import NullHandler
from securely.log.drivers.single import SingleHandler
from securely.log.drivers.stack import StackHandler
from securely.log.drivers.stderr import StderrHandler
from securely.log.drivers.stdlib import StdlibHandler
from securely.log.emergency import Emergency, EmergencyHandler
from securely.log.formatters import ConsoleFormatter, JsonFormatter, LineFormatter
from securely.log.masking import Masker
from securely.testing.suites.log import HandlerSuite

Written = Callable[[], str]


def reading(folder: Path) -> Written:
    def read() -> str:
        return "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.log")))

    return read


class TestSingleHandler(HandlerSuite):
    @pytest.fixture(params=["line", "json", "locking"])
    def handler(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Handler]:
        formatter = JsonFormatter() if request.param == "json" else LineFormatter()
        locking = request.param == "locking"
        handler = SingleHandler(tmp_path / "deep" / "app.log", formatter, locking=locking)
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, tmp_path: Path) -> Written:
        return reading(tmp_path / "deep")


class TestDailyHandler(HandlerSuite):
    @pytest.fixture
    def handler(self, tmp_path: Path) -> Iterator[Handler]:
        handler = DailyHandler(tmp_path / "app.log", LineFormatter())
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, tmp_path: Path) -> Written:
        return reading(tmp_path)


class TestStderrHandler(HandlerSuite):
    @pytest.fixture(params=[True, False])
    def handler(self, request: pytest.FixtureRequest) -> Handler:
        return StderrHandler(ConsoleFormatter(colour=request.param))

    @pytest.fixture
    def written(self, capsys: pytest.CaptureFixture[str]) -> Written:
        seen: list[str] = []

        def read() -> str:
            seen.append(capsys.readouterr().err)
            return "".join(seen)

        return read


class TestStdlibHandler(HandlerSuite):
    @pytest.fixture
    def stream(self) -> Iterator[io.StringIO]:
        stream = io.StringIO()
        own = logging.StreamHandler(stream)
        own.setFormatter(_Fields())
        logger = logging.getLogger("securely.suite")
        logger.addHandler(own)
        logger.setLevel(1)
        logger.propagate = False
        yield stream
        logger.removeHandler(own)

    @pytest.fixture
    def handler(self) -> Handler:
        return StdlibHandler("securely.suite")

    @pytest.fixture
    def written(self, stream: io.StringIO) -> Written:
        return stream.getvalue


class _Fields(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        try:
            fields = str(vars(record)["fields"])
        except RuntimeError:
            fields = ""
        return f"{super().format(record)} {fields}"


class TestStackHandler(HandlerSuite):
    @pytest.fixture
    def handler(self, tmp_path: Path) -> Iterator[Handler]:
        handler = StackHandler([ArrayHandler(), SingleHandler(tmp_path / "a.log", LineFormatter())])
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, tmp_path: Path) -> Written:
        return reading(tmp_path)


class TestArrayHandler(HandlerSuite):
    @pytest.fixture
    def handler(self) -> ArrayHandler:
        return ArrayHandler()

    @pytest.fixture
    def written(self, handler: ArrayHandler) -> Written:
        return lambda: "".join(map(LineFormatter().format, handler.records))


class TestNullHandler(HandlerSuite):
    keeps = False

    @pytest.fixture
    def handler(self) -> Handler:
        return NullHandler()

    @pytest.fixture
    def written(self) -> Written:
        return str


class TestEmergencyHandler(HandlerSuite):
    @pytest.fixture
    def handler(self, tmp_path: Path) -> Handler:
        return EmergencyHandler(Emergency(tmp_path / "emergency.log", Masker()))

    @pytest.fixture
    def written(self, tmp_path: Path) -> Written:
        return reading(tmp_path)
