"""`lookout` in a process of its own, served by uvicorn, on a real socket."""

from __future__ import annotations

import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

SECONDS = 60


@pytest.fixture
def served(start: Callable[..., Any], project: Path) -> tuple[subprocess.Popen[str], str]:
    """The process, and its address."""
    process = start("lookout", "--port=0")
    for line in process.stdout:
        if "http://127.0.0.1:" in line:
            return process, line[line.index("http://") :].split()[0]
    pytest.fail("it said no address")


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # our own server
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def stream(address: str) -> socket.socket:
    """Begin a stream, and return its socket when the first event has come."""
    host, _, port = address.removeprefix("http://").partition(":")
    opened = socket.create_connection((host, int(port)), timeout=SECONDS)
    opened.sendall(f"GET /stream/overview HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    read = b""
    while b"</section>" not in read:
        part = opened.recv(65_536)
        assert part, read
        read += part
    assert b"text/event-stream" in read
    return opened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_served_until_a_signal_ends_it_though_somebody_still_looks(
    served: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    process, address = served

    status, page = get(f"{address}/")
    assert status == 200
    assert "<h1>Overview</h1>" in page
    assert get(address, Host="evil.example")[0] == 403
    with stream(address) as open_one:
        process.send_signal(number)

        assert process.wait(SECONDS) == 0
        while open_one.recv(65_536):
            pass  # the stream has come to its end
    assert process.stdout is not None
    assert "Traceback" not in process.stdout.read()


def test_a_stream_whose_client_goes_ends_and_the_next_one_is_served(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = served

    for _ in range(3):
        stream(address).close()

    assert get(f"{address}/failed")[0] == 200
    process.terminate()
    assert process.wait(SECONDS) == 0


def test_in_production_it_warns_that_nobody_may_look(
    run: Callable[..., Any], project: Path
) -> None:
    result = run("lookout", "--host=0.0.0.0", APP_ENV="production")

    assert result.returncode == 1
    assert "Nobody may see it" in result.stdout + result.stderr
    assert "Other machines would reach the dashboard" in result.stdout + result.stderr
