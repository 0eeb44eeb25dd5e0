"""answered: of either colour, without a loop."""

from __future__ import annotations

from securely.support.awaiting import answered


async def forty_two() -> int:
    return 42


def test_what_is_no_awaitable_is_returned_as_it_is() -> None:
    thing = object()

    assert answered(thing) is thing
    assert answered(None) is None


def test_a_coroutine_is_run_to_its_end() -> None:
    assert answered(forty_two()) == 42
