"""Traps: latest first, sync and async, and restored."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from securely.console import Artisan, BufferedOutput, Command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

USR1 = getattr(signal, "SIGUSR1", 0)
USR2 = getattr(signal, "SIGUSR2", 0)


async def turns() -> None:
    """Let the loop see what has come."""
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251  # turns for the loop, not a wait


@pytest.fixture
def told() -> list[object]:
    return []


@pytest.fixture(autouse=True)
def restored(told: list[object]) -> Iterator[None]:
    """A handler of somebody else, which must be there again."""
    handlers = {number: signal.signal(number, lambda *_: told.append("own")) for number in (USR1,)}
    ours = signal.getsignal(USR1)
    yield
    assert signal.getsignal(USR1) is ours
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_trap_calls_latest_first_and_restores(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    class Trapping(Command):
        signature = "trapping"

        def handle(self) -> None:
            self.trap([USR1, USR2], lambda number: told.append(("first", number)))
            self.trap(USR1, lambda: told.append("second"))
            signal.raise_signal(USR1)
            signal.raise_signal(USR2)

    artisan.add(Trapping)
    before = signal.getsignal(USR2)  # another test of this process may have left one

    assert artisan.run(["trapping"], output) == 0
    signal.raise_signal(USR1)

    assert told == ["second", ("first", USR1), ("first", USR2), "own"]
    assert signal.getsignal(USR2) == before


def test_trap_is_restored_when_the_command_raises(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("raising")
    def raising(command: Command) -> None:
        command.trap(USR1, lambda: told.append("trapped"))
        raise ValueError("over")

    assert artisan.run(["raising"], output) == 1
    signal.raise_signal(USR1)

    assert told == ["own"]


def test_traps_of_nested_commands_come_before_those_around_them(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("inner")
    def inner(command: Command) -> None:
        command.trap(USR1, lambda: told.append("inner"))
        signal.raise_signal(USR1)

    @artisan.command("outer")
    def outer(command: Command) -> None:
        command.trap(USR1, lambda: told.append("outer"))
        command.call("inner")
        signal.raise_signal(USR1)

    assert artisan.run(["outer"], output) == 0
    assert told == ["inner", "outer", "outer"]


def test_trapping_ends_with_its_block(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("block")
    def block(command: Command) -> None:
        with command.trapping(USR1, lambda: told.append("early")):
            command.trap(USR1, lambda: told.append("late"))
            signal.raise_signal(USR1)
        signal.raise_signal(USR1)

    assert artisan.run(["block"], output) == 0
    assert told == ["late", "early", "late"]


def test_an_async_command_is_woken_by_its_trap(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    class Waiting(Command):
        signature = "waiting"

        async def handle(self) -> None:
            stop = asyncio.Event()
            self.trap(USR1, stop.set)
            # From another thread: the loop sleeps when the signal comes.
            threading.Timer(0.05, signal.pthread_kill, (threading.get_ident(), USR1)).start()
            await asyncio.wait_for(stop.wait(), 30)
            told.append("woken")

    artisan.add(Waiting)

    assert artisan.run(["waiting"], output) == 0
    signal.raise_signal(USR1)

    assert told == ["woken", "own"]


def test_a_callback_may_be_async(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    async def callback(number: int) -> None:
        told.append(number)

    class Waiting(Command):
        signature = "waiting"

        async def handle(self) -> None:
            self.trap(USR1, callback)
            signal.raise_signal(USR1)
            await turns()

    @artisan.command("sync")
    def sync(command: Command) -> None:
        command.trap(USR1, callback)
        signal.raise_signal(USR1)
        command.call("idle")

    @artisan.command("idle")
    async def idle() -> None:
        signal.raise_signal(USR1)
        await turns()

    artisan.add(Waiting)

    assert artisan.run(["waiting"], output) == 0
    assert told == [USR1]
    assert artisan.run(["sync"], output) == 0
    assert told == [USR1] * 3


def test_a_trap_around_an_async_command_survives_its_loop(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("inner")
    async def inner(command: Command) -> None:
        command.trap(USR1, lambda: told.append("inner"))

    @artisan.command("outer")
    def outer(command: Command) -> None:
        command.trap(USR1, lambda: told.append("outer"))
        command.call("inner")
        signal.raise_signal(USR1)

    assert artisan.run(["outer"], output) == 0
    assert told == ["outer"]


def test_in_another_thread_nothing_is_trapped(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    codes: list[int] = []

    @artisan.command("elsewhere")
    def elsewhere(command: Command) -> None:
        command.trap(USR1, lambda: told.append("trapped"))

    thread = threading.Thread(target=lambda: codes.append(artisan.run(["elsewhere"], output)))
    thread.start()
    thread.join()

    assert codes == [0]


def test_what_nobody_can_trap_is_an_error(artisan: Artisan, output: BufferedOutput) -> None:
    @artisan.command("kill")
    def kill(command: Command) -> None:
        command.trap(signal.SIGKILL, lambda: None)

    assert artisan.run(["kill"], output) == 1
    assert "OSError" in output.error_text


def test_every_signal_wakes_the_loop_of_an_async_command(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("awake")
    async def awake() -> None:
        descriptor = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(descriptor)
        told.append(descriptor)

    assert artisan.run(["awake"], output) == 0
    assert told != [-1]
    assert signal.set_wakeup_fd(-1) == -1


def test_the_handler_of_a_loop_around_the_command_is_restored(
    artisan: Artisan, told: list[object], output: BufferedOutput
) -> None:
    @artisan.command("inner")
    async def inner(command: Command) -> None:
        command.trap(USR1, lambda: told.append("inner"))
        command.trap(USR1, lambda: told.append("later"))
        signal.raise_signal(USR1)
        await turns()

    async def host() -> None:
        asyncio.get_running_loop().add_signal_handler(USR1, told.append, "host")
        await artisan.acall("inner")
        signal.raise_signal(USR1)
        await turns()

    before = signal.getsignal(USR1)
    asyncio.run(host())
    signal.signal(USR1, before)  # the loop of the host has taken its handler away

    assert told == ["later", "inner", "host"]
