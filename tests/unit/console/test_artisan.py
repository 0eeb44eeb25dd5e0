from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from securely.console import (
    AmbiguousCommand,
    Artisan,
    BufferedOutput,
    Command,
    CommandsClash,
    ConsoleError,
    Input,
    InvalidInput,
    InvalidResult,
    Output,
    UnknownCommand,
    Verbosity,
)
from securely.container import Container


class Mailer:
    def __init__(self) -> None:
        self.sent: list[str] = []


class SendMail(Command):
    """Sends, once per try."""

    signature = "mail:send {user : Who} {--tries=1} {--f|force} {--id=*}"
    description = "Send a mail"
    aliases = ("ms",)

    def handle(self, mailer: Mailer) -> int | None:
        mailer.sent += [self.string("user")] * self.integer("tries", 1, 5)
        self.info(f"Sent to {self.argument('user')}", Verbosity.NORMAL)
        self.line("in detail", verbosity=Verbosity.VERBOSE)
        if self.boolean("force"):
            self.fail("No force, <info>please</info>.")
        return None


class SendLater(Command):
    signature = "mail:later {user}"
    hidden = True

    async def handle(self, mailer: Mailer) -> int:
        await asyncio.sleep(0)  # noqa: TID251  # a turn for others, not a wait
        mailer.sent.append(self.string("user"))
        return 3


class Broken(Command):
    signature = "broken {kind}"

    def handle(self) -> object:
        kind = self.string("kind")
        if kind == "interrupt":
            raise KeyboardInterrupt
        if kind == "pipe":
            raise BrokenPipeError(32, "of another pipe")
        if kind == "error":
            raise ValueError("a mistake")
        return {"true": True, "text": "0", "many": 256, "minus": -1, "float": 1.0}[kind]


class Outer(Command):
    signature = "outer {--silently} {--ask}"

    def handle(self) -> int:
        if self.boolean("silently"):
            return self.call_silently("mail:send", {"user": "quiet"})
        if self.boolean("ask"):
            self.line(f"{self.ask('Name')} {self.confirm('Sure?')}")
            return self.SUCCESS
        return self.call(SendMail, {"user": "nested", "--tries": 2})


@pytest.fixture
def mailer(container: Container) -> Mailer:
    mailer = Mailer()
    container.instance(Mailer, mailer)
    return mailer


@pytest.fixture
def console(artisan: Artisan, mailer: Mailer) -> Artisan:
    for command in (SendMail, SendLater, Broken, Outer):
        artisan.add(command)
    return artisan


@pytest.fixture
def run(console: Artisan, output: BufferedOutput) -> Callable[..., int]:
    return lambda line, answers=None: console.run(line.split(), output, answers)


Run = Callable[..., int]


def test_run_injects_services_and_exits_zero(
    run: Run, mailer: Mailer, output: BufferedOutput
) -> None:
    assert run("mail:send ada --tries 2") == 0
    assert mailer.sent == ["ada", "ada"]
    assert output.text == "Sent to ada\n"


def test_run_performs_async_commands(run: Run, mailer: Mailer) -> None:
    assert run("mail:later ada") == 3
    assert mailer.sent == ["ada"]


@pytest.mark.parametrize("line", ["-v mail:send ada", "mail:send -v ada", "mail:send ada -vvv"])
def test_run_takes_global_options_anywhere(run: Run, line: str, output: BufferedOutput) -> None:
    assert run(line) == 0
    assert "in detail" in output.text


@pytest.mark.parametrize("option", ["-q", "--quiet", "--silent"])
def test_run_when_quiet_prints_nothing(run: Run, option: str, output: BufferedOutput) -> None:
    assert run(f"mail:send ada {option}") == 0
    assert output.all_text == ""


def test_run_when_quiet_still_shows_errors(run: Run, output: BufferedOutput) -> None:
    assert run("mail:send -q") == 1
    assert "Not enough arguments" in output.error_text


def test_run_when_a_command_fails_shows_its_message_and_no_traceback(
    run: Run, output: BufferedOutput
) -> None:
    assert run("mail:send ada -fv") == 1
    assert output.error_text == "ERROR  No force, <info>please</info>.\n"


def test_run_when_an_argument_is_missing_shows_the_usage(run: Run, output: BufferedOutput) -> None:
    assert run("mail:send") == 1
    assert output.error_text == (
        'ERROR  Not enough arguments (missing: "user").\n\n'
        "Usage: mail:send [--tries [TRIES]] [-f|--force] [--id [ID]] [--] <user>\n"
    )


def test_run_when_the_usage_is_long_says_where_it_is_told(
    console: Artisan, run: Run, output: BufferedOutput
) -> None:
    options = " ".join(f"{{--option-{number}=}}" for number in range(9))
    console.add(type("Long", (SendMail,), {"signature": f"mail:long {options}", "aliases": ()}))

    assert run("mail:long --nope") == 1
    assert output.error_text == (
        'ERROR  The "--nope" option does not exist.\n\n'
        'Run "artisan help mail:long" for its arguments and options.\n'
    )


def test_run_when_a_value_is_wrong_says_which_and_why(run: Run, output: BufferedOutput) -> None:
    assert run("mail:send ada --tries=9") == 1
    assert output.error_text == 'ERROR  --tries is "9", but it takes an integer from 1 to 5.\n'


def test_run_when_the_command_is_unknown_names_the_near_one(
    run: Run, output: BufferedOutput
) -> None:
    assert run("mail:sned ada") == 1
    assert output.error_text == (
        'ERROR  Command "mail:sned" is not defined. Did you mean "mail:send"?\n'
    )


def test_run_when_the_name_is_a_namespace_names_its_commands(
    run: Run, output: BufferedOutput
) -> None:
    assert run("mail ada") == 1
    assert output.error_text == "ERROR  mail is a namespace; its commands: mail:send.\n"


@pytest.mark.parametrize("name", ["ms", "ma:s", "mail:s"])
def test_run_takes_aliases_and_abbreviations(run: Run, name: str, mailer: Mailer) -> None:
    assert run(f"{name} ada") == 0
    assert mailer.sent == ["ada"]


def test_find_when_an_abbreviation_fits_several_lists_them(console: Artisan) -> None:
    with pytest.raises(AmbiguousCommand, match="one of: mail:later, mail:send"):
        console.find("mail:*".replace("*", ""))


@pytest.mark.parametrize("kind", ["true", "text", "many", "minus", "float"])
def test_run_when_the_result_is_no_exit_code_is_an_error(
    run: Run, kind: str, output: BufferedOutput
) -> None:
    assert run(f"broken {kind}") == 1
    assert "ERROR  Broken.handle() returned" in output.error_text


def test_run_when_interrupted_exits_130_and_is_quiet(run: Run, output: BufferedOutput) -> None:
    assert run("broken interrupt") == 130
    assert output.all_text == ""


def test_run_when_another_pipe_breaks_shows_it(run: Run, output: BufferedOutput) -> None:
    assert run("broken pipe") == 1
    assert "BrokenPipeError" in output.error_text


def test_run_when_the_reader_of_the_output_is_gone_is_quiet(
    console: Artisan, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError(32, "Broken pipe")

        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    errors = io.StringIO()
    monkeypatch.setattr("sys.stdout", Gone())

    assert console.run(["list"], Output(errors=errors)) == 141
    assert errors.getvalue() == ""


def test_run_when_an_error_is_unexpected_shows_where(run: Run, output: BufferedOutput) -> None:
    assert run("broken error") == 1
    lines = output.error_text.splitlines()
    assert lines[0] == "ERROR  ValueError: a mistake"
    assert lines[1].startswith("  at ")
    assert "test_artisan.py" in lines[1]
    assert lines[1].endswith(" in handle")
    assert "Traceback" not in output.error_text


def test_run_when_an_import_fails_shows_no_frames_of_the_interpreter(
    console: Artisan, output: BufferedOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_a_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    @console.command("half")
    def half() -> None:
        __import__("half_a_module")

    assert console.run(["half"], output) == 1
    assert "half_a_module.py:1 in <module>" in output.error_text
    assert "frozen" not in output.error_text


def test_run_when_verbose_shows_the_whole_traceback(run: Run, output: BufferedOutput) -> None:
    assert run("broken error -v") == 1
    assert "Traceback (most recent call last)" in output.error_text


def test_run_reports_what_it_shows(console: Artisan, output: BufferedOutput) -> None:
    reported: list[Exception] = []
    console.report = reported.append

    console.run(["broken", "error"], output)
    console.run(["nope"], output)

    assert [type(error) for error in reported] == [ValueError, UnknownCommand]


def test_run_when_the_reporter_fails_shows_both(console: Artisan, output: BufferedOutput) -> None:
    def report(error: Exception) -> None:
        raise OSError("disk full")

    console.report = report

    assert console.run(["broken", "error"], output) == 1
    assert "disk full" in output.error_text
    assert "a mistake" in output.error_text


def test_run_tells_who_listens_of_each_command(console: Artisan, output: BufferedOutput) -> None:
    told: list[tuple[object, ...]] = []
    console.starting.append(lambda name, given, _: told.append((name, given.options())))
    console.finished.append(lambda name, _given, _output, code: told.append((name, code)))

    console.run(["outer"], output)
    console.run(["broken", "error"], output)
    console.run(["broken", "interrupt"], output)

    assert [row for row in told if isinstance(row[1], int)] == [
        ("mail:send", 0),
        ("outer", 0),
        ("broken", 1),
        ("broken", 130),
    ]
    assert told[0] == ("outer", {"silently": False, "ask": False})


def test_run_without_a_name_lists(run: Run, output: BufferedOutput) -> None:
    assert run("") == 0
    assert output.text.startswith("Securely 1.2.3\n\nUsage:\n")
    assert "\n mail\n  mail:send             [ms] Send a mail\n" in output.text
    assert "mail:later" not in output.text


def test_run_version(run: Run, output: BufferedOutput) -> None:
    assert run("-V") == 0
    assert output.text == "Securely 1.2.3\n"


@pytest.mark.parametrize("line", ["help mail:send", "mail:send --help", "mail:send -h", "-h ms"])
def test_help_is_the_same_however_asked(run: Run, line: str, output: BufferedOutput) -> None:
    assert run(line) == 0
    assert output.text.startswith(
        "Description:\n  Send a mail\n\nUsage:\n  mail:send [options] [--] <user>\n  ms\n\n"
        "Arguments:\n  user                  Who\n\nOptions:\n"
        '      --tries[=TRIES]   [default: "1"]\n'
        "  -f, --force\n"
        "      --id[=ID]         (multiple values allowed)\n"
        "  -h, --help            Display"
    )


def test_list_when_the_namespace_is_unknown_says_which_there_are(
    run: Run, output: BufferedOutput
) -> None:
    assert run("list nope") == 1
    assert output.error_text == (
        'ERROR  There are no commands in the "nope" namespace. Namespaces: mail.\n'
    )


def test_list_raw_and_json(run: Run, output: BufferedOutput) -> None:
    import json

    assert run("list mail --raw") == 0
    assert output.fetch() == "mail:send [ms] Send a mail\n"
    assert run("list mail --json") == 0
    data = json.loads(output.fetch())
    assert data["namespaces"] == [{"id": "mail", "commands": ["mail:later", "mail:send"]}]
    assert data["commands"][1]["definition"]["options"]["tries"]["default"] == "1"


def test_list_when_a_command_cannot_be_loaded_warns_and_shows_the_others(
    console: Artisan, run: Run, output: BufferedOutput
) -> None:
    console.register("gone:one", "no.such.module.Gone")

    assert run("list") == 0
    assert "mail:send" in output.text
    assert 'The command "gone:one" cannot be loaded' in output.error_text


def test_list_when_a_source_fails_warns(console: Artisan, run: Run, output: BufferedOutput) -> None:
    def source() -> None:
        raise SyntaxError("routes/console.py")

    console.sources.append(source)

    assert run("list") == 0
    assert "Not all commands are known: SyntaxError: routes/console.py" in output.error_text


def test_sources_are_asked_once_when_a_name_is_not_known(console: Artisan) -> None:
    asked: list[int] = []

    def source() -> None:
        asked.append(1)
        console.command("late:one")(lambda: None)

    console.sources.append(source)

    console.find("mail:send")
    assert not asked
    assert console.find("late:one").definition().name == "late:one"
    assert console.has("late:one")
    assert asked == [1]


def test_register_takes_dotted_paths(console: Artisan, output: BufferedOutput) -> None:
    console.register("help:too", "securely.console.commands.HelpCommand")

    assert console.run(["help:too", "help"], output) == 0


def test_register_when_the_path_is_no_command_says_so(console: Artisan) -> None:
    console.register("x", "securely.console.input.Input")

    with pytest.raises(ConsoleError, match=r"securely.console.input.Input, which is no subclass"):
        console.find("x")


def test_register_when_the_name_is_taken_names_both(console: Artisan) -> None:
    console.register("mail:send", SendMail)

    with pytest.raises(CommandsClash, match=r'named "mail:send": .*SendMail and .*Outer'):
        console.register("mail:send", Outer)


def test_call_keeps_the_output(console: Artisan, mailer: Mailer) -> None:
    assert console.call("mail:send", {"user": 1, "--tries": 2, "--id": [1, 2]}) == 0
    assert console.output() == "Sent to 1\n"
    assert console.call('mail:send "Ada L" -v') == 0
    assert console.output() == "Sent to Ada L\nin detail\n"
    assert mailer.sent == ["1", "1", "Ada L"]


def test_call_by_class_runs_it(console: Artisan, mailer: Mailer) -> None:
    assert console.call(SendMail, {"user": "ada"}) == 0
    assert mailer.sent == ["ada"]


def test_call_lets_errors_through_and_turns_fail_into_1(console: Artisan) -> None:
    with pytest.raises(ValueError, match="a mistake"):
        console.call("broken", {"kind": "error"})
    with pytest.raises(UnknownCommand):
        console.call("nope")
    with pytest.raises(InvalidInput, match="missing"):
        console.call("mail:send")
    with pytest.raises(InvalidResult):
        console.call("broken true")
    assert console.call("mail:send", {"user": "ada", "--force": True}) == 1
    assert "No force" in console.output()


async def acalled(console: Artisan) -> list[int]:
    return [
        await console.acall("mail:later ada"),
        await console.acall("mail:send", {"user": "bob"}),
    ]


def test_acall_runs_both_colours(console: Artisan, mailer: Mailer) -> None:
    assert asyncio.run(acalled(console)) == [3, 0]
    assert mailer.sent == ["ada", "bob"]


def test_call_of_an_async_command_within_a_loop_names_the_twin(console: Artisan) -> None:
    async def within() -> int:
        return console.call("mail:later ada")

    with pytest.raises(ConsoleError, match=r"use `await Artisan\.acall"):
        asyncio.run(within())


def test_a_command_calls_another_with_its_output(
    run: Run, mailer: Mailer, output: BufferedOutput
) -> None:
    assert run("outer") == 0
    assert output.text == "Sent to nested\n"
    assert run("outer --silently") == 0
    assert output.text == "Sent to nested\n"
    assert mailer.sent == ["nested", "nested", "quiet"]


def test_a_command_asks_and_is_answered(run: Run, output: BufferedOutput) -> None:
    assert run("outer --ask", io.StringIO("Ada\ny\n")) == 0
    assert output.text == "Ada True\n"


def test_a_command_that_asks_when_nobody_is_there_is_refused(
    run: Run, output: BufferedOutput
) -> None:
    assert run("outer --ask -n", io.StringIO("Ada\ny\n")) == 1
    assert '"Name" cannot be asked, because nobody is there' in output.error_text


def test_a_command_without_handle_says_so(artisan: Artisan, output: BufferedOutput) -> None:
    class Empty(Command):
        signature = "empty"

    artisan.add(Empty)

    assert artisan.run(["empty"], output) == 1
    assert "Empty has no method `handle`" in output.error_text


def test_a_function_gets_arguments_options_services_and_the_command(
    console: Artisan, mailer: Mailer, output: BufferedOutput
) -> None:
    seen: list[object] = []

    @console.command("inspire {name?} {count=2} {--dry-run} {--rate=}")
    def inspire(
        command: Command,
        mailer: Mailer,
        count: int,
        dry_run: bool,
        name: str = "you",
        rate: float | None = None,
    ) -> None:
        """Say something good.

        And more.
        """
        seen.extend([count, dry_run, name, rate, mailer])
        command.info("Good.")

    assert console.run(["inspire"], output) == 0
    assert console.run(["inspire", "ada", "5", "--dry-run", "--rate=1.5"], output) == 0

    assert seen == [2, False, "you", None, mailer, 5, True, "ada", 1.5, mailer]
    assert console.find("inspire").description == "Say something good"
    assert inspire.__name__ == "inspire"


def test_a_function_whose_value_does_not_fit_is_not_run(
    console: Artisan, output: BufferedOutput
) -> None:
    @console.command("count {n}")
    def count(n: int) -> None:
        raise AssertionError

    assert console.run(["count", "x"], output) == 1
    assert output.error_text == 'ERROR  <n> is "x", but it takes an integer.\n'


def test_an_async_function_is_a_command_too(console: Artisan, output: BufferedOutput) -> None:
    @console.command("later", description="Come later")
    async def later() -> int:
        return 4

    assert console.run(["later"], output) == 4
    assert console.find("later").description == "Come later"


def test_completion_prints_a_script_or_says_which_there_are(
    run: Run, output: BufferedOutput
) -> None:
    assert run("completion zsh") == 0
    assert "compdef" in output.text
    assert run("completion tcsh") == 1
    assert '<shell> is "tcsh", but it takes one of bash, zsh, fish.' in output.error_text


@pytest.mark.parametrize("line", ["mail:send ada --env", "--env= mail:send ada", "list --env -v"])
def test_env_without_a_value_is_refused(
    console: Artisan, run: Run, line: str, output: BufferedOutput, mailer: Mailer
) -> None:
    assert run(line) == 1
    assert output.error_text.startswith('ERROR  The "--env" option requires a value')
    assert mailer.sent == []
    with pytest.raises(InvalidInput, match="--env"):
        console.call(line)


def test_env_and_version_with_a_command_do_not_reach_it(run: Run, mailer: Mailer) -> None:
    assert run("--env testing mail:send ada") == 0
    assert mailer.sent == ["ada"]


def test_input_of_a_command_has_no_global_options(console: Artisan) -> None:
    given: list[Input] = []
    console.starting.append(lambda _name, found, _output: given.append(found))

    console.run(["mail:send", "ada", "-n"], BufferedOutput())

    assert set(given[0].options()) == {"tries", "force", "id"}
    assert not given[0].interactive
