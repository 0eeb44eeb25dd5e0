"""Jobs of the fixture application. Each run leaves lines in a journal that no queue knows of."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from securely.container import current
from securely.queue.job import Job
from securely.support import clock

JOURNAL = os.environ.get("SHOP_JOURNAL", "")

# What jobs may take that take longer: a busy machine has begun them by then, and their hooks.
SHORT_SECONDS = 1.0


def note(event: str, tag: str) -> None:
    """Append a line, whole, whatever happens to this process next."""
    line = f"{event} {tag} {os.getpid()} {clock.monotonic():.6f}\n"
    descriptor = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


@dataclass
class Work(Job):
    """Takes *seconds*."""

    tag: str
    seconds: float = 0.0

    def handle(self) -> None:
        note("start", self.tag)
        if self.seconds:
            clock.sleep(self.seconds)
        note("end", self.tag)


@dataclass
class Until(Job):
    """Runs until there is the file *where*."""

    tag: str
    where: str

    def handle(self) -> None:
        note("start", self.tag)
        while not Path(self.where).exists():
            clock.sleep(0.01)
        note("end", self.tag)


def begun() -> list[str]:
    """Return the processes in which jobs have begun, one for each."""
    lines = Path(JOURNAL).read_text().rpartition("\n")[0].splitlines()
    return [line.split()[2] for line in lines if line.startswith("start ")]


@dataclass
class Together(Job):
    """Runs until jobs have begun in so many *processes*."""

    tag: str
    processes: int

    def handle(self) -> None:
        note("start", self.tag)
        while len(set(begun())) < self.processes:
            clock.sleep(0.01)
        note("end", self.tag)


@dataclass
class AsyncTogether(Job):
    """Runs until so many *jobs* have begun, and lets others work meanwhile."""

    tag: str
    jobs: int

    async def handle(self) -> None:
        note("start", self.tag)
        while len(begun()) < self.jobs:
            await clock.asleep(0.01)
        note("end", self.tag)


@dataclass
class Answers(Job):
    """Returns its attempt, which is kept."""

    tag: str
    store_result = True

    def handle(self) -> str:
        note("start", self.tag)
        note("end", self.tag)
        return f"{self.tag}:{self.attempts}"


@dataclass
class OnlyOne(Job):
    """Is queued once at a time, and fails."""

    tag: str
    unique = True
    tries = 1

    def handle(self) -> None:
        raise ValueError("no such customer")


@dataclass
class Lasting(Work):
    """Survives any number of deaths."""

    max_lost = 1000


@dataclass
class AsyncLasting(Job):
    """Survives any number of deaths, and lets others work meanwhile."""

    tag: str
    seconds: float = 0.0
    max_lost = 1000

    async def handle(self) -> None:
        note("start", self.tag)
        await clock.asleep(self.seconds)
        note("end", self.tag)


@dataclass
class Lone(Lasting):
    """Is one of its key."""

    key: str = ""
    unique = True

    def unique_id(self) -> str:
        return self.key


@dataclass
class Failing(Lasting):
    """Raises, once it has begun."""

    def handle(self) -> None:
        note("start", self.tag)
        note("raise", self.tag)
        raise ValueError(self.tag)


@dataclass
class AsyncWork(Job):
    """Takes *seconds*, and lets others work meanwhile."""

    tag: str
    seconds: float = 0.0

    async def handle(self) -> None:
        note("start", self.tag)
        await clock.asleep(self.seconds)
        note("end", self.tag)


@dataclass
class Poison(Job):
    """Kills the process that runs it."""

    tag: str

    def handle(self) -> None:
        note("start", self.tag)
        os.kill(os.getpid(), signal.SIGKILL)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


@dataclass
class LonelyPoison(Poison):
    """Kills the process that runs it, while no other one of its tag may run."""

    max_lost = 2

    def middleware(self) -> list[object]:
        from securely.queue.middleware import WithoutOverlapping

        return [WithoutOverlapping(self.tag).shared()]


@dataclass
class Lonely(Work):
    """Takes *seconds*, while no other one of its class may run."""

    def middleware(self) -> list[object]:
        from securely.queue.middleware import WithoutOverlapping

        return [WithoutOverlapping(release_after=0.05)]


@dataclass
class AsyncLonely(AsyncWork):
    """The same, and lets others work meanwhile."""

    def middleware(self) -> list[object]:
        from securely.queue.middleware import WithoutOverlapping

        return [WithoutOverlapping(release_after=0.05)]


@dataclass
class SlowOnce(Job):
    """Takes half a minute the first time, and none later; *where* is a file that remembers."""

    tag: str
    where: str

    def handle(self) -> None:
        note("start", self.tag)
        flag = Path(self.where)
        if not flag.exists():
            flag.touch()
            clock.sleep(30)
        note("end", self.tag)


@dataclass
class Stubborn(Job):
    """Swallows its timeout and goes on."""

    tag: str
    timeout = SHORT_SECONDS

    def handle(self) -> None:
        note("start", self.tag)
        while True:
            try:
                clock.sleep(60)
            except Exception:  # a job as bad as they come
                note("swallowed", self.tag)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


@dataclass
class Slow(Job):
    """Takes longer than it may."""

    tag: str
    timeout = SHORT_SECONDS

    def handle(self) -> None:
        note("start", self.tag)
        clock.sleep(60)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


@dataclass
class AsyncSlow(Job):
    """Takes longer than it may."""

    tag: str
    timeout = SHORT_SECONDS

    async def handle(self) -> None:
        note("start", self.tag)
        await clock.asleep(60)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


@dataclass
class Endless(Job):
    """Goes on until it is stopped, whatever errors there are, and tidies up."""

    tag: str
    key: str = ""
    unique = True
    tries = 3

    def unique_id(self) -> str:
        return self.key or self.tag

    def handle(self) -> None:
        note("start", self.tag)
        while True:
            try:
                clock.sleep(60)
            except Exception:  # the end of it is none
                note("swallowed", self.tag)
            finally:
                note("tidied", self.tag)

    def failed(self, error: BaseException) -> None:
        note(f"failed:{type(error).__name__}", self.tag)


@dataclass
class AsyncEndless(Endless):
    """Likewise, and lets others work meanwhile."""

    async def handle(self) -> None:
        note("start", self.tag)
        while True:
            try:
                await clock.asleep(60)
            except Exception:
                note("swallowed", self.tag)
            finally:
                note("tidied", self.tag)


@dataclass
class Sulky(Endless):
    """Makes an error of its end."""

    def handle(self) -> None:
        note("start", self.tag)
        try:
            clock.sleep(60)
        finally:
            raise ValueError("not now")


@dataclass
class AsyncSulky(Endless):
    """Likewise, and lets others work meanwhile."""

    async def handle(self) -> None:
        note("start", self.tag)
        try:
            await clock.asleep(60)
        finally:
            raise ValueError("not now")


@dataclass
class Deaf(Endless):
    """Goes on, whatever it is told."""

    def handle(self) -> None:
        note("start", self.tag)
        while True:
            try:
                clock.sleep(60)
            except BaseException:
                note("swallowed", self.tag)


@dataclass
class AsyncDeaf(Endless):
    """Blocks the loop that it runs in."""

    async def handle(self) -> None:
        note("start", self.tag)
        clock.sleep(60)


@dataclass
class Leaks(Job):
    """Says secrets in its error: one that the application knows, and one that bears its name."""

    tries = 1

    def handle(self) -> None:
        key = current().make("config").get("app.key")
        raise OSError(f"{key} was refused, token=planted")


@dataclass
class LeaksInThread(Job):
    """Starts a thread that says a secret in its error."""

    def handle(self) -> None:
        key = current().make("config").get("app.key")

        def fail() -> None:
            raise OSError(f"{key} was refused in a thread")

        thread = threading.Thread(target=fail, name="shop")
        thread.start()
        thread.join()


@dataclass
class Broken(Job):
    """Raises; tried *tries* times."""

    tag: str
    tries = 2
    backoff = 0.05

    def handle(self) -> None:
        note("start", self.tag)
        raise ValueError("no such customer")

    def failed(self, error: BaseException) -> None:
        note("failed", self.tag)


@dataclass
class Raises(Job):
    """Raises, and leaves the rest to the worker."""

    tag: str

    def handle(self) -> None:
        raise ValueError("no such customer")


@dataclass
class DeadlyOnce(Work):
    """Kills the process that runs it the first time; *where* is a file that remembers."""

    where: str = ""

    def handle(self) -> None:
        flag = Path(self.where)
        if not flag.exists():
            flag.touch()
            note("start", self.tag)
            os.kill(os.getpid(), signal.SIGKILL)
        super().handle()


@dataclass
class DeadlyHook(Job):
    """Raises, and its hook kills the process: once, or always if *where* is empty."""

    tag: str
    where: str

    def handle(self) -> None:
        raise ValueError(self.tag)

    def failed(self, error: BaseException) -> None:
        note("hook", self.tag)
        flag = Path(self.where)
        if not self.where or not flag.exists():
            if self.where:
                flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Heeds(Job):
    """Works until it is to stop, and puts itself back."""

    tag: str

    def interrupted(self, signal: int) -> None:
        note(f"interrupted:{signal}:{self.attempts}", self.tag)

    def handle(self) -> None:
        note("start", self.tag)
        while not self.should_stop:
            clock.sleep(0.01)
        note("heeded", self.tag)
        self.release()


@dataclass
class AsyncHeeds(Job):
    """The same, and lets others work meanwhile."""

    tag: str

    async def interrupted(self, signal: int) -> None:
        await clock.asleep(0)
        note(f"interrupted:{signal}:{self.attempts}", self.tag)

    async def handle(self) -> None:
        note("start", self.tag)
        while not self.should_stop:
            await clock.asleep(0.01)
        await clock.asleep(0.05)
        note("heeded", self.tag)
        self.release()


@dataclass
class SlowHook(Job):
    """Raises, and its hook takes longer than it may."""

    tag: str
    timeout = SHORT_SECONDS

    def handle(self) -> None:
        raise ValueError(self.tag)

    def failed(self, error: BaseException) -> None:
        note("hook", self.tag)
        try:
            clock.sleep(60)
        except Exception as late:
            note(f"hook:{type(late).__name__}", self.tag)
            raise


@dataclass
class StubbornHook(Job):
    """Raises, and its hook swallows its timeout and goes on."""

    tag: str
    timeout = SHORT_SECONDS

    def handle(self) -> None:
        raise ValueError(self.tag)

    def failed(self, error: BaseException) -> None:
        note("hook", self.tag)
        while True:
            with suppress(Exception):
                clock.sleep(60)


@dataclass
class Hungry(Job):
    """Makes its process large, and keeps it."""

    tag: str
    mebibytes: int
    kept = []  # noqa: RUF012  # a leak on purpose

    def handle(self) -> None:
        Hungry.kept.append(bytearray(b"x" * (self.mebibytes << 20)))
        note("end", self.tag)


@dataclass
class Orphan(Job):
    """Leaves a child behind that outlives every worker for a while."""

    tag: str

    def handle(self) -> None:
        if os.fork() == 0:
            clock.sleep(60)
            os._exit(0)
        note("end", self.tag)


class Facades(Job):
    """Writes down what a facade says, in the job's own thread and in one that it starts."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def handle(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from securely.facades import Config

        with ThreadPoolExecutor(1) as pool:
            elsewhere = pool.submit(Config.get, "app.env").result()
        note("facade", f"{self.tag}:{Config.get('app.env')}:{elsewhere}")


class Abandon(Job):
    """Forks a child that lives on, and is killed."""

    max_lost = 1

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def handle(self) -> None:
        note("start", self.tag)
        if os.fork() == 0:
            clock.sleep(30)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)


class Panic(Job):
    """Raises what is no Exception."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def handle(self) -> None:
        raise Outcry(self.tag)


class Outcry(BaseException):
    """As those of libraries in other languages are."""
