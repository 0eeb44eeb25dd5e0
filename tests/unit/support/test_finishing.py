"""What is finished though its caller is cancelled, and taken back."""

from __future__ import annotations

import asyncio

import pytest

from securely.support import clock
from securely.support.finishing import finished


class Work:
    """Does something in some turns of the loop."""

    def __init__(self, *, fails: bool = False) -> None:
        self.done = False
        self.undone: list[int | None] = []
        self._fails = fails

    async def do(self) -> int:
        for _ in range(3):
            await clock.asleep(0)
        if self._fails:
            raise RuntimeError("boom")
        self.done = True
        return 7

    async def undo(self, result: int | None) -> None:
        for _ in range(3):
            await clock.asleep(0)
        self.undone.append(result)


def test_finished_when_nobody_cancels_then_gives_the_result() -> None:
    work = Work()

    assert asyncio.run(finished(work.do(), work.undo)) == 7
    assert work.undone == []


def test_finished_when_the_work_fails_then_raises_what_it_raised() -> None:
    work = Work(fails=True)

    with pytest.raises(RuntimeError, match="boom"):
        asyncio.run(finished(work.do(), work.undo))


@pytest.mark.parametrize("fails", [False, True])
def test_finished_when_cancelled_several_times_then_ends_and_is_undone(fails: bool) -> None:
    work = Work(fails=fails)

    async def cancel() -> None:
        task = asyncio.create_task(finished(work.do(), work.undo))
        await clock.asleep(0)
        while not task.done():
            task.cancel()
            await clock.asleep(0)
        assert task.cancelled()

    asyncio.run(cancel())

    assert work.done is not fails
    assert work.undone == ([] if fails else [7])


def test_finished_when_the_loop_closes_then_is_undone_without_a_result() -> None:
    work = Work()

    async def leave() -> asyncio.Task[int]:
        task = asyncio.create_task(finished(work.do(), work.undo))
        await clock.asleep(0)
        await clock.asleep(0)
        return task

    task = asyncio.run(leave())

    assert task.cancelled()
    assert work.undone == [None]
