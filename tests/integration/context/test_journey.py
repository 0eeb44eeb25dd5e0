"""One trace from a command to a job, to what that queues, to a mail; and into child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from securely.support import clock
from tests.valkey import Valkey
from tools.source import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

FILES = {
    "artisan.py": """
import sys
from securely.starter import artisan
sys.exit(artisan(__file__))
""",
    "bootstrap/app.py": """
from pathlib import Path
from securely import Application
app = (
    Application.configure(Path(__file__).parent.parent)
    .with_routing(console="routes/console.py")
    .create()
)
""",
    "config/app.py": """
config = {"env": "production", "key": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
""",
    "config/log.py": """
config = {
    "default": "lines",
    "channels": {"lines": {"driver": "single", "path": "lines.log", "formatter": "json"}},
}
""",
    "config/mail.py": """
config = {"default": "log", "mailers": {"log": {"transport": "log"}}}
""",
    "config/queue.py": """
import os
config = {
    "default": os.environ.get("STORE", "sqlite"),
    "connections": {
        "sqlite": {"driver": "sqlite", "path": "storage/queue"},
        "arq": {"driver": "arq", "socket": os.environ.get("SOCKET", "/none")},
    },
}
""",
    "app/__init__.py": "",
    "app/jobs.py": """
from securely.context import Context
from securely.facades import Log, Mail
from securely.queue import Batch, Job


class First(Job):
    def handle(self, context: Context) -> None:
        Log.info("first", hidden=context.get_hidden("tenant"))
        context.add(by="first")
        Second.dispatch()


class Second(Job):
    def handle(self, context: Context) -> None:
        Log.info("second", hidden=context.get_hidden("tenant"))
        Mail.raw("text", to="ann@example.org", subject="hello")


class Fails(Job):
    tries = 1

    def handle(self) -> None:
        raise ValueError("it fails")

    def failed(self, error: BaseException) -> None:
        Log.info("hook")


def listens(event: dict) -> None:
    Log.info("listener")


def done(batch: Batch) -> None:
    Log.info("batch done")
""",
    "routes/console.py": """
import os
import subprocess
import sys
from app import jobs
from securely.facades import Artisan, Bus, Context, Event, Log, Schedule
from securely.events import queueable


@Artisan.command("order {number}")
def order(number: int) -> None:
    Context.add(order=number).add_hidden(tenant="tenant-of-7")
    Log.info("command")
    jobs.First.dispatch()


@Artisan.command("batch")
def batch() -> None:
    Context.add(order=8)
    Log.info("command")
    Bus.batch([jobs.Second(), jobs.Second()]).then(jobs.done).dispatch()
    Bus.chain([jobs.Second(), jobs.Fails()]).dispatch()


@Artisan.command("event")
def event() -> None:
    Context.add(order=9)
    Log.info("command")
    Event.listen("paid", queueable(jobs.listens))
    Event.dispatch("paid", [{"a": 1}])


@Artisan.command("parent")
def parent() -> None:
    Context.add(order=10).add_hidden(tenant="tenant-of-10")
    Log.info("parent")
    subprocess.run(
        [sys.executable, "artisan.py", "child"],
        env={**os.environ, **Context.environment()},
        check=True,
    )


@Artisan.command("child")
def child() -> None:
    Log.info("child", hidden=Context.get_hidden("tenant"))


@Artisan.command("second")
def second() -> None:
    jobs.Second.dispatch()


def calls() -> None:
    Log.info("call")
    jobs.Second.dispatch()


Schedule.command("child").every_minute().name("as-child")
Schedule.exec(f"cd . && {sys.executable} artisan.py child").every_minute().name("by-shell")
Schedule.call(calls).every_minute().name("as-call")
Schedule.job(jobs.Second()).every_minute().name("as-job")
Schedule.command("child").every_minute().name("beside").run_in_background()
""",
}

Lines = Callable[[], list[dict[str, Any]]]


class Site:
    """An application whose commands run in processes of their own."""

    def __init__(self, base: Path, variables: dict[str, str]) -> None:
        self.base = base
        self.variables = variables
        for name, text in FILES.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(text)

    def run(self, *words: str, **variables: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        process = subprocess.run(
            [sys.executable, "artisan.py", *words],
            cwd=self.base,
            env={**kept, "PYTHONPATH": f"{ROOT}:{self.base}", **self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr

    def work(self) -> None:
        self.run("queue:work", "--stop-when-empty")

    def lines(self) -> list[dict[str, Any]]:
        text = (self.base / "lines.log").read_text()
        assert "tenant-of" not in text.replace('"hidden":"tenant-of', "")
        return [json.loads(line) for line in text.splitlines()]

    def traces(self, message: str) -> set[str]:
        """Return the traces of the lines that begin with *message*."""
        found = [each for each in self.lines() if each["message"].startswith(message)]
        assert found, [each["message"] for each in self.lines()]
        return {each["extra"]["trace_id"] for each in found}


@pytest.fixture(params=["sqlite", "arq"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    variables = {"STORE": request.param}
    if request.param == "arq":
        valkey: Valkey = request.getfixturevalue("valkey")
        variables["SOCKET"] = valkey.path
    return Site(tmp_path, variables)


@pytest.fixture
def single(tmp_path: Path) -> Site:
    return Site(tmp_path, {})


def test_a_command_its_job_the_next_job_and_its_mail_have_one_trace(site: Site) -> None:
    site.run("order", "7")
    site.work()

    lines = {line["message"]: line for line in site.lines() if "message" in line}
    [trace] = site.traces("command")
    assert lines["command"]["extra"] == {"trace_id": trace, "order": 7}
    assert lines["first"]["extra"] == {"trace_id": trace, "order": 7}
    assert lines["first"]["context"]["hidden"] == "tenant-of-7"
    assert lines["second"]["extra"] == {"trace_id": trace, "order": 7, "by": "first"}
    assert lines["second"]["context"]["hidden"] == "tenant-of-7"
    mails = [line for line in site.lines() if "ann@example.org" in json.dumps(line)]
    assert mails
    assert {line["extra"]["trace_id"] for line in mails} == {trace}

    site.run("order", "8")
    assert len(site.traces("command")) == 2


def test_batches_chains_and_what_is_told_of_failures_have_it_too(site: Site) -> None:
    site.run("batch")
    site.work()

    [trace] = site.traces("command")
    for message in ("second", "batch done", "it fails", "hook"):
        assert site.traces(message) == {trace}, message


def test_a_queued_listener_has_it_too(single: Site) -> None:
    single.run("event")
    single.work()

    assert single.traces("listener") == single.traces("command")


def test_a_child_process_has_it_where_its_parent_says_so(single: Site) -> None:
    single.run("parent")

    assert single.traces("child") == single.traces("parent")
    [child] = [line for line in single.lines() if line["message"] == "child"]
    assert child["extra"]["order"] == 10
    assert child["context"]["hidden"] == "tenant-of-10"


def test_tasks_of_the_schedule_have_a_trace_each_which_their_processes_share(single: Site) -> None:
    single.run("schedule:trigger", "as-child")
    single.run("schedule:trigger", "by-shell")
    assert len(single.traces("child")) == 2
    single.run("schedule:trigger", "as-call")
    single.run("schedule:trigger", "as-job")
    single.run("queue:work", "--stop-when-empty")

    [call] = single.traces("call")
    assert call in single.traces("second")
    assert len(single.traces("second")) == 2


def test_a_task_in_the_background_has_the_trace_of_its_run_in_its_child(single: Site) -> None:
    single.run("schedule:trigger", "beside")
    until = clock.monotonic() + 60
    while not (single.base / "lines.log").exists() and clock.monotonic() < until:
        clock.sleep(0.05)

    assert len(single.traces("child")) == 1


def test_a_variable_of_somebody_else_is_reported_and_ignored(single: Site) -> None:
    single.run("child", __SECURELY_CONTEXT='{"data":{"admin":true}}')

    reported, child = single.lines()
    assert "__SECURELY_CONTEXT cannot be read" in reported["message"]
    assert child["extra"].keys() == {"trace_id"}
