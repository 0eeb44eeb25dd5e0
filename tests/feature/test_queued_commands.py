"""Artisan.queue: command lines that run on the queue of an application."""

from __future__ import annotations

import pytest

from securely import Application
from securely.console import Command, CommandFailed, QueuedCommand
from securely.facades import Artisan, Queue
from securely.queue.commands.queued import CallCommand


@pytest.fixture
def ran(app: Application) -> list[object]:
    """What the command `note` was run with."""
    ran: list[object] = []

    @Artisan.command("note {what} {--times=1} {--id=*} {--F|force}")
    def note(command: Command, what: str, times: int) -> int:
        ran.append((what, times, command.option("id"), command.boolean("force")))
        if what == "nothing":
            command.line("nothing to note")
            return 3
        return 0

    return ran


def test_a_queued_command_runs_with_its_parameters(ran: list[object]) -> None:
    Artisan.queue("note", {"what": "a b", "--times": 2, "--id": [1, 2], "--force": True}).dispatch()
    Artisan.queue("note c -F --id=x").dispatch()

    assert ran == [("a b", 2, ["1", "2"], True), ("c", 1, ["x"], True)]


def test_nothing_is_sent_before_dispatch_and_options_are_kept(ran: list[object]) -> None:
    queue = Queue.fake()

    pending: QueuedCommand = Artisan.queue("note", {"what": "x"}).on_queue("low").delay("1m")

    queue.assert_nothing_pushed()
    pending.dispatch()
    queue.assert_pushed_on("low", CallCommand)
    assert ran == []


def test_a_queued_command_that_fails_is_a_failure_of_its_job(ran: list[object]) -> None:
    with pytest.raises(CommandFailed, match=r"`note nothing` exited 3\.\nnothing to note"):
        Artisan.queue("note nothing").dispatch()

    assert ran == [("nothing", 1, [], False)]


def test_the_name_of_the_job_is_the_name_of_the_command() -> None:
    assert CallCommand("mail:send 1 --queue", None).display_name() == "mail:send"


def test_an_async_command_runs_on_the_queue_too(app: Application) -> None:
    ran: list[int] = []

    @Artisan.command("later {n}")
    async def later(n: int) -> None:
        ran.append(n)

    Artisan.queue("later 3").dispatch()

    assert ran == [3]
