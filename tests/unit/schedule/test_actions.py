"""What tasks do: what people see of it, and what tells it from others."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from securely.queue import Job
from securely.schedule import Schedule, Task


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Holder:
    """An object without a text of its own."""

    def __init__(self, value: object) -> None:
        self.value = value


class Slotted:
    __slots__ = ("missing", "value")

    def __init__(self, value: object) -> None:
        self.value = value


class Silent:
    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Shown:
    """One whose text holds a set, as that of a model does."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Shown({self.value!r})"


@dataclass
class Check(Job):
    url: str
    extra: object = field(default_factory=set[str])

    def handle(self) -> None:
        """Do nothing."""


@dataclass
class Named(Job):
    number: int

    def display_name(self) -> str:
        return f"check-{self.number}"

    def handle(self) -> None:
        """Do nothing."""


@dataclass
class Nameless(Job):
    def display_name(self) -> str:
        raise RuntimeError("no name today")

    def handle(self) -> None:
        """Do nothing."""


class Closed:
    def __init__(self, month: int) -> None:
        self.month = month


class Report:
    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def __call__(self) -> None:
        """Do nothing."""

    def send(self) -> None:
        """Do nothing."""

    @classmethod
    def all(cls) -> None:
        """Do nothing."""

    @staticmethod
    def one() -> None:
        """Do nothing."""


def work(number: object = 0) -> None:
    """Do nothing."""


async def later() -> None:
    """Do nothing."""


HERE = __name__
# A method that is written in C, of an object.
APPEND = list[object]().append


def define(method: str, *arguments: Any) -> Task:
    task: Task = getattr(Schedule(), method)(*arguments)
    return task


def id_of(value: object) -> str:
    return define("call", work, {"number": value}).id


# -- what people see


@pytest.mark.parametrize(
    ("method", "arguments", "summary"),
    [
        ("command", ("report:send --daily 'two words'",), "report:send --daily 'two words'"),
        ("command", ("report:send", {"user": 5, "--force": True}), "report:send 5 --force"),
        ("exec", ("du -sh | sort",), "du -sh | sort"),
        ("exec", (["du", "-sh", "a b"],), "du -sh 'a b'"),
        ("exec", (Path("/bin/my tool"), ["-x"]), "'/bin/my tool' -x"),
        ("call", (work,), f"{HERE}.work"),
        ("call", (later,), f"{HERE}.later"),
        ("call", (partial(partial(work, 1)),), f"{HERE}.work"),
        ("call", (Report,), f"{HERE}.Report"),
        ("call", (Report(),), f"{HERE}.Report"),
        ("call", (Report().send,), f"{HERE}.Report.send"),
        ("call", (Report.all,), f"{HERE}.Report.all"),
        ("call", (Report.one,), f"{HERE}.Report.one"),
        ("call", (str.upper,), "builtins.str.upper"),
        ("call", (APPEND,), "builtins.list.append"),
        ("call", ("math:sqrt", [4]), "math.sqrt"),
        ("job", (Check("https://a"),), f"{HERE}.Check"),
        ("job", (Check,), f"{HERE}.Check"),
        ("job", (Check.using("https://a"),), f"{HERE}.Check"),
        ("job", (Named(3),), "check-3"),
        ("job", (Named,), f"{HERE}.Named"),
        ("job", (Nameless(),), f"{HERE}.Nameless"),
        ("event", (Closed(1),), f"{HERE}.Closed"),
        ("event", ("month.closed",), "month.closed"),
    ],
)
def test_people_see_what_a_task_does(method: str, arguments: tuple[Any, ...], summary: str) -> None:
    task = define(method, *arguments)
    assert task.summary == summary
    assert re.fullmatch(rf"{method}-[0-9a-f]{{12}}", task.id)


def test_a_function_without_a_name_is_told_by_its_place() -> None:
    task = define("call", lambda: None)
    assert task.summary == f"a function at {task.place}"


# -- what tells them apart


@pytest.mark.parametrize(
    ("method", "one", "other"),
    [
        ("command", ("a b",), ("a c",)),
        ("command", ("a b",), ("b a",)),
        ("exec", ("ls -l",), (["ls", "-l"],)),
        ("call", (work,), (later,)),
        ("call", (work, [1]), (work, [2])),
        ("call", (work, [1]), (work, ["1"])),
        ("call", (work, {"number": 1}), (work, [1])),
        ("call", (partial(work, 1),), (partial(work, 2),)),
        ("call", (Report("a"),), (Report("b"),)),
        ("job", (Check("https://a"),), (Check("https://b"),)),
        ("job", (Check("https://a"),), (Check,)),
        ("job", (Check, "slow"), (Check, "fast")),
        ("job", (Check, None, "sqlite"), (Check, None, "arq")),
        ("job", (Check.using("x").on_queue("slow"),), (Check.using("x").on_queue("fast"),)),
        ("job", (Named(1),), (Named(2),)),
        ("event", (Closed(1),), (Closed(2),)),
        ("event", ("a",), ("b",)),
    ],
)
def test_tasks_that_do_something_else_have_other_ids(
    method: str, one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    assert define(method, *one).id != define(method, *other).id
    assert define(method, *one).id == define(method, *one).id


PAIRS: list[tuple[object, object]] = [
    (None, 0),
    (True, 1),
    (1, 1.0),
    ("a", b"a"),
    (10**5000, 10**5000 + 1),
    (Colour.RED, Colour.BLUE),
    (["a", "b"], ["b", "a"]),
    ({"a", "b"}, {"a", "c"}),
    ({"a": 1}, {"a": 2}),
    (Holder(1), Holder(2)),
    (Slotted(1), Slotted(2)),
    (Silent(1), Silent(2)),
    (Shown({"a"}), Shown({"b"})),
    (Holder(Holder({"a"})), Holder(Holder({"b"}))),
    (deque([1]), deque([2])),
    (UUID(int=1), UUID(int=2)),
    (Decimal("1.0"), Decimal("1.00")),
    (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    (Path("a"), Path("b")),
    (work, later),
    (Report, Closed),
    (Report().send, Report.all),
    (partial(work, 1), partial(work, 2)),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda value: type(value).__name__)
def test_what_is_given_tells_tasks_apart(one: object, other: object) -> None:
    assert id_of(one) != id_of(other)
    assert id_of(one) == id_of(one)


@pytest.mark.parametrize("make", [Holder, Slotted, Silent, Shown])
def test_equal_objects_at_other_addresses_have_one_id(make: Any) -> None:
    kept = [make({"number": {1, 2}}) for _ in range(2)]
    assert id_of(kept[0]) == id_of(kept[1])
    assert define("job", Check("u", kept[0])).id == define("job", Check("u", kept[1])).id


def test_texts_that_look_like_addresses_tell_apart() -> None:
    assert id_of("at 0x1") != id_of(" at 0x2")
    assert id_of(" at 0x1") != id_of(" at 0x2")


def test_the_order_in_a_dict_and_the_kinds_of_its_keys_do_not_matter() -> None:
    assert id_of({"a": 1, 2: "b", None: 3}) == id_of({None: 3, 2: "b", "a": 1})


def test_what_holds_itself_has_an_id() -> None:
    around: list[object] = []
    around.append(around)
    held = Holder(None)
    held.value = held
    assert id_of(around) == id_of(around) != id_of(held)


def test_what_is_the_same_in_a_job_and_its_pending_dispatch_but_for_options() -> None:
    assert define("job", Check.using("u")).id != define("job", Check.using("u").delay(5)).id
    assert (
        define("job", Check.using("u").delay(5)).id == define("job", Check.using("u").delay(5)).id
    )


def test_people_see_no_password_of_a_url() -> None:
    schedule = Schedule()
    dump = schedule.exec("pg_dump", ["postgres://ann:hunter2@db.example.com/shop"])
    shell = schedule.exec("pg_dump postgres://ann:hunter2@db.example.com/shop > shop.sql")
    command = schedule.command("fetch https://ann:hunter2@example.com/")

    for task in (dump, shell, command):
        assert "hunter2" not in task.summary
        assert "example.com" in task.summary
    assert dump.id != schedule.exec("pg_dump", ["postgres://ann:other@db.example.com/shop"]).id
