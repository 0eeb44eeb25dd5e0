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
from securely.facades import Cache, Config, Crypt, Event, Log, Queue
from securely.log.fake import LogFake
from securely.queue import Job
from securely.queue.fake import QueueFake


@dataclass
class SendInvoice(Job):
    """A job with one typed argument."""

    invoice: int

    def handle(self) -> None:
        """Do nothing; nobody runs this."""


async def number() -> int:
    """Give a number, later."""
    return 1


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


async def what_is_right_later() -> None:
    """The async twins have the same types."""
    assert_type(await Cache.aremember("k", 60, number), int)
    assert_type(await Cache.aremember("k", 60, lambda: 7), int)
    assert_type(await Cache.lock("k").ablock(5, number), int)
    assert_type(await Cache.lock("k").ablock(5, lambda: "now"), str)
    assert_type(await Cache.aget("k"), object)
    await SendInvoice.adispatch(7)


def what_is_wrong() -> None:
    """Each of these is an error under both checkers."""
    Cache.incremnt("k")  # type: ignore[attr-defined]  # misspelt
    Cache.remember("k", b"soon", lambda: 1)  # type: ignore[arg-type]  # no time
    Queue.push("not a job")  # type: ignore[arg-type]  # no job
    SendInvoice.dispatch("wrong")  # type: ignore[arg-type]  # no number
    SendInvoice.dispatch()  # type: ignore[call-arg]  # nothing given
    SendInvoice.dispatch(7, 8)  # type: ignore[call-arg]  # too much given
