"""Runs the suite that every log handler must pass against each of ours."""

from __future__ import annotations

import html
import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from securely.log import Handler
from securely.log.drivers.array import ArrayHandler
from securely.log.drivers.custom import CustomHandler
from securely.log.drivers.daily import DailyHandler
from securely.log.drivers.handler import HandlerHandler
from securely.log.drivers.hourly import HourlyHandler
from securely.log.drivers.json import JsonHandler
from securely.log.drivers.monthly import MonthlyHandler
from securely.log.drivers.null import NullHandler
from securely.log.drivers.single import SingleHandler
from securely.log.drivers.slack import SlackHandler
from securely.log.drivers.stack import StackHandler
from securely.log.drivers.stderr import StderrHandler
from securely.log.drivers.stdlib import StdlibHandler
from securely.log.drivers.stdout import StdoutHandler
from securely.log.drivers.syslog import SyslogHandler
from securely.log.drivers.webhook import WebhookHandler
from securely.log.emergency import Emergency, EmergencyHandler
from securely.log.formatters import ConsoleFormatter, JsonFormatter, LineFormatter, LogfmtFormatter
from securely.log.hub import Hub
from securely.log.masking import Masker
from securely.log.options import SlackChannel, SyslogChannel, WebhookChannel
from securely.support.paths import Paths
from securely.testing.suites.log import HandlerSuite
from tests.receivers import Receiver, Sink

Written = Callable[[], str]


def reading(folder: Path) -> Written:
    def read() -> str:
        return "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.log")))

    return read


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Give a folder whose path fits the name of a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="log") as folder:
        yield Path(folder)


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


class TestJsonHandler(HandlerSuite):
    @pytest.fixture
    def handler(self, tmp_path: Path) -> Iterator[Handler]:
        handler = JsonHandler(tmp_path / "app.log", JsonFormatter())
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, tmp_path: Path) -> Written:
        return reading(tmp_path)


class TestDailyHandler(HandlerSuite):
    @pytest.fixture(params=[DailyHandler, MonthlyHandler, HourlyHandler])
    def handler(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Handler]:
        handler = request.param(tmp_path / "app.log", LineFormatter())
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


class TestStdoutHandler(HandlerSuite):
    @pytest.fixture
    def handler(self) -> Handler:
        return StdoutHandler(LogfmtFormatter())

    @pytest.fixture
    def written(self, capsys: pytest.CaptureFixture[str]) -> Written:
        seen: list[str] = []

        def read() -> str:
            seen.append(capsys.readouterr().out)
            return "".join(seen)

        return read


class TestHandlerHandler(HandlerSuite):
    @pytest.fixture
    def stream(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture(params=[HandlerHandler, lambda own: CustomHandler(HandlerHandler(own))])
    def handler(self, stream: io.StringIO, request: pytest.FixtureRequest) -> Handler:
        made: Handler = request.param(logging.StreamHandler(stream))
        return made

    @pytest.fixture
    def written(self, stream: io.StringIO) -> Written:
        return stream.getvalue


class TestSyslogHandler(HandlerSuite):
    @pytest.fixture(params=["datagram", "stream", "udp", "tcp"])
    def receiver(self, request: pytest.FixtureRequest, short_path: Path) -> Iterator[Receiver]:
        with Receiver(request.param, short_path) as receiver:
            yield receiver

    @pytest.fixture
    def handler(self, receiver: Receiver) -> Iterator[Handler]:
        # Not "user", whose <14> the suite would take for one of its own messages.
        settings = {"driver": "syslog", "address": receiver.address, "facility": "local0"}
        handler = SyslogHandler(SyslogChannel.parse(settings, "log.channels.syslog"))
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, receiver: Receiver) -> Written:
        return receiver.text


class TestWebhookHandler(HandlerSuite):
    settings: ClassVar[dict[str, object]] = {"rate_max": 0}

    @pytest.fixture
    def sink(self) -> Iterator[Sink]:
        with Sink() as sink:
            yield sink

    @pytest.fixture
    def handler(self, sink: Sink, tmp_path: Path) -> Iterator[WebhookHandler]:
        settings = {"driver": "webhook", "url": sink.url, **self.settings}
        options = WebhookChannel.parse(settings, "log.channels.webhook")
        handler = WebhookHandler.configured(options, Hub(paths=Paths(tmp_path)))
        yield handler
        handler.close()

    @pytest.fixture
    def written(self, sink: Sink, handler: WebhookHandler) -> Written:
        def read() -> str:
            assert handler.outbox.flush(8)
            return html.unescape(sink.text())

        return read


class TestSlackHandler(TestWebhookHandler):
    @pytest.fixture(params=[{}, {"attachment": False}, {"short": True}])
    def handler(
        self, sink: Sink, tmp_path: Path, request: pytest.FixtureRequest
    ) -> Iterator[WebhookHandler]:
        settings = {"driver": "slack", "url": sink.url, "rate_max": 0, **request.param}
        options = SlackChannel.parse(settings, "log.channels.slack")
        handler = SlackHandler.configured(options, Hub(paths=Paths(tmp_path)))
        yield handler
        handler.close()


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
