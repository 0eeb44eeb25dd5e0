"""What both type checkers must say of the facades. Never executed; mypy and basedpyright read it.

A line that must be an error carries an ignore, which both checkers respect. An ignore that is not
needed is an error itself, so the line fails the check of that one where the error goes away.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from securely.cache import Repository
from securely.events.fake import EventFake
from securely.facades import Cache, Config, Crypt, Event, Log, Queue, Schedule
from securely.log.fake import LogFake
from securely.queue import Job
from securely.queue.fake import QueueFake
from securely.schedule import Day, Task
from securely.schedule.definition.pending import Pending


@dataclass
class SendInvoice(Job):
    """A job with one typed argument."""

    invoice: int

    def handle(self) -> None:
        """Do nothing; nobody runs this."""


async def number() -> int:
    """Give a number, later."""
    return 1


@Schedule.daily_at("2:00")
def clean(days: int = 30) -> str:
    """Keep its type, though it is scheduled."""
    return "clean" * days


@Schedule.every(minutes=7).name("later")
async def clean_later() -> bool:
    """Keep its type, too."""
    return True


def what_is_right() -> None:
    """The types that come out are those that went in."""
    assert_type(Cache.remember("k", 60, lambda: 1), int)
    assert_type(Cache.store("disk"), Repository)
    assert_type(Cache.get("k"), object)
    assert_type(Queue.fake(SendInvoice), QueueFake)
    assert_type(Event.fake(), EventFake)
    assert_type(Log.fake(), LogFake)
    assert_type(Config.string("app.name"), str)
    assert_type(Config.integer("app.port"), int)
    assert_type(Config.boolean("app.debug"), bool)
    assert_type(Crypt.encrypt_string("secret"), str)
    assert_type(Crypt.decrypt_string("payload"), str)
    SendInvoice.dispatch(7)
    SendInvoice.dispatch(invoice=7)
    Queue.push(SendInvoice(7))


def what_is_right_of_schedules() -> None:
    """What is said of a task is a task; what is said before it, waits for one."""
    assert_type(Schedule.command("x").daily(), Task)
    assert_type(Schedule.command("x", {"user": 5, "--id": [1, 2]}).name("x").on_one_server(), Task)
    assert_type(Schedule.call(clean, {"days": 5}).days(Day.MONDAY, 3).at("8:00"), Task)
    assert_type(Schedule.call(clean_later).when(lambda: True).skip(False), Task)
    assert_type(Schedule.job(SendInvoice), Task)
    assert_type(Schedule.job(SendInvoice(7), "slow", "arq").hourly_at([0, 30]), Task)
    assert_type(Schedule.job(SendInvoice.using(7).delay(5)), Task)
    assert_type(Schedule.exec(["ls", "-l"]).between("8:00", "17:00"), Task)
    assert_type(Schedule.event(SendInvoice(7)).environments("production", ["staging"]), Task)
    assert_type(Schedule.daily_at("2:00"), Pending)
    assert_type(Schedule.weekdays().without_overlapping("1h").on_one_server(), Pending)
    assert_type(Schedule.daily().command("x"), Task)
    assert_type(Schedule.daily().call(clean).weekly(), Task)
    assert_type(Schedule.daily().job(SendInvoice(7)), Task)
    assert_type(clean(5), str)
    with Schedule.group(daily_at="2:00", on_one_server=True) as pending:
        assert_type(pending, Pending)
    Schedule.hourly().group(lambda: Schedule.command("x"))
    Schedule.hourly().group(lambda schedule: schedule.command("x"))
    assert_type(Schedule.tasks(), list[Task])
    assert_type(Schedule.find("x"), Task)


async def what_is_right_later() -> None:
    """The async twins have the same types."""
    assert_type(await Cache.aremember("k", 60, number), int)
    assert_type(await Cache.aremember("k", 60, lambda: 7), int)
    assert_type(await Cache.lock("k").ablock(5, number), int)
    assert_type(await Cache.lock("k").ablock(5, lambda: "now"), str)
    assert_type(await Cache.aget("k"), object)
    assert_type(await clean_later(), bool)
    await SendInvoice.adispatch(7)


def what_is_wrong() -> None:
    """Each of these is an error under both checkers."""
    Cache.incremnt("k")  # type: ignore[attr-defined]  # misspelt
    Cache.remember("k", b"soon", lambda: 1)  # type: ignore[arg-type]  # no time
    Queue.push("not a job")  # type: ignore[arg-type]  # no job
    SendInvoice.dispatch("wrong")  # type: ignore[arg-type]  # no number
    SendInvoice.dispatch()  # type: ignore[call-arg]  # nothing given
    Schedule.command("x").dayly()  # type: ignore[attr-defined]  # misspelt
    Schedule.command(5)  # type: ignore[arg-type]  # no command
    Schedule.job("x", 5)  # type: ignore[arg-type]  # no queue
    Schedule.call(5)  # type: ignore[arg-type]  # no function
    Schedule.command("x").daily_at(2)  # type: ignore[arg-type]  # no time
    Schedule.command("x").catch_up("twice")  # type: ignore[arg-type]  # no policy
    SendInvoice.dispatch(7, 8)  # type: ignore[call-arg]  # too much given
