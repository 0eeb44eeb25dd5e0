"""What a console offers beside running: near names, functions, slow lines, Markdown, queues."""

from __future__ import annotations

import io
import threading
from abc import ABC, abstractmethod

import pytest

from securely.console import (
    Artisan,
    BufferedOutput,
    Command,
    CommandQueue,
    QueuedCommand,
    UnknownCommand,
)
from securely.container import Container
from securely.testing import freeze


@pytest.fixture
def console(artisan: Artisan) -> Artisan:
    @artisan.command("mail:send {user=you} {--Q|queue=low : Where it waits}").purpose("Send a mail")
    def send(command: Command) -> int:
        """Do not show this line."""
        command.line("sent")
        return 5

    return artisan


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 5), ("no\n", 1), ("\n", 1)])
def test_a_near_name_is_offered_where_somebody_is_there(
    console: Artisan, output: BufferedOutput, answer: str, code: int
) -> None:
    assert console.run(["mail:sned"], output, io.StringIO(answer)) == code

    assert 'ERROR  Command "mail:sned" is not defined.' in output.error_text
    assert 'Run "mail:send" instead?' in output.error_text
    assert ("sent" in output.text) is (code == 5)


def test_a_near_name_is_not_offered_where_nobody_is_there(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["mail:sned", "-n"], output, io.StringIO("yes\n")) == 1
    assert output.error_text == (
        'ERROR  Command "mail:sned" is not defined. Did you mean "mail:send"?\n'
    )


def test_call_never_offers(console: Artisan) -> None:
    with pytest.raises(UnknownCommand, match="Did you mean"):
        console.call("mail:sned", interactive=True)


def test_purpose_wins_over_the_docstring(console: Artisan) -> None:
    assert console.find("mail:send").description == "Send a mail"


def test_a_function_may_have_aliases_and_be_hidden(
    artisan: Artisan, output: BufferedOutput
) -> None:
    artisan.command("secret").describe("Hide").aliases("s1", "s2").hidden()(lambda: 3)

    assert artisan.run(["s2"], output) == 3
    assert artisan.run(["list", "--raw"], output) == 0
    assert "secret" not in output.text


def test_list_as_markdown_has_an_index_and_each_command(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["list", "--format=md"], output) == 0

    assert output.text.startswith(
        "Securely 1.2.3\n==============\n\n* [`completion`](#completion)\n* [`help`](#help)\n"
        "* [`list`](#list)\n\n**mail:**\n\n* [`mail:send`](#mailsend)\n\n`completion`\n"
    )
    assert (
        "`mail:send`\n-----------\n\nSend a mail\n\n### Usage\n\n"
        "* `mail:send [-Q|--queue [QUEUE]] [--] [<user>]`\n\n### Arguments\n\n#### `user`\n\n"
        '* Is required: no\n* Is array: no\n* Default: `"you"`\n\n### Options\n\n'
        "#### `--queue|-Q`\n\nWhere it waits\n\n* Accept value: yes\n* Is multiple: no\n"
        '* Default: `"low"`\n' in output.text
    )


def test_list_as_short_markdown_leaves_definitions_out(
    console: Artisan, output: BufferedOutput
) -> None:
    assert console.run(["list", "mail", "--format=md", "--short"], output) == 0
    assert "### Usage" in output.text
    assert "### Options" not in output.text
    assert "`help`" not in output.text


def test_help_as_markdown(console: Artisan, output: BufferedOutput) -> None:
    assert console.run(["help", "mail:send", "--format=md"], output) == 0
    assert output.text.startswith("`mail:send`\n-----------\n")


def test_abstract_commands_are_not_listed(artisan: Artisan, output: BufferedOutput) -> None:
    class Base(Command, ABC):
        signature = "base"

        @abstractmethod
        def handle(self) -> int: ...

    artisan.add(Base)

    assert artisan.run(["list", "--raw"], output) == 0
    assert "base" not in output.text.split()


def test_fail_with_an_exception_reports_and_shows_it(
    artisan: Artisan, output: BufferedOutput
) -> None:
    reported: list[Exception] = []
    artisan.report = reported.append

    @artisan.command("failing")
    def failing(command: Command) -> None:
        command.fail(ValueError("the bank is closed"))

    assert artisan.run(["failing"], output) == 1
    assert output.error_text.startswith("ERROR  ValueError: the bank is closed")
    assert [type(error) for error in reported] == [ValueError]


def test_a_line_that_takes_long_is_told(artisan: Artisan, output: BufferedOutput) -> None:
    told: list[tuple[float, list[str], int]] = []
    artisan.when_command_lifecycle_is_longer_than("1m", lambda *facts: told.append(facts))

    with freeze() as travel:

        @artisan.command("slow {seconds}")
        def slow(seconds: int) -> int:
            travel(seconds)
            return 2

        artisan.run(["slow", "60"], output)
        artisan.run(["slow", "61"], output)

    assert told == [(61.0, ["slow", "61"], 2)]


class Pending:
    """What a queue would give back."""

    def __init__(self, kept: list[object]) -> None:
        self.kept = kept

    def on_queue(self, queue: str) -> QueuedCommand:
        self.kept.append(queue)
        return self

    on_connection = delay = on_queue

    def dispatch(self) -> object:
        return self.kept.append("sent")

    async def adispatch(self) -> object:
        return self.dispatch()


class Queues:
    def __init__(self) -> None:
        self.kept: list[object] = []

    def pending(self, command: str, parameters: object) -> QueuedCommand:
        self.kept.append((command, parameters))
        return Pending(self.kept)


def test_queue_hands_the_line_to_what_queues(console: Artisan, container: Container) -> None:
    queues = Queues()
    container.instance(CommandQueue, queues)

    console.queue("mail:send", {"user": 1}).on_queue("low").dispatch()
    console.queue("mail:send 1 -Qx").dispatch()
    console.queue(console.find("mail:send"))

    assert queues.kept == [
        ("mail:send", {"user": 1}),
        "low",
        "sent",
        ("mail:send 1 -Qx", None),
        "sent",
        ("mail:send", None),
    ]


def test_queue_of_an_unknown_command_is_refused_at_once(
    console: Artisan, container: Container
) -> None:
    container.instance(CommandQueue, Queues())

    with pytest.raises(UnknownCommand):
        console.queue("mail:sned 1")


@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("run -k foo --verbose -v x", ["-k", "foo", "--verbose", "-v", "x"]),
        ("--env run run -- -v run", ["-v", "run"]),
        ("-q run", []),
    ],
)
def test_a_command_may_take_all_words_as_they_are(
    artisan: Artisan, output: BufferedOutput, line: str, passed: list[str]
) -> None:
    seen: list[list[str]] = []

    class Run(Command):
        signature = "run {words?*}"
        passes_on = True

        def handle(self) -> None:
            seen.append(self.strings("words"))

    artisan.add(Run)

    assert artisan.run(line.split(), output) == 0
    assert artisan.call(line) == 0
    assert seen == [passed, passed]


def test_the_verbosity_of_a_nested_line_ends_with_it(
    artisan: Artisan, output: BufferedOutput
) -> None:
    @artisan.command("inner")
    def inner(command: Command) -> None:
        command.line("inner detail", verbosity=1)

    @artisan.command("outer")
    def outer(command: Command) -> None:
        command.call("inner -v")
        command.call("inner")
        command.line("outer detail", verbosity=1)

    assert artisan.run(["outer"], output) == 0
    assert output.text == "inner detail\n"


def test_output_is_what_this_thread_has_called(console: Artisan) -> None:
    seen: list[str] = []

    def call() -> None:
        console.call("list --raw")
        seen.append(console.output())

    console.call("mail:send")
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()

    assert console.output() == "sent\n"
    assert "completion" in seen[0]
    assert Artisan(Container()).output() == ""
