"""Parameters of handle as arguments and options."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from securely.console import (
    Argument,
    Artisan,
    BufferedOutput,
    Command,
    InvalidSignature,
    Option,
)
from securely.container import Container, Setting


class Kind(Enum):
    PLAIN = "plain"
    RICH = "rich-text"


class Level(IntEnum):
    NONE = 0
    SOME = 1


class Mailer:
    """A service."""


class Send(Command):
    """Takes one of each."""

    signature = "mail:send"
    description = "Send a mail"
    seen: ClassVar[list[object]] = []

    def handle(  # noqa: PLR0917  # one of each
        self,
        mailer: Mailer,
        user: int,
        files: list[Path],
        queue: Annotated[str, Option("-Q", help="Where it waits")] = "low",
        kind: Kind = Kind.PLAIN,
        level: Literal[1, 2, "max"] = 1,
        rate: float | None = None,
        at: datetime | None = None,
        day: date | None = None,
        tag: list[Kind] | None = None,
        dry_run: bool = False,
    ) -> None:
        self.seen[:] = [user, files, queue, kind, level, rate, at, day, tag, dry_run]
        assert isinstance(mailer, Mailer)


@pytest.fixture
def console(artisan: Artisan) -> Artisan:
    artisan.add(Send)
    Send.seen.clear()
    return artisan


def test_definition_comes_from_the_parameters() -> None:
    found = Send.definition()

    assert [(a.name, a.required, a.is_array) for a in found.arguments] == [
        ("user", True, False),
        ("files", True, True),
    ]
    assert [
        (o.name, o.shortcut, o.accepts_value, o.is_array, o.default) for o in found.options
    ] == [
        ("queue", "Q", True, False, "low"),
        ("kind", None, True, False, "plain"),
        ("level", None, True, False, "1"),
        ("rate", None, True, False, None),
        ("at", None, True, False, None),
        ("day", None, True, False, None),
        ("tag", None, True, True, []),
        ("dry-run", None, False, False, False),
    ]
    assert found.options[0].description == "Where it waits"


def test_values_left_out_are_the_defaults(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["mail:send", "7", "a.txt"], output) == 0

    assert Send.seen == [7, [Path("a.txt")], "low", Kind.PLAIN, 1, None, None, None, None, False]


def test_values_given_are_converted(console: Artisan, output: BufferedOutput) -> None:
    line = (
        "mail:send 7 a b -Qhigh --kind=rich-text --level=max --rate=1.5 --dry-run "
        "--at=2026-03-29T12:00:00+02:00 --day=2026-03-29 --tag=plain --tag=RICH"
    )

    assert console.run(line.split(), output) == 0

    moment = datetime(2026, 3, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    assert Send.seen == [
        7,
        [Path("a"), Path("b")],
        "high",
        Kind.RICH,
        "max",
        1.5,
        moment,
        date(2026, 3, 29),
        [Kind.PLAIN, Kind.RICH],
        True,
    ]


def test_call_with_parameters_converts_too(console: Artisan) -> None:
    day = date(2026, 3, 29)
    at = datetime(2026, 3, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    given = {"user": 7, "files": [Path("a")], "--kind": Kind.RICH, "--day": day, "--at": at}

    assert console.call("mail:send", given) == 0
    assert Send.seen[:4] == [7, [Path("a")], "low", Kind.RICH]
    assert Send.seen[6:8] == [at, day]


def test_every_value_that_does_not_fit_is_named_and_nothing_runs(
    console: Artisan, output: BufferedOutput
) -> None:
    line = "mail:send x a --kind=rich-txt --level=3 --rate=inf --at=noon --day=soon"

    assert console.run(line.split(), output) == 1

    assert output.error_text == (
        'ERROR  <user> is "x", but it takes an integer.\n'
        '--kind is "rich-txt", but it takes one of plain, rich-text. Did you mean "rich-text"?\n'
        '--level is "3", but it takes one of 1, 2, max.\n'
        '--rate is "inf", but it takes a number.\n'
        '--at is "noon", but it takes a date and time, such as 2026-03-29T12:00:00+02:00.\n'
        '--day is "soon", but it takes a date, such as 2026-03-29.\n'
    )
    assert Send.seen == []


def test_an_option_without_its_value_is_refused(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["mail:send", "7", "a", "--kind"], output) == 1
    assert output.error_text.startswith("ERROR  --kind is missing: it takes one of plain, rich-te")


def test_help_shows_what_the_parameters_say(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["help", "mail:send"], output) == 0

    assert "mail:send [options] [--] <user> <files>..." in output.text
    assert '-Q, --queue[=QUEUE]   Where it waits [default: "low"]' in output.text


def test_an_argument_with_a_default_is_marked_as_one(
    artisan: Artisan, output: BufferedOutput
) -> None:
    seen: list[object] = []

    @artisan.command("greet")
    def greet(
        name: Annotated[str, Argument(help="Who")] = "you",
        times: Annotated[int, Argument] = 1,
    ) -> None:
        """Greet somebody."""
        seen.extend([name, times])

    assert artisan.run(["greet"], output) == 0
    assert artisan.run(["greet", "ada", "2"], output) == 0

    assert seen == ["you", 1, "ada", 2]
    assert artisan.find("greet").definition().arguments[0].description == "Who"


def test_braces_and_parameters_for_the_same_thing_are_refused() -> None:
    class Twice(Command):
        signature = "twice {user}"

        def handle(self, user: int) -> None: ...

    with pytest.raises(InvalidSignature, match='has "user" in braces, and `handle` takes it'):
        Twice.definition()


def test_braces_beside_a_service_of_the_same_name_are_fine() -> None:
    class Fine(Command):
        signature = "fine {mailer}"

        def handle(self, mailer: Mailer) -> None: ...

    assert [each.name for each in Fine.definition().arguments] == ["mailer"]


def test_a_marked_parameter_of_another_type_is_refused() -> None:
    class Odd(Command):
        signature = "odd"

        def handle(self, mailer: Annotated[Mailer, Option()]) -> None: ...

    with pytest.raises(InvalidSignature, match="`mailer` is marked as input, but a command line"):
        Odd.definition()


def test_an_option_without_a_default_is_refused() -> None:
    class Odd(Command):
        signature = "odd"

        def handle(self, queue: Annotated[str, Option("-Q")]) -> None: ...

    with pytest.raises(InvalidSignature, match="`queue` a default"):
        Odd.definition()


def test_a_parameter_named_as_a_global_option_is_refused() -> None:
    class Odd(Command):
        signature = "odd"

        def handle(self, verbose: bool = False) -> None: ...

    with pytest.raises(InvalidSignature, match='An option named "verbose" already exists'):
        Odd.definition()


def test_an_async_handle_is_typed_too(artisan: Artisan, output: BufferedOutput) -> None:
    seen: list[int] = []

    class Later(Command):
        signature = "later"

        async def handle(self, n: int) -> None:
            seen.append(n)

    artisan.add(Later)

    assert artisan.run(["later", "3"], output) == 0
    assert seen == [3]


class Reading(Command):
    signature = "reading {mode?}"
    seen: ClassVar[list[Kind]] = []

    def handle(self) -> None:
        self.seen.append(self.enum("mode", Kind))


@pytest.mark.parametrize("word", ["rich-text", "RICH", "rich"])
def test_enum_reads_values_and_names(artisan: Artisan, word: str, output: BufferedOutput) -> None:
    artisan.add(Reading)

    assert artisan.run(["reading", word], output) == 0
    assert Reading.seen.pop() is Kind.RICH


def test_enum_refuses_what_is_no_member(artisan: Artisan, output: BufferedOutput) -> None:
    artisan.add(Reading)

    assert artisan.run(["reading", "plane"], output) == 1
    assert artisan.run(["reading"], output) == 1
    assert output.error_text.splitlines() == [
        'ERROR  <mode> is "plane", but it takes one of plain, rich-text. Did you mean "plain"?',
        "ERROR  <mode> is missing: it takes one of plain, rich-text. Give <mode>.",
    ]


def test_a_member_that_is_false_is_found_by_value_and_by_name(
    artisan: Artisan, output: BufferedOutput
) -> None:
    seen: list[Level] = []

    @artisan.command("level")
    def level(level: Level) -> None:
        seen.append(level)

    for word in ("0", "none", "NONE", "1"):
        assert artisan.run(["level", word], output) == 0

    assert seen == [Level.NONE, Level.NONE, Level.NONE, Level.SOME]


def test_a_flag_that_cannot_be_turned_off_is_refused() -> None:
    class Odd(Command):
        signature = "odd"

        def handle(self, cache: bool = True) -> None: ...

    with pytest.raises(InvalidSignature, match="`no_cache: bool = False`"):
        Odd.definition()


def test_a_parameter_that_says_where_it_comes_from_is_no_input(
    artisan: Artisan, container: Container, output: BufferedOutput
) -> None:
    class Config:
        def has(self, key: str) -> bool:
            return True

        def get(self, key: str, default: object = None) -> object:
            return f"the {key}"

    container.instance("config", Config())

    @artisan.command("named")
    def named(command: Command, title: Annotated[str, Setting("app.name")], n: int = 1) -> None:
        command.line(f"{title} {n}")

    assert artisan.run(["named", "--n=2"], output) == 0
    assert output.text == "the app.name 2\n"
    assert [each.name for each in artisan.find("named").definition().options] == ["n"]
