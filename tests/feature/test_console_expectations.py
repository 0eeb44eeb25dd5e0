"""What a test may expect of a command: questions, output, exit codes; and how it fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from securely import Application
from securely.console import Command, prompts
from securely.testing import Artisan, PendingCommand


@pytest.fixture
def greet(app: Application) -> list[str]:
    """A command that asks and writes; what it did."""
    done: list[str] = []
    console = app.make("artisan")

    @console.command("greet {--secretly}")
    def greet(command: Command) -> int:
        name = command.ask("Who are you?")
        if command.boolean("secretly"):
            command.secret("The word?")
        if not command.confirm("Greet?"):
            return 3
        size = command.choose("How loud?", ["low", "high"])
        command.line(f"Hello {name}, {size}")
        command.table(["name", "size"], [[name, size]])
        done.append(f"{name} {size}")
        return 0

    return done


Asking = Callable[[], PendingCommand]


@pytest.fixture
def asking(artisan: Artisan) -> Asking:
    """Return the command, with its questions expected and answered."""
    return lambda: (
        artisan("greet")
        .expects_question("Who are you?", "Ada")
        .expects_confirmation("Greet?", "yes")
        .expects_choice("How loud?", "high", ["high", "low"])
    )


def test_expected_questions_are_answered(asking: Asking, greet: list[str]) -> None:
    (
        asking()
        .expects_output("Hello Ada, high")
        .expects_output_to_contain("lo Ada")
        .doesnt_expect_output("Hello")
        .doesnt_expect_output_to_contain("Bob")
        .expects_table(["name", "size"], [["Ada", "high"]])
        .assert_ok()
        .assert_successful()
        .assert_exit_code(0)
        .assert_not_exit_code(1)
    )

    assert greet == ["Ada high"]


def test_a_confirmation_is_no_unless_it_is_said(artisan: Artisan, greet: list[str]) -> None:
    pending = artisan("greet").expects_question("Who are you?", "Ada")

    pending.expects_confirmation("Greet?").assert_exit_code(3).assert_failed()

    assert greet == []


def test_a_secret_is_a_question(artisan: Artisan, greet: list[str]) -> None:
    pending = artisan("greet --secretly").expects_question("Who are you?", "Ada")

    pending.expects_question("The word?", "x").expects_confirmation("Greet?", False)
    pending.assert_exit_code(3)


def test_an_unexpected_question_fails_with_its_text(artisan: Artisan, greet: list[str]) -> None:
    with pytest.raises(AssertionError, match=r'asked "Who are you\?", which was not expected'):
        artisan("greet").assert_failed()


def test_questions_in_another_order_fail(artisan: Artisan, greet: list[str]) -> None:
    pending = artisan("greet").expects_confirmation("Greet?").expects_question("Who are you?", "A")

    with pytest.raises(AssertionError, match=r'asked "Who are you\?".*; "Greet\?" was next'):
        pending.run()


def test_a_question_that_is_not_asked_fails(artisan: Artisan) -> None:
    pending = artisan("env").expects_question("Who are you?", "Ada")

    with pytest.raises(AssertionError, match=r'`env` did not ask "Who are you\?"'):
        pending.assert_ok()


def test_with_no_interaction_nothing_is_asked(artisan: Artisan, greet: list[str]) -> None:
    artisan("greet -n").assert_failed().assert_output("cannot be asked")


def test_other_choices_fail_and_so_does_another_order_where_that_counts(
    artisan: Artisan, greet: list[str]
) -> None:
    def chosen(choices: list[str], *, strict: bool) -> PendingCommand:
        pending = artisan("greet").expects_question("Who are you?", "Ada")
        pending.expects_confirmation("Greet?", "yes")
        return pending.expects_choice("How loud?", "low", choices, strict=strict)

    chosen(["low", "high"], strict=True).assert_ok()
    with pytest.raises(AssertionError, match="offered"):
        chosen(["high", "low"], strict=True).run()
    with pytest.raises(AssertionError, match="offered"):
        chosen(["low", "loud"], strict=False).run()


def test_an_answer_that_is_not_taken_fails(artisan: Artisan, greet: list[str]) -> None:
    pending = artisan("greet").expects_question("Who are you?", "Ada")

    with pytest.raises(AssertionError, match=r"does not take 'maybe' for \"Greet\?\""):
        pending.expects_question("Greet?", "maybe").run()


def test_a_confirmation_that_is_another_question_fails(artisan: Artisan, greet: list[str]) -> None:
    with pytest.raises(AssertionError, match="but not for yes or no"):
        artisan("greet").expects_confirmation("Who are you?").run()


def test_a_search_is_typed_and_checked(app: Application, artisan: Artisan) -> None:
    people = {"1": "Ada", "2": "Adam", "3": "Bob"}

    @app.make("artisan").command("find")
    def find(command: Command) -> None:
        found = command.prompts.search(
            "Who?", lambda text: {key: name for key, name in people.items() if text in name}
        )
        command.line(f"found {found}")

    ada = {"1": "Ada", "2": "Adam"}
    artisan("find").expects_search("Who?", "Adam", "Ad", ada).expects_output("found 2").assert_ok()
    with pytest.raises(AssertionError, match="offered"):
        artisan("find").expects_search("Who?", "Adam", "Ad", people).run()


@pytest.mark.parametrize(
    ("expecting", "complaint"),
    [
        (lambda one: one.expects_output("Hello"), "did not write the line 'Hello'"),
        (lambda one: one.doesnt_expect_output("Hello Ada, high"), "wrote the line"),
        (lambda one: one.doesnt_expect_output(), "wrote something"),
        (lambda one: one.expects_output_to_contain("Bob"), "did not write 'Bob'"),
        (lambda one: one.doesnt_expect_output_to_contain("Ada"), "wrote 'Ada'"),
        (lambda one: one.expects_table(["name"], [["Ada"]]), "did not write"),
    ],
)
def test_output_that_is_not_as_expected_fails(
    asking: Asking, greet: list[str], expecting: Callable[[PendingCommand], object], complaint: str
) -> None:
    pending = asking()
    expecting(pending)

    with pytest.raises(AssertionError, match=f"`greet` {complaint}"):
        pending.run()


def test_output_may_be_expected_to_be_any_or_none(artisan: Artisan) -> None:
    artisan("env").expects_output().run()
    artisan("env --silent").doesnt_expect_output().run()
    with pytest.raises(AssertionError, match="wrote nothing"):
        artisan("env --silent").expects_output().run()


def test_a_statement_runs_the_line_though_nothing_is_asserted(
    app: Application, artisan: Artisan
) -> None:
    ran: list[int] = []
    app.make("artisan").command("note")(lambda: ran.append(1))

    artisan("note")

    assert ran == [1]


def test_a_line_that_is_held_runs_before_the_next_and_only_once(
    app: Application, artisan: Artisan
) -> None:
    ran: list[int] = []

    @app.make("artisan").command("note")
    def note(n: int) -> None:
        ran.append(n)

    first = artisan("note 1")
    second = artisan("note 2")

    assert ran == [1]
    second.assert_ok()
    first.assert_ok()
    artisan.finish()
    assert ran == [1, 2]
    with pytest.raises(RuntimeError, match="`note 1` has run already"):
        first.expects_output("x")


def test_a_failure_that_nobody_looked_at_is_raised_at_the_end(
    app: Application, greet: list[str]
) -> None:
    artisan = Artisan(app)

    artisan("greet")

    with pytest.raises(AssertionError, match="which was not expected"):
        artisan.finish()
    artisan.finish()


def test_a_nested_command_asks_the_same_test(app: Application, artisan: Artisan) -> None:
    @app.make("artisan").command("inner")
    def inner(command: Command) -> None:
        command.line(f"Hello {command.ask('Name?')}")

    @app.make("artisan").command("outer")
    def outer(command: Command) -> None:
        command.call("inner")

    artisan("outer").expects_question("Name?", "Ada").expects_output("Hello Ada").assert_ok()


def test_what_prompts_say_may_be_expected(app: Application, artisan: Artisan) -> None:
    words = ("info", "warning", "error", "alert", "intro", "outro")

    @app.make("artisan").command("speak")
    def speak() -> None:
        for word in words:
            getattr(prompts, word)(f"my {word}")

    pending = artisan("speak")
    for word in words:
        getattr(pending, f"expects_prompts_{word}")(f"my {word}")

    pending.assert_ok()
    with pytest.raises(AssertionError, match="did not write 'my inf"):
        artisan("speak").expects_prompts_info("my inf").run()
