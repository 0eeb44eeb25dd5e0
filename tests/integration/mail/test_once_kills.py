"""Workers are killed while they send mail: what was remembered is never sent again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from securely import Application
from securely.facades import Mail
from securely.queue import QueueManager
from securely.support import clock, entropy
from tests.smtp import MailHost
from tests.valkey import Valkey

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="looks up the children of a process"),
]

POST = Path(__file__).parent / "post"
ROOT = Path(__file__).parents[3]
RUN = (
    "import sys; from securely.starter import artisan; sys.exit(artisan(sys.argv[1], sys.argv[2:]))"
)
WORKERS = 2  # of a storm


class Line(NamedTuple):
    """How far a mail came in a process."""

    event: str
    number: int
    pid: int


class Running:
    """A worker process."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def everybody(self) -> list[int]:
        """Return the pids of it and its children; it stands still, and has no others meanwhile."""
        pid = self.process.pid
        os.kill(pid, signal.SIGSTOP)
        while not self._stands_still():
            clock.sleep(0.001)
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [pid, *map(int, children.split())]

    def goes_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def _stands_still(self) -> bool:
        try:
            state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state in "TZ"

    def jobs(self) -> list[dict[str, Any]]:
        lines = self.output.read_text().splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line[:1] == "{" and line[-1:] == "\n"]
        return [line for line in found if line["event"] == "job"]


class Post:
    """The application: its mail server, its journal, its workers."""

    def __init__(self, path: Path, host: MailHost, app: Application) -> None:
        self.path = path
        self.host = host
        self.app = app
        self.running: list[Running] = []

    def queue(self, *numbers: int) -> None:
        import post_mails  # beside the application

        for number in numbers:
            Mail.to(f"customer{number}@example.com").queue(post_mails.Invoice(number))

    def kill_at(self, point: str) -> None:
        """Have the first process die that comes to *point*."""
        (self.path / f"kill-{point}").touch()

    def start(self, *words: str) -> Running:
        output = self.path / f"worker-{len(self.running)}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(  # our own interpreter and script
                [sys.executable, "-c", RUN, str(self.path / "artisan.py"), *self._work, *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.path,
            )
        self.running.append(Running(process, output))
        return self.running[-1]

    _work = ("queue:work", "--json")

    def stop(self) -> None:
        for running in self.running:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        for running in self.running:
            running.process.wait(60)

    def journal(self) -> list[Line]:
        file = self.path / "journal"
        if not file.exists():
            return []
        whole = file.read_text().rpartition("\n")[0]
        lines = [line.split() for line in whole.splitlines()]
        return [Line(event, int(number), int(pid)) for event, number, pid in lines]

    def arrived(self) -> list[tuple[int, str]]:
        """Return the number and the Message-ID of each mail that the server has taken."""
        mails = [message_from_bytes(one.raw) for one in list(self.host.arrived)]
        return [(int(mail["Subject"].split()[-1]), mail["Message-ID"]) for mail in mails]

    def left(self) -> int:
        """Return how many jobs there are."""
        connection = self.app.make(QueueManager).connection()
        return int(connection.driver.counts("default").total)

    def goes_on(self) -> bool:
        """Wait until another mail has arrived; return whether there are jobs left."""
        before = len(self.host.arrived)
        self.wait_for(lambda: len(self.host.arrived) > before or not self.left())
        return self.left() > 0

    def wait_for(self, condition: Callable[[], bool], seconds: float = 100.0) -> None:
        end = clock.monotonic() + seconds
        while not condition():
            if clock.monotonic() > end:
                logs = "\n".join(one.output.read_text()[-3000:] for one in self.running)
                pytest.fail(f"It did not come to that within {seconds} s.\n{logs}")
            clock.sleep(0.01)


@pytest.fixture(params=["sqlite", "arq"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of the queue: a file, with the store beside it, or a server, with the cache."""
    return str(request.param)


@pytest.fixture
def post(
    engine: str, host: MailHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Post]:
    path = tmp_path / "post"
    shutil.copytree(POST, path)
    (path / "artisan.py").touch()
    valkey = Valkey() if engine == "arq" else None
    settings = {
        "POST_ENGINE": engine,
        "POST_PORT": str(host.port),
        "POST_SOCKET": valkey.path if valkey else "none",
        "POST_JOURNAL": str(path / "journal"),
        "PYTHONPATH": os.pathsep.join(
            filter(None, (os.environ.get("PYTHONPATH", ""), str(ROOT), str(path)))
        ),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(path))
    for name in ("post_mails", "post_kills"):
        sys.modules.pop(name, None)
    app = (
        Application.configure(path)
        .with_providers(["post_kills:PostProvider"])
        .build(environment=dict(os.environ))
    )
    with app.active():
        post = Post(path, host, app.boot())
        try:
            yield post
        finally:
            for running in post.running:
                if running.process.poll() is None:
                    running.process.kill()
                running.process.wait()
            app.terminate()
            if valkey is not None:
                valkey.end()


def test_a_worker_that_dies_behind_the_answer_leaves_one_mail(post: Post) -> None:
    post.kill_at("sent")
    post.queue(7)

    post.start()
    post.wait_for(lambda: post.left() == 0)
    post.stop()

    assert [number for number, _ in post.arrived()] == [7]
    assert [line.event for line in post.journal()] == ["began", "accepted", "remembered"]
    jobs = [job for running in post.running for job in running.jobs()]
    assert [(job["status"], job["attempt"]) for job in jobs] == [("lost", 1), ("done", 2)]
    assert not (post.path / "kill-sent").exists()


def test_a_worker_that_dies_before_it_remembers_sends_twice_under_one_id(post: Post) -> None:
    post.kill_at("window")
    post.queue(7)

    post.start()
    post.wait_for(lambda: post.left() == 0)
    post.stop()

    (first, second) = post.arrived()
    assert first == second
    assert [line.event for line in post.journal()] == [
        *("began", "accepted"),
        *("began", "accepted", "remembered"),
    ]
    assert post.journal()[0].pid != post.journal()[-1].pid


class Killer:
    """Kills a random process of the workers, and starts another worker for one that is dead."""

    def __init__(self, post: Post, concurrency: int) -> None:
        self.post = post
        self.words = [f"--concurrency={concurrency}"]
        self.workers = [post.start(*self.words) for _ in range(WORKERS)]
        self.killed: set[int] = set()

    def kill(self) -> None:
        at = entropy.below(WORKERS)
        if not (pids := self.workers[at].everybody()):
            return
        # With its supervisor an executor ends, too: at once, or when it hears of that.
        pid = pids[entropy.below(len(pids))]
        self.killed |= set(pids) if pid == self.workers[at].process.pid else {pid}
        os.kill(pid, signal.SIGKILL)
        self.workers[at].goes_on()
        if pid == self.workers[at].process.pid:
            self.workers[at].process.wait()
            self.workers[at] = self.post.start(*self.words)


def check_storm(post: Post, count: int, killed: set[int]) -> int:
    """Check that nothing is lost, and nothing sent twice but by deaths in the window; count them.

    A mail is sent again only if all who sent it before died before it was remembered; and what
    was remembered is never sent again.
    """
    arrived = post.arrived()
    assert {number for number, _ in arrived} == set(range(count))
    assert len(set(arrived)) == count  # whoever came twice came under one Message-ID
    in_window = 0
    times = Counter(number for number, _ in arrived)
    journal = post.journal()
    for number in range(count):
        lines = [line for line in journal if line.number == number]
        sendings = [line.pid for line in lines if line.event == "began"]
        remembered = [at for at, line in enumerate(lines) if line.event == "remembered"]
        assert len(remembered) <= 1, lines
        assert not remembered or remembered[0] == len(lines) - 1, lines
        assert set(sendings[:-1]) <= killed, lines
        # All that the server took but the last one: by those who died and did not remember it.
        taken = times[number] - 1
        assert taken <= len(sendings) - 1, lines
        in_window += taken
    return in_window


@pytest.mark.parametrize(
    ("count", "kills", "seconds", "concurrency"),
    [
        pytest.param(60, 3, 0.5, 1, id="short", marks=pytest.mark.timeout(400)),
        pytest.param(
            500, None, 1.0, 3, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(900)]
        ),
    ],
)
def test_a_storm_of_kills_loses_no_mail_and_sends_what_is_remembered_once(
    post: Post,
    count: int,
    kills: int | None,
    seconds: float,
    concurrency: int,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("POST_PAUSE", "0.02")  # so that some die in the window, others behind it
    post.queue(*range(count))
    killer = Killer(post, concurrency)
    done = 0
    while kills is None or done < kills:
        # Whom a slow machine is still starting is not killed before it has worked.
        if not post.goes_on():
            break
        killer.kill()
        done += 1
        clock.sleep(seconds)
    post.wait_for(lambda: post.left() == 0, 200)
    post.stop()

    in_window = check_storm(post, count, killer.killed)
    record_property("kills", done)
    record_property("in the window", in_window)
    assert in_window <= done * concurrency
    assert len(post.host.arrived) == count + in_window
