"""artisan("cache:clear").assert_exit(0).assert_output(…), and what a command shall ask and say."""

from __future__ import annotations

import io
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from shlex import join
from typing import Any, Self, TextIO

from securely.console import Artisan as Console
from securely.console import BufferedOutput, Prompts, prompts
from securely.console.input import tokenize
from securely.foundation import Application
from securely.testing.questions import Expected, ExpectedPrompts

__all__ = ["Artisan", "Assertions", "CommandResult", "PendingCommand"]


class Assertions:
    """What a command line did; every assertion returns it, so that they can be chained."""

    line: str
    exit_code: int
    output: str
    errors: str

    def assert_exit_code(self, code: int) -> Self:
        """Check the exit code."""
        found = self.exit_code
        assert found == code, self._told(f"exited {found} instead of {code}")
        return self

    def assert_exit(self, code: int) -> Self:
        """Do the same as :meth:`assert_exit_code`."""
        return self.assert_exit_code(code)

    def assert_not_exit_code(self, code: int) -> Self:
        """Check that it exited with another code."""
        assert self.exit_code != code, self._told(f"exited {code}")
        return self

    def assert_ok(self) -> Self:
        """Check that it exited 0."""
        return self.assert_exit_code(0)

    def assert_successful(self) -> Self:
        """Do the same as :meth:`assert_ok`."""
        return self.assert_exit_code(0)

    def assert_failed(self) -> Self:
        """Check that it exited with something else than 0."""
        return self.assert_not_exit_code(0)

    def assert_output(self, *texts: str) -> Self:
        """Check that each of *texts* is in what it wrote, to either stream."""
        said = self.output + self.errors
        for text in texts:
            assert text in said, self._told(f"did not write {text!r}")
        return self

    def assert_no_output(self, *texts: str) -> Self:
        """Check that none of *texts* is in what it wrote; without texts, that it wrote nothing."""
        said = self.output + self.errors
        if not texts:
            assert not said, self._told("wrote something")
        for text in texts:
            assert text not in said, self._told(f"wrote {text!r}")
        return self

    def _told(self, what: str) -> str:
        return f"`{self.line}` {what}. It wrote:\n{self.output}{self.errors}"


@dataclass(frozen=True, slots=True)
class CommandResult(Assertions):
    """What a command line has done."""

    line: str
    exit_code: int
    output: str
    errors: str


class PendingCommand(Assertions):
    """A command line of a test: say first what it shall ask and write; the first look runs it.

    It runs once: when something is asserted, when its exit code or output is asked for, by
    :meth:`run`, or when nobody can ask any more, which is at the end of the statement that made it
    unless a variable holds it.

    Source: Laravel 13, Illuminate\\Testing\\PendingCommand.
    """

    def __init__(
        self,
        line: str,
        perform: Callable[[TextIO | Prompts | None, BufferedOutput], int],
        answers: Sequence[str] | None,
        failed: Callable[[AssertionError], object],
    ) -> None:
        self.line = line
        self._perform = perform
        self._answers = answers
        self._failed = failed
        self._questions: list[Expected] = []
        self._checks: list[Callable[[CommandResult], object]] = []
        self._result: CommandResult | None = None
        self._has_run = False

    # -- what it shall ask

    def expects_question(self, question: str, answer: str | bool | Sequence[str]) -> Self:
        """Expect *question* next, and answer it; several answers are for what takes several."""
        return self._expect(Expected(question, answer))

    def expects_confirmation(self, question: str, answer: str | bool = "no") -> Self:
        """Expect a question for yes or no next, and answer it."""
        return self._expect(Expected(question, answer, kind="confirmation"))

    def expects_choice(
        self,
        question: str,
        answer: str | Sequence[str],
        choices: Sequence[object] | Mapping[Any, str],
        *,
        strict: bool = False,
    ) -> Self:
        """Expect a choice next, and answer it with a choice or its key.

        Args:
            question: What is asked.
            answer: What is chosen; several where several may be.
            choices: What must be offered, in any order; texts by key where keys are offered.
            strict: Whether the order counts.
        """
        return self._expect(Expected(question, answer, "choice", choices, strict=strict))

    def expects_search(
        self,
        question: str,
        answer: str | Sequence[str],
        search: str,
        answers: Sequence[object] | Mapping[Any, str],
    ) -> Self:
        """Expect a search next: type *search*, check that *answers* are found, choose *answer*."""
        return self._expect(Expected(question, answer, "search", answers, search=search))

    # -- what it shall write

    def expects_output(self, text: str | None = None) -> Self:
        """Expect *text* as a line, or several, of what is written; without it, anything."""
        if text is None:
            return self._check(lambda done: done.output + done.errors, "wrote nothing")
        return self._check(lambda done: _has_lines(done, text), f"did not write the line {text!r}")

    def doesnt_expect_output(self, text: str | None = None) -> Self:
        """Expect that *text* is no line of what is written; without it, that nothing is."""
        if text is None:
            return self._check(lambda done: not (done.output + done.errors), "wrote something")
        return self._check(lambda done: not _has_lines(done, text), f"wrote the line {text!r}")

    def expects_output_to_contain(self, text: str) -> Self:
        """Expect *text* somewhere in what is written."""
        self._checks.append(lambda done: done.assert_output(text))
        return self

    def doesnt_expect_output_to_contain(self, text: str) -> Self:
        """Expect *text* nowhere in what is written."""
        self._checks.append(lambda done: done.assert_no_output(text))
        return self

    def expects_table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[object] | Mapping[str, object]],
        style: str = "default",
    ) -> Self:
        """Expect that a table is written.

        Args:
            headers: One text per column.
            rows: One sequence per row, or a mapping by header.
            style: As of :meth:`Output.table`.
        """
        drawn = BufferedOutput()
        drawn.table(headers, rows, style)
        self._checks.append(lambda done: done.assert_output(drawn.text))
        return self

    def expects_prompts_info(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.info` writes."""
        return self._expects_drawn(prompts.info, message)

    def expects_prompts_warning(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.warning` writes."""
        return self._expects_drawn(prompts.warning, message)

    def expects_prompts_error(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.error` writes."""
        return self._expects_drawn(prompts.error, message)

    def expects_prompts_alert(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.alert` writes."""
        return self._expects_drawn(prompts.alert, message)

    def expects_prompts_intro(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.intro` writes."""
        return self._expects_drawn(prompts.intro, message)

    def expects_prompts_outro(self, message: str) -> Self:
        """Expect what :func:`securely.console.prompts.outro` writes."""
        return self._expects_drawn(prompts.outro, message)

    # -- running

    def run(self) -> int:
        """Run it, unless it has run; return the exit code.

        Raises:
            AssertionError: It asked what was not expected, or an expectation was not met.
        """
        return self._done().exit_code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # asked for, it runs the line
        """The exit code; asked for, it runs the line."""
        return self._done().exit_code

    @property
    def output(self) -> str:  # type: ignore[override]  # as above
        """What went to the standard stream."""
        return self._done().output

    @property
    def errors(self) -> str:  # type: ignore[override]  # as above
        """What went to the error stream."""
        return self._done().errors

    def settle(self) -> None:
        """Run it, unless it has run, and keep a failure for the end of the test."""
        if not self._has_run:
            try:
                self._done()
            except AssertionError as failure:
                self._failed(failure)

    def __del__(self) -> None:
        # What a statement makes and drops runs here; nothing may be raised here.
        if not getattr(self, "_has_run", True):
            self.settle()

    def _done(self) -> CommandResult:
        if self._result is None:
            self._has_run = True
            output = BufferedOutput()
            if self._answers is not None and not self._questions:
                code = self._perform(io.StringIO("".join(f"{a}\n" for a in self._answers)), output)
                expected = None
            else:
                expected = ExpectedPrompts(output, self._questions)
                code = self._perform(expected, output)
            self._result = CommandResult(self.line, code, output.text, output.error_text)
            if expected is not None:
                expected.check(self._result.line)
            for check in self._checks:
                check(self._result)
        return self._result

    def _expect(self, question: Expected) -> Self:
        self._refuse_late()
        self._questions.append(question)
        return self

    def _expects_drawn(self, draw: Callable[[str], object], message: str) -> Self:
        drawn = BufferedOutput()
        with Prompts(drawn).active():
            draw(message)
        text = drawn.all_text
        return self._check(lambda done: _has_lines(done, text), f"did not write {text!r}")

    def _check(self, holds: Callable[[CommandResult], object], complaint: str) -> Self:
        self._refuse_late()

        def check(done: CommandResult) -> None:
            assert holds(done), done._told(complaint)

        self._checks.append(check)
        return self

    def _refuse_late(self) -> None:
        if self._has_run:
            raise RuntimeError(
                f"`{self.line}` has run already. Say what is expected of it before the first "
                f"assertion, and before another command line is made."
            )


def _has_lines(done: CommandResult, text: str) -> bool:
    wanted = "\n" + text.rstrip("\n") + "\n"
    return any(wanted in f"\n{said}" for said in (done.output, done.errors))


class Artisan:
    """Runs command lines in the application under test.

    Example:
        >>> artisan = Artisan(app)
        >>> artisan("about --only=drivers").assert_ok().assert_output("array").exit_code
        0
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._pending: list[weakref.ref[PendingCommand]] = []
        self._failures: list[AssertionError] = []

    def __call__(
        self,
        line: str | Sequence[str],
        parameters: Mapping[str, object] | None = None,
        *,
        answers: Sequence[str] | None = None,
    ) -> PendingCommand:
        """Return *line* as something of which can be said what it shall ask and write.

        It runs when something is asserted of it, and at the end of the statement at the latest,
        unless a variable holds it. A question that was not expected fails the test.

        Args:
            line: The words after `artisan.py`: as text, with quotes as in a shell, or one by one.
            parameters: ``{"title": "Hi", "--force": True}``, as of ``Artisan.call``; with them,
                *line* is the command's name, and options that every command has.
            answers: What to type when it asks, in order, whatever the questions are.
        """
        self.settle()
        words = tokenize(line) if isinstance(line, str) else [*line]

        def perform(given: TextIO | Prompts | None, output: BufferedOutput) -> int:
            return self._app.make(Console).run(words, output, given, parameters)

        shown = line if isinstance(line, str) else join(words)
        pending = PendingCommand(shown, perform, answers, self._failures.append)
        self._pending.append(weakref.ref(pending))
        return pending

    def settle(self) -> None:
        """Run what is still pending, in the order in which it was made."""
        pending, self._pending = self._pending, []
        for reference in pending:
            command = reference()
            if command is not None:
                command.settle()

    def finish(self) -> None:
        """Run what is still pending; the fixture calls it at the end of a test.

        Raises:
            AssertionError: Something that nobody looked at was not as expected; the first of it.
        """
        self.settle()
        failures, self._failures = self._failures, []
        with suppress(IndexError):
            raise failures[0]
