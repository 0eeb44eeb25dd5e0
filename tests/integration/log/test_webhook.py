"""Webhooks and Slack: a real web server, off the path of whoever logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from securely.log import LogManager
from securely.log.drivers.webhook import WebhookHandler
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths
from tests.receivers import Sink

pytestmark = pytest.mark.integration

Make = Callable[..., LogManager]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[LogManager] = []

    def make(url: str, driver: str = "webhook", **settings: object) -> LogManager:
        channel = {"driver": driver, "url": url, "level": "debug", "flush_seconds": 40, **settings}
        options = LogOptions.parse({"default": "hook", "channels": {"hook": channel}}, key="log")
        log = LogManager(options.default, options.channels, Hub(paths=Paths(tmp_path)))
        made.append(log)
        return log

    yield make
    for log in made:
        log.close()


def emergency(tmp_path: Path) -> str:
    return (tmp_path / "storage" / "logs" / "emergency.log").read_text()


def test_a_record_is_posted_as_json(make: Make) -> None:
    with Sink() as sink:
        log = make(sink.url, headers={"X-Api-Key": "planted-header"})
        log.error("order {order} failed", order=5)
        log.close()

        (body,), (headers,) = sink.bodies, sink.headers
    assert json.loads(body)["message"] == "order 5 failed"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Api-Key"] == "planted-header"


def test_slack_gets_a_coloured_attachment(make: Make) -> None:
    with Sink() as sink:
        log = make(sink.url, "slack", username="shop", emoji=":boom:")
        secret = {"api_token": "planted-name"}
        log.critical("<stock> is low", article="A-7", left={"here": 2}, **secret)
        log.close()

        said = json.loads(sink.bodies[0])
    (attachment,) = said["attachments"]
    assert (said["username"], said["icon_emoji"]) == ("shop", ":boom:")
    assert attachment["text"] == "&lt;stock&gt; is low"
    assert attachment["color"] == "danger"
    facts = {each["title"]: each["value"] for each in attachment["fields"]}
    assert facts["Level"] == "CRITICAL"
    assert facts["article"] == "A-7"
    assert '"here":2' in facts["left"]
    assert "planted-name" not in str(said)


def test_slack_tells_the_exception_and_leaves_fields_out_if_told_so(make: Make) -> None:
    with Sink() as sink:
        log = make(sink.url, "slack", context=False)
        log.critical("failed", order=5)
        log.close()
        other = make(sink.url, "slack", short=True)
        other.critical("failed", order=5, exception=ValueError("nobody"))
        other.close()

        first, second = (json.loads(body)["attachments"][0]["fields"] for body in sink.bodies)
    assert [each["title"] for each in first] == ["Level"]
    assert "ValueError: nobody" in next(
        each["value"] for each in second if each["title"] == "Exception"
    )
    assert next(each["value"] for each in second if each["title"] == "Context") == "order: 5"


def test_two_webhooks_that_fail_are_told_of_each_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A port that nobody listens on: the discard service of old.
    nobody = {"driver": "webhook", "url": "http://127.0.0.1:9/", "level": "debug"}
    channels = {"stock": nobody, "till": {**nobody, "name": "shop"}}
    options = LogOptions.parse({"default": "stock", "channels": channels}, key="log")
    log = LogManager(options.default, options.channels, Hub(paths=Paths(tmp_path)))

    for name in channels:
        log.channel(name).error("said")
    log.close()

    first, second = sorted(capsys.readouterr().err.splitlines())
    assert 'Log channel "stock" could not deliver' in first
    assert 'Log channel "till" could not deliver' in second


def test_who_logs_does_not_wait_and_what_is_too_much_is_counted(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sink() as sink:
        sink.open.clear()
        log = make(sink.url, queue_max=5, timeout_seconds=30)
        for number in range(50):
            log.error("said", number=number)
        (handler,) = log.handlers
        assert isinstance(handler, WebhookHandler)
        dropped = handler.outbox.dropped
        sink.open.set()
        log.close()

        assert len(sink.bodies) == 50 - dropped
    told = capsys.readouterr().err.splitlines()
    assert 44 <= dropped <= 45
    assert len(told) == 2
    assert "is full: 5 messages wait" in told[0]
    assert f"has dropped {dropped} messages" in told[1]


def test_a_receiver_that_is_slow_costs_the_deadline_and_loses_nothing(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sink() as sink:
        sink.open.clear()
        log = make(sink.url, timeout_seconds=30, flush_seconds=0.2)
        for number in range(3):
            log.error("late", number=number)
        sink.open.wait(0)
        log.close()

        kept = emergency(tmp_path)
    assert "could not deliver its messages in time" in kept
    assert '{"number":2}' in kept
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("status", [301, 302, 308, 400, 404, 500])
def test_a_receiver_that_refuses_is_told_of_once(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    with Sink(status) as sink:
        log = make(sink.url)
        for number in range(3):
            log.error("refused", number=number)
        log.close()

    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert f"answers with {status}" in told
    assert emergency(tmp_path).count("refused {") == 3
    assert "planted-path-secret" not in told + emergency(tmp_path)


def test_nobody_there_is_told_without_the_address(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = make("http://127.0.0.1:9/services/planted-path-secret?token=planted-token")
    log.error("refused")
    log.close()

    told = capsys.readouterr().err + emergency(tmp_path)
    assert "could not deliver" in told
    assert "planted" not in told


def test_who_asks_to_come_back_later_gets_it_later(make: Make) -> None:
    with Sink(429, 200, headers={"Retry-After": "0"}) as sink:
        log = make(sink.url)
        log.error("again")
        sink.wait(2)
        log.close()

        assert len(sink.bodies) == 2


def test_no_more_are_sent_than_a_minute_may_have(make: Make, tmp_path: Path) -> None:
    with Sink() as sink:
        log = make(sink.url, rate_max=2, flush_seconds=0.3)
        for number in range(5):
            log.error("said", number=number)
        sink.wait(2)
        log.close()

        assert len(sink.bodies) == 2
    assert '{"number":4}' in emergency(tmp_path)


def test_a_child_does_not_send_what_its_parent_has_to_send(make: Make) -> None:
    with Sink() as sink:
        sink.open.clear()
        log = make(sink.url, timeout_seconds=30)
        log.error("<parent>")
        log.error("<parent too>")
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            log.error("<child>")
            log.close()
            os._exit(0)
        threading.Event().wait(0.1)
        sink.open.set()
        os.waitpid(child, 0)
        log.close()

        said = sorted(json.loads(body)["message"] for body in sink.bodies)
    assert said == ["<child>", "<parent too>", "<parent>"]


PROGRAM = """
import sys
from pathlib import Path
from securely.log import LogManager
from securely.log.hub import Hub
from securely.log.options import LogOptions
from securely.support.paths import Paths

url, base, install = sys.argv[1:]
options = LogOptions.parse(
    {"default": "hook", "channels": {"hook": {"driver": "webhook", "url": url, **{
        "level": "debug", "flush_seconds": 40,
    }}}},
    key="log",
)
log = LogManager(options.default, options.channels, Hub(paths=Paths(Path(base))))
if install == "yes":
    from securely.log import bridge
    bridge.install(log)
for number in range(10):
    log.error("at the end", number=number)
print("httpx2" in sys.modules and "imported by who logs" or "not yet", flush=True)
"""


WORKERS = (
    PROGRAM.partition("for number")[0]
    + """
import multiprocessing

def work(number):
    log.error("by a worker", number=number)

workers = [multiprocessing.get_context("fork").Process(target=work, args=(n,)) for n in range(3)]
for each in workers:
    each.start()
for each in workers:
    each.join()
"""
)


def test_the_end_of_a_worker_of_multiprocessing_waits_for_what_is_not_sent(tmp_path: Path) -> None:
    """It ends without `atexit`."""
    with Sink() as sink:
        subprocess.run(
            [sys.executable, "-c", WORKERS, sink.url, str(tmp_path), "no"],
            cwd=Path(__file__).parents[3],
            check=True,
            timeout=50,
        )

        assert sorted(json.loads(body)["context"]["number"] for body in sink.bodies) == [0, 1, 2]


@pytest.mark.parametrize("install", ["yes", "no"])
def test_the_end_of_a_process_waits_for_what_is_not_sent(tmp_path: Path, install: str) -> None:
    """With the bridge too: what httpx2 tells `logging` of its requests is not sent in turn."""
    with Sink() as sink:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, sink.url, str(tmp_path), install],
            cwd=Path(__file__).parents[3],
            check=True,
            timeout=50,
        )

        assert [json.loads(body)["context"]["number"] for body in sink.bodies] == list(range(10))


def test_a_webhook_without_an_address_is_an_emergency(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    make("").error("not lost")

    assert "needs a url" in capsys.readouterr().err
