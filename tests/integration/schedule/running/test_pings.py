"""URLs that are told of a task."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from securely.schedule.exceptions import PingFailed
from securely.schedule.running.pings import UrlPinger

pytestmark = pytest.mark.integration


class Monitor(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    seen: list[tuple[str, str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.command, self.path, self.headers["Authorization"]))
        if self.path == "/hang":
            self.server.gone.wait(60)  # type: ignore[attr-defined]  # set below
            return
        self.send_response(int(self.path[1:4]))
        if "?to=" in self.path:
            self.send_header("Location", self.path.partition("?to=")[2])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def monitor() -> Iterator[str]:
    """The URL of a monitor."""
    Monitor.seen = []
    server = HTTPServer(("127.0.0.1", 0), Monitor)
    gone = threading.Event()
    server.gone = gone  # type: ignore[attr-defined]  # for the handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    gone.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_ping_is_a_get_request(monitor: str) -> None:
    UrlPinger(30.0).ping(f"{monitor}/200?a=1")

    assert Monitor.seen == [("GET", "/200?a=1", None)]


def test_a_password_in_a_url_is_sent_and_never_shown(monitor: str) -> None:
    url = monitor.replace("://", "://ann:hunter2@")

    with pytest.raises(PingFailed) as caught:
        UrlPinger(30.0).ping(f"{url}/404")

    assert Monitor.seen == [("GET", "/404", "Basic YW5uOmh1bnRlcjI=")]
    assert "hunter2" not in f"{caught.value} {caught.value.url}"


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_bad_status_is_a_failure(monitor: str, status: int) -> None:
    with pytest.raises(PingFailed, match=f"status {status}"):
        UrlPinger(30.0).ping(f"{monitor}/{status}")


def test_no_answer_in_time_is_a_failure(monitor: str) -> None:
    with pytest.raises(PingFailed, match="timed out"):
        UrlPinger(0.05).ping(f"{monitor}/hang")


def test_nobody_there_is_a_failure() -> None:
    with pytest.raises(PingFailed, match="refused"):
        UrlPinger(30.0).ping("http://127.0.0.1:9/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/b", "a.example"])
def test_only_the_web_is_asked(url: str) -> None:
    with pytest.raises(PingFailed, match="only http"):
        UrlPinger(30.0).ping(url)


@pytest.mark.parametrize("url", ["http://", "http://a b/", "http://[::1", "http://a:x/"])
def test_a_broken_url_is_a_failure(url: str) -> None:
    with pytest.raises(PingFailed):
        UrlPinger(30.0).ping(url)


def test_a_password_goes_to_its_own_host_alone(monitor: str) -> None:
    url = monitor.replace("://", "://ann:hunter2@")
    elsewhere = monitor.replace("127.0.0.1", "localhost")

    UrlPinger(30.0).ping(f"{url}/302?to={elsewhere}/200")

    assert [(path, bool(sent)) for _, path, sent in Monitor.seen] == [
        (f"/302?to={elsewhere}/200", True),
        ("/200", False),
    ]
