"""artisan("cache:clear").assert_exit(0).assert_output(…)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import join
from typing import Self

from securely.console import Artisan as Console
from securely.console import BufferedOutput
from securely.console.input import tokenize
from securely.foundation import Application

__all__ = ["Artisan", "CommandResult"]


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command line did; every assertion returns it, so that they can be chained."""

    line: str
    exit_code: int
    output: str
    errors: str

    def assert_exit(self, code: int) -> Self:
        """Check the exit code."""
        assert self.exit_code == code, self._told(f"exited {self.exit_code} instead of {code}")
        return self

    def assert_ok(self) -> Self:
        """Check that it exited 0."""
        return self.assert_exit(0)

    def assert_failed(self) -> Self:
        """Check that it exited with something else than 0."""
        assert self.exit_code != 0, self._told("exited 0")
        return self

    def assert_output(self, *texts: str) -> Self:
        """Check that each of *texts* is in what it wrote, to either stream."""
        for text in texts:
            assert text in self.output + self.errors, self._told(f"did not write {text!r}")
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


class Artisan:
    """Runs command lines in the application under test.

    Example:
        >>> artisan = Artisan(app)
        >>> artisan("about --only=drivers").assert_ok().assert_output("array").exit_code
        0
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(
        self,
        line: str | Sequence[str],
        parameters: Mapping[str, object] | None = None,
        *,
        answers: Sequence[str] = (),
    ) -> CommandResult:
        """Run *line* and return what it did.

        Args:
            line: The words after `artisan.py`: as text, with quotes as in a shell, or one by one.
            parameters: ``{"title": "Hi", "--force": True}``, as of ``Artisan.call``; with them,
                *line* is the command's name, and options that every command has.
            answers: What to answer to its questions, in their order.
        """
        words = tokenize(line) if isinstance(line, str) else [*line]
        output = BufferedOutput()
        given = io.StringIO("".join(f"{answer}\n" for answer in answers))
        code = self._app.make(Console).run(words, output, given, parameters)
        shown = line if isinstance(line, str) else join(words)
        return CommandResult(shown, code, output.text, output.error_text)
