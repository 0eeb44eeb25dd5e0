"""The kernel: boots, runs a command line, ends the application, gives the exit code."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.console import Artisan, BufferedOutput
from securely.container import NotBooted, Provider, current
from securely.context import Context
from securely.events import Dispatcher
from securely.foundation.catalog import COMMANDS
from securely.foundation.console_kernel import ConsoleKernel
from securely.foundation.events import CommandFinished, CommandStarting

Build = Callable[..., Application]
Write = Callable[[str, str], Path]

GREET = """
from securely.console import Command


class Greet(Command):
    signature = "greet {name}"
    description = "Greet somebody"

    def handle(self) -> int:
        self.line(f"Hello {self.argument('name')}")
        if self.confirm("Shall I fail?"):
            raise OSError("as you wish")
        return 3
"""


def greeter(write: Write) -> None:
    """Write a command of the application."""
    for package in ("app", "app/console", "app/console/commands"):
        write(f"{package}/__init__.py", "")
    write("app/console/commands/greet.py", GREET)


def run(app: Application, *words: str, answers: str = "") -> tuple[int, str, str]:
    output = BufferedOutput()
    code = ConsoleKernel(app).handle([*words], output, io.StringIO(answers))
    return code, output.text, output.error_text


def test_a_command_of_the_framework_runs_in_the_application(build: Build) -> None:
    code, said, errors = run(build(APP_NAME="Shop"), "about", "--only=environment")

    assert (code, errors) == (0, "")
    assert "Shop" in said


def test_a_command_of_the_application_is_found_asks_and_gives_its_code(
    build: Build, write: Write
) -> None:
    greeter(write)

    code, said, _ = run(build(), "greet", "Ada", answers="no\n")

    assert code == 3
    assert "Hello Ada" in said


def test_a_command_named_by_its_path_is_found(build: Build, write: Write, base: Path) -> None:
    sys.path.insert(0, str(base))
    write("tools_of_mine.py", GREET)

    app = build(lambda builder: builder.with_commands(["tools_of_mine:Greet"]))

    assert run(app, "greet", "Ada", answers="no\n")[0] == 3


@pytest.mark.parametrize(
    ("path", "text"), [("json:dumps", "no subclass of Command"), ("no.such:Greet", "no.such")]
)
def test_a_path_that_names_no_command_is_told_in_one_line(
    build: Build, path: str, text: str
) -> None:
    code, _, errors = run(build(lambda builder: builder.with_commands([path])), "env")

    assert code == 1
    assert text in errors
    assert len(errors.splitlines()) == 1


def test_a_command_of_a_route_is_found(build: Build, write: Write) -> None:
    write(
        "routes/console.py",
        "from securely.console import Command\n"
        "from securely.facades import Artisan, Config\n\n\n"
        "@Artisan.command('shout')\n"
        "def shout(command: Command) -> None:\n"
        "    command.line(str(Config.get('app.name')).upper())\n",
    )
    app = build(lambda builder: builder.with_routing(console="routes/console.py"), APP_NAME="shop")

    code, said, errors = run(app, "shout")

    assert (code, errors) == (0, "")
    assert "SHOP" in said


def test_what_a_library_tells_logging_in_a_command_is_in_the_log_once(
    build: Build, write: Write, base: Path
) -> None:
    write(
        "routes/console.py",
        "import logging\n"
        "from securely.facades import Artisan\n\n\n"
        "@Artisan.command('tell')\n"
        "def tell() -> None:\n"
        "    logging.getLogger('some.library').warning('disk %s is full', 7)\n",
    )
    app = build(
        lambda builder: builder.with_routing(console="routes/console.py"), LOG_CHANNEL="single"
    )
    handlers = [*logging.getLogger().handlers]

    code, _, errors = run(app, "tell")

    assert (code, errors) == (0, "")
    (line,) = [
        line
        for file in (base / "storage/logs").glob("*.log")
        for line in file.read_text().splitlines()
        if "disk 7 is full" in line
    ]
    assert "some.library" in line
    assert logging.getLogger().handlers == handlers


PROBE = """
from securely.facades import Artisan, Cache

@Artisan.command("probe {--input}")
def probe(input: bool) -> None:
    if input:
        Artisan.call("greet", {"nobody": 1})
    Cache.put("a", object())
"""


@pytest.mark.parametrize(
    ("environment", "debug", "shown"),
    [("local", "true", True), ("local", "false", False), ("production", "true", False)],
)
def test_an_error_of_ours_in_debug_shows_the_line_that_it_came_from(
    build: Build, write: Write, environment: str, debug: str, shown: bool
) -> None:
    routes = write("routes/console.py", PROBE)
    app = build(
        lambda builder: builder.with_routing(console="routes/console.py"),
        APP_ENV=environment,
        APP_DEBUG=debug,
    )

    code, _, errors = run(app, "probe")

    assert code == 1
    assert (errors.splitlines()[-1] == f"  at {routes}:8 in probe") is shown
    assert len(errors.splitlines()) == 1 + shown


def test_an_error_about_the_input_shows_no_place_in_debug(build: Build, write: Write) -> None:
    write("routes/console.py", PROBE)
    app = build(
        lambda builder: builder.with_routing(console="routes/console.py"),
        APP_ENV="local",
        APP_DEBUG="true",
    )

    for line in (["probe", "--inptu"], ["prode"], ["probe", "--input"]):
        code, _, errors = run(app, *line)
        assert code == 1
        assert "  at " not in errors


@pytest.mark.parametrize("line", ["broken", "env:none"])
def test_a_broken_signature_of_a_route_names_file_and_line(
    build: Build, write: Write, line: str
) -> None:
    text = (
        "from securely.facades import Artisan\n\n\n"
        "@Artisan.command('broken {name')\n"
        "def broken() -> None: ...\n"
    )
    routes = write("routes/console.py", text)
    app = build(lambda builder: builder.with_routing(console="routes/console.py"))

    code, _, errors = run(app, line)

    assert code == 1
    assert errors == (
        f"ERROR  {routes}:4: This brace is never closed:\n    broken {{name\n           ^\n"
    )


def test_routes_stay_unread_while_a_class_has_the_name(build: Build, write: Write) -> None:
    write("routes/console.py", "raise ImportError\n")
    app = build(lambda builder: builder.with_routing(console="routes/console.py"))

    assert run(app, "env")[0] == 0


def test_what_a_command_raises_is_shown_and_reported(build: Build, write: Write) -> None:
    greeter(write)
    reported: list[BaseException] = []
    app = build(
        lambda builder: builder.with_exceptions(
            lambda errors: errors.reporting(OSError, reported.append)
        )
    )

    code, _, errors = run(app, "greet", "Ada", answers="yes\n")

    assert code == 1
    assert "as you wish" in errors
    assert [str(error) for error in reported] == ["as you wish"]


def test_an_application_that_does_not_boot_says_why_and_ends(build: Build) -> None:
    seen: list[str] = []

    class Failing(Provider):
        def boot(self) -> None:
            assert isinstance(self.app, Application)
            self.app.terminating(lambda: seen.append("ended"))
            raise OSError("the wire is cut")

    code, said, errors = run(build(lambda builder: builder.with_providers([Failing])), "about")

    assert (code, said) == (1, "")
    assert "Failing failed to boot" in errors
    assert "the wire is cut" in errors
    assert seen == ["ended"]


def test_what_kept_the_application_from_booting_is_shown_masked_as_the_log_has_it(
    build: Build,
) -> None:
    class Failing(Provider):
        def boot(self) -> None:
            raise OSError(f"refused: {self.app.make('config').get('app.key')} token=planted")

    code, _, errors = run(build(lambda builder: builder.with_providers([Failing])), "about")

    assert code == 1
    assert "refused: ******** token=********" in errors


def test_what_a_context_fails_with_is_shown_masked_as_the_log_has_it(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build().boot()
    key = app.make("config").get("app.key")

    def inherit(*_: object) -> bool:
        raise OSError(f"no context: {key} token=planted")

    monkeypatch.setattr(Context, "inherit", inherit)

    code, _, errors = run(app, "about")

    assert code == 1
    assert "no context: ******** token=********" in errors


def test_what_a_reporter_fails_with_is_shown_masked_as_the_log_has_it(
    build: Build, write: Write
) -> None:
    write("routes/console.py", PROBE)
    app = build(lambda builder: builder.with_routing(console="routes/console.py")).boot()
    key = app.make("config").get("app.key")

    def report(error: Exception) -> None:
        raise OSError(f"no reporter: {key}")

    app.make(Artisan).report = report

    code, _, errors = run(app, "probe")

    assert code == 1
    assert "no reporter: ********" in errors


def test_the_application_is_current_while_it_runs_and_ended_after_it(
    build: Build, write: Write
) -> None:
    app = build()
    seen: list[object] = []
    app.terminating(lambda: seen.append(current()))

    run(app, "env")

    assert seen == [app]
    with pytest.raises(NotBooted):
        current()


def test_the_option_env_chooses_environment_and_file(build: Build, write: Write) -> None:
    write(".env", "APP_ENV=local\nAPP_NAME=plain\n")
    write(".env.staging", "APP_NAME=staged\n")

    _, said, _ = run(build(), "about", "--env=staging", "--only=environment")

    assert "staging" in said
    assert "staged" in said
    assert ".env.staging" in said


def test_the_option_env_names_an_environment_without_a_file_of_its_own(
    build: Build, write: Write
) -> None:
    write(".env", "APP_ENV=local\nAPP_NAME=plain\n")

    _, said, _ = run(build(), "env", "--env=review")

    assert "[review]" in said


def test_commands_are_told_to_who_listens(build: Build) -> None:
    app = build().boot()
    told: list[object] = []
    app.make(Dispatcher).listen(CommandStarting, told.append)
    app.make(Dispatcher).listen(CommandFinished, told.append)

    run(app, "env")

    assert told == [CommandStarting("env"), CommandFinished("env", 0)]


def test_every_command_of_the_catalog_can_be_loaded_and_has_its_name(build: Build) -> None:
    app = build().boot()
    artisan = app.make(Artisan)

    assert set(COMMANDS) <= set(artisan.names())
    for name in COMMANDS:
        assert artisan.find(name).definition().name == name
    assert artisan.warnings == []


def test_a_routes_file_that_is_not_there_is_named(build: Build) -> None:
    app = build(lambda builder: builder.with_routing(console="routes/nowhere.py"))

    code, _, errors = run(app, "no:such")

    assert code == 1
    assert "routes/nowhere.py does not exist" in errors


def test_a_word_that_was_mistyped_is_not_logged(build: Build) -> None:
    app = build()
    reported: list[BaseException] = []
    app.boot().errors.reporting(Exception, reported.append)

    run(app, "no:such")
    run(app, "config:show", "a", "b", "c")

    assert reported == []


def test_a_worker_proves_the_configuration_even_where_it_was_changed_by_code(build: Build) -> None:
    app = build().boot()
    app.make("config").set("cache.stores.array.entries_max", "many")

    code, _, errors = run(app, "queue:work", "--once")

    assert code == 1
    assert "cache.stores.array.entries_max" in errors
