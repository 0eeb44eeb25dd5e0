"""What a run writes: its end is kept, a file gets all of it, and each run has its own."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from running_worlds import AT, When, Written, calling, say

from securely.schedule.contracts import State
from securely.schedule.running.capture import capturing
from securely.schedule.running.output import Sink


def test_only_the_end_is_kept() -> None:
    sink = Sink(10)

    for number in range(100):
        sink.write_text(f"{number:03} ")

    assert sink.text() == "97 098 099 "[-10:]
    assert sink.text(4) == "099 "
    assert sink.text(0) == ""


def test_the_end_begins_with_a_whole_character() -> None:
    sink = Sink(5)

    sink.write_text("žluťoučký")

    assert sink.text() == "čký"


def test_after_its_end_a_sink_takes_nothing() -> None:
    sink = Sink(10)
    sink.write(b"a")
    sink.close()
    sink.write(b"b")

    assert sink.text() == "a"


def test_a_file_gets_all_of_it_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    path.write_text("old\n")

    replaced = Sink(2, path)
    replaced.write(b"one\n")
    assert path.read_text() == "one\n"
    replaced.close()
    added = Sink(2, path, appends=True)
    added.write(b"two\n")
    added.close()

    assert path.read_text() == "one\ntwo\n"


def test_a_full_disk_is_noted_once_and_the_end_is_still_kept() -> None:
    sink = Sink(100, Path("/dev/full"), appends=True)

    sink.write(b"one ")
    sink.write(b"two")

    assert sink.text() == "one two"
    assert sink.trouble is not None


def test_code_of_this_process_prints_into_its_own_sink(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = sys.stdout, sys.stderr
    sinks = [Sink(1000) for _ in range(3)]
    meet = threading.Barrier(4)

    def run(number: int) -> None:
        with capturing(sinks[number]):
            meet.wait()
            say(f"out {number}")
            sys.stderr.write(f"err {number}\n")
            sys.stdout.buffer.write(f"bytes {number}\n".encode())
            meet.wait()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    meet.wait()
    say("mine")
    meet.wait()
    for thread in threads:
        thread.join()

    assert [sink.text() for sink in sinks] == [f"out {n}\nerr {n}\nbytes {n}\n" for n in range(3)]
    assert capsys.readouterr().out == "mine\n"
    assert (sys.stdout, sys.stderr) == (out, err)


def test_a_stream_put_there_meanwhile_stays() -> None:
    import io

    before, mine = sys.stdout, io.StringIO()
    try:
        with capturing(Sink(10)):
            sys.stdout = mine
        assert sys.stdout is mine
    finally:
        sys.stdout = before


def test_what_is_printed_after_the_end_goes_where_it_always_went(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sink = Sink(100)
    with capturing(sink):
        stream = sys.stdout
        sink.close()
        stream.write("late\n")

    assert (sink.text(), capsys.readouterr().out) == ("", "late\n")


def test_async_tasks_and_threads_of_a_run_print_into_its_sink(world: Any) -> None:
    async def deep() -> None:
        say("task")
        await asyncio.to_thread(say, "thread")

    async def work() -> None:
        await asyncio.gather(deep(), deep())

    ending = world.runner.run(calling(work), AT)

    assert sorted(ending.output.split()) == ["task", "task", "thread", "thread"]


def test_the_ledger_keeps_the_end_and_hooks_get_the_text(world: Any) -> None:
    got: list[str] = []
    world.options = world.options.model_copy(update={"output_bytes_max": 4})
    runner = world.another(lambda: world.member)
    task = calling(
        lambda: say("0123456789"),
        hooks=[
            When("after", lambda output: got.append(output + "!"), wants_output=True),
            When("success", got.append, wants_output=True),
        ],
    )

    ending = runner.run(task, AT)

    assert (ending.output, world.last().output) == ("789\n", "789\n")
    assert got == ["0123456789\n!", "0123456789\n"]


def test_a_hook_for_written_output_is_left_out_without_any(world: Any) -> None:
    got: list[str] = []
    hook = When("after", got.append, wants_output=True, only_if_output=True)

    world.runner.run(calling(lambda: None, hooks=[hook]), AT)

    assert got == []


def test_a_file_of_output_may_be_relative_to_the_base(world: Any, tmp_path: Path) -> None:
    world.runner.run(calling(lambda: say("hello"), output=Written("out.log")), AT)

    assert (tmp_path / "out.log").read_text() == "hello\n"


def test_a_file_that_cannot_be_written_stops_nothing(world: Any) -> None:
    ran: list[int] = []
    task = calling(lambda: ran.append(1), output=Written("missing/out.log"))

    ending = world.runner.run(task, AT)

    assert (ending.state, ran) == (State.DONE, [1])
    assert "its output was not written" in ending.reason
    assert "missing/out.log" in ending.reason
    assert [type(error) for error in world.reported] == [FileNotFoundError]


class Mailer:
    """Keeps what it was to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[tuple[str, ...], str, str]] = []

    def send(self, addresses: Any, subject: str, text: str) -> None:
        self.sent.append((tuple(addresses), subject, text))


def test_output_is_mailed(world: Any) -> None:
    mailer = Mailer()
    world.container.instance("schedule.mailer", mailer)
    mails = [
        When("after", addresses=("a@b.c",)),
        When("failure", addresses=("ops@b.c",)),
        When("after", addresses=("d@b.c",), only_if_output=True),
    ]

    world.runner.run(calling(lambda: say("hi"), mails=mails), AT)
    world.runner.run(calling(lambda: False, mails=mails), AT + 60)

    subject = "Output of the scheduled task report:send"
    assert mailer.sent == [
        (("a@b.c",), subject, "hi\n"),
        (("d@b.c",), subject, "hi\n"),
        (("a@b.c",), subject, ""),
        (("ops@b.c",), subject, ""),
    ]


def test_without_a_mailer_the_run_is_warned_of(world: Any) -> None:
    ending = world.runner.run(calling(lambda: None, mails=[When("after")]), AT)

    assert ending.state is State.DONE
    assert '"schedule.mailer"' in world.warned[0]


def test_a_long_output_takes_no_more_room_than_twice_what_is_kept() -> None:
    sink = Sink(10)

    for _ in range(100):
        sink.write(b"1234567")

    assert len(sink._kept) <= 20


def test_the_end_of_one_run_ends_no_other_capture() -> None:
    outer, inner = Sink(100), Sink(100)

    with capturing(outer):
        with capturing(inner):
            say("inner")
        say("outer")

    assert (outer.text(), inner.text()) == ("outer\n", "inner\n")
