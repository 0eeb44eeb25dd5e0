"""What Laravel's dispatcher was seen to do, done with ours. Each test names the case it repeats.

Source: Laravel 12.67.0 and 13.26.1, vectors of the dispatcher. Where ours differs on purpose the
test says so, and docs/events.md gives the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from securely.container import Container
from securely.events import Dispatcher, InvalidListener, QueuedCall

Noting = Callable[..., Callable[..., object]]
Notes = list[tuple[str, tuple[object, ...]]]


class Ev:
    """A base, in the place of Laravel's interface."""


class Base(Ev):
    pass


class Shipped(Ev):
    def __init__(self, order: int = 1) -> None:
        self.order = order


def test_dispatch_basic(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case dispatch/basic."""
    events.listen("a", noting("1", "r1"))
    events.listen("a", noting("2"))
    events.listen("a", noting("3", "r3"))

    assert events.dispatch("a", ["x", "y"]) == ["r1", None, "r3"]
    assert notes == [("1", ("x", "y")), ("2", ("x", "y")), ("3", ("x", "y"))]


def test_dispatch_none(events: Dispatcher) -> None:
    """Case dispatch/none."""
    assert events.dispatch("zzz") == []
    assert events.until("zzz") is None
    assert events.dispatch("zzz", [], halt=True) is None


@pytest.mark.parametrize(
    ("payload", "arguments"),
    [
        ("str", ("str",)),
        (5, (5,)),
        (None, ()),
        ([], ()),
        ({"k": "v", "k2": "v2"}, ("v", "v2")),
        ([["nested"]], (["nested"],)),
        (False, (False,)),
        ("", ("",)),
    ],
)
def test_dispatch_payload_scalar(
    events: Dispatcher,
    noting: Noting,
    notes: Notes,
    payload: object,
    arguments: tuple[object, ...],
) -> None:
    """Case dispatch/payload-scalar."""
    events.listen("a", noting("1"))

    assert events.dispatch("a", payload) == [None]
    assert notes == [("1", arguments)]


def test_dispatch_false_stops(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case dispatch/false-stops."""
    events.listen("a", noting("1", "r"))
    events.listen("a", noting("2", False))
    events.listen("a", noting("3", "never"))

    assert events.dispatch("a") == ["r"]
    assert [name for name, _ in notes] == ["1", "2"]


@pytest.mark.parametrize("answer", [0, "", True, [], 0.0])
def test_dispatch_return(events: Dispatcher, noting: Noting, answer: object) -> None:
    """Cases dispatch/return-zero, dispatch/return-empty, dispatch/return-true."""
    events.listen("a", noting("1", answer))
    events.listen("a", noting("2", "two"))

    assert events.dispatch("a") == [answer, "two"]


@pytest.mark.parametrize("answer", [[], True, "x", False, 0])
def test_until_return(events: Dispatcher, noting: Noting, notes: Notes, answer: object) -> None:
    """Cases until/return-array, until/return-true, until/return-string."""
    events.listen("a", noting("1", answer))
    events.listen("a", noting("2", "two"))

    assert events.until("a") == answer
    assert notes == [("1", ())]


def test_until_all_null(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case until/all-null."""
    events.listen("a", noting("1"))
    events.listen("a", noting("2"))

    assert events.until("a") is None
    assert [name for name, _ in notes] == ["1", "2"]


def test_dispatch_halt_flag(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case dispatch/halt-flag."""
    events.listen("a", noting("1"))
    events.listen("a", noting("2", "got"))
    events.listen("a", noting("3"))

    assert events.dispatch("a", [], halt=True) == "got"
    assert [name for name, _ in notes] == ["1", "2"]


def test_listen_array_of_events(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case listen/array-of-events."""
    events.listen(["a", "b"], noting("m"))

    events.dispatch("a", [1])
    events.dispatch("b", [2])

    assert notes == [("m", (1,)), ("m", (2,))]


def test_object_interface_string(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case object/interface-string: a class stands for its objects, with a payload."""
    events.listen(Ev, noting("iface"))

    assert events.dispatch(Base, ["p"]) == [None]
    assert events.dispatch("not.a.class", ["p"]) == []
    assert notes == [("iface", ("p",))]


def test_object_wildcard_interface_order(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case object/wildcard-interface-order."""
    events.listen(Ev, noting("iface"))
    events.listen("*.Ship*", noting("wild"))
    events.listen(Shipped, noting("class"))
    event = Shipped()

    assert events.dispatch(event) == [None, None, None]
    assert notes == [
        ("class", (event,)),
        ("wild", (f"{Shipped.__module__}.Shipped", [event])),
        ("iface", (event,)),
    ]


def test_wild_order(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case wild/order."""
    events.listen("user.*", noting("w1"))
    events.listen("user.created", noting("d1"))
    events.listen("*", noting("w2"))
    events.listen("*.created", noting("w3"))
    events.listen("user.created", noting("d2"))

    events.dispatch("user.created", [1])

    assert notes == [
        ("d1", (1,)),
        ("d2", (1,)),
        ("w1", ("user.created", [1])),
        ("w2", ("user.created", [1])),
        ("w3", ("user.created", [1])),
    ]


def test_wild_false_stops(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case wild/false-stops."""
    events.listen("a", noting("d", False))
    events.listen("*", noting("w"))

    assert events.dispatch("a") == []
    assert notes == [("d", ())]


def test_wild_late(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case wild/late."""
    events.listen("a.*", noting("1"))
    assert events.dispatch("a.x") == [None]
    events.listen("a.*", noting("2"))
    events.listen("*.x", noting("3"))

    assert events.dispatch("a.x") == [None, None, None]
    assert [name for name, _ in notes] == ["1", "1", "2", "3"]


def test_wild_until(events: Dispatcher, noting: Noting) -> None:
    """Case wild/until."""
    events.listen("a.*", noting("w", "ans"))

    assert events.until("a.b", ["p"]) == "ans"


@pytest.mark.parametrize(
    ("pattern", "name", "fires"),
    [
        pytest.param("*", "anything", True, id="wild/match/c30d34"),
        pytest.param("a*", "abc", True, id="wild/match/7d0ce4"),
        pytest.param("a.*.c", "a.b.d.c", True, id="wild/match/65bbf5"),
        pytest.param("a.*.c", "a..c", True, id="wild/match/0743e3"),
        pytest.param("a*c", "ac", True, id="wild/match/a85064"),
        pytest.param("A.*", "a.b", False, id="wild/match/274d6d"),
        pytest.param("a.[bc]", "a.b", False, id="wild/match/5f5296"),
        pytest.param("**", "x", True, id="wild/match/c58846"),
        pytest.param("a.*.*", "a.b.c", True, id="wild/match/7ea776"),
        pytest.param("App\\Events\\*", "App\\Events\\Foo", True, id="wild/match/211a0f"),
        pytest.param("*\\Foo", "App\\Events\\Foo", True, id="wild/match/3932c9"),
        pytest.param("a.**", "a.b.c", True, id="wild/match/47d83f"),
    ],
)
def test_wild_match(
    events: Dispatcher, noting: Noting, notes: Notes, pattern: str, name: str, fires: bool
) -> None:
    events.listen(pattern, noting("hit"))

    events.dispatch(name)

    assert bool(notes) is fires
    assert events.has_listeners(name) is fires
    assert events.has_wildcard_listeners(name) is fires


def test_has(events: Dispatcher, noting: Noting) -> None:
    """Case has. Ours tells the truth about base classes too: a dispatch would reach them."""
    assert not events.has_listeners("a")
    events.listen("a", noting("1"))
    assert events.has_listeners("a")
    events.listen("w.*", noting("w"))
    assert events.has_listeners("w.x")
    assert events.has_listeners("w.*")
    assert events.has_wildcard_listeners("w.x")
    assert not events.has_wildcard_listeners("a")
    events.listen(Ev, noting("i"))
    assert events.has_listeners(Base)
    assert events.has_listeners(Ev)


def test_forget_plain(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case forget/plain."""
    events.listen("a", noting("1"))
    events.listen("a*", noting("w"))

    events.forget("a")

    assert events.has_listeners("a")
    assert events.dispatch("a") == [None]
    assert notes == [("w", ("a", []))]


def test_forget_wild_exact(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case forget/wild-exact."""
    events.listen("a.*", noting("1"))
    events.listen("a*", noting("2"))

    events.forget("a*")

    assert events.dispatch("a.b") == [None]
    assert notes == [("1", ("a.b", []))]


class Handles:
    told: ClassVar[list[tuple[str, object]]] = []

    def handle(self, given: object) -> str:
        self.told.append(("handle", given))
        return "h"

    def __call__(self, given: object) -> str:
        self.told.append(("call", given))
        return "i"


class Calls:
    def __call__(self, given: object) -> str:
        return f"inv {given}"


class Neither:
    pass


class Needs:
    def __init__(self, other: Calls) -> None:
        self.other = other

    def handle(self) -> str:
        return type(self.other).__name__


class Counted:
    made: ClassVar[int] = 0

    def __init__(self) -> None:
        type(self).made += 1

    def handle(self) -> int:
        return self.made


def test_class_handle(events: Dispatcher) -> None:
    """Case class/handle."""
    Handles.told.clear()
    events.listen("a", Handles)

    assert events.dispatch("a", ["p"]) == ["h"]
    assert Handles.told == [("handle", "p")]


def test_class_no_method(events: Dispatcher) -> None:
    """Case class/no-method. Ours says so when it is registered."""
    with pytest.raises(InvalidListener, match="neither a method `handle` nor `__call__`"):
        events.listen("a", Neither)


def test_class_dependency(events: Dispatcher) -> None:
    """Case class/dependency."""
    events.listen("a", Needs)

    assert events.dispatch("a") == ["Calls"]


def test_class_fresh(events: Dispatcher) -> None:
    """Case class/fresh."""
    Counted.made = 0
    events.listen("a", Counted)

    assert events.dispatch("a") == [1]
    assert events.dispatch("a") == [2]


def test_class_exception(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case class/exception."""

    def boom() -> None:
        raise RuntimeError("boom")

    events.listen("a", noting("1"))
    events.listen("a", boom)
    events.listen("a", noting("3"))

    with pytest.raises(RuntimeError, match="boom"):
        events.dispatch("a")

    assert [name for name, _ in notes] == ["1"]


def test_class_invokable_object(events: Dispatcher) -> None:
    """Case class/invokable-object."""
    events.listen("a", Calls())

    assert events.dispatch("a", [1]) == ["inv 1"]


def test_nested_dispatch(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case nested-dispatch."""
    first = noting("a1")

    def nesting() -> None:
        first()
        events.dispatch("b")

    events.listen("a", nesting)
    events.listen("a", noting("a2"))
    events.listen("b", noting("b1"))

    assert events.dispatch("a") == [None, None]
    assert [name for name, _ in notes] == ["a1", "b1", "a2"]


def test_get_listeners(events: Dispatcher, noting: Noting) -> None:
    """Case getListeners."""
    events.listen(Base, noting("1"))
    events.listen("*.B*", noting("2"))
    events.listen(Ev, noting("3"))

    assert len(events.listeners(Base)) == 3
    assert events.listeners("zz") == []
    assert [one.event for one in events.registrations()] == [Base, Ev, "*.B*"]


def test_push_forget(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case push-forget."""
    events.listen("a", noting("1"))
    events.push("a", ["x"])

    events.forget_pushed()
    events.flush("a")

    assert notes == []


class Registers:
    """A subscriber that registers itself."""

    def __init__(self) -> None:
        self.told: list[tuple[str, tuple[object, ...]]] = []

    def subscribe(self, events: Dispatcher) -> None:
        events.listen("a", self.on_a)
        events.listen("b", (self, "on_b"))
        events.listen("c.*", lambda name, payload: self.told.append(("c", (name, payload))))

    def on_a(self, given: object) -> None:
        self.told.append(("on_a", (given,)))

    def on_b(self, given: object) -> None:
        self.told.append(("on_b", (given,)))


class Maps:
    """A subscriber that returns a map."""

    told: ClassVar[list[tuple[str, object]]] = []

    def subscribe(self, events: Dispatcher) -> dict[Any, object]:
        return {"a": "on_a", "b": ["on_b", "on_b2"], Shipped: "on_ship"}

    def on_a(self, given: object) -> None:
        self.told.append(("on_a", given))

    def on_b(self, given: object) -> None:
        self.told.append(("on_b", given))

    def on_b2(self, given: object) -> None:
        self.told.append(("on_b2", given))

    def on_ship(self, event: Shipped) -> None:
        self.told.append(("on_ship", event.order))


def test_subscribe_object(events: Dispatcher) -> None:
    """Case subscribe/object."""
    subscriber = Registers()
    events.subscribe(subscriber)

    assert events.dispatch("a", [1]) == [None]
    assert events.dispatch("b", [2]) == [None]
    assert events.dispatch("c.x", [3]) == [None]
    assert subscriber.told == [("on_a", (1,)), ("on_b", (2,)), ("c", ("c.x", [3]))]


def test_subscribe_map(events: Dispatcher) -> None:
    """Case subscribe/map."""
    Maps.told.clear()
    events.subscribe(Maps)

    assert events.dispatch("a", [1]) == [None]
    assert events.dispatch("b", [2]) == [None, None]
    assert events.dispatch(Shipped(7)) == [None]
    assert Maps.told == [("on_a", 1), ("on_b", 2), ("on_b2", 2), ("on_ship", 7)]


def test_subscribe_twice(events: Dispatcher) -> None:
    """Case subscribe/twice. Ours runs each target once, so subscribing again adds nothing."""
    Maps.told.clear()
    events.subscribe(Maps)
    events.subscribe(Maps)

    assert events.dispatch("a", [1]) == [None]
    assert Maps.told == [("on_a", 1)]


def test_defer_exception(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case defer/exception."""
    events.listen("a", noting("a"))

    def block() -> None:
        events.dispatch("a")
        raise LookupError("x")

    with pytest.raises(LookupError):
        events.defer(block)
    assert notes == []

    assert events.dispatch("a") == [None]
    assert notes == [("a", ())]


def test_defer_nested(events: Dispatcher, notes: Notes) -> None:
    """Case defer/nested."""
    events.listen("*", lambda name: notes.append((name, ())))

    with events.deferred():
        events.dispatch("o1")
        with events.deferred():
            events.dispatch("i1")
        notes.append(("between", ()))
        events.dispatch("o2")

    assert [name for name, _ in notes] == ["i1", "between", "o1", "o2"]


def test_defer_dispatch_result(events: Dispatcher, noting: Noting, notes: Notes) -> None:
    """Case defer/dispatch-result. Ours answers the empty list where Laravel answers null."""
    events.listen("a", noting("a", "r"))

    assert events.defer(lambda: (events.dispatch("a"), events.until("a"))) == ([], None)
    assert [name for name, _ in notes] == ["a", "a"]


class Runner:
    """A queue that only notes what it was asked to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, str, tuple[object, ...]]] = []

    def run(self, calls: Sequence[QueuedCall]) -> None:
        self.asked.extend((call.listener, call.method, call.arguments) for call in calls)

    async def arun(self, calls: Sequence[QueuedCall]) -> None:
        self.run(calls)


class Queued:
    queued = True

    def handle(self, *given: object) -> None:
        raise AssertionError("it must not run here")

    def on_custom(self, event: Shipped) -> None:
        raise AssertionError("it must not run here")


class Choosy:
    queued = True

    def should_queue(self, event: Shipped) -> bool:
        return event.order == 9

    def handle(self, event: Shipped) -> None:
        raise AssertionError("it must not run here")


class Unbuildable:
    queued = True

    def __init__(self, missing: int) -> None:
        self.missing = missing

    def should_queue(self) -> bool:
        return True

    def handle(self) -> None:
        raise AssertionError("it must not run here")


@pytest.fixture
def runner(events: Dispatcher) -> Runner:
    runner = Runner()
    events.queue_by(runner)
    return runner


def test_queued_object(events: Dispatcher, runner: Runner) -> None:
    """Cases queued/Q1/id1 and queued/Q5/id9; options of the job are the queue's business."""
    events.listen(Shipped, Queued)
    event = Shipped(1)

    assert events.dispatch(event) == [None]
    assert runner.asked == [(Queued, "handle", (event,))]


def test_queued_string(events: Dispatcher, runner: Runner) -> None:
    """Cases queued/Q1/string and queued/Q1/no-payload."""
    events.listen("s", Queued)

    events.dispatch("s", ["x", 5])
    events.dispatch("s")

    assert [arguments for _, _, arguments in runner.asked] == [("x", 5), ()]


def test_queued_should_queue(events: Dispatcher, runner: Runner) -> None:
    """Case queued/Q4/id1."""
    events.listen(Shipped, Choosy)

    assert events.dispatch(Shipped(1)) == [None]
    assert runner.asked == []
    events.dispatch(Shipped(9))
    assert len(runner.asked) == 1


def test_queued_unbuildable(events: Dispatcher, runner: Runner, container: Container) -> None:
    """Cases queued/Q6/id1 and queued/Q6/no-payload: what asks to be built first must be."""
    events.listen("s", Unbuildable)

    with pytest.raises(LookupError):
        events.dispatch("s")
    assert runner.asked == []


def test_queued_method(events: Dispatcher, runner: Runner) -> None:
    """Case queued/method. Both spellings lead to one target, which runs once."""
    events.listen(Shipped, f"{Queued.__module__}.Queued@on_custom")
    events.listen(Shipped, (Queued, "on_custom"))

    assert events.dispatch(Shipped(2)) == [None]
    assert [(listener, method) for listener, method, _ in runner.asked] == [(Queued, "on_custom")]


def test_queued_wildcard(events: Dispatcher, runner: Runner) -> None:
    """Case queued/wildcard."""
    events.listen("a.*", Queued)

    events.dispatch("a.b", ["p"])

    assert runner.asked == [(Queued, "handle", ("a.b", ["p"]))]


def test_queued_object_is_not(events: Dispatcher, runner: Runner) -> None:
    """Case queued/object-is-not: a listener that is built already runs at once."""
    events.listen(Shipped, (Queued(), "on_custom"))

    with pytest.raises(AssertionError, match="must not run here"):
        events.dispatch(Shipped())
    assert runner.asked == []


def test_names_case(events: Dispatcher, noting: Noting) -> None:
    """Case names/case."""
    events.listen("Foo", noting("F"))

    assert events.dispatch("foo") == []
    assert events.dispatch("Foo") == [None]


def test_names_empty(events: Dispatcher, noting: Noting) -> None:
    """Case names/empty."""
    events.listen("", noting("e"))

    assert events.dispatch("") == [None]
    assert events.has_listeners("")
