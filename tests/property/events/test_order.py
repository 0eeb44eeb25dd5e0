"""Laws of a dispatch: who hears what, in which order, and how often; and of what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from securely.container import Container
from securely.events import Dispatcher, OpenTransactions
from securely.events.target import matches


class Root: ...


class Left(Root): ...


class Right(Root): ...


class Leaf(Left, Right): ...


KINDS = (Root, Left, Right, Leaf)


def hearing(told: list[int], number: int, colour: bool) -> Callable[..., object]:
    async def later(event: object) -> None:
        told.append(number)

    return later if colour else lambda event: told.append(number)


registrations = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 4), st.integers(-2, 2)), max_size=12
)


@given(registrations, st.sampled_from(KINDS), st.sets(st.integers(0, 4)))
def test_each_listener_runs_once_by_priority_then_nearness_then_registration(
    registered: list[tuple[type, int, int]], kind: type, coloured: set[int]
) -> None:
    told: list[int] = []
    events = Dispatcher(Container())
    listeners = [hearing(told, number, number in coloured) for number in range(5)]
    for base, number, priority in registered:
        events.listen(base, listeners[number], priority=priority)
    heard = [
        (-priority, kind.__mro__.index(base), at, number)
        for at, (base, number, priority) in enumerate(registered)
        if base in kind.__mro__
    ]
    expected = list(dict.fromkeys(number for *_, number in sorted(heard)))

    events.dispatch(kind())
    sync, told[:] = list(told), []
    asyncio.run(events.adispatch(kind()))

    assert sync == expected
    assert told == expected


@given(st.lists(st.sampled_from([None, False, 0, "", "answer", True]), max_size=6), st.booleans())
def test_the_quick_way_answers_as_the_long_way(answers: list[object], halt: bool) -> None:
    quick, long = (Dispatcher(Container()) for _ in range(2))
    for answer in answers:
        quick.listen(Leaf, lambda event, answer=answer: answer)
        # A parameter by its name alone is for the container, which is the long way.
        long.listen(Leaf, injected(answer))

    assert quick.dispatch(Leaf(), halt=halt) == long.dispatch(Leaf(), halt=halt)
    assert quick.until(Leaf()) == long.until(Leaf())
    assert asyncio.run(quick.adispatch(Leaf())) == asyncio.run(long.adispatch(Leaf()))


def injected(answer: object) -> Callable[..., object]:
    def listener(event: object, *, container: Container) -> object:
        return answer

    return listener


words = st.text("ab.", max_size=6)


@given(st.text("ab.*", max_size=6), words)
def test_a_wildcard_fits_as_a_shell_pattern_does(pattern: str, name: str) -> None:
    assert matches(pattern, name) is fnmatchcase(name, pattern)


# A transaction: what happens in it, and whether it commits. A number asks for a callback.
trees = st.recursive(
    st.integers(0, 99), lambda inner: st.tuples(st.lists(inner, max_size=4), st.booleans())
)


@given(trees)
def test_what_commits_up_to_the_root_is_called_once_in_order(tree: object) -> None:
    transactions = OpenTransactions()
    called: list[int] = []

    def play(node: object) -> list[int]:
        """Do what *node* says, and return what is to be called if all around it commits."""
        if isinstance(node, int):
            transactions.after_commit(lambda: called.append(node))
            return [node]
        parts, commits = node  # type: ignore[misc]
        transactions.begin()
        kept = [number for part in parts for number in play(part)]
        if commits:
            transactions.commit()
            return kept
        transactions.roll_back()
        return []

    expected = play(tree)

    assert called == expected
    assert not transactions.is_open()
